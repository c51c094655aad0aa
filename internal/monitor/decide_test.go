package monitor_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// team is a team's endpoints and incidents in memory: it carries plans out as a
// store does, and holds that their counts are right.
type team struct {
	t         *testing.T
	endpoints map[int64]*member
	incidents map[int64]*held
	told      []string // "1h1m0s opened 40 app.example: SSL 3.0 is accepted"
	plan      monitor.Plan
}

// member is an endpoint and what it shows.
type member struct {
	monitor.Endpoint
	address string
	leaf    string
	states  map[string]monitor.RequirementState
}

type held struct {
	monitor.Incident
	open map[int64]map[string]bool // by endpoint
	ever map[int64]map[string]bool
}

func newTeam(t *testing.T) *team {
	t.Helper()
	return &team{t: t, endpoints: map[int64]*member{}, incidents: map[int64]*held{}}
}

// watch adds an endpoint that passed everything in its first look.
func (f *team) watch(id int64, url, address, leaf string) *member {
	m := &member{
		Endpoint: monitor.Endpoint{
			ID: id, TeamID: 1, ApplicationID: 1 + id/100, ApplicationName: "CRM Sync", Kind: policy.Redirect, ValueKind: policy.Literal, Value: url,
		},
		address: address, leaf: leaf, states: map[string]monitor.RequirementState{},
	}
	for _, requirement := range strings.Fields("T-02 T-09 C-01 E-01 E-02 L-05 G-20") {
		m.states[requirement] = monitor.RequirementState{Requirement: requirement, Severity: checks.Must, Result: checks.Pass, Conclusive: checks.Pass, ConclusiveSince: start}
	}
	f.endpoints[id] = m
	return m
}

func (m *member) observation() *checks.Observation {
	address := netip.MustParseAddr(m.address)
	return &checks.Observation{Addresses: []checks.AddressObservation{{
		Address: address, Port: 443, TLS: checks.TLS{Chain: checks.KnownFact([]checks.Fingerprint{checks.Fingerprint(m.leaf)})},
	}}}
}

