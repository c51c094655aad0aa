package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// walker goes through the looks at one endpoint, and opens and closes incidents
// as they are asked for.
type walker struct {
	t       *testing.T
	states  map[string]monitor.RequirementState
	effects []monitor.Effect
	opened  int64
}

func (w *walker) look(after time.Duration, purpose monitor.Purpose, results string, change ...func(*monitor.Judged)) *walker {
	w.t.Helper()
	event := monitor.Judged{At: at(after), Verdicts: verdicts(w.t, results), Purpose: purpose, Connectivity: checks.KnownFact(true)}
	for _, one := range change {
		one(&event)
	}
	w.states, w.effects = monitor.Step(w.states, event, monitor.Settings{})
	for _, effect := range w.effects {
		if opening, is := effect.(monitor.OpenIncident); is {
			w.opened++
			for _, requirement := range opening.Requirements {
				state := w.states[requirement]
				state.IncidentID = w.opened
				w.states[requirement] = state
			}
		}
	}
	return w
}

func (w *walker) says(effects ...monitor.Effect) *walker {
	w.t.Helper()
	require.Equal(w.t, effects, w.effects)
	return w
}

func again(after time.Duration) monitor.Effect {
	return monitor.ConfirmLook{At: at(after), Elsewhere: true}
}

func opens(since time.Duration) monitor.Effect {
	return monitor.OpenIncident{Requirements: []string{"T-02"}, Since: at(since)}
}

func closes(incident int64) monitor.Effect {
	return monitor.CloseRequirements{IncidentID: incident, Requirements: []string{"T-02"}}
}

func broken(t *testing.T) *walker {
	t.Helper()
	w := &walker{t: t}
	return w.look(0, monitor.First, "T-02:pass").look(h, monitor.Scheduled, "T-02:fail").says(again(h+30*time.Second)).
		look(h+30*time.Second, monitor.Confirm, "T-02:fail").says(opens(h))
}

func TestRecoveryIsConfirmed(t *testing.T) {
	t.Parallel()
	const s = time.Second
	t.Run("by another look", func(t *testing.T) {
		t.Parallel()
		w := broken(t).look(2*h, monitor.Scheduled, "T-02:pass").says(again(2*h + 30*s))
		require.Equal(t, at(2*h), w.states["T-02"].RecoveringSince)
		require.Equal(t, checks.Fail, w.states["T-02"].Conclusive, "it counts as failing until then")
		w.look(2*h+10*s, monitor.Requested, "T-02:pass").says().look(2*h+30*s, monitor.Confirm, "T-02:pass").says(closes(1))
		require.Equal(t, monitor.RequirementState{
			Requirement: "T-02", Severity: checks.Must, Result: checks.Pass, Conclusive: checks.Pass, ConclusiveSince: at(2*h + 30*s), Spells: []time.Time{at(h)},
		}, w.states["T-02"])
	})
	t.Run("not by one that fails", func(t *testing.T) {
		t.Parallel()
		w := broken(t).look(2*h, monitor.Scheduled, "T-02:pass").look(2*h+30*s, monitor.Confirm, "T-02:fail").says()
		require.True(t, w.states["T-02"].RecoveringSince.IsZero())
		require.Equal(t, int64(1), w.states["T-02"].IncidentID)
		require.Len(t, w.states["T-02"].Spells, 2)
	})
	t.Run("not by one that cannot tell, which asks for another", func(t *testing.T) {
		t.Parallel()
		broken(t).look(2*h, monitor.Scheduled, "T-02:pass").look(2*h+30*s, monitor.Confirm, "T-02:inconclusive").says(again(2*h+60*s)).
			look(2*h+150*s, monitor.Confirm, "T-02:inconclusive").says().look(3*h, monitor.Scheduled, "T-02:pass").says(closes(1))
	})
	t.Run("a waiver needs none", func(t *testing.T) {
		t.Parallel()
		broken(t).look(2*h, monitor.Scheduled, "T-02:waived").says(monitor.CloseRequirements{IncidentID: 1, Requirements: []string{"T-02"}, Waived: []string{"T-02"}})
	})
	t.Run("what only a full look sees by a full look", func(t *testing.T) {
		t.Parallel()
		w := broken(t)
		quick := func(judged *monitor.Judged) {
			judged.Partial, judged.Depth = true, checks.Quick
			judged.Verdicts = full(t, "T-02:pass")
		}
		whole := func(judged *monitor.Judged) { judged.Depth, judged.Verdicts = checks.Full, full(t, "T-02:pass") }
		w.look(2*h, monitor.Scheduled, "", quick).says(monitor.ConfirmLook{At: at(2*h + 30*s), Full: true, Elsewhere: true})
		w.look(3*h, monitor.Scheduled, "", quick).says().look(4*h, monitor.Scheduled, "", whole).says(closes(1))
	})
}

