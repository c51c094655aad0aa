package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// hostURLs is how many URLs of a host are listed.
const hostURLs = 500

// showHost says whose a host is, how that is shown, and which URLs are on it.
func (s *server) showHost(w http.ResponseWriter, r *http.Request) error {
	model, err := s.host(r)
	if err != nil {
		return err
	}
	return s.renderHost(w, r, http.StatusOK, model)
}

func (s *server) renderHost(w http.ResponseWriter, r *http.Request, status int, model views.Host) error {
	page := s.page(r, model.Host, "/hosts")
	page.Refresh = model.Ownership != nil && model.Ownership.Checking(model.Now)
	return s.render(w, r, status, views.HostPage(page, model))
}

// host reads a host that the team has something to do with: others are not found.
func (s *server) host(r *http.Request) (model views.Host, err error) {
	host := r.PathValue("host")
	if ascii, err := checks.ASCIIHost(host); err != nil || ascii != host {
		return model, fmt.Errorf("find the host %q: %w", host, store.ErrNotFound)
	}
	model.MayChange, model.Now, model.Domains = may(r, auth.ChangeInventory), s.now(), monitor.OwnershipDomains(host)
	if n := len(model.Domains); n > 0 {
		model.Wide = monitor.SpeaksForNamesBelow(model.Domains[n-1])
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if model.HostSummary, err = tx.Host(ctx, host); err != nil {
			return err
		}
		if model.State != "" {
			claimed, err := tx.Ownership(ctx, host)
			if err != nil {
				return err
			}
			model.Ownership = &claimed
		} else if model.Endpoints == 0 {
			return fmt.Errorf("find the host %q: %w", host, store.ErrNotFound)
		}
		endpoints, err := tx.EndpointSummaries(ctx, store.EndpointFilter{Host: host, Limit: hostURLs}, model.Now)
		model.Groups = grouped(endpoints)
		return err
	})
	return model, err
}

// showHostProgress is the fragment that is polled while a check runs. When it is
// over, the page is loaded anew.
func (s *server) showHostProgress(w http.ResponseWriter, r *http.Request) error {
	model, err := s.host(r)
	if err != nil {
		return err
	}
	if model.Ownership == nil || !model.Ownership.Checking(model.Now) {
		w.Header().Set("HX-Refresh", "true")
	}
	return s.render(w, r, http.StatusOK, views.HostProgress(model))
}

// checkHost asks for a check of whose a host is, a few seconds apart.
func (s *server) checkHost(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	host := r.PathValue("host")
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.AskOwnershipCheck(ctx, host, s.now())
		if err != nil {
			return err
		}
		if err := jobs.InsertVerifies(ctx, s.Jobs, tx.Tx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "host.check", Object: "host/" + host})
	})
	if errors.Is(err, store.ErrTooMany) {
		return s.checkedTooOften(w, r)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, views.HostPath(host))
}

func (s *server) checkedTooOften(w http.ResponseWriter, r *http.Request) error {
	model, err := s.host(r)
	if err != nil {
		return err
	}
	model.Fault = fmt.Sprintf("Somebody asked for a check a moment ago. Wait %d seconds between two checks.", int(monitor.OwnershipAskAfter.Seconds()))
	return s.renderHost(w, r, http.StatusTooManyRequests, model)
}

// giveUpHost forgets the token of a host.
func (s *server) giveUpHost(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		return ignoreMissing(tx.GiveUpHost(ctx, s.actor(r), r.PathValue("host"), s.now())) // forgotten already: that is what was asked for
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/hosts?done=host-given-up")
}
