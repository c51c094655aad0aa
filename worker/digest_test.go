package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// digesting is a world at noon whose digests are composed only when asked for.
func digesting(t *testing.T, change func(*worker.Config)) *world {
	t.Helper()
	w := newWorld(t, func(config *worker.Config) {
		config.DigestEvery = time.Hour
		if change != nil {
			change(config)
		}
	})
	w.clock.advance(w.day(0).Add(36 * time.Hour).Sub(w.clock.now()))
	w.start()
	w.waitFor("the first run", `SELECT count(*) > 0 FROM river_job WHERE kind = 'digest' AND state = 'completed'`)
	return w
}

// subscribe gives the world's channel a digest that is due next at 7 in UTC.
func (w *world) subscribe(period monitor.DigestPeriod) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		schedule := monitor.DigestSchedule{Period: period, Hour: 7}
		return tx.SetChannelDigest(ctx, one[int64](w, `SELECT min(id) FROM channels`), schedule, monitor.NextDigest(schedule, w.clock.now()))
	})
}

// digest runs the job once, and returns the digests that it told.
func (w *world) digest() (told []monitor.Message) {
	w.t.Helper()
	const counted = `SELECT count(*) FROM river_job WHERE kind = 'digest' AND state = 'completed'`
	before, done := len(w.sender.messages()), one[int](w, counted)
	_, err := w.worker.Client().Insert(w.t.Context(), jobs.Digest{}, nil)
	require.NoError(w.t, err)
	w.waitFor("the digests are composed", `SELECT (`+counted+`) > $1`, done)
	w.settle()
	return w.sender.messages()[before:]
}

func (w *world) openIncident(title string, opened time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO incidents (team_id, state, title, cause, weight, opened_at) VALUES ($1, 'open', $2, 'configuration', 'high', $3)`, w.team.ID, title, opened)
}

func TestDailyDigest(t *testing.T) {
	t.Parallel()
	w := digesting(t, nil)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateChannel(ctx, store.Channel{TeamID: w.team.ID, Kind: "email", Address: "boss@partner.example"}, "", w.clock.now())
		return err
	})
	w.subscribe(monitor.DailyDigest)
	require.Empty(t, w.digest(), "not due yet")
	w.clock.advance(24 * time.Hour)
	require.Empty(t, w.digest(), "nothing happened")
	w.openIncident("TLS 1.0 is accepted", w.clock.now())
	w.openIncident("Of another team", w.clock.now())
	w.exec(`INSERT INTO teams (name, created_at) VALUES ('Other', $1)`, w.clock.now())
	w.exec(`UPDATE incidents SET team_id = (SELECT id FROM teams WHERE name = 'Other') WHERE title = 'Of another team'`)
	w.addSecret("vault", w.day(5))
	w.addSecret("far away", w.day(20))
	w.state("A-09", w.day(3))
	w.clock.advance(24 * time.Hour)
	told := w.digest()
	require.Len(t, told, 1, "one delivery, to the channel that asked")
	require.Equal(t, "ops@partner.example", w.sender.sent[len(w.sender.sent)-1].channel.Address)
	message := told[0]
	require.Equal(t, monitor.DigestDaily, message.Kind)
	require.Equal(t, "Partner", message.Team)
	require.Equal(t, "1 incident opened, 2 dates ahead", message.Title)
	require.Equal(t, "TLS 1.0 is accepted", message.Digest.Opened[0].Title)
	require.Contains(t, message.Digest.Upcoming[0].Title, "1 statement")
	require.Contains(t, message.Digest.Upcoming[1].Title, "expires on")
	require.Equal(t, w.day(-1).Add(7*time.Hour), message.Digest.From, "since the one before was due")
	require.Empty(t, w.digest(), "told once")
	require.NotEmpty(t, one[string](w, `SELECT unsubscribe_token FROM channels WHERE address = 'ops@partner.example'`))
	require.Equal(t, w.day(1).Add(7*time.Hour), one[time.Time](w, `SELECT digest_next_at FROM channels WHERE address = 'ops@partner.example'`).UTC())
	w.clock.advance(24 * time.Hour)
	told = w.digest()
	require.Equal(t, "1 is still open, 2 dates ahead", told[0].Title)
	require.Equal(t, message.Digest.Until, told[0].Digest.From, "since the one before was sent, which was late")
}

func TestWeeklyDigestComesAlsoWhereNothingHappened(t *testing.T) {
	t.Parallel()
	w := digesting(t, nil)
	w.subscribe(monitor.WeeklyDigest)
	told := 0
	for range 15 {
		w.clock.advance(24 * time.Hour)
		for _, message := range w.digest() {
			require.Equal(t, monitor.DigestWeekly, message.Kind)
			require.Equal(t, "Nothing happened", message.Title)
			require.Equal(t, time.Monday, message.OccurredAt.Weekday())
			told++
		}
	}
	require.Contains(t, []int{2, 3}, told)
}

func TestDigestOfCertificates(t *testing.T) {
	t.Parallel()
	var w *world
	entry := func(kind renewal.Kind, days int) renewal.Entry {
		return renewal.Entry{At: w.day(days), Kind: kind, Title: string(kind)}
	}
	w = digesting(t, func(config *worker.Config) {
		config.Calendar = func(_ store.ServedCertificates, _, until time.Time) []renewal.Entry {
			return []renewal.Entry{
				entry(renewal.RenewalDue, -1), entry(renewal.RenewalDue, 1), entry(renewal.RenewalOverdue, -1), entry(renewal.RenewalAsked, 1),
				entry(renewal.Expiry, 5), entry(renewal.Expiry, -2), entry(renewal.AuthorityEnd, 3), entry(renewal.NewLimit, 3),
				{At: until, Kind: renewal.RootDistrust, Title: "distrust"},
			}
		}
	})
	w.subscribe(monitor.DailyDigest)
	w.clock.advance(24 * time.Hour)
	titles := []string{}
	for _, line := range w.digest()[0].Digest.Upcoming {
		titles = append(titles, line.Title)
	}
	require.Equal(t, []string{"expiry", "renewal_overdue", "authority_end", "distrust"}, titles, "what renews itself is nobody's business")
	require.Equal(t, "/calendar", w.sender.messages()[0].Digest.Upcoming[0].Link)
}

func TestDigestsOfTwoWorkersAreOne(t *testing.T) {
	t.Parallel()
	w := digesting(t, nil)
	startWorker(t, w.config)
	w.subscribe(monitor.DailyDigest)
	w.openIncident("TLS 1.0 is accepted", w.clock.now())
	w.clock.advance(24 * time.Hour)
	for range 2 { // as if the second run began before the first one ended
		w.exec(`INSERT INTO river_job (args, kind, max_attempts, queue, state) SELECT '{}', 'digest', 10, 'upkeep', 'available' FROM generate_series(1, 4)`)
	}
	w.waitFor("all ran", `SELECT NOT EXISTS (SELECT FROM river_job WHERE kind = 'digest' AND finalized_at IS NULL)`)
	w.settle()
	require.Equal(t, []monitor.NotificationKind{monitor.DigestDaily}, w.sender.kinds())
}