func TestFlapping(t *testing.T) {
	t.Parallel()
	const s = time.Second
	blip := func(w *walker, after time.Duration) *walker {
		return w.look(after, monitor.Scheduled, "T-02:fail").look(after+30*s, monitor.Confirm, "T-02:pass")
	}
	t.Run("three unconfirmed spells within a day count at once", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		blip(w, h)
		blip(w, 5*h).says()
		w.look(20*h, monitor.Scheduled, "T-02:fail").says(opens(20 * h))
		require.True(t, w.states["T-02"].Flapping)
		require.Equal(t, at(20*h), w.states["T-02"].FailedAt)
		w.look(20*h+30*s, monitor.Confirm, "T-02:pass").says().look(23*h, monitor.Scheduled, "T-02:fail").says().
			look(24*h, monitor.Scheduled, "T-02:pass").says().look(28*h, monitor.Scheduled, "T-02:pass").says().
			look(29*h, monitor.Scheduled, "T-02:pass").says(closes(1))
		require.False(t, w.states["T-02"].Flapping)
		require.Empty(t, w.states["T-02"].Spells, "the next fail is one of its own")
	})
	t.Run("three within three days do not", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		blip(blip(blip(w, h), 25*h), 50*h).says()
		require.Zero(t, w.opened)
	})
	t.Run("a pass that comes once after long is confirmed", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		blip(blip(w, h), 2*h).look(3*h, monitor.Scheduled, "T-02:fail").look(20*h, monitor.Scheduled, "T-02:pass").says(again(20*h+30*s)).
			look(20*h+30*s, monitor.Confirm, "T-02:pass").says(closes(1))
	})
	t.Run("a waiver ends it", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		blip(blip(w, h), 2*h).look(3*h, monitor.Scheduled, "T-02:fail").look(4*h, monitor.Scheduled, "T-02:waived")
		require.False(t, w.states["T-02"].Flapping)
		require.Zero(t, w.states["T-02"].IncidentID)
	})
	t.Run("what is never told never flaps", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		for hour := range time.Duration(10) {
			w.look(hour*h, monitor.Scheduled, "T-02:fail:record").look(hour*h+30*s, monitor.Confirm, "T-02:pass:record").says()
		}
	})
	t.Run("spells are bounded", func(t *testing.T) {
		t.Parallel()
		w := &walker{t: t}
		for minute := range time.Duration(200) {
			blip(w, minute*5*time.Minute)
		}
		require.Len(t, w.states["T-02"].Spells, monitor.MostSpells)
	})
}

func TestNothingMovesWhileItCannotBeBelieved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*monitor.Judged){
		"alerting pauses":         func(judged *monitor.Judged) { judged.Paused = true },
		"our network is broken":   func(judged *monitor.Judged) { judged.Connectivity = checks.KnownFact(false) },
		"planned work":            func(judged *monitor.Judged) { judged.Maintenance = &monitor.Window{EndsAt: at(100 * h)} },
		"both, and a key matches": func(judged *monitor.Judged) { judged.Paused, judged.Joins = true, map[string]int64{"T-02": 9} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := broken(t)
			before := w.states["T-02"]
			for hour := range time.Duration(20) {
				w.look((2+hour)*h, monitor.Scheduled, "T-02:pass", change).says()
			}
			before.Result = checks.Pass
			require.Equal(t, before, w.states["T-02"], "it does not close")

			w = &walker{t: t}
			w.look(0, monitor.First, "T-02:pass T-03:pass")
			for hour := range time.Duration(20) {
				w.look((1+hour)*h, monitor.Scheduled, "T-02:fail T-03:inconclusive", change)
				w.look((1+hour)*h+30*time.Second, monitor.Confirm, "T-02:fail T-03:inconclusive", change)
			}
			require.Zero(t, w.opened, "it does not open")
			require.Equal(t, checks.Pass, w.states["T-02"].Conclusive)
			require.True(t, w.states["T-02"].FailingSince.IsZero())
			require.True(t, w.states["T-03"].InconclusiveSince.IsZero())
		})
	}
}

func TestAFailInPlannedWorkIsLookedAtRightAfterwards(t *testing.T) {
	t.Parallel()
	window := func(judged *monitor.Judged) { judged.Maintenance = &monitor.Window{EndsAt: at(3 * h)} }
	over := func(judged *monitor.Judged) { judged.Maintenance = &monitor.Window{EndsAt: judged.At} }
	afterwards := monitor.ConfirmLook{At: at(3 * h)}
	(&walker{t: t}).look(h, monitor.Scheduled, "T-02:fail", window).says(afterwards).
		look(2*h, monitor.Scheduled, "T-02:fail", window).says(afterwards).
		look(2*h, monitor.Scheduled, "T-02:fail:record", window).says().
		look(2*h, monitor.Scheduled, "T-02:waived", window).says().
		look(2*h, monitor.Scheduled, "T-02:pass", window).says().
		look(3*h, monitor.Scheduled, "T-02:fail", over).says(monitor.ConfirmLook{At: at(3*h + 30*time.Second)})
	broken(t).look(2*h, monitor.Scheduled, "T-02:fail", window).says()
}

