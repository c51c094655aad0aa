package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

var statingPerson = store.Actor{Source: "web", Email: "person1@example.com"}

func asOurs(t *testing.T, database *testdb.Database, do func(context.Context, *store.Tx) error) {
	t.Helper()
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, do))
}

func statement(change func(*monitor.Attestation)) monitor.Attestation {
	stated := monitor.Attestation{
		ApplicationID: 100, Requirement: "A-09", Catalog: "superoffice-attestations@2026-07", Result: checks.Pass, Owner: "Ada",
		Evidence: "https://wiki.example/mfa", Note: "since 2024", StatedOn: instant.Truncate(24 * time.Hour),
		RenewBy: instant.Truncate(24*time.Hour).AddDate(0, 6, 0), RecordedBy: "person1@example.com", RecordedAt: instant,
	}
	if change != nil {
		change(&stated)
	}
	return stated
}

func TestStatementsSupersedeAndStay(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		first, err := tx.State(ctx, statingPerson, statement(nil))
		require.NoError(t, err)
		require.Equal(t, instant.Truncate(24*time.Hour).AddDate(0, 6, 0), first.RenewBy.UTC())
		second, err := tx.State(ctx, statingPerson, statement(func(s *monitor.Attestation) {
			s.Result, s.Reason, s.RenewBy, s.RecordedAt = checks.NotApplicable, "No administrators", time.Time{}, instant.Add(time.Hour)
		}))
		require.NoError(t, err)
		newest, err := tx.Attestations(ctx, 100)
		require.NoError(t, err)
		require.Len(t, newest, 2, "A-06 of the fixture, and A-09")
		require.Equal(t, second.ID, newest[1].ID)
		require.True(t, newest[1].RenewBy.IsZero())
		history, err := tx.AttestationHistory(ctx, 100, "A-09")
		require.NoError(t, err)
		require.Equal(t, []int64{second.ID, first.ID}, []int64{history[0].ID, history[1].ID})
		require.Equal(t, instant.Add(time.Hour), history[1].SupersededAt.UTC())
		require.Equal(t, "Ada", history[1].Owner)
		return err
	})
	var audited string
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT string_agg(coalesce(old->>'result', '-') || ' ' || (new->>'result'), ', ' ORDER BY id)
			FROM audit WHERE action = 'attestation.state'`).Scan(&audited)
	})
	require.Equal(t, "- pass, pass not_applicable", audited)
}

func TestStatementsOfAnotherTeamAreOutOfReach(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.State(ctx, statingPerson, statement(func(s *monitor.Attestation) { s.ApplicationID = 200 }))
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.AddSecret(ctx, statingPerson, secret(func(s *monitor.ApplicationSecret) { s.ApplicationID = 200 }))
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = tx.ReplaceSecret(ctx, statingPerson, 200, secret(func(s *monitor.ApplicationSecret) { s.ApplicationID = 200 }))
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, tx.RemoveSecret(ctx, statingPerson, 200, 200, "b", instant), store.ErrNotFound)
		_, err = tx.RecordCompromise(ctx, statingPerson, monitor.Compromise{ApplicationID: 200, What: "w", RecordedBy: "b", DiscoveredAt: instant, RecordedAt: instant})
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, tx.AddCompromiseStep(ctx, statingPerson, 200, monitor.CompromiseStep{CompromiseID: 200, Kind: monitor.StepDone}), store.ErrNotFound)
		applications, err := tx.StatingApplications(ctx)
		require.NoError(t, err)
		require.Len(t, applications, 1)
		inUse, err := tx.SecretsInUse(ctx)
		require.NoError(t, err)
		require.Len(t, inUse, 1)
		open, err := tx.OpenCompromises(ctx)
		require.Len(t, open, 1)
		return err
	})
	require.NoError(t, database.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		applications, err := tx.StatingApplications(ctx)
		require.NoError(t, err)
		require.Len(t, applications, 2)
		require.Len(t, applications[1].Attestations, 1)
		open, err := tx.OpenCompromises(ctx)
		require.Len(t, open, 2)
		return err
	}))
}

// Of two people who state the same at once, the later one is the newest.
func TestStatingAtOnce(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			return database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.State(ctx, statingPerson, statement(nil))
				return err
			})
		})
	}
	require.NoError(t, group.Wait())
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		history, err := tx.AttestationHistory(ctx, 100, "A-09")
		require.Len(t, history, 8)
		newest, err2 := tx.Attestations(ctx, 100)
		require.Len(t, newest, 2)
		require.NoError(t, err2)
		return err
	})
}

func secret(change func(*monitor.ApplicationSecret)) monitor.ApplicationSecret {
	one := monitor.ApplicationSecret{
		ApplicationID: 100, Environment: policy.Production, Kind: monitor.ClientSecret, Description: "in the vault",
		ExpiresOn: time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC), Owner: "Ada", AddedBy: "person1@example.com", AddedAt: instant,
	}
	if change != nil {
		change(&one)
	}
	return one
}

func TestSecretsAreReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		first, err := tx.AddSecret(ctx, statingPerson, secret(nil))
		require.NoError(t, err)
		second, err := tx.ReplaceSecret(ctx, statingPerson, first.ID, secret(func(s *monitor.ApplicationSecret) {
			s.Environment, s.Kind, s.ExpiresOn = policy.SOD, monitor.ClientCertificate, s.ExpiresOn.AddDate(1, 0, 0)
		}))
		require.NoError(t, err)
		require.Equal(t, policy.Production, second.Environment, "a replacement is of the same kind, for the same place")
		require.Equal(t, monitor.ClientSecret, second.Kind)
		_, err = tx.ReplaceSecret(ctx, statingPerson, first.ID, secret(nil))
		require.ErrorIs(t, err, store.ErrNotFound, "it is replaced already")
		require.NoError(t, tx.RemoveSecret(ctx, statingPerson, 100, second.ID, "b", instant.Add(time.Minute)))
		require.ErrorIs(t, tx.RemoveSecret(ctx, statingPerson, 100, second.ID, "b", instant), store.ErrNotFound)
		all, err := tx.Secrets(ctx, 100)
		require.NoError(t, err)
		require.Equal(t, []int64{100, second.ID, first.ID}, []int64{all[0].ID, all[1].ID, all[2].ID}, "in use first")
		require.Equal(t, second.ID, all[2].ReplacedBy)
		require.Zero(t, all[1].ReplacedBy)
		var audited string
		require.NoError(t, tx.QueryRow(ctx, `SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE action LIKE 'secret.%'`).Scan(&audited))
		require.Equal(t, "secret.add secret.replace secret.remove", audited)
		return nil
	})
}

func TestCompromiseIsWrittenDownAndClosedOnce(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		recorded, err := tx.RecordCompromise(ctx, statingPerson, monitor.Compromise{
			ApplicationID: 100, Environment: policy.Stage, What: "The secret stood in a log", DiscoveredAt: instant.Add(-time.Hour),
			RecordedBy: "person1@example.com", RecordedAt: instant,
		})
		require.NoError(t, err)
		step := monitor.CompromiseStep{
			CompromiseID: recorded.ID, Kind: monitor.StepNotified, HappenedAt: instant, Who: "Ada", Recipient: "Online Operations",
			RecordedBy: "person1@example.com", RecordedAt: instant.Add(time.Minute),
		}
		require.NoError(t, tx.AddCompromiseStep(ctx, statingPerson, 100, step))
		open, err := tx.OpenCompromises(ctx)
		require.NoError(t, err)
		require.Equal(t, "Shop", open[0].ApplicationName)
		require.True(t, open[0].Notified)
		require.False(t, open[1].Notified)
		step.Kind, step.Recipient, step.Text = monitor.StepClosed, "", "The new secret is in use"
		require.NoError(t, tx.AddCompromiseStep(ctx, statingPerson, 100, step))
		require.ErrorIs(t, tx.AddCompromiseStep(ctx, statingPerson, 100, step), store.ErrNotFound, "it is closed")
		all, err := tx.Compromises(ctx, 100)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, instant.Add(time.Minute), all[1].ClosedAt.UTC(), "open ones first")
		steps, err := tx.CompromiseSteps(ctx, 100)
		require.NoError(t, err)
		require.Len(t, steps, 3)
		require.Equal(t, "Online Operations", steps[1].Recipient)
		return nil
	})
}

func TestRemindersAreNotedOnce(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	_, err := owner.Exec(t.Context(), `UPDATE attestations SET renew_by = '2026-12-01'`)
	require.NoError(t, err)
	until := instant.AddDate(0, 0, 60)
	var marked []bool
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		applications, err := tx.RemindableApplications(ctx, until, 0, 10)
		require.NoError(t, err)
		require.Len(t, applications, 2)
		second, err := tx.RemindableApplications(ctx, until, 100, 10)
		require.NoError(t, err)
		require.Equal(t, []monitor.Application{applications[1]}, second)
		secrets, err := tx.RemindableSecrets(ctx, 100, until)
		require.NoError(t, err)
		require.Equal(t, []int{30}, secrets[0].Sent)
		statements, err := tx.RemindableAttestations(ctx, 100, until)
		require.NoError(t, err)
		require.Empty(t, statements[0].Sent)
		for _, threshold := range []int{30, 14, 14, 0} {
			fresh, err := tx.MarkSecretReminded(ctx, secrets[0].ApplicationSecret, threshold, instant)
			require.NoError(t, err)
			marked = append(marked, fresh)
		}
		fresh, err := tx.MarkAttestationReminded(ctx, statements[0].Attestation, -1, instant)
		require.True(t, fresh)
		require.NoError(t, err)
		left, err := tx.RemindableApplications(ctx, until, 0, 10)
		require.Len(t, left, 1, "the first is done for good")
		return err
	}))
	require.Equal(t, []bool{false, true, false, true}, marked)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		near, err := tx.RemindableApplications(ctx, instant, 0, 10)
		require.Empty(t, near, "nothing is near")
		return err
	}))
}

// The audit says what was kept of a secret: dates and words.
func TestAuditOfSecretsHoldsDates(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddSecret(ctx, statingPerson, secret(nil))
		require.NoError(t, err)
		var kept string
		require.NoError(t, tx.QueryRow(ctx, `SELECT new::text FROM audit WHERE action = 'secret.add'`).Scan(&kept))
		require.True(t, strings.Contains(kept, `"expires_on": "2026-12-15"`), kept)
		return nil
	})
}

// Of two workers at once the second waits, and tells only where the first did not.
func TestReminderIsNotedByOneOfTwoWorkers(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	failed := errors.New("killed")
	for i, commits := range []error{nil, failed} {
		marked, second := make(chan struct{}), make(chan bool, 1)
		var group errgroup.Group
		mark := func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.MarkSecretReminded(ctx, monitor.ApplicationSecret{ID: 100, TeamID: ours}, 14-i, instant)
		}
		group.Go(func() error {
			<-marked
			return database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				fresh, err := mark(ctx, tx)
				second <- fresh
				return err
			})
		})
		err := database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			fresh, err := mark(ctx, tx)
			require.NoError(t, err)
			require.True(t, fresh)
			close(marked)
			return commits
		})
		require.ErrorIs(t, err, commits)
		require.NoError(t, group.Wait())
		require.Equal(t, commits != nil, <-second)
	}
}
