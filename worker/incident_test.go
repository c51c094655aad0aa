package worker_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// breakable is app.test, and how it breaks T-03 and is repaired.
type breakable struct {
	*world
	server   *checktest.Nginx
	good     checktest.NginxConfig
	endpoint monitor.Endpoint
}

// newBreakable looks at a healthy app.test once. change may alter the worker's
// configuration.
func newBreakable(t *testing.T, change func(*worker.Config)) *breakable {
	t.Helper()
	w := newWorld(t, change)
	b := &breakable{world: w}
	b.server, b.good = w.healthy()
	w.start()
	b.endpoint = w.register(b.server.URL("app.test", "/cb"))
	w.look(b.endpoint)
	return b
}

func (b *breakable) breaks() {
	b.t.Helper()
	bad := b.good
	bad.Protocols = []string{"TLSv1.3"}
	b.server.Reconfigure(bad)
}

func (b *breakable) repairs() {
	b.t.Helper()
	b.server.Reconfigure(b.good)
}

// seen looks, and waits for what that leads to.
func (b *breakable) seen() {
	b.t.Helper()
	b.look(b.endpoint)
	b.settle()
}

// judged asks for a look of a purpose and waits until it is judged, and for
// nothing else.
func (b *breakable) judged(purpose monitor.Purpose) {
	b.t.Helper()
	asked := b.ask(b.endpoint, purpose)
	b.waitFor("the look is judged", `SELECT coalesce(bool_and(outcome = 'judged'), false) FROM assessments WHERE id = $1`, asked.ID)
}

// act does what a person does to the only incident.
func (b *breakable) act(event monitor.IncidentEvent) monitor.Incident {
	b.t.Helper()
	incident := one[int64](b.world, `SELECT id FROM incidents`)
	var acted monitor.Incident
	b.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		var wakes []time.Time
		if acted, wakes, err = tx.ActOnIncident(ctx, incident, event, b.config.Settings, b.clock.now()); err != nil {
			return err
		}
		for _, wake := range wakes {
			if err := jobs.InsertTell(ctx, b.worker.Client(), tx, incident, wake, b.clock.now()); err != nil {
				return err
			}
		}
		return nil
	})
	return acted
}

// told waits until so many messages went out, and lists their kinds.
func (b *breakable) told(count int) []monitor.NotificationKind {
	b.t.Helper()
	b.waitFor("people are told", `SELECT count(*) >= $1 AND bool_and(state <> 'pending') FROM deliveries`, count)
	return b.sender.kinds()
}

// entries lists the kinds of the timeline.
func (b *breakable) entries() []string {
	b.t.Helper()
	return all[string](b.world, `SELECT kind FROM incident_entries ORDER BY id`)
}

func TestIncidentGathersBeforeItIsTold(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.GatherFor = time.Hour })
	b.breaks()
	b.seen()
	require.Equal(t, []string{"open T-03"}, b.incidents())
	require.Empty(t, b.sender.kinds(), "it gathers")
	require.Equal(t, "incident.opened 0", one[string](b.world, `SELECT tell_kind || ' ' || messages FROM incidents`))

	b.clock.advance(62 * time.Minute) // its job waits by River's clock: whoever tidies up finds that it is late
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
	message := b.sender.messages()[0]
	require.Equal(t, 1, message.Sequence)
	require.Equal(t, monitor.High, message.Weight)
	require.Equal(t, 1, message.EndpointCount)
	require.Equal(t, []string{"127.0.0.1"}, message.Endpoints[0].Addresses)
	require.Equal(t, 1, message.Endpoints[0].Looked)
	require.Equal(t, []string{"T-03"}, message.Endpoints[0].Requirements)
	require.NotEmpty(t, message.Verdicts[0].Remedy)
	require.Contains(t, message.Changes[0].Sentence, "no longer accepts TLS 1.2")
	require.Equal(t, []string{"opened", "told"}, b.entries())
}

func TestResolvedBeforeToldIsSilent(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.GatherFor = time.Hour })
	b.breaks()
	b.seen()
	require.Equal(t, []string{"open T-03"}, b.incidents())
	b.repairs()
	b.seen()
	require.Equal(t, []string{"resolved T-03"}, b.incidents())
	b.clock.advance(3 * time.Hour)
	b.seen()
	require.Empty(t, b.sender.kinds())
	require.Zero(t, one[int](b.world, `SELECT count(*) FROM notifications`))
	require.Equal(t, []string{"opened", "resolved", "silent"}, b.entries())
}