func TestAnotherEndpointsLookConfirms(t *testing.T) {
	t.Parallel()
	joins := func(judged *monitor.Judged) { judged.Joins = map[string]int64{"T-02": 9} }
	join := monitor.JoinIncident{IncidentID: 9, Requirements: []string{"T-02"}}
	w := (&walker{t: t}).look(0, monitor.First, "T-02:pass").look(h, monitor.Scheduled, "T-02:fail", joins).says(join)
	require.Equal(t, int64(9), w.states["T-02"].IncidentID)
	require.Equal(t, checks.Fail, w.states["T-02"].Conclusive)
	(&walker{t: t}).look(0, monitor.First, "T-02:fail").look(time.Second, monitor.Requested, "T-02:fail", joins).says(join)
	(&walker{t: t}).look(0, monitor.First, "T-02:fail:record", joins).says()
	(&walker{t: t}).look(0, monitor.First, "T-02:waived", joins).says()
}

// TestOurOwnChangesOpenTheirOwn: what we changed goes along with nothing that the
// server did, however well the times fit.
func TestOurOwnChangesOpenTheirOwn(t *testing.T) {
	t.Parallel()
	ours := func(judged *monitor.Judged) {
		judged.Causes = map[string]checks.Cause{"T-02": checks.CauseCriteria}
		judged.Newest = monitor.Incident{ID: 5, OpenedAt: at(h), Cause: checks.CauseConfiguration}
	}
	(&walker{t: t}).look(0, monitor.First, "T-02:pass").look(h, monitor.Scheduled, "T-02:fail", ours).
		look(h+30*time.Second, monitor.Confirm, "T-02:fail", ours).says(opens(h))
	expired := func(judged *monitor.Judged) {
		ours(judged)
		judged.Newest = monitor.Incident{ID: 5, OpenedAt: start, Cause: checks.CauseTime}
		judged.Verdicts[0].Proof = []checks.Proof{{Cause: checks.CauseTime}}
	}
	(&walker{t: t}).look(0, monitor.First, "T-02:pass").look(h, monitor.Scheduled, "T-02:fail", expired).
		look(h+30*time.Second, monitor.Confirm, "T-02:fail", expired).says(opens(h))
}

func TestTheCauseIsKeptFromWhenItBegan(t *testing.T) {
	t.Parallel()
	because := func(cause checks.Cause) func(*monitor.Judged) {
		return func(judged *monitor.Judged) { judged.Causes = map[string]checks.Cause{"T-02": cause} }
	}
	proof := func(cause checks.Cause) func(*monitor.Judged) {
		return func(judged *monitor.Judged) { judged.Verdicts[0].Proof = []checks.Proof{{}, {Cause: cause}} }
	}
	w := (&walker{t: t}).look(0, monitor.First, "T-02:pass").look(h, monitor.Scheduled, "T-02:fail", because(checks.CauseEngine)).
		look(2*h, monitor.Scheduled, "T-02:fail", because(checks.CauseConfiguration))
	require.Equal(t, checks.CauseEngine, w.states["T-02"].Cause)
	require.Equal(t, int64(1), w.states["T-02"].IncidentID)
	w.look(3*h, monitor.Scheduled, "T-02:pass").look(4*h, monitor.Scheduled, "T-02:pass")
	require.Empty(t, w.states["T-02"].Cause)
	for name, test := range map[string]struct {
		before string
		change func(*monitor.Judged)
		want   checks.Cause
	}{
		"the first look":                        {"", func(*monitor.Judged) {}, checks.CauseConfiguration},
		"the first look, by its proof":          {"", proof(checks.CauseCertificate), checks.CauseCertificate},
		"the first look, at an untrusted chain": {"", proof(checks.CauseTrustData), checks.CauseCertificate},
		"trust data changed":                    {"T-02:pass", because(checks.CauseTrustData), checks.CauseTrustData},
		"asked for the first time":              {"T-03:pass", func(*monitor.Judged) {}, checks.CauseCriteria},
		"asked for the first time, and expired": {"T-03:pass", proof(checks.CauseTime), checks.CauseTime},
		"it passed before":                      {"T-02:pass", func(*monitor.Judged) {}, checks.CauseConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &walker{t: t}
			if test.before != "" {
				w.look(0, monitor.First, test.before)
			}
			w.look(h, monitor.Scheduled, "T-02:fail T-03:pass", test.change)
			require.Equal(t, test.want, w.states["T-02"].Cause)
		})
	}
}
