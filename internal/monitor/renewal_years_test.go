package monitor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const (
	hours = time.Hour
	days  = 24 * time.Hour
	years = 3
)

// served is the certificate of one address, and when the next one replaces it.
type served struct {
	notBefore, notAfter time.Time
	cycle               int
	replaced            time.Time // zero: never
}

func (c served) lifetime() time.Duration { return c.notAfter.Sub(c.notBefore) + time.Second }

// client says when an address begins to serve the certificate after c; zero: never.
type client func(c served) time.Time

// atShare replaces every certificate when a share of its lifetime is used.
func atShare(numerator, denominator int) client {
	return func(c served) time.Time {
		return c.notBefore.Add(c.lifetime() / time.Duration(denominator) * time.Duration(numerator))
	}
}

// runs is a client that runs every interval, with a random delay, and renews in
// the first run in which a certificate is due as Let's Encrypt's integration
// guide says.
func runs(interval, delay time.Duration) client {
	return func(c served) time.Time {
		due := c.notBefore.Add(c.lifetime() / 3 * 2)
		if c.lifetime() < 10*days {
			due = c.notBefore.Add(c.lifetime() / 2)
		}
		for run := due.Truncate(interval).Add(-interval); ; run = run.Add(interval) {
			random := rand.New(rand.NewPCG(7, uint64(run.Unix())))
			if began := run.Add(time.Duration(random.Int64N(int64(delay) + 1))); !began.Before(due) {
				return began
			}
		}
	}
}

// inWindow is a client that renews at a random time of the issuer's window.
func inWindow(c served) time.Time {
	random := rand.New(rand.NewPCG(11, uint64(c.notBefore.Unix())))
	window := usualWindow(c)
	return window.Start.Add(time.Duration(random.Int64N(int64(window.End.Sub(window.Start)))))
}

// usualWindow is as Let's Encrypt's: a hundredth of the lifetime around due.
func usualWindow(c served) checks.RenewalInfo {
	due := renewal.Due(c.notBefore, c.notAfter)
	return checks.RenewalInfo{Start: due.Add(-c.lifetime() / 100), End: due.Add(c.lifetime() / 100)}
}

// every lets one renewal in count go the other way.
func every(count int, odd, usual client) client {
	return func(c served) time.Time {
		if c.cycle%count == count-1 {
			return odd(c)
		}
		return usual(c)
	}
}

func never(served) time.Time { return time.Time{} }

// world is an endpoint over years: some addresses, each with its certificate.
type world struct {
	lifetime, every time.Duration
	nodes           []client
	window          func(served, time.Time) *checks.RenewalInfo // nil: the issuer publishes none
	hurt            func(at time.Time, judged *monitor.Judged)  // what a bad network does to a look
	strict          bool                                        // overdue as soon as due

	serving  []served
	states   map[string]monitor.RequirementState
	newest   monitor.Incident
	inside   int // requirements in the newest incident
	alarms   []string
	resolved int
	most     int // incidents open at once
}

// live goes through the years look by look, with the confirming looks that are asked for.
func (w *world) live() {
	w.serving = make([]served, len(w.nodes))
	for i := range w.nodes {
		w.issue(i, start)
	}
	for at := start; at.Before(start.AddDate(years, 0, 0)); at = at.Add(w.every) {
		if again := w.look(at, monitor.Scheduled); again {
			w.look(at.Add(30*time.Second), monitor.Confirm)
		}
	}
}

func (w *world) issue(node int, at time.Time) {
	next := served{notBefore: at.Add(-time.Hour), cycle: w.serving[node].cycle + 1} // issuers date back by an hour
	next.notAfter = next.notBefore.Add(w.lifetime - time.Second)
	next.replaced = w.nodes[node](next)
	w.serving[node] = next
}

func (w *world) look(at time.Time, purpose monitor.Purpose) (again bool) {
	for i := range w.nodes {
		if next := w.serving[i].replaced; !next.IsZero() && !at.Before(next) {
			w.issue(i, next)
		}
	}
	judged := monitor.Judged{At: at, Purpose: purpose, Connectivity: checks.KnownFact(true), Newest: w.newest, Verdicts: w.verdicts(at)}
	if w.hurt != nil {
		w.hurt(at, &judged)
	}
	next, effects := monitor.Step(w.states, judged, monitor.Settings{})
	w.states = next
	for _, effect := range effects {
		switch effect := effect.(type) {
		case monitor.OpenIncident:
			w.open(at, effect, judged.Verdicts)
		case monitor.JoinIncident:
			w.inside += len(effect.Requirements)
		case monitor.CloseRequirements:
			if w.inside -= len(effect.Requirements); w.inside == 0 {
				w.resolved++
				w.newest = monitor.Incident{}
			}
		case monitor.ConfirmLook:
			again = true
		}
	}
	return again
}

