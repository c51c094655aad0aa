package web

import (
	"net/http"
)

// showHealth says that the process runs.
func (s *server) showHealth(w http.ResponseWriter, r *http.Request) {
	visitOf(r).pattern = r.Pattern
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// showReadiness says whether requests can be served; why not is in the log.
func (s *server) showReadiness(w http.ResponseWriter, r *http.Request) {
	visitOf(r).pattern = r.Pattern
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.Ready(r.Context()); err != nil {
		s.Logger.WarnContext(r.Context(), "not ready", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready\n"))
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}
