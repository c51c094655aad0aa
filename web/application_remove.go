package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// confirmRemoveApplication asks before an application is removed.
func (s *server) confirmRemoveApplication(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	application, err := s.findApplication(r)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/applications/%d", application.ID)
	return s.render(w, r, http.StatusOK, views.Confirm(s.page(r, "Remove application", "/"), views.Confirmation{
		Heading: "Remove " + application.Name + "?", Button: "Remove application", Action: path + "/remove", Back: path,
		Text:   "None of its URLs is looked at any more, and its open incidents are closed. What was seen stays stored.",
		Crumbs: []views.Crumb{{Title: "Overview", Path: "/"}, {Title: application.Name, Path: path}},
	}))
}

// removeApplication stops watching an application and all its URLs.
func (s *server) removeApplication(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		application, err := tx.Application(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveApplication(ctx, id, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "application.remove", Object: fmt.Sprintf("application/%d", id),
			Old: map[string]any{"name": application.Name, "type": application.Type},
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/?done=application-removed")
}

// confirmRemoveEndpoint asks before a URL is removed.
func (s *server) confirmRemoveEndpoint(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/endpoints/%d", endpoint.ID)
	return s.render(w, r, http.StatusOK, views.Confirm(s.page(r, "Remove URL", "/"), views.Confirmation{
		Heading: "Remove " + endpoint.Value + "?", Button: "Remove URL", Action: path + "/remove", Back: path,
		Text: "It is not looked at any more, and its open incidents are closed. What was seen stays stored.",
		Crumbs: []views.Crumb{
			{Title: "Overview", Path: "/"},
			{Title: endpoint.ApplicationName, Path: fmt.Sprintf("/applications/%d", endpoint.ApplicationID)},
		},
	}))
}

// removeEndpoint stops watching a URL.
func (s *server) removeEndpoint(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var endpoint monitor.Endpoint
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if err := tx.RemoveEndpoint(ctx, id, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "endpoint.remove", Object: fmt.Sprintf("endpoint/%d", id),
			Old: map[string]any{"environment": endpoint.Environment, "value": endpoint.Value},
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d?done=url-removed", endpoint.ApplicationID))
}
