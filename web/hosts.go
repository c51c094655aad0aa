package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// hostsSize is how many hosts are on one page.
const hostsSize = 200

// listHosts lists the team's hosts, and takes another one.
func (s *server) listHosts(w http.ResponseWriter, r *http.Request) error {
	return s.showHosts(w, r, http.StatusOK, views.Hosts{})
}

func (s *server) showHosts(w http.ResponseWriter, r *http.Request, status int, model views.Hosts) error {
	model.Unverified = r.URL.Query().Get("show") == "unverified"
	model.MayChange, model.OptOuts = may(r, auth.ChangeInventory), may(r, auth.RecordOptOuts)
	model.Quota = s.Store.HostQuota()
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	number = min(max(number, 1), 1_000_000)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Count, err = tx.UnverifiedHosts(ctx, visitOf(r).session.TeamID); err != nil {
			return err
		}
		model.Hosts, err = tx.Hosts(ctx, store.HostFilter{
			Unverified: model.Unverified, Limit: hostsSize + 1, Offset: (number - 1) * hostsSize,
		})
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Hosts) > hostsSize {
		model.Hosts, model.Next = model.Hosts[:hostsSize], hostsPath(model.Unverified, number+1)
	}
	if number > 1 {
		model.Previous = hostsPath(model.Unverified, number-1)
	}
	return s.render(w, r, status, views.HostsPage(s.page(r, "Hosts", "/hosts"), model))
}

func hostsPath(unverified bool, page int) string {
	query := url.Values{"page": {strconv.Itoa(page)}}
	if unverified {
		query.Set("show", "unverified")
	}
	return "/hosts?" + query.Encode()
}

// claimHost makes a token for a host that the team says is its own. Saying so
// twice changes nothing.
func (s *server) claimHost(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.Hosts{Host: typed(r, "host")}
	host, fault := readHost(form.Host)
	if fault == "" {
		err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ClaimHost(ctx, s.actor(r), visitOf(r).session.TeamID, host, s.now())
			return err
		})
		switch {
		case err == nil:
			return redirect(w, r, views.HostPath(host)+"?done=host-claimed")
		case !errors.Is(err, store.ErrTooMany):
			return err
		}
		fault = "Your team has a token for as many hosts as it may. Forget those that you do not need."
	}
	form.Faults = views.Faults{{ID: "host", Text: fault}}
	return s.showHosts(w, r, http.StatusUnprocessableEntity, form)
}

// readHost reads a host as people type it, also as a URL, and returns it in
// lower-case ASCII, or a sentence about what is wrong.
func readHost(text string) (host, fault string) {
	if text == "" {
		return "", "Enter a host name, such as app.example.com."
	}
	if len(text) > inventory.MaxValue || !inventory.Legible(text) {
		return "", "Enter a host name of at most 253 characters, such as app.example.com."
	}
	target, err := checks.ParseHostOrURL(text, checks.Quick, checks.Limits{})
	if err != nil {
		return "", inventory.Sentence(err.Error())
	}
	return target.Host, ""
}
