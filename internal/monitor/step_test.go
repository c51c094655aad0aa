package monitor_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// look is one judgement in a story: results by requirement, and the effects
// that must follow from it.
type look struct {
	after   time.Duration // since the start of the story
	results string        // "T-03:fail E-01:pass"; a severity may follow: "A-01:fail:record"
	purpose monitor.Purpose
	offline bool // our own connectivity is known to be broken
	unsure  bool // nobody asked for our own connectivity
	want    []monitor.Effect
}

var start = time.Date(2026, 11, 2, 14, 10, 0, 0, time.UTC)

func at(after time.Duration) time.Time { return start.Add(after) }

// settings of every story: confirmation after 30 s, 'we cannot tell' after 6 h.
func tell(t *testing.T, story []look) map[string]monitor.RequirementState {
	t.Helper()
	var (
		states map[string]monitor.RequirementState
		newest monitor.Incident
	)
	open := map[int64]int{}
	for i, l := range story {
		connectivity := checks.KnownFact(!l.offline)
		if l.unsure {
			connectivity = checks.Fact[bool]{}
		}
		event := monitor.Judged{
			At: at(l.after), Verdicts: verdicts(t, l.results), Purpose: l.purpose, Connectivity: connectivity, Newest: newest,
		}
		next, effects := monitor.Step(states, event, monitor.Settings{})
		require.Empty(t, cmp.Diff(l.want, effects), "look %d at %s", i, l.after)
		states = next
		for _, effect := range effects {
			switch effect := effect.(type) {
			case monitor.OpenIncident:
				newest = monitor.Incident{ID: newest.ID + 1, OpenedAt: at(l.after)}
				open[newest.ID] = len(effect.Requirements)
				for _, requirement := range effect.Requirements {
					state := states[requirement]
					state.IncidentID = newest.ID
					states[requirement] = state
				}
			case monitor.JoinIncident:
				open[effect.IncidentID] += len(effect.Requirements)
			case monitor.CloseRequirements:
				if open[effect.IncidentID] -= len(effect.Requirements); open[effect.IncidentID] == 0 {
					newest = monitor.Incident{}
				}
			}
		}
	}
	return states
}

