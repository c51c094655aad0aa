package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

// graded grades as a test understands at a glance: B where TLS 1.3 is refused,
// else A; provisional without suites; T with a chain that nobody named.
func graded(observation *checks.Observation) *checks.Grade {
	if len(observation.Addresses) == 0 {
		return nil
	}
	address := observation.Addresses[0]
	grade := &checks.Grade{Letter: checks.GradeA, TrustIgnored: checks.GradeA, Criteria: "test-1", Next: []checks.GradeStep{}}
	if address.TLS.Protocols[checks.TLSv13].State == checks.Absent {
		grade.Letter = checks.GradeB
		grade.Rules = []checks.GradeRule{{
			ID: "B-NO-TLS13", Effect: checks.EffectCap, Letter: checks.GradeB, Text: "TLS 1.3 is refused",
			Proof: []checks.Proof{{Fact: fmt.Sprintf("addresses[%s].protocols.TLSv1.3", address.Address), Value: "refused"}},
		}}
	}
	grade.Provisional = len(address.Full.Suites.Accepted) == 0
	return grade
}

// newGradedWorld is a full world whose judge gives grades too.
func newGradedWorld(t *testing.T) (*world, *fuller) {
	t.Helper()
	w, full := newFullWorld(t)
	verdicts := w.config.Judge
	w.config.Judge = func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
		judgement := verdicts(observation, endpoint, at)
		if judgement.Grade = graded(observation); judgement.Grade != nil {
			for range observation.Addresses {
				judgement.Grades = append(judgement.Grades, *judgement.Grade)
			}
		}
		return judgement
	}
	return w, full
}

func (w *world) letters() []string {
	w.t.Helper()
	return all[string](w, `SELECT depth || ' ' || grade || CASE WHEN provisional THEN ' provisional' ELSE '' END FROM assessments WHERE outcome = 'judged' ORDER BY slot`)
}