// verdicts are passes but for those named: "T-02", "E-01:500".
func (m *member) verdicts(failing string) []checks.Verdict {
	facts := map[string]checks.Proof{
		"T-02":     {Fact: "addresses[%s].protocols.SSLv3", Value: "accepted", Text: "%s accepts SSL 3.0.", Cause: checks.CauseConfiguration},
		"T-09":     {Fact: "addresses[%s].certificates", Value: "expired", Text: "%s: expired.", Cause: checks.CauseTime},
		"C-01":     {Fact: "http[%s].hops[0].answer.cookies[sid].http_only", Value: "false", Cause: checks.CauseConfiguration},
		"E-01":     {Fact: "http[%s].hops[0].answer", Value: "timeout", Cause: checks.CauseConfiguration},
		"E-01:500": {Fact: "http[%s].hops[0].answer.status", Value: "500", Cause: checks.CauseConfiguration},
		"E-02":     {Fact: "http[%s].signatures", Value: "stack", Cause: checks.CauseConfiguration},
		"L-05":     {Fact: "url", Value: "localhost", Cause: checks.CauseConfiguration},
		"G-20":     {Fact: "addresses[%s].certificates", Value: "renewal_overdue", Cause: checks.CauseTime},
	}
	var verdicts []checks.Verdict
	for _, requirement := range slices.Sorted(maps.Keys(m.states)) {
		verdict := checks.Verdict{Requirement: requirement, Profile: "superoffice@2026-07", Result: checks.Pass, Severity: checks.Must}
		for word := range strings.FieldsSeq(failing) {
			if id, _, _ := strings.Cut(word, ":"); id == requirement {
				proof := facts[word]
				proof.Fact = strings.ReplaceAll(proof.Fact, "%s", m.address)
				verdict.Result, verdict.Proof = checks.Fail, []checks.Proof{proof}
			}
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// look judges one endpoint, with the confirming looks that are asked for where
// the server goes on to show the same.
func (f *team) look(id int64, after time.Duration, failing string, change ...func(*monitor.Judged)) {
	f.judge(id, after, monitor.Scheduled, failing, change...)
	for range 3 {
		if f.plan.Confirm == nil || f.plan.Confirm.At.Sub(start) > after+5*time.Minute {
			return
		}
		f.judge(id, f.plan.Confirm.At.Sub(start), monitor.Confirm, failing, change...)
	}
}

func (f *team) judge(id int64, after time.Duration, purpose monitor.Purpose, failing string, change ...func(*monitor.Judged)) {
	f.t.Helper()
	f.ticks(at(after))
	m := f.endpoints[id]
	d := monitor.Decision{
		Endpoint: m.Endpoint, Observation: m.observation(), States: m.states,
		Event: monitor.Judged{
			At: at(after), Verdicts: m.verdicts(failing), Purpose: purpose, Connectivity: checks.KnownFact(true),
			Versions: monitor.Versions{Engine: "2", TrustData: "2026-10"},
		},
	}
	for _, one := range change {
		one(&d.Event)
	}
	keys := d.Keys()
	for _, known := range slices.Sorted(maps.Keys(f.incidents)) {
		incident := f.incidents[known]
		own := slices.Sorted(maps.Keys(incident.ever[id]))
		recent := incident.State != monitor.IncidentClosed || d.Event.At.Sub(incident.ResolvedAt) < 24*time.Hour
		shares := slices.ContainsFunc(incident.Keys, func(key string) bool { return slices.Contains(keys, key) })
		if recent && (len(own) > 0 || shares) {
			d.Incidents = append(d.Incidents, monitor.KnownIncident{Incident: incident.Incident, Own: own})
		}
	}
	f.plan = monitor.Decide(d)
	f.carry(m, f.plan)
}

// carry carries a plan out, and checks it against what is there.
func (f *team) carry(m *member, plan monitor.Plan) {
	f.t.Helper()
	for _, change := range plan.Incidents {
		id := change.Incident.ID
		if change.Opened {
			require.Zero(f.t, id)
			id = int64(len(f.incidents) + 1)
			f.incidents[id] = &held{open: map[int64]map[string]bool{}, ever: map[int64]map[string]bool{}}
		}
		change.Incident.ID = id
		incident := f.incidents[id]
		for _, requirement := range change.Added {
			if change.Opened {
				state := plan.States[requirement]
				state.IncidentID = id
				plan.States[requirement] = state
			}
			if incident.open[m.ID] == nil {
				incident.open[m.ID], incident.ever[m.ID] = map[string]bool{}, setOf(incident.ever[m.ID])
			}
			require.False(f.t, incident.open[m.ID][requirement])
			incident.open[m.ID][requirement], incident.ever[m.ID][requirement] = true, true
		}
		for _, requirement := range change.Removed {
			require.True(f.t, incident.open[m.ID][requirement])
			if delete(incident.open[m.ID], requirement); len(incident.open[m.ID]) == 0 {
				delete(incident.open, m.ID)
			}
		}
		requirements := 0
		for _, one := range incident.open {
			requirements += len(one)
		}
		incident.Incident = change.Incident
		require.Equal(f.t, len(incident.open), incident.Endpoints, "endpoints of %s", incident.Title)
		require.Equal(f.t, requirements, incident.Requirements, "requirements of %s", incident.Title)
		require.Equal(f.t, requirements == 0, incident.State == monitor.IncidentClosed)
		require.Empty(f.t, slices.DeleteFunc(slices.Clone(change.Effects), func(effect monitor.IncidentEffect) bool {
			_, wakes := effect.(monitor.WakeAt)
			return wakes
		}), "only a tick tells")
	}
	m.states = plan.States
	for requirement, state := range m.states {
		for id, incident := range f.incidents {
			require.Equal(f.t, state.IncidentID == id, incident.open[m.ID][requirement], "%s of %d in incident %d", requirement, m.ID, id)
		}
	}
}

func setOf(set map[string]bool) map[string]bool {
	if set == nil {
		return map[string]bool{}
	}
	return set
}

// ticks runs what is due.
func (f *team) ticks(until time.Time) {
	for _, id := range slices.Sorted(maps.Keys(f.incidents)) {
		incident := f.incidents[id]
		for wake := incident.NextWake(); !wake.IsZero() && !wake.After(until); wake = incident.NextWake() {
			next, _, effects := monitor.StepIncident(incident.Incident, monitor.Tick{}, wake, monitor.Settings{})
			incident.Incident = next
			for _, effect := range effects {
				if tell, is := effect.(monitor.Tell); is {
					f.told = append(f.told, fmt.Sprintf("%s %s %d %s (%s)", wake.Sub(start), strings.TrimPrefix(string(tell.Kind), "incident."), next.Endpoints, next.Title, next.Weight))
				}
			}
		}
	}
}

func (f *team) messages(until time.Duration) []string {
	f.ticks(at(until))
	return f.told
}

func cause(cause checks.Cause) func(*monitor.Judged) {
	return func(judged *monitor.Judged) {
		judged.Causes = map[string]checks.Cause{}
		for _, verdict := range judged.Verdicts {
			judged.Causes[verdict.Requirement] = cause
		}
	}
}

const h = time.Hour

// TestFortyEndpointsBehindOneHostAreOneIncident: the first look that confirms asks
// for looks at the siblings, and what they see belongs to the same incident.
func TestFortyEndpointsBehindOneHostAreOneIncident(t *testing.T) {
	t.Parallel()
	f := newTeam(t)
	for id := range int64(40) {
		f.watch(id+1, fmt.Sprintf("https://app.example/%d", id), "192.0.2.1", "aa")
	}
	f.look(1, h, "T-02 C-01")
	require.True(t, f.plan.Siblings)
	for id := range int64(39) {
		f.judge(id+2, h+31*time.Second+time.Duration(id)*time.Millisecond, monitor.Requested, "T-02 C-01")
		require.Nil(t, f.plan.Confirm, "another endpoint's look agreed already")
		require.False(t, f.plan.Siblings)
	}
	require.Equal(t, []string{"1h1m30s opened 40 40 endpoints of app.example: A cookie lacks HttpOnly (and 1 more) (high)"}, f.messages(5*h))
	for id := range int64(40) {
		f.look(id+1, 6*h, "")
	}
	require.Len(t, f.messages(10*h), 2)
	require.Contains(t, f.told[1], "resolved")
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	for name, test := range map[string]struct {
		story func(f *team)
		want  []string
	}{
		"one endpoint": {func(f *team) { f.look(1, h, "T-02"); f.look(1, 2*h, "T-02"); f.look(1, 3*h, "") }, []string{
			"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)", "3h0m30s resolved 0 app.example: SSL 3.0 is accepted (high)",
		}},
		"a blip": {func(f *team) { f.judge(1, h, monitor.Scheduled, "T-02"); f.judge(1, h+m, monitor.Confirm, "") }, nil},
		"a good look among bad ones": {func(f *team) {
			f.look(1, h, "T-02")
			f.judge(1, 2*h, monitor.Scheduled, "")
			f.judge(1, 2*h+m, monitor.Confirm, "T-02")
		}, []string{"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)"}},
		"one page of two":               {func(f *team) { f.look(1, h, "E-02"); f.look(2, h+m, "") }, []string{"1h1m30s opened 1 app.example: An error shows code (high)"}},
		"two problems at the same time": {func(f *team) { f.look(1, h, "T-02"); f.look(3, h, "E-02") }, []string{"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)", "1h1m30s opened 1 other.example: An error shows code (high)"}},
		"one certificate on two hosts": {func(f *team) { f.look(1, h, "T-09"); f.look(4, h+40*time.Second, "T-09") }, []string{
			"1h1m30s opened 2 2 endpoints: The certificate has expired (critical)",
		}},
		"two hosts at one address that is down": {func(f *team) { f.look(1, h, "E-01"); f.look(5, h+40*time.Second, "E-01") }, []string{
			"1h1m30s opened 2 2 endpoints: Nothing answers (critical)",
		}},
		"an expiry after its overdue renewal": {func(f *team) { f.look(1, h, "G-20"); f.look(1, 300*h, "G-20 T-09"); f.look(1, 310*h, "") }, []string{
			"1h1m30s opened 1 app.example: The certificate's renewal is overdue (high)",
			"300h1m30s worsened 1 app.example: The certificate has expired (and 1 more) (critical)",
			"310h0m30s resolved 0 app.example: The certificate has expired (and 1 more) (critical)",
		}},
		"back within a day": {func(f *team) { f.look(1, h, "T-02"); f.look(1, 3*h, ""); f.look(1, 20*h, "T-02") }, []string{
			"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)", "3h0m30s resolved 0 app.example: SSL 3.0 is accepted (high)", "20h1m30s reopened 1 app.example: SSL 3.0 is accepted (high)",
		}},
		"back within a day on another page": {func(f *team) { f.look(1, h, "T-02"); f.look(1, 3*h, ""); f.look(2, 20*h, "T-02") }, []string{
			"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)", "3h0m30s resolved 0 app.example: SSL 3.0 is accepted (high)", "20h1m30s reopened 1 app.example: SSL 3.0 is accepted (high)",
		}},
		"back after two days": {func(f *team) { f.look(1, h, "T-02"); f.look(1, 3*h, ""); f.look(1, 50*h, "T-02") }, []string{
			"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)", "3h0m30s resolved 0 app.example: SSL 3.0 is accepted (high)", "50h1m30s opened 1 app.example: SSL 3.0 is accepted (high)",
		}},
		"three blips in a day flap": {func(f *team) {
			for _, hour := range []time.Duration{1, 3, 5, 7, 9} {
				f.judge(1, hour*h, monitor.Scheduled, "T-02")
				f.judge(1, hour*h+m, monitor.Confirm, "")
			}
			for hour := range time.Duration(12) {
				f.look(1, (10+hour)*h, "")
			}
		}, []string{
			"5h1m0s flapping 1 app.example: SSL 3.0 is accepted (high)", "15h0m0s resolved 0 app.example: SSL 3.0 is accepted (high)",
		}},
		"what flaps does not go along with what is steady": {func(f *team) {
			for _, hour := range []time.Duration{1, 2} {
				f.judge(1, hour*h, monitor.Scheduled, "E-02")
				f.judge(1, hour*h+m, monitor.Confirm, "")
			}
			f.look(2, 3*h, "T-02")
			f.judge(1, 3*h+40*time.Second, monitor.Scheduled, "T-02 E-02")
		}, []string{"3h1m30s opened 2 2 endpoints of app.example: SSL 3.0 is accepted (high)", "3h1m40s flapping 1 app.example: An error shows code (high)"}},
		"an error that becomes silence": {func(f *team) {
			f.look(1, h, "E-01:500")
			f.judge(1, 2*h, monitor.Scheduled, "E-01")
			f.judge(1, 2*h+m, monitor.Confirm, "E-01:500")
			f.look(1, 3*h, "E-01")
		}, []string{
			"1h1m30s opened 1 app.example: The application answers with an error (high)", "3h1m30s worsened 1 app.example: Nothing answers (critical)",
		}},
		"the requirements changed for everybody": {func(f *team) {
			for id := int64(1); id < 6; id++ {
				f.look(id, h, "T-02 C-01", cause(checks.CauseCriteria))
			}
		}, []string{"1h1m30s opened 5 5 endpoints: The requirements changed, A cookie lacks HttpOnly (and 1 more) (low)"}},
		"we check otherwise": {func(f *team) {
			f.look(1, h, "T-02", cause(checks.CauseEngine))
			f.look(3, h, "T-02", cause(checks.CauseEngine))
		}, nil},
		"what changed on the server is no part of that": {func(f *team) {
			f.look(1, h, "T-02", func(judged *monitor.Judged) { judged.Causes = map[string]checks.Cause{"T-02": checks.CauseEngine} })
			f.look(2, 2*h, "T-02")
		}, []string{"2h1m30s opened 1 app.example: SSL 3.0 is accepted (high)"}},
		"changed requirements and the server in one look": {func(f *team) {
			f.look(1, h, "T-02 C-01", func(judged *monitor.Judged) { judged.Causes = map[string]checks.Cause{"T-02": checks.CauseCriteria} })
		}, []string{
			"1h1m30s opened 1 app.example: A cookie lacks HttpOnly (high)", "1h1m30s opened 1 CRM Sync: The requirements changed, SSL 3.0 is accepted (low)",
		}},
		"whom browsers trust changed": {func(f *team) {
			f.look(1, h, "T-09", cause(checks.CauseTrustData))
			f.look(6, h+40*time.Second, "T-09", cause(checks.CauseTrustData))
		}, []string{"1h1m30s opened 2 2 endpoints: The certificate has expired (critical)"}},
		"what is registered of one application": {func(f *team) { f.look(1, h, "L-05"); f.look(3, h, "L-05"); f.look(101, h, "L-05") }, []string{
			"1h1m30s opened 2 2 endpoints of CRM Sync: “Nothing from development is registered for Stage or Production” is not met (high)",
			"1h1m30s opened 1 CRM Sync: “Nothing from development is registered for Stage or Production” is not met (high)",
		}},
		"planned work": {func(f *team) {
			window := func(judged *monitor.Judged) { judged.Maintenance = &monitor.Window{ID: 1, EndsAt: at(4 * h)} }
			f.look(1, h, "T-02", window)
			f.look(1, 2*h, "T-02", window)
			require.Equal(f.t, monitor.ConfirmLook{At: at(4 * h)}, *f.plan.Confirm)
			f.look(1, 4*h, "")
		}, nil},
		"planned work that leaves something broken": {func(f *team) {
			f.look(1, h, "T-02", func(judged *monitor.Judged) { judged.Maintenance = &monitor.Window{ID: 1, EndsAt: at(4 * h)} })
			f.judge(1, 4*h, monitor.Confirm, "T-02")
			require.Equal(f.t, at(4*h+30*time.Second), f.plan.Confirm.At)
			f.judge(1, 4*h+30*time.Second, monitor.Confirm, "T-02")
		}, []string{"4h1m30s opened 1 app.example: SSL 3.0 is accepted (high)"}},
		"while alerting pauses": {func(f *team) {
			paused := func(judged *monitor.Judged) { judged.Paused = true }
			f.look(1, h, "T-02")
			f.look(1, 2*h, "", paused)
			f.look(2, 2*h, "T-02", paused)
			f.look(3, 2*h, "E-01", paused)
		}, []string{"1h1m30s opened 1 app.example: SSL 3.0 is accepted (high)"}},
		"later problems of an endpoint that joined go along for a while": {func(f *team) {
			f.look(1, h, "T-02")
			f.look(2, h+40*time.Second, "T-02 E-02")
		}, []string{"1h1m30s opened 2 2 endpoints of app.example: SSL 3.0 is accepted (high)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTeam(t)
			f.watch(1, "https://app.example/a", "192.0.2.1", "aa")
			f.watch(2, "https://app.example/b", "192.0.2.1", "aa")
			f.watch(3, "https://other.example/", "192.0.2.3", "bb")
			f.watch(4, "https://shop.example/", "192.0.2.4", "aa")
			f.watch(5, "https://blog.example/", "192.0.2.1", "cc")
			f.watch(6, "https://far.example/", "192.0.2.6", "dd")
			f.watch(101, "https://app2.example/", "192.0.2.101", "ee")
			test.story(f)
			require.Equal(t, test.want, f.messages(400*h))
		})
	}
}

// TestDecideKeepsCounts: whatever a fleet shows, the counts of incidents are right
// (carry checks them), and nothing goes wrong of different blame together.
func TestDecideKeepsCounts(t *testing.T) {
	t.Parallel()
	words := strings.Fields("T-02 T-09 C-01 E-01 E-01:500 E-02 L-05 G-20")
	causes := []checks.Cause{checks.CauseConfiguration, checks.CauseConfiguration, checks.CauseTrustData, checks.CauseCriteria, checks.CauseEngine}
	opened := 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 5))
		f := newTeam(t)
		for id := range int64(8) {
			f.watch(id+1, fmt.Sprintf("https://host%d.example/%d", id%3, id), fmt.Sprintf("192.0.2.%d", id%4), string("abc"[id%3]))
		}
		after := h
		for range 80 {
			after += time.Duration(random.IntN(90)) * time.Minute
			var failing []string
			for _, word := range words {
				if random.IntN(5) == 0 {
					failing = append(failing, word)
				}
			}
			because := causes[random.IntN(len(causes))]
			paused, planned := random.IntN(20) == 0, random.IntN(15) == 0
			f.look(random.Int64N(8)+1, after, strings.Join(failing, " "), cause(because), func(judged *monitor.Judged) {
				if judged.Paused = paused; planned {
					judged.Maintenance = &monitor.Window{EndsAt: judged.At.Add(time.Hour)}
				}
			})
			after += 10 * time.Minute
		}
		opened += len(f.incidents)
		for _, incident := range f.incidents {
			require.LessOrEqual(t, len(incident.Title), monitor.MostTitle)
			for _, key := range incident.Keys {
				ours := strings.HasPrefix(key, "criteria:") || strings.HasPrefix(key, "engine:")
				require.Equal(t, incident.Cause == checks.CauseCriteria || incident.Cause == checks.CauseEngine, ours, "%s of %s", key, incident.Cause)
			}
		}
	}
	require.Greater(t, opened, 100)
}
