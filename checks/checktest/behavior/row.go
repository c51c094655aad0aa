package behavior

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Host is the name under which a row's handler is to be asked. It is not asked
// for: redirects of handlers that stay on the own host are paths.
const Host = "app.example.com"

// Row is one way in which an endpoint can behave.
type Row struct {
	Requirement string // of the superoffice profile, such as E-01
	Name        string
	Kind        policy.Kind
	Path        string // of the URL, with its query
	Method      string // GET when empty
	// Registered are the redirect URLs in the inventory (E-05).
	Registered []string
	Handler    http.Handler
	// Want is what the requirement comes to.
	Want checks.Result
}

// Ask lays on target what a look at this row asks, with leave to post.
func (r Row) Ask(target *checks.Target) {
	policy.Subject{Kind: r.Kind}.Ask(target, true)
	target.Method = r.Method
}

// Rows lists the farm, by requirement. Each call makes handlers of its own:
// some count what they gave.
func Rows() []Row {
	return slices.Concat(answers(), errorPages(), signInStarts(), panels(), posts(), links())
}

// page answers with status and an HTML page.
func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<!doctype html><html><head><title>App</title></head><body>"+body+"</body></html>")
	}
}

// text answers with status and text of a media type.
func text(status int, mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// to redirects with 302.
func to(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	}
}

// provoked answers a request that carries an error of a sign-in service, in its
// query or form, with one handler and every other with another.
func provoked(usual, provoked http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("error") != "" {
			provoked.ServeHTTP(w, r)
			return
		}
		usual.ServeHTTP(w, r)
	}
}

// paths answers by path, and elsewhere that there is nothing.
type paths map[string]http.Handler

// ServeHTTP implements http.Handler.
func (p paths) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler, found := p[r.URL.Path]; found {
		handler.ServeHTTP(w, r)
		return
	}
	page(http.StatusNotFound, "<p>There is nothing here.").ServeHTTP(w, r)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

func lines(of ...string) string { return strings.Join(of, "\n") }