func TestQuickLooksLoseNothingThatFullLooksKnow(t *testing.T) {
	t.Parallel()
	w, _ := newGradedWorld(t)
	server, config := w.healthy()
	w.config.Settings.ConfirmAfter = time.Hour // a confirming look would be a full one
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.exec(`UPDATE endpoints SET next_full_at = $1`, w.clock.now().AddDate(1, 0, 0))
	w.lookFully(endpoint)
	quick := w.look(endpoint)
	require.Equal(t, []string{"full A", "quick A"}, w.letters())

	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		record, err := tx.AssessmentRecord(ctx, endpoint.ID, quick.ID)
		require.NoError(t, err)
		components, err := tx.ObservedComponents(ctx, record.ManifestSHA256)
		require.NoError(t, err)
		again, err := store.Together(components)
		require.Equal(t, record.Grade.Endpoint, *graded(&again), "it can be judged again by itself")
		require.Equal(t, "test-1", record.Criteria)
		require.Equal(t, again.Addresses[0].Address, record.Grade.Addresses[0].Address)
		return err
	})
	require.Equal(t, []string{"certificate", "dns", "pki", "tls"}, all[string](w, `SELECT DISTINCT e.kind FROM host_looks h JOIN manifest_entries e USING (manifest_sha256)
		WHERE h.depth = 'quick' ORDER BY 1`), "the host's look holds what it saw")
	require.Empty(t, all[string](w, `SELECT family FROM endpoint_status WHERE depth = 'quick' AND family NOT IN ('dns', 'tls', 'http', 'certificates', 'pki')`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM changes`), "what was carried is no change")

	// Another certificate: the chains that the full look knew are served no longer.
	config.Certificate = checktest.Issue(t, w.ca, pki.Leaf{Names: []string{"app.test"}})
	server.Reconfigure(config)
	renewed := w.look(endpoint)
	require.Empty(t, all[string](w, `SELECT e.kind FROM assessments a JOIN manifest_entries e USING (manifest_sha256) WHERE a.id = $1 AND e.kind = 'chains'`, renewed.ID))
	require.Equal(t, []string{"suites"}, all[string](w, `SELECT e.kind FROM assessments a JOIN manifest_entries e USING (manifest_sha256) WHERE a.id = $1 AND e.kind = 'suites'`, renewed.ID))
}

func TestGradeThatFallsIsAChange(t *testing.T) {
	t.Parallel()
	w, _ := newGradedWorld(t)
	server, config := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint) // provisional: nobody asked for suites
	w.lookFully(endpoint)
	config.Protocols = []string{"TLSv1.2"}
	server.Reconfigure(config)
	w.look(endpoint)
	w.names.set("app.test", dnsserver.NXDOMAIN)
	w.look(endpoint)
	w.names.point("app.test", "127.0.0.1")
	config.Protocols = nil
	server.Reconfigure(config)
	w.look(endpoint)
	require.Equal(t, []string{
		"regression configuration A B The grade fell from A to B: TLS 1.3 is refused.",
		"recovery configuration B A The grade rose from B to A: no longer so: TLS 1.3 is refused.",
	}, all[string](w, `SELECT concat_ws(' ', class, cause, before, after, sentence) FROM changes WHERE subject = 'grade' ORDER BY id`))
	require.Equal(t, "A A", one[string](w, `SELECT letter || ' ' || conclusive FROM endpoint_grades`))
}

func TestWaivedFailAlarmsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	server.Stop()
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open E-01"}, w.incidents())

	actor := store.Actor{Source: "web", Email: "kim@partner.example"}
	var waiver monitor.Waiver
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		waiver, err = tx.GrantWaiver(ctx, actor, monitor.Waiver{
			EndpointID: endpoint.ID, Requirement: "E-01", Owner: "Kim", Reason: "it moves", CreatedBy: "kim@partner.example",
			CreatedAt: w.clock.now(), Until: w.clock.now().AddDate(0, 1, 0),
		})
		return err
	})
	w.look(endpoint)
	w.settle()
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"resolved E-01"}, w.incidents())
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved}, w.sender.kinds())
	require.Equal(t, "Kim", w.sender.messages()[1].Verdicts[0].Waived.Owner)
	require.Equal(t, "fail waived", one[string](w, `SELECT result || CASE WHEN waived THEN ' waived' ELSE '' END FROM requirement_status WHERE requirement = 'E-01'`))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		counts, err := tx.CountEndpoints(ctx, w.clock.now())
		require.Zero(t, counts[store.Failing])
		return err
	})

	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.EndWaiver(ctx, actor, waiver.ID, w.clock.now())
	})
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open E-01"}, w.incidents(), "it starts anew, with its second look, and is the same incident")
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentReopened}, w.sender.kinds())
	require.Equal(t, []string{"waiver.grant", "waiver.end"}, all[string](w, `SELECT action FROM audit WHERE action LIKE 'waiver.%' ORDER BY id`))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		list, err := tx.Waivers(ctx, endpoint.ID)
		require.Len(t, list, 1)
		require.False(t, list[0].EndedAt.IsZero())
		require.ErrorIs(t, tx.EndWaiver(ctx, actor, waiver.ID, w.clock.now()), store.ErrNotFound)
		return err
	})
}

func TestEndpointIsJudgedByItsOwnProfilesToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	base := w.config.Judge
	w.config.Judge = func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
		judgement := base(observation, endpoint, at)
		if slices.Contains(endpoint.Profiles, "strict") {
			judgement.Verdicts = append(judgement.Verdicts, checks.Verdict{Requirement: "S-01", Profile: "strict@1", Result: checks.Fail, Severity: checks.Must})
		}
		return judgement
	}
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	actor := store.Actor{Source: "web"}
	held := store.HeldProfile{EndpointID: endpoint.ID, Profile: "strict", AddedBy: "kim@partner.example", AddedAt: w.clock.now()}
	w.asTeam(func(ctx context.Context, tx *store.Tx) error { return tx.AddProfile(ctx, actor, held) })
	require.ErrorIs(t, w.database.Store.AsTeam(t.Context(), w.team.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddProfile(ctx, actor, held)
	}), store.ErrConflict)
	asked := w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open S-01"}, w.incidents())
	require.Equal(t, "superoffice@2026-07,strict@1", one[string](w, `SELECT profile FROM assessments WHERE id = $1`, asked.ID))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		list, err := tx.Profiles(ctx, endpoint.ID)
		require.Len(t, list, 1)
		return errors.Join(err, tx.RemoveProfile(ctx, actor, held, w.clock.now()))
	})
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"resolved S-01"}, w.incidents(), "what nobody asks for any more is no problem")
	require.Equal(t, []string{"profile.add", "profile.remove"}, all[string](w, `SELECT action FROM audit WHERE action LIKE 'profile.%' ORDER BY id`))
}

// ask asks for a regrade of everything as an operator does.
func (w *world) askRegrade(criteria string) int64 {
	w.t.Helper()
	var asked store.Regrade
	require.NoError(w.t, w.database.Store.AsOperator(w.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		now := w.clock.now()
		asked, err = tx.RequestRegrade(ctx, store.Regrade{
			Criteria: criteria, FromSlot: now.AddDate(0, 0, -1), ToSlot: now.AddDate(0, 0, 1), RequestedBy: "o@example.com", RequestedAt: now,
		})
		if err != nil {
			return err
		}
		return jobs.InsertRegrade(ctx, w.worker.Client(), tx, asked.ID)
	}))
	return asked.ID
}

func TestRegradeIsAJob(t *testing.T) {
	t.Parallel()
	w, _ := newGradedWorld(t)
	var panics atomic.Bool
	w.config.Grader = func(criteria string) (regrade.Grader, error) {
		if criteria != "test-2" {
			return nil, fmt.Errorf("there are no criteria %q", criteria)
		}
		return func(observation *checks.Observation, _ time.Time) (checks.Grade, []time.Time) {
			if panics.Load() {
				panic("no grader should")
			}
			grade := graded(observation)
			if grade.Letter == checks.GradeB {
				grade.Letter = checks.GradeC
			}
			return *grade, nil
		}, nil
	}
	server, config := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.lookFully(endpoint)
	config.Protocols = []string{"TLSv1.2"}
	server.Reconfigure(config)
	w.look(endpoint)
	w.settle()

	id := w.askRegrade("test-2")
	w.waitFor("it is finished", `SELECT finished_at IS NOT NULL FROM regrades WHERE id = $1`, id)
	var report store.RegradeReport
	require.NoError(t, w.database.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		report, err = tx.RegradeReport(ctx, id, store.RegradePage{})
		return err
	}))
	require.Equal(t, []store.LetterCount{{Before: checks.GradeA, After: checks.GradeA, Assessments: 1}, {Before: checks.GradeB, After: checks.GradeC, Assessments: report.Covered - 1}}, report.Counts)
	require.Len(t, report.Endpoints, 1)
	require.Equal(t, checks.GradeC, report.Endpoints[0].After)
	require.Equal(t, "Partner App "+string(checks.GradeB), report.Endpoints[0].TeamName+" "+report.Endpoints[0].ApplicationName+" "+string(report.Endpoints[0].Before))
	require.Equal(t, worker.EngineVersion, report.Engine)
	require.Equal(t, w.config.Versions.TrustData, report.TrustData)

	unknown := w.askRegrade("test-9")
	w.waitFor("it is given up", `SELECT canceled_at IS NOT NULL FROM regrades WHERE id = $1`, unknown)
	require.Contains(t, one[string](w, `SELECT fault FROM regrades WHERE id = $1`, unknown), `there are no criteria "test-9"`)
	w.waitFor("nobody tries again", `SELECT count(*) = 1 FROM river_job WHERE kind = 'regrade' AND state = 'cancelled'`)
}