func (w *world) open(at time.Time, effect monitor.OpenIncident, verdicts []checks.Verdict) {
	text := ""
	for _, proof := range verdicts[0].Proof {
		text += proof.Text
	}
	w.alarms = append(w.alarms, fmt.Sprintf("%v: %s", effect.Requirements, text))
	w.newest = monitor.Incident{ID: w.newest.ID + int64(len(w.alarms)), OpenedAt: at, Cause: checks.CauseTime}
	w.inside += len(effect.Requirements)
	for _, requirement := range effect.Requirements {
		state := w.states[requirement]
		state.IncidentID = w.newest.ID
		w.states[requirement] = state
	}
	w.most = max(w.most, len(w.alarms)-w.resolved)
}

// verdicts judges that renewals happen in time (T-20) and that certificates
// are valid (T-09), as a policy does.
func (w *world) verdicts(at time.Time) []checks.Verdict {
	inTime := checks.Verdict{Requirement: "T-20", Result: checks.Pass, Severity: checks.Advice}
	valid := checks.Verdict{Requirement: "T-09", Result: checks.Pass, Severity: checks.Must}
	fail := func(verdict *checks.Verdict, node int, text string) {
		verdict.Result = checks.Fail
		verdict.Proof = append(verdict.Proof, checks.Proof{Cause: checks.CauseTime, Text: fmt.Sprintf("node %d %s. ", node, text)})
	}
	for i, c := range w.serving {
		overdue, asked := renewal.Overdue(c.notBefore, c.notAfter, at), false
		if w.strict {
			overdue = !at.Before(renewal.Due(c.notBefore, c.notAfter))
		}
		if w.window != nil {
			if window := w.window(c, at); window != nil {
				overdue = !at.Before(renewal.OverdueFromWithin(*window, c.notBefore, c.notAfter))
				asked, _ = renewal.Asked(*window, c.notBefore, c.notAfter, at)
			}
		}
		if overdue || asked {
			fail(&inTime, i+1, "is overdue")
		}
		if at.After(c.notAfter) {
			fail(&valid, i+1, "expired")
		}
	}
	return []checks.Verdict{inTime, valid}
}

// lifetimes are those that certificates have, had and will have. Let's
// Encrypt's of 'six days' live 160 hours.
func lifetimes() map[string]time.Duration {
	return map[string]time.Duration{
		"6 days": 6 * days, "160 hours": 160 * hours, "45 days": 45 * days, "47 days": 47 * days,
		"90 days": 90 * days, "199 days": 199 * days, "398 days": 398 * days,
	}
}

func newWorld(lifetime time.Duration, nodes ...client) *world {
	w := &world{lifetime: lifetime, every: 6 * hours, nodes: nodes}
	if lifetime < 10*days {
		w.every = hours
	}
	return w
}

func published(c served, _ time.Time) *checks.RenewalInfo {
	window := usualWindow(c)
	return &window
}

func TestGoodRenewalsNeverAlarmOverYears(t *testing.T) {
	t.Parallel()
	clients := map[string]client{
		"twice a day, delayed by up to 12 hours as certbot's timer": runs(12*hours, 12*hours),
		"once a day":               runs(24*hours, 0),
		"every ten minutes":        runs(10*time.Minute, 0),
		"in the issuer's window":   inWindow,
		"early, at half of it":     atShare(1, 2),
		"very early, at a quarter": atShare(1, 4),
	}
	for lifetimeName, lifetime := range lifetimes() {
		for name, good := range clients {
			t.Run(lifetimeName+" "+name, func(t *testing.T) {
				t.Parallel()
				for _, window := range []func(served, time.Time) *checks.RenewalInfo{nil, published} {
					w := newWorld(lifetime, good)
					w.window = window
					w.live()
					require.Empty(t, w.alarms)
					require.Greater(t, w.serving[0].cycle, 2, "it was renewed at all")
				}
			})
		}
	}
}

// TestAlarmWhenDueWouldBlameGoodClients shows why there is time between due and
// overdue.
func TestAlarmWhenDueWouldBlameGoodClients(t *testing.T) {
	t.Parallel()
	w := newWorld(45*days, runs(12*hours, 12*hours))
	w.strict = true
	w.live()
	require.Greater(t, len(w.alarms), w.serving[0].cycle/2)
}

// TestManagedRenewalIsGood: Amazon renews certificates of 198 days 45 days
// before they end.
func TestManagedRenewalIsGood(t *testing.T) {
	t.Parallel()
	w := newWorld(198*days, atShare(198-45, 198))
	w.live()
	require.Empty(t, w.alarms)
}

// cycles is how often a certificate gets as old as begun in the years, when
// each is served until it is as old as ended.
func cycles(begun, ended time.Duration) int {
	total := start.AddDate(years, 0, 0).Sub(start)
	return int((total - begun + ended - hours) / (ended - hours))
}

