package web

import (
	"net/http"

	"github.com/gradewatch/gradewatch/web/views"
)

// showProbe tells people who run servers who looks at them.
func (s *server) showProbe(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, views.ProbePage(s.page(r, "Who looks at your server", ""), views.Probe{
		Operator: s.Operator, Contact: s.Contact, UserAgent: s.UserAgent, Sources: s.Sources,
	}))
}