func TestOneLookNeitherOpensNorResolves(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.ConfirmAfter = time.Hour })
	b.breaks()
	b.judged(monitor.Requested)
	b.judged(monitor.Requested)
	require.Empty(t, b.incidents(), "no second look was due yet")
	b.judged(monitor.Confirm)
	require.Equal(t, []string{"open T-03"}, b.incidents())
	b.repairs()
	b.judged(monitor.Requested)
	require.Equal(t, []string{"open T-03"}, b.incidents(), "one pass is no recovery")
	require.Equal(t, 1, one[int](b.world, `SELECT count(*) FROM requirement_status WHERE recovering_since IS NOT NULL`))
	b.breaks()
	b.judged(monitor.Requested)
	require.Zero(t, one[int](b.world, `SELECT count(*) FROM requirement_status WHERE recovering_since IS NOT NULL`))
	b.repairs()
	b.judged(monitor.Requested)
	b.judged(monitor.Confirm)
	require.Equal(t, []string{"resolved T-03"}, b.incidents())
}

func TestIncidentReopensAndThenFlaps(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.StableFor = time.Hour })
	for range 2 {
		b.breaks()
		b.seen()
		b.repairs()
		b.seen()
	}
	twice := []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentReopened, monitor.IncidentResolved}
	require.Equal(t, twice, b.sender.kinds())
	for range 3 {
		b.breaks()
		b.seen()
		b.repairs()
		b.seen()
	}
	flaps := append(twice, monitor.IncidentFlapping)
	require.Equal(t, flaps, b.sender.kinds(), "that it flaps is told once")
	require.True(t, one[bool](b.world, `SELECT flapping FROM incidents`))
	b.clock.advance(2 * time.Hour)
	b.seen()
	b.seen()
	require.Equal(t, append(flaps, monitor.IncidentResolved), b.told(6))
	require.Equal(t, []string{"resolved T-03"}, b.incidents(), "all of it is one incident")
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, all[int](b.world, `SELECT sequence FROM notifications ORDER BY created_at`))
}

func TestEscalationUntilSomebodyAcknowledges(t *testing.T) {
	t.Parallel()
	for name, acknowledged := range map[string]bool{"nobody does": false, "somebody does": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakable(t, nil)
			b.route("next@partner.example", 1, 600, "")
			b.route("ops@partner.example", 0, 0, "")
			b.breaks()
			b.seen()
			require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
			require.Equal(t, "ops@partner.example", b.sender.sent[0].channel.Address)
			if acknowledged {
				require.Equal(t, monitor.IncidentAcknowledged, b.act(monitor.Acknowledge{By: "kim@partner.example"}).State)
			}
			b.clock.advance(15 * time.Minute)
			if acknowledged {
				b.late()
				require.Len(t, b.sender.kinds(), 1)
				return
			}
			require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentUnacknowledged}, b.told(2))
			require.Equal(t, "next@partner.example", b.sender.sent[1].channel.Address)
			require.Equal(t, 1, b.sender.messages()[1].Level)
		})
	}
}

// route adds a route to a mail channel, which it makes where it is missing.
func (b *breakable) route(address string, level, after int, quiet string) {
	b.t.Helper()
	b.asTeam(func(ctx context.Context, tx *store.Tx) error {
		_, _ = tx.Exec(ctx, `INSERT INTO channels (team_id, kind, address, created_at) SELECT $1, 'email', $2, $3
			WHERE NOT EXISTS (SELECT FROM channels WHERE address = $2)`, b.team.ID, address, b.clock.now())
		_, err := tx.Exec(ctx, `INSERT INTO channel_routes (team_id, channel_id, level, after_seconds, quiet_from, quiet_until, created_by, created_at)
			SELECT $1, id, $3, $4, $5, $6, 'kim@partner.example', $7 FROM channels WHERE address = $2`,
			b.team.ID, address, level, after, minuteOf(quiet, b.clock.now().Add(-2*time.Hour)), minuteOf(quiet, b.clock.now().Add(2*time.Hour)), b.clock.now())
		return err
	})
}

// minuteOf is the minute of the day of a time in UTC; 0 where there are no quiet hours.
func minuteOf(quiet string, at time.Time) int {
	if quiet == "" {
		return 0
	}
	return at.UTC().Hour()*60 + at.UTC().Minute()
}

