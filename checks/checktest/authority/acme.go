package authority

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

type window struct {
	start, end time.Time
	page       string
	retryAfter string
}

// SuggestWindow sets when the authority wants every certificate renewed, the
// page that says why (empty: none) and the value of Retry-After. It begins
// with tomorrow, for a day, and six hours.
func (a *Authority) SuggestWindow(start, end time.Time, page, retryAfter string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.window = window{start: start, end: end, page: page, retryAfter: retryAfter}
}

func (a *Authority) serveDirectory(w http.ResponseWriter, _ *http.Request) {
	entries := map[string]any{
		"newNonce": a.secure.URL + "/nonce", "meta": map[string]string{"website": "https://example.com"},
	}
	switch a.fault(Directory) {
	case NoRenewalInfo:
	case PlainRenewal:
		entries["renewalInfo"] = a.plain.URL + "/ari"
	default:
		entries["renewalInfo"] = a.secure.URL + "/ari"
	}
	writeJSON(w, entries)
}

func (a *Authority) serveARI(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.PathValue("id"), ".") {
		http.Error(w, "no certificate is called this", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	suggested := a.window
	a.requests["ari "+r.PathValue("id")]++
	a.mu.Unlock()
	if a.fault(ARI) == WindowReverse {
		suggested.start, suggested.end = suggested.end, suggested.start
	}
	answer := map[string]any{"suggestedWindow": map[string]string{
		"start": suggested.start.UTC().Format(time.RFC3339), "end": suggested.end.UTC().Format(time.RFC3339),
	}}
	if suggested.page != "" {
		answer["explanationURL"] = suggested.page
	}
	w.Header().Set("Retry-After", suggested.retryAfter)
	writeJSON(w, answer)
}

// Asked says how often renewal information was asked for under this identifier
// (RFC 9773 section 4.1).
func (a *Authority) Asked(identifier string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests["ari "+identifier]
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
