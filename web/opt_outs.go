package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listOptOuts lists who opted out, with the form of another one: operators only.
func (s *server) listOptOuts(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.RecordOptOuts); err != nil {
		return err
	}
	return s.showOptOuts(w, r, http.StatusOK, views.OptOuts{})
}

func (s *server) showOptOuts(w http.ResponseWriter, r *http.Request, status int, model views.OptOuts) error {
	err := s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		model.OptOuts, err = tx.OptOuts(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.OptOutsPage(s.page(r, "Opt-outs", "/hosts"), model))
}

// recordOptOut notes that whoever runs a host asked not to be looked at.
func (s *server) recordOptOut(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.RecordOptOuts); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.OptOuts{Host: typed(r, "host"), Below: typed(r, "below") == "yes", Reason: typed(r, "reason"), Contact: typed(r, "contact")}
	var host string
	if host, form.Faults = optOutFaults(form); len(form.Faults) > 0 {
		return s.showOptOuts(w, r, http.StatusUnprocessableEntity, form)
	}
	session := visitOf(r).session
	err := s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RecordOptOut(ctx, s.actor(r), session.TeamID, monitor.OptOut{
			Host: host, IncludesSubdomains: form.Below, Reason: form.Reason, Contact: form.Contact, RecordedBy: session.Email, RecordedAt: s.now(),
		})
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		form.Faults = views.Faults{{ID: "host", Text: "This host is on record already. To change what is recorded, end that one first."}}
		return s.showOptOuts(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/opt-outs?done=opt-out-recorded")
}

func optOutFaults(form views.OptOuts) (host string, faults views.Faults) {
	add := func(id, text string) { faults = append(faults, views.FieldFault{ID: id, Text: text}) }
	host, fault := readHost(form.Host)
	if fault != "" {
		add("host", fault)
	}
	if form.Contact == "" || utf8.RuneCountInString(form.Contact) > longestOwner {
		add("contact", fmt.Sprintf("Enter who asked, in at most %d characters.", longestOwner))
	}
	if form.Reason == "" || utf8.RuneCountInString(form.Reason) > longestReason {
		add("reason", fmt.Sprintf("Enter why, in at most %d characters.", longestReason))
	}
	return host, faults
}

// endOptOut ends an opt-out that somebody took back.
func (s *server) endOptOut(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.RecordOptOuts); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.EndOptOut(ctx, s.actor(r), visitOf(r).session.TeamID, id, s.now())
		return ignoreMissing(err) // over already: that is what was asked for
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/opt-outs?done=opt-out-ended")
}