func TestStep(t *testing.T) {
	t.Parallel()
	const s, m, h = time.Second, time.Minute, time.Hour
	confirm := func(after time.Duration) monitor.Effect { return monitor.ConfirmLook{At: at(after), Elsewhere: true} }
	open := func(since time.Duration, requirements ...string) monitor.Effect {
		return monitor.OpenIncident{Requirements: requirements, Since: at(since)}
	}
	closed := func(incident int64, requirements ...string) monitor.Effect {
		return monitor.CloseRequirements{IncidentID: incident, Requirements: requirements}
	}
	waived := func(incident int64, requirements, waived []string) monitor.Effect {
		return monitor.CloseRequirements{IncidentID: incident, Requirements: requirements, Waived: waived}
	}
	join := func(incident int64, requirements ...string) monitor.Effect {
		return monitor.JoinIncident{IncidentID: incident, Requirements: requirements}
	}
	notice := func(since time.Duration, requirements ...string) monitor.Effect {
		return monitor.NotifyUndetermined{Requirements: requirements, Since: at(since), Reason: "because"}
	}
	for name, story := range map[string][]look{
		"a fail is confirmed once, told once, and recovers once": {
			{0, "T-03:pass", monitor.First, false, false, nil},
			{h, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(h, "T-03")}},
			{2 * h, "T-03:fail", monitor.Scheduled, false, false, nil},
			{3 * h, "T-03:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(3*h + 30*s)}},
			{3*h + 30*s, "T-03:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-03")}},
			{4 * h, "T-03:pass", monitor.Scheduled, false, false, nil},
		},
		"what is waived never opens and never confirms": {
			{0, "T-03:waived T-01:pass", monitor.First, false, false, nil},
			{h, "T-03:waived T-01:pass", monitor.Scheduled, false, false, nil},
			{2 * h, "T-03:pass T-01:pass", monitor.Scheduled, false, false, nil},
			{3 * h, "T-03:waived T-01:pass", monitor.Scheduled, false, false, nil},
		},
		"a waiver takes a fail back that waits for its second look": {
			{0, "T-03:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:waived", monitor.Confirm, false, false, nil},
			{h, "T-03:waived", monitor.Scheduled, false, false, nil},
		},
		"a waiver closes its requirement, and the fail starts anew after it": {
			{0, "T-01:fail T-03:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-01:fail T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-01", "T-03")}},
			{h, "T-01:fail T-03:waived", monitor.Scheduled, false, false, []monitor.Effect{waived(1, []string{"T-03"}, []string{"T-03"})}},
			{2 * h, "T-01:pass T-03:waived", monitor.Scheduled, false, false, []monitor.Effect{confirm(2*h + 30*s)}},
			{2*h + 30*s, "T-01:pass T-03:waived", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-01")}},
			{3 * h, "T-01:pass T-03:inconclusive", monitor.Scheduled, false, false, nil},
			{4 * h, "T-01:pass T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(4*h + 30*s)}},
			{4*h + 30*s, "T-01:pass T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(4*h, "T-03")}},
		},
		"one passes and one is waived in the same look": {
			{0, "T-01:fail T-03:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-01:fail T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-01", "T-03")}},
			{h, "T-01:pass T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-01:pass T-03:waived", monitor.Confirm, false, false, []monitor.Effect{waived(1, []string{"T-01", "T-03"}, []string{"T-03"})}},
		},
		"a waived must gives no notice either": {
			{0, "T-03:waived", monitor.First, false, false, nil},
			{h, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
			{9 * h, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
		},
		"while our own network is down a waiver closes nothing": {
			{0, "T-03:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03")}},
			{h, "T-03:waived", monitor.Scheduled, true, false, nil},
			{2 * h, "T-03:waived", monitor.Scheduled, false, false, []monitor.Effect{waived(1, []string{"T-03"}, []string{"T-03"})}},
		},
		"what is asked no longer closes": {
			{0, "T-01:pass B-01:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-01:pass B-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "B-01")}},
			{h, "T-01:pass", monitor.Scheduled, false, false, []monitor.Effect{closed(1, "B-01")}},
			{2 * h, "T-01:pass", monitor.Scheduled, false, false, nil},
			{3 * h, "T-01:pass B-01:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(3*h + 30*s)}},
		},
		"a judgement without verdicts closes nothing": {
			{0, "T-01:fail", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-01")}},
			{h, "", monitor.Scheduled, false, false, nil},
		},
		"a blip is cleared silently": {
			{0, "T-03:pass", monitor.First, false, false, nil},
			{h, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-03:pass", monitor.Confirm, false, false, nil},
			{2 * h, "T-03:pass", monitor.Scheduled, false, false, nil},
			{3 * h, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(3*h + 30*s)}},
		},
		"failing at the first look": {
			{0, "E-01:fail T-01:inconclusive", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "E-01:fail T-01:inconclusive", monitor.Confirm, false, false, []monitor.Effect{open(0, "E-01")}},
			{7 * h, "E-01:fail T-01:inconclusive", monitor.Scheduled, false, false, nil},
			{14 * h, "E-01:fail T-01:inconclusive", monitor.Scheduled, false, false, nil},
		},
		"several confirmed together are one incident": {
			{0, "T-01:fail T-03:fail C-01:pass", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-01:fail T-03:fail C-01:pass", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-01", "T-03")}},
			{h, "T-01:pass T-03:fail C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-01:pass T-03:fail C-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-01")}},
			{2 * h, "T-01:pass T-03:pass C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(2*h + 30*s)}},
			{2*h + 30*s, "T-01:pass T-03:pass C-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-03")}},
		},
		"first seen in the confirming look: joins": {
			{0, "T-03:fail C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail C-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03"), confirm(m)}},
			{m, "T-03:fail C-01:fail", monitor.Confirm, false, false, []monitor.Effect{join(1, "C-01")}},
			{h, "T-03:pass C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-03:pass C-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "C-01", "T-03")}},
		},
		"a requirement that joins while the rest passes keeps the incident": {
			{0, "T-03:fail C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail C-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03"), confirm(m)}},
			{40 * s, "T-03:pass C-01:fail", monitor.Requested, false, false, []monitor.Effect{confirm(70 * s)}},
			{70 * s, "T-03:pass C-01:fail", monitor.Confirm, false, false, []monitor.Effect{join(1, "C-01"), closed(1, "T-03")}},
			{h, "T-03:pass C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-03:pass C-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "C-01")}},
		},
		"first seen after the incident opened: its own incident": {
			{0, "T-03:fail C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail C-01:pass", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03")}},
			{m, "T-03:fail C-01:fail", monitor.Requested, false, false, []monitor.Effect{confirm(m + 30*s)}},
			{m + 30*s, "T-03:fail C-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(m, "C-01")}},
			{h, "T-03:pass C-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(h + 30*s)}},
			{h + 30*s, "T-03:pass C-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-03"), closed(2, "C-01")}},
		},
		"same spell, but confirmed too late to join": {
			{0, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail C-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03"), confirm(m)}},
			{h, "T-03:fail C-01:fail", monitor.Scheduled, false, false, []monitor.Effect{open(30*s, "C-01")}},
		},
		"a requested look too soon does not confirm and asks for nothing": {
			{0, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{5 * s, "T-03:fail", monitor.Requested, false, false, nil},
			{30 * s, "T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03")}},
		},
		"inconclusive confirmations are asked for again, with a bound; then the schedule decides": {
			{0, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:inconclusive", monitor.Confirm, false, false, []monitor.Effect{confirm(m)}},
			{m, "T-03:inconclusive", monitor.Confirm, false, false, []monitor.Effect{confirm(90 * s)}},
			{150 * s, "T-03:inconclusive", monitor.Confirm, false, false, nil},
			{h, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{open(0, "T-03")}},
		},
		"not applicable neither opens, resolves nor clears": {
			{0, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:not_applicable", monitor.Confirm, false, false, []monitor.Effect{confirm(m)}},
			{m, "T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03")}},
			{h, "T-03:not_applicable", monitor.Scheduled, false, false, nil},
			{2 * h, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
			{3 * h, "T-03:fail", monitor.Scheduled, false, false, nil},
			{4 * h, "T-03:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(4*h + 30*s)}},
			{4*h + 30*s, "T-03:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "T-03")}},
		},
		"record never alarms": {
			{0, "A-01:fail:record", monitor.First, false, false, nil},
			{h, "A-01:fail:record", monitor.Scheduled, false, false, nil},
			{2 * h, "A-01:pass:record", monitor.Scheduled, false, false, nil},
		},
		"a severity that rises alarms for what was confirmed": {
			{0, "C-02:fail:record", monitor.First, false, false, nil},
			{h, "C-02:fail:record", monitor.Scheduled, false, false, nil},
			{2 * h, "C-02:fail:must", monitor.Scheduled, false, false, []monitor.Effect{open(h, "C-02")}},
		},
		"recommended and advice alarm": {
			{0, "C-02:fail:recommended X-01:fail:advice", monitor.First, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "C-02:fail:recommended X-01:fail:advice", monitor.Confirm, false, false, []monitor.Effect{open(0, "C-02", "X-01")}},
		},
		"our own network cut off changes nothing": {
			{0, "E-01:pass", monitor.First, false, false, nil},
			{h, "E-01:inconclusive", monitor.Scheduled, true, false, nil},
			{2 * h, "E-01:fail", monitor.Scheduled, true, false, nil},
			{20 * h, "E-01:inconclusive", monitor.Scheduled, true, false, nil},
			{21 * h, "E-01:pass", monitor.Scheduled, false, false, nil},
		},
		"a fail waits while our own network is cut off": {
			{0, "E-01:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "E-01:fail", monitor.Confirm, true, false, []monitor.Effect{confirm(m)}},
			{m, "E-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "E-01")}},
		},
		"an incident does not close while our own network is cut off": {
			{0, "E-01:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "E-01:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "E-01")}},
			{h, "E-01:pass", monitor.Scheduled, true, false, nil},
			{2 * h, "E-01:pass", monitor.Scheduled, false, false, []monitor.Effect{confirm(2*h + 30*s)}},
			{2*h + 30*s, "E-01:pass", monitor.Confirm, false, false, []monitor.Effect{closed(1, "E-01")}},
		},
		"nothing conclusive for six hours: one notice": {
			{0, "E-01:inconclusive T-01:inconclusive L-01:pass", monitor.First, false, false, nil},
			{3 * h, "E-01:inconclusive T-01:inconclusive L-01:pass", monitor.Scheduled, false, false, nil},
			{6 * h, "E-01:inconclusive T-01:inconclusive L-01:pass", monitor.Scheduled, false, false, []monitor.Effect{notice(0, "E-01", "T-01")}},
			{7 * h, "E-01:inconclusive T-01:inconclusive L-01:pass", monitor.Scheduled, false, false, nil},
			{20 * h, "E-01:inconclusive T-01:inconclusive L-01:pass", monitor.Scheduled, false, false, nil},
		},
		"a requirement that joins a spell that was told is not told again": {
			{0, "T-01:inconclusive T-03:pass", monitor.First, false, false, nil},
			{6 * h, "T-01:inconclusive T-03:inconclusive", monitor.Scheduled, false, false, []monitor.Effect{notice(0, "T-01")}},
			{12 * h, "T-01:inconclusive T-03:inconclusive", monitor.Scheduled, false, false, nil},
		},
		"a new spell is told anew": {
			{0, "T-01:inconclusive", monitor.First, false, false, nil},
			{6 * h, "T-01:inconclusive", monitor.Scheduled, false, false, []monitor.Effect{notice(0, "T-01")}},
			{7 * h, "T-01:pass", monitor.Scheduled, false, false, nil},
			{8 * h, "T-01:inconclusive", monitor.Scheduled, false, false, nil},
			{14 * h, "T-01:inconclusive", monitor.Scheduled, false, false, []monitor.Effect{notice(8*h, "T-01")}},
		},
		"a conclusive look begins the count again": {
			{0, "T-01:inconclusive", monitor.First, false, false, nil},
			{5 * h, "T-01:pass", monitor.Scheduled, false, false, nil},
			{6 * h, "T-01:inconclusive", monitor.Scheduled, false, false, nil},
			{11 * h, "T-01:inconclusive", monitor.Scheduled, false, false, nil},
		},
		"only a must is told": {
			{0, "C-02:inconclusive:recommended", monitor.First, false, false, nil},
			{6 * h, "C-02:inconclusive:recommended", monitor.Scheduled, false, false, nil},
		},
		"no notice without proof of our own connectivity": {
			{0, "T-01:inconclusive", monitor.First, false, true, nil},
			{6 * h, "T-01:inconclusive", monitor.Scheduled, true, false, nil},
			{12 * h, "T-01:inconclusive", monitor.Scheduled, false, false, nil},
			{17 * h, "T-01:inconclusive", monitor.Scheduled, false, true, nil},
			{18 * h, "T-01:inconclusive", monitor.Scheduled, false, false, []monitor.Effect{notice(12*h, "T-01")}},
		},
		"a requirement in an open incident gives no notice besides": {
			{0, "T-03:fail", monitor.Scheduled, false, false, []monitor.Effect{confirm(30 * s)}},
			{30 * s, "T-03:fail", monitor.Confirm, false, false, []monitor.Effect{open(0, "T-03")}},
			{h, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
			{9 * h, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story)
		})
	}
}

func TestStepKeepsWhatIsConclusive(t *testing.T) {
	t.Parallel()
	states := tell(t, []look{
		{0, "T-03:pass", monitor.First, false, false, nil},
		{time.Hour, "T-03:inconclusive", monitor.Scheduled, false, false, nil},
		{2 * time.Hour, "T-03:inconclusive", monitor.Scheduled, true, false, nil},
	})
	require.Empty(t, cmp.Diff(monitor.RequirementState{
		Requirement: "T-03", Severity: checks.Must, Result: checks.ResultInconclusive,
		Conclusive: checks.Pass, ConclusiveSince: at(0),
		InconclusiveSince: at(time.Hour), InconclusiveReason: "because",
	}, states["T-03"]))
}

func TestStepLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	states := map[string]monitor.RequirementState{"T-03": {Requirement: "T-03", Conclusive: checks.Pass}}
	event := monitor.Judged{At: start, Verdicts: verdicts(t, "T-03:fail"), Connectivity: checks.KnownFact(true)}
	next, _ := monitor.Step(states, event, monitor.Settings{})
	require.True(t, states["T-03"].FailingSince.IsZero())
	require.Equal(t, start, next["T-03"].FailingSince)
}

// full are verdicts that rest on what only a full look asks.
func full(t *testing.T, results string) []checks.Verdict {
	t.Helper()
	list := verdicts(t, results)
	for i := range list {
		list[i].Proof[0].Fact = "addresses[192.0.2.1].vulnerabilities.ROBOT"
	}
	return list
}

func TestWhatOnlyAFullLookSeesIsConfirmedByAFullLook(t *testing.T) {
	t.Parallel()
	step := func(states map[string]monitor.RequirementState, after time.Duration, depth checks.Depth, purpose monitor.Purpose, verdicts []checks.Verdict) (map[string]monitor.RequirementState, []monitor.Effect) {
		return monitor.Step(states, monitor.Judged{
			At: at(after), Verdicts: verdicts, Purpose: purpose, Depth: depth, Partial: depth == checks.Quick, Connectivity: checks.KnownFact(true),
		}, monitor.Settings{})
	}
	first, effects := step(nil, 0, checks.Full, monitor.Scheduled, full(t, "T-05:fail"))
	require.Equal(t, []monitor.Effect{monitor.ConfirmLook{At: at(30 * time.Second), Full: true, Elsewhere: true}}, effects)
	states, effects := step(first, time.Hour, checks.Quick, monitor.Scheduled, full(t, "T-05:fail"))
	require.Empty(t, effects, "a quick look is judged on the same answers again")
	require.Equal(t, at(0), states["T-05"].FailingSince)
	_, effects = step(states, 2*time.Hour, checks.Full, monitor.Scheduled, full(t, "T-05:fail"))
	require.Equal(t, []monitor.Effect{monitor.OpenIncident{Requirements: []string{"T-05"}, Since: at(0)}}, effects)
	_, effects = step(first, 30*time.Second, checks.Full, monitor.Confirm, verdicts(t, "T-05:inconclusive"))
	require.Equal(t, []monitor.Effect{monitor.ConfirmLook{At: at(time.Minute), Full: true, Elsewhere: true}}, effects, "one that could not tell asks for another full one")

	// What a quick look sees itself, one confirms.
	states, effects = step(nil, 0, checks.Full, monitor.Scheduled, verdicts(t, "T-03:fail"))
	require.Equal(t, []monitor.Effect{monitor.ConfirmLook{At: at(30 * time.Second), Elsewhere: true}}, effects)
	_, effects = step(states, 30*time.Second, checks.Quick, monitor.Confirm, verdicts(t, "T-03:fail"))
	require.Equal(t, []monitor.Effect{monitor.OpenIncident{Requirements: []string{"T-03"}, Since: at(0)}}, effects)
}
