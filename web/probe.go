package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gradewatch/gradewatch/web/views"
)

// showProbe tells people who run servers who looks at them.
func (s *server) showProbe(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, views.ProbePage(s.page(r, "Who looks at your server", ""), views.Probe{
		Operator: s.Operator, Contact: s.Contact, UserAgent: s.UserAgent, Sources: s.Sources, Quota: s.Store.HostQuota(),
	}))
}

// securityTextLife is how long security.txt says that it holds: RFC 9116 section
// 2.5.5 advises less than a year.
const securityTextLife = 180 * 24 * time.Hour

// sendSecurityText says to machines whom to write to (RFC 9116); where nobody
// said whom, there is no such file.
func (s *server) sendSecurityText(w http.ResponseWriter, _ *http.Request) {
	if s.Contact == "" {
		http.Error(w, "No contact is set.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = fmt.Fprintf(w, "Contact: mailto:%s\nExpires: %s\nPreferred-Languages: en\nCanonical: %s/.well-known/security.txt\nPolicy: %s/probe\n",
		s.Contact, s.now().Add(securityTextLife).UTC().Truncate(24*time.Hour).Format(time.RFC3339), s.BaseURL, s.BaseURL)
}