// late ticks the only incident, as a claim does that finds it late, and waits
// until that is done.
func (b *breakable) late() {
	b.t.Helper()
	incident := one[int64](b.world, `SELECT id FROM incidents`)
	b.asWorker(func(ctx context.Context, tx *store.Tx) error {
		return jobs.InsertLateTells(ctx, b.worker.Client(), tx, incident)
	})
	b.waitFor("the incident is ticked", `SELECT NOT EXISTS (SELECT FROM river_job WHERE kind = 'tell' AND NOT args ? 'at'
		AND state NOT IN ('completed', 'cancelled', 'discarded'))`)
}

func TestSnoozedIsSilentUntilItsEnd(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, nil)
	b.breaks()
	b.seen()
	b.act(monitor.Snooze{By: "kim@partner.example", Reason: "The vendor is on it.", Until: b.clock.now().Add(2 * time.Hour)})
	b.clock.advance(time.Hour)
	b.seen()
	b.late()
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.sender.kinds())
	b.clock.advance(90 * time.Minute)
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentSnoozeEnded}, b.told(2))
	var entries []monitor.IncidentEntry
	b.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		entries, err = tx.IncidentEntries(ctx, one[int64](b.world, `SELECT id FROM incidents`))
		return err
	})
	require.Equal(t, "kim@partner.example", entries[2].Who)
	require.Contains(t, entries[2].Text, "The vendor is on it.")
}

func TestMaintenanceOpensNothing(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, nil)
	ends := b.plan(time.Hour)
	b.breaks()
	for range 3 {
		b.seen()
	}
	require.Empty(t, b.incidents())
	require.WithinDuration(t, ends, one[time.Time](b.world, `SELECT next_run_at FROM endpoints`), 0, "it is looked at right after the window")
	require.True(t, one[bool](b.world, `SELECT answer_planned FROM endpoints`))
	b.clock.advance(61 * time.Minute)
	b.waitFor("an incident opens", `SELECT count(*) = 1 FROM incidents`)
	require.Equal(t, []string{"open T-03"}, b.incidents())
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
}

func TestTwoTicksAtOnceTellOnce(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.GatherFor = time.Hour })
	second := b.config
	startWorker(t, second)
	b.breaks()
	b.seen()
	b.clock.advance(time.Hour + time.Second)
	incident := one[int64](b.world, `SELECT id FROM incidents`)
	b.asWorker(func(ctx context.Context, tx *store.Tx) error {
		for i := range 10 {
			if err := jobs.InsertTell(ctx, b.worker.Client(), tx, incident, b.clock.now().Add(-time.Duration(i)*time.Second), b.clock.now()); err != nil {
				return err
			}
		}
		return nil
	})
	b.waitFor("all have ticked", `SELECT count(*) >= 10 FROM river_job WHERE kind = 'tell' AND state = 'completed'`)
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
	require.Equal(t, 1, one[int](b.world, `SELECT count(*) FROM notifications`))
}

func TestUnsoundVantagePausesEverything(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, func(c *worker.Config) { c.Settings.GatherFor = time.Hour })
	b.breaks()
	b.seen()
	b.exec(`UPDATE vantages SET state = 'wrong', reason = 'A canary shows no fault.'`)
	b.clock.advance(2 * time.Hour)
	b.late()
	require.Empty(t, b.sender.kinds(), "nothing is told")
	b.repairs()
	b.judged(monitor.Requested)
	b.judged(monitor.Confirm)
	require.Equal(t, []string{"open T-03"}, b.incidents(), "nothing is concluded")
	b.breaks()
	b.exec(`UPDATE vantages SET state = 'sound'`)
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
}

func TestChangesOfOurOwnAreNobodysFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before string // how the endpoint was judged
		cause  checks.Cause
		told   []monitor.NotificationKind
	}{
		"another engine":       {`UPDATE assessments SET engine = '1'`, checks.CauseEngine, nil},
		"further requirements": {`UPDATE assessments SET profile = 'superoffice@2020-01'`, checks.CauseCriteria, []monitor.NotificationKind{monitor.IncidentOpened}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stricter atomic.Bool
			b := newBreakable(t, func(c *worker.Config) {
				judge := c.Judge
				c.Judge = func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
					judgement := judge(observation, endpoint, at)
					for i := range judgement.Verdicts {
						if stricter.Load() && judgement.Verdicts[i].Requirement == "T-03" {
							judgement.Verdicts[i].Result = checks.Fail
						}
					}
					return judgement
				}
			})
			b.exec(test.before)
			stricter.Store(true)
			b.seen()
			b.late()
			b.settle()
			require.Equal(t, []string{"open T-03"}, b.incidents())
			require.Equal(t, string(test.cause)+" low", one[string](b.world, `SELECT cause || ' ' || weight FROM incidents`))
			require.Equal(t, test.told, b.sender.kinds())
		})
	}
}

func TestConfirmingLookComesFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, nil)
	elsewhere := b.config
	elsewhere.Vantage, elsewhere.Lead = "oslo", false
	startWorker(t, elsewhere)
	b.breaks()
	b.seen()
	require.Equal(t, []string{"requested local", "requested local", "confirm oslo"}, all[string](b.world, `SELECT purpose || ' ' || vantage FROM assessments ORDER BY id`))
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, b.told(1))
	require.Equal(t, []string{"local", "oslo"}, b.sender.messages()[0].Endpoints[0].Vantages)
}

func TestHeldMessagesOfWhatIsOverAreWithdrawn(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, nil)
	b.route("ops@partner.example", 0, 0, "quiet")
	b.breaks()
	b.seen()
	b.waitFor("the message is held", `SELECT count(*) = 1 AND bool_and(held AND state = 'pending') FROM deliveries`)
	b.repairs()
	b.seen()
	b.waitFor("both are held", `SELECT count(*) = 2 AND bool_and(held AND state = 'pending') FROM deliveries`)
	b.clock.advance(3 * time.Hour)
	b.exec(`UPDATE river_job SET state = 'available', scheduled_at = $1 WHERE kind = 'deliver' AND state = 'scheduled'`, time.Now())
	b.waitFor("both are withdrawn", `SELECT bool_and(state = 'withdrawn') FROM deliveries`)
	require.Empty(t, b.sender.kinds())
}

func TestEndpointThatAnswersIsCountedUp(t *testing.T) {
	t.Parallel()
	b := newBreakable(t, nil)
	b.clock.advance(time.Hour)
	b.seen()
	b.server.Stop()
	b.clock.advance(time.Hour)
	b.seen()
	b.clock.advance(time.Hour)
	b.seen()
	var days []monitor.AvailabilityDay
	b.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		days, err = tx.AvailabilityDays(ctx, b.endpoint.ID, b.clock.now().AddDate(0, 0, -2))
		return err
	})
	var sum monitor.AvailabilityDay
	for _, day := range days {
		sum = sum.Add(day)
	}
	require.InDelta(t, 2*time.Hour, sum.Up, float64(time.Minute))
	require.InDelta(t, time.Hour, sum.Down, float64(time.Minute))
	require.Equal(t, 5, sum.Looks)
	_, measured := monitor.Percentile(days, 0.95)
	require.True(t, measured)
}

func TestBurstIsOneSummary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	channel := one[int64](w, `SELECT id FROM channels`)
	for i := range 25 {
		w.asWorker(func(ctx context.Context, tx *store.Tx) error {
			message := monitor.Message{Kind: monitor.ChannelDisabled, OccurredAt: w.clock.now(), Team: "Partner", Title: fmt.Sprintf("Message %d", i)}
			dispatched, err := tx.NotifyRouted(ctx, w.team.ID, message, []monitor.Dispatch{{ChannelID: channel}}, w.clock.now())
			if err != nil || dispatched[0].DeliveryID == "" {
				return err // its summary is asked for by the claim that finds it late
			}
			return jobs.InsertDeliver(ctx, w.worker.Client(), tx, dispatched[0].DeliveryID, 0)
		})
	}
	w.settle()
	require.Len(t, w.sender.kinds(), monitor.MostInBurst)
	w.clock.advance(12 * time.Minute)
	w.waitFor("the summary went out", `SELECT count(*) = 15 FROM deliveries WHERE state = 'summarized'`)
	w.settle()
	messages := w.sender.messages()
	require.Len(t, messages, monitor.MostInBurst+1)
	require.Equal(t, monitor.DigestBurst, messages[monitor.MostInBurst].Kind)
	require.Len(t, messages[monitor.MostInBurst].Digest.Muted, 15)
	require.Equal(t, 15, one[int](w, `SELECT count(*) FROM deliveries s JOIN deliveries d ON d.id = s.summary_id WHERE d.state = 'delivered'`))
}