func TestLateRenewalsAlarmOnceEachOverYears(t *testing.T) {
	t.Parallel()
	for name, lifetime := range lifetimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overdue := lifetime / 9 * 7
			if lifetime < 10*days {
				overdue = lifetime / 3 * 2
			}
			w := newWorld(lifetime, atShare(9, 10))
			w.live()
			require.InDelta(t, cycles(overdue, lifetime/10*9), len(w.alarms), 1)
			require.InDelta(t, len(w.alarms), w.resolved, 1)
			require.Equal(t, 1, w.most)
			require.Equal(t, len(w.alarms)-w.resolved, min(1, w.inside))

			w = newWorld(lifetime, every(3, atShare(9, 10), runs(12*hours, 12*hours)))
			w.live()
			late := w.serving[0].cycle / 3
			require.InDelta(t, late, len(w.alarms), 1, "the third of the renewals that is late")
			require.InDelta(t, late, w.resolved, 1)
		})
	}
}

func TestFailingRenewalsAlarmOnceEachOverYears(t *testing.T) {
	t.Parallel()
	for name, lifetime := range lifetimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(lifetime, never)
			w.live()
			require.Equal(t, []string{"[T-20]: node 1 is overdue. "}, w.alarms, "the expiry is no second alarm")
			require.Zero(t, w.resolved)
			require.Equal(t, 2, w.inside, "the incident holds the expiry too")

			w = newWorld(lifetime, atShare(12, 10)) // mended long after the expiry
			w.live()
			require.InDelta(t, cycles(lifetime, lifetime/10*12), len(w.alarms), 1)
			require.InDelta(t, len(w.alarms), w.resolved, 1)
			require.Equal(t, 1, w.most)
		})
	}
}

// TestOneNodeIsNotReloaded: the certificate is renewed in time and two of three
// nodes serve it; the third keeps the old one in every fourth cycle.
func TestOneNodeIsNotReloaded(t *testing.T) {
	t.Parallel()
	for name, lifetime := range lifetimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := runs(12*hours, 0)
			w := newWorld(lifetime, good, every(2, atShare(19, 20), good), good)
			w.live()
			require.NotEmpty(t, w.alarms)
			for _, alarm := range w.alarms {
				require.Equal(t, "[T-20]: node 2 is overdue. ", alarm)
			}
			require.InDelta(t, w.serving[1].cycle/2, len(w.alarms), 1)
			require.InDelta(t, len(w.alarms), w.resolved, 1)
		})
	}
}

// TestIssuerMovesTheWindow: after a year the issuer asks for every certificate that
// it issued before at once, as before a mass revocation. A client that does not
// ask the issuer renews when it always does.
func TestIssuerMovesTheWindow(t *testing.T) {
	t.Parallel()
	begun := start.AddDate(1, 0, 0)
	moved := func(c served, at time.Time) *checks.RenewalInfo {
		if c.notBefore.Before(begun) && !at.Before(begun) {
			return &checks.RenewalInfo{Start: at.Add(-time.Hour), End: at.Add(-30 * time.Minute), ExplanationURL: "https://issuer.example/incident"}
		}
		return published(c, at)
	}
	for name, lifetime := range lifetimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deaf := newWorld(lifetime, atShare(1, 2))
			deaf.window = moved
			deaf.live()
			require.Equal(t, []string{"[T-20]: node 1 is overdue. "}, deaf.alarms)
			require.Equal(t, 1, deaf.resolved)
		})
	}
}

// TestBadNetworkAddsNoAlarm: one look in seven cannot tell, one in fifty fails
// once by mistake, and our own network is down for two days of every month.
func TestBadNetworkAddsNoAlarm(t *testing.T) {
	t.Parallel()
	hurt := func(at time.Time, judged *monitor.Judged) {
		random := rand.New(rand.NewPCG(13, uint64(at.Unix())))
		if at.Day() <= 2 {
			judged.Connectivity = checks.KnownFact(false)
		}
		for i := range judged.Verdicts {
			if judged.Connectivity.Value && random.IntN(7) != 0 {
				continue
			}
			judged.Verdicts[i] = checks.Verdict{
				Requirement: judged.Verdicts[i].Requirement, Severity: judged.Verdicts[i].Severity, Result: checks.ResultInconclusive,
			}
		}
	}
	for name, lifetime := range lifetimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := newWorld(lifetime, runs(12*hours, 12*hours))
			good.hurt = hurt
			good.live()
			require.Empty(t, good.alarms)
			failing := newWorld(lifetime, never)
			failing.hurt = hurt
			failing.live()
			require.Len(t, failing.alarms, 1)
			late := newWorld(lifetime, atShare(12, 10))
			late.hurt = hurt
			late.live()
			require.InDelta(t, late.serving[0].cycle, len(late.alarms), 1)
			require.InDelta(t, len(late.alarms), late.resolved, 1)
		})
	}
}
