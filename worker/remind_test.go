package worker_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// day is a day of the world's clock, some days ahead.
func (w *world) day(ahead int) time.Time {
	return w.clock.now().UTC().Truncate(24*time.Hour).AddDate(0, 0, ahead)
}

func (w *world) addSecret(description string, expires time.Time) (added monitor.ApplicationSecret) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.AddSecret(ctx, store.Actor{Source: "web"}, monitor.ApplicationSecret{
			ApplicationID: w.application.ID, Environment: policy.Production, Kind: monitor.ClientSecret, Description: description,
			ExpiresOn: expires, Owner: "Ada", AddedBy: "ada@partner.example", AddedAt: w.clock.now(),
		})
		return err
	})
	return added
}

func (w *world) state(requirement string, renewBy time.Time) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.State(ctx, store.Actor{Source: "web"}, monitor.Attestation{
			ApplicationID: w.application.ID, Requirement: requirement, Catalog: "c", Result: checks.Pass, Owner: "Ada",
			StatedOn: w.day(-400), RenewBy: renewBy, RecordedBy: "ada@partner.example", RecordedAt: w.clock.now(),
		})
		return err
	})
}

// remind runs the job once, and returns what it told: '30 secret in the vault'.
func (w *world) remind() (told []string) {
	w.t.Helper()
	before := len(w.sender.messages())
	done := one[int](w, `SELECT count(*) FROM river_job WHERE kind = 'remind' AND state = 'completed'`)
	_, err := w.worker.Client().Insert(w.t.Context(), jobs.Remind{}, nil)
	require.NoError(w.t, err)
	w.waitFor("the reminders are told", `SELECT count(*) > $1 FROM river_job WHERE kind = 'remind' AND state = 'completed'`, done)
	w.settle()
	for _, message := range w.sender.messages()[before:] {
		if message.Secret != nil {
			told = append(told, fmt.Sprintf("%d %s", message.Secret.DaysLeft, message.Secret.Description))
		}
		for _, statement := range message.Attestations {
			told = append(told, fmt.Sprintf("%d %s of %d", statement.DaysLeft, statement.Requirement, len(message.Attestations)))
		}
	}
	slices.Sort(told) // deliveries overtake each other
	return told
}

// startReminding runs a worker whose own first run has passed.
func (w *world) startReminding() {
	w.t.Helper()
	w.start()
	w.waitFor("the first run", `SELECT count(*) > 0 FROM river_job WHERE kind = 'remind' AND state = 'completed'`)
}

func TestSecretsAreRemindedOfAtEachThresholdOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.clock.advance(w.day(0).Add(36 * time.Hour).Sub(w.clock.now())) // noon: no day turns in between
	w.startReminding()
	w.addSecret("vault", w.day(31))
	told := map[int][]string{}
	for left := 31; left >= -2; left-- {
		for range 2 {
			if said := w.remind(); len(said) > 0 {
				told[left] = append(told[left], said...)
			}
		}
		w.clock.advance(24 * time.Hour)
	}
	require.Equal(t, map[int][]string{30: {"30 vault"}, 14: {"14 vault"}, 7: {"7 vault"}, 1: {"1 vault"}, 0: {"0 vault"}}, told)
	message := w.sender.messages()[0]
	require.Equal(t, monitor.SecretExpiring, message.Kind)
	require.Equal(t, "Partner", message.Team)
	require.Equal(t, "App", message.Application)
	require.Equal(t, "Production", message.Environment)
	require.Equal(t, fmt.Sprintf("/applications/%d/secrets", w.application.ID), message.Link)
	require.Equal(t, 5, one[int](w, `SELECT count(*) FROM notifications WHERE application_id = $1 AND kind = 'secret.expiring'`, w.application.ID))
}

func TestStatementsAreRemindedOfTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.clock.advance(w.day(0).Add(36 * time.Hour).Sub(w.clock.now()))
	w.startReminding()
	w.state("A-09", w.day(30))
	w.state("A-12", w.day(30))
	w.state("A-14", w.day(29))
	w.state("A-27", w.day(-1))
	w.state("A-16", time.Time{}) // no date ends it
	w.state("A-01", w.day(10))   // not asked of a custom application
	w.state("A-99", w.day(10))   // nor of anybody
	require.Equal(t, []string{"-1 A-27 of 1", "29 A-14 of 3", "30 A-09 of 3", "30 A-12 of 3"}, w.remind())
	require.Empty(t, w.remind())
	w.state("A-09", w.day(200)) // stated anew
	w.clock.advance(30 * 24 * time.Hour)
	require.Equal(t, []string{"-1 A-14 of 1"}, w.remind(), "the last day counts still")
	w.clock.advance(24 * time.Hour)
	require.Equal(t, []string{"-1 A-12 of 1"}, w.remind())
	require.Equal(t, []monitor.NotificationKind{monitor.AttestationDue, monitor.AttestationDue, monitor.AttestationDue, monitor.AttestationDue}, w.sender.kinds())
}

func TestWhatIsReplacedOrRemovedIsNotRemindedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.clock.advance(w.day(0).Add(36 * time.Hour).Sub(w.clock.now()))
	w.startReminding()
	replaced, removed := w.addSecret("replaced", w.day(7)), w.addSecret("removed", w.day(7))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		next := replaced
		next.Description, next.ExpiresOn = "next", w.day(20)
		if _, err := tx.ReplaceSecret(ctx, store.Actor{Source: "web"}, replaced.ID, next); err != nil {
			return err
		}
		return tx.RemoveSecret(ctx, store.Actor{Source: "web"}, w.application.ID, removed.ID, "ada@partner.example", w.clock.now())
	})
	require.Equal(t, []string{"20 next"}, w.remind(), "entered late: once, by the narrowest threshold that is reached")
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.RemoveApplication(ctx, w.application.ID, w.clock.now())
	})
	w.clock.advance(10 * 24 * time.Hour)
	require.Empty(t, w.remind(), "the application is gone")
}

// A worker that stood still for weeks says the narrowest, and none of the wider.
func TestWorkerThatStoodStillSaysTheNarrowest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.clock.advance(w.day(0).Add(36 * time.Hour).Sub(w.clock.now()))
	w.startReminding()
	w.addSecret("vault", w.day(40))
	require.Empty(t, w.remind())
	w.clock.advance(39 * 24 * time.Hour)
	require.Equal(t, []string{"1 vault"}, w.remind())
	w.clock.advance(100 * 24 * time.Hour)
	require.Equal(t, []string{"-99 vault"}, w.remind())
	require.Empty(t, w.remind())
}
