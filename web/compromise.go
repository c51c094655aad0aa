package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// clockSkew is how far ahead of ours the clock of who types a time may be.
const clockSkew = 5 * time.Minute

// showCompromise says what to do when a secret is compromised, and what was done.
func (s *server) showCompromise(w http.ResponseWriter, r *http.Request) error {
	page, err := s.compromises(r)
	if err != nil {
		return err
	}
	return s.renderCompromise(w, r, http.StatusOK, page)
}

func (s *server) renderCompromise(w http.ResponseWriter, r *http.Request, status int, page views.Compromises) error {
	return s.render(w, r, status, views.CompromisePage(s.page(r, "Compromise of "+page.Application.Name, "/"), page))
}

// compromises reads the page with empty forms.
func (s *server) compromises(r *http.Request) (page views.Compromises, err error) {
	if page.Application, err = s.findApplication(r); err != nil {
		return page, err
	}
	page.Contact, page.Link, page.MayChange = s.CompromiseContact, s.CompromiseLink, may(r, auth.KeepStatements)
	page.DiscoveredAt = views.TypedMoment(s.now())
	page.Step = views.CompromiseStepForm{Who: visitOf(r).session.Email, HappenedAt: page.DiscoveredAt}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if page.ClientIDs, err = tx.ClientIDs(ctx, page.Application.ID); err != nil {
			return err
		}
		recorded, err := tx.Compromises(ctx, page.Application.ID)
		if err != nil {
			return err
		}
		steps, err := tx.CompromiseSteps(ctx, page.Application.ID)
		for _, compromise := range recorded {
			view := views.CompromiseView{Compromise: compromise}
			for _, step := range steps {
				if step.CompromiseID == compromise.ID {
					view.Steps = append(view.Steps, step)
				}
			}
			page.Recorded = append(page.Recorded, view)
		}
		return err
	})
	return page, err
}

// recordCompromise writes down a compromise. What was typed stays where it is
// wrong, but for what looks like a secret.
func (s *server) recordCompromise(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	page, err := s.compromises(r)
	if err != nil {
		return err
	}
	page.Environment, page.What, page.DiscoveredAt = typed(r, "environment"), typed(r, "what"), typed(r, "discovered_at")
	discovered, fault := readMoment(page.DiscoveredAt, s.now())
	add := func(id, text string) { page.Faults = append(page.Faults, views.FieldFault{ID: id, Text: text}) }
	switch {
	case monitor.LooksSecret(page.What):
		page.What = ""
		add("what", looksSecret)
	case page.What == "" || !prose(page.What, longestReason):
		add("what", fmt.Sprintf("Enter what happened, in at most %d characters.", longestReason))
	}
	if page.Environment != "" && !slices.Contains(policy.Environments(), policy.Environment(page.Environment)) {
		add("environment", "Choose an environment.")
	}
	if fault != "" {
		add("discovered_at", fault)
	}
	if len(page.Faults) > 0 {
		return s.renderCompromise(w, r, http.StatusUnprocessableEntity, page)
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RecordCompromise(ctx, s.actor(r), monitor.Compromise{
			ApplicationID: page.Application.ID, Environment: policy.Environment(page.Environment), What: page.What,
			DiscoveredAt: discovered, RecordedBy: visitOf(r).session.Email, RecordedAt: s.now(),
		})
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/compromise?done=compromise-recorded", page.Application.ID))
}

// readMoment reads a time of UTC that is not to come.
func readMoment(text string, now time.Time) (at time.Time, fault string) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		at, err := time.Parse(layout, text)
		if err == nil && at.Before(now.Add(clockSkew)) && at.After(now.AddDate(-oldestDay, 0, 0)) {
			return at, ""
		}
	}
	return at, "Enter a day and time of UTC up to now, such as " + views.TypedMoment(now) + "."
}

// addCompromiseStep writes down what was done about a compromise, or closes it.
func (s *server) addCompromiseStep(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	page, err := s.compromises(r)
	if err != nil {
		return err
	}
	id, err := pathID(r, "compromise")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(page.Recorded, func(c views.CompromiseView) bool { return c.ID == id && c.ClosedAt.IsZero() }) {
		return store.ErrNotFound
	}
	page.Step = views.CompromiseStepForm{
		CompromiseID: id, Kind: typed(r, "kind"), Who: typed(r, "who"), Recipient: typed(r, "recipient"),
		HappenedAt: typed(r, "happened_at"), Text: typed(r, "text"),
	}
	step, faults := readStep(&page.Step, s.now())
	if len(faults) > 0 {
		page.Faults = faults
		return s.renderCompromise(w, r, http.StatusUnprocessableEntity, page)
	}
	step.RecordedBy, step.RecordedAt = visitOf(r).session.Email, s.now()
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddCompromiseStep(ctx, s.actor(r), page.Application.ID, step)
	})
	if err != nil {
		return err
	}
	done := "compromise-noted"
	if step.Kind == monitor.StepClosed {
		done = "compromise-closed"
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/compromise?done=%s", page.Application.ID, done))
}

// readStep reads what was typed, and says what is wrong with it. What looks
// like a secret is not even shown again.
func readStep(form *views.CompromiseStepForm, now time.Time) (step monitor.CompromiseStep, faults views.Faults) {
	add := func(field, text string) {
		if text != "" {
			faults = append(faults, views.FieldFault{ID: views.StepID(form.CompromiseID, field), Text: text})
		}
	}
	step = monitor.CompromiseStep{CompromiseID: form.CompromiseID, Kind: monitor.CompromiseStepKind(form.Kind), Who: form.Who, Recipient: form.Recipient}
	if !slices.Contains([]monitor.CompromiseStepKind{monitor.StepNotified, monitor.StepDone, monitor.StepClosed}, step.Kind) {
		add("kind", "Choose what to write down.")
	}
	notified := step.Kind == monitor.StepNotified
	switch {
	case notified && ownerFault(form.Recipient) != "":
		add("recipient", fmt.Sprintf("Enter who was notified, in at most %d characters.", longestOwner))
	case !notified && form.Recipient != "":
		add("recipient", "Leave this empty, or choose that somebody was notified.")
	}
	if ownerFault(form.Who) != "" {
		add("who", fmt.Sprintf("Enter who did it, in at most %d characters.", longestOwner))
	}
	var fault string
	step.HappenedAt, fault = readMoment(form.HappenedAt, now)
	add("happened_at", fault)
	switch {
	case monitor.LooksSecret(form.Text):
		form.Text = ""
		add("text", looksSecret)
	case !prose(form.Text, longestNote):
		add("text", fmt.Sprintf("Write at most %d characters.", longestNote))
	case !notified && form.Text == "":
		add("text", "Enter what was done, or why it is over.")
	}
	step.Text = form.Text
	return step, faults
}
