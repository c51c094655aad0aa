package monitor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// teller is one incident over its life. Ticks run when they were asked for, as a
// queue of jobs runs them.
type teller struct {
	incident monitor.Incident
	tick     monitor.Tick
	told     []string // "60s incident.opened"
	entries  []monitor.IncidentEntry
}

func (l *teller) step(event monitor.IncidentEvent, at time.Time) []string {
	next, entries, effects := monitor.StepIncident(l.incident, event, at, monitor.Settings{})
	l.incident, l.entries = next, append(l.entries, entries...)
	var told []string
	for _, effect := range effects {
		if tell, is := effect.(monitor.Tell); is {
			text := strings.TrimPrefix(string(tell.Kind), "incident.")
			if tell.Level > 0 {
				text += fmt.Sprintf(" %d", tell.Level)
			}
			told = append(told, text)
			l.told = append(l.told, at.Sub(start).String()+" "+text)
		}
	}
	return told
}

// until runs the ticks that are due by a time.
func (l *teller) until(t *testing.T, until time.Time) {
	t.Helper()
	for range 1000 {
		wake := l.incident.NextWake()
		if wake.IsZero() || wake.After(until) {
			return
		}
		l.step(l.tick, wake)
	}
	t.Fatal("ticks never end")
}

func grew(endpoints int, weight monitor.Weight) monitor.Grew {
	return monitor.Grew{EndpointID: int64(endpoints), Added: []string{"T-02"}, Endpoints: endpoints, Requirements: endpoints, Weight: weight, Keys: []string{"T-02@host:app.example:443"}}
}

func flapping(endpoints int) monitor.Grew {
	event := grew(endpoints, monitor.High)
	event.Flapping = true
	return event
}

func shrank(left int) monitor.Shrank {
	return monitor.Shrank{EndpointID: 1, Removed: []string{"T-02"}, Endpoints: left, Requirements: left}
}

func TestStepIncident(t *testing.T) {
	t.Parallel()
	const s, m, h = time.Second, time.Minute, time.Hour
	const high, critical = monitor.High, monitor.Critical
	type event struct {
		after time.Duration
		event monitor.IncidentEvent
	}
	ack := monitor.Acknowledge{By: "kim@example.com"}
	snooze := func(until time.Duration) monitor.Snooze {
		return monitor.Snooze{By: "kim@example.com", Reason: "New host next week.", Until: at(until)}
	}
	routes := monitor.Tick{Levels: 3, EscalateAfter: 30 * m}
	for name, test := range map[string]struct {
		cause  checks.Cause
		tick   monitor.Tick
		events []event
		want   []string // of what is told until a week after
	}{
		"opened and resolved": {events: []event{{0, grew(1, high)}, {h, shrank(0)}}, want: []string{"1m0s opened", "1h0m0s resolved"}},
		"forty endpoints within a minute are one message": {
			events: []event{{0, grew(1, high)}, {10 * s, grew(2, high)}, {20 * s, grew(40, critical)}}, want: []string{"1m0s opened"},
		},
		"siblings are waited for, within bounds": {
			tick: monitor.Tick{Pending: 3}, events: []event{{0, grew(1, high)}, {h, shrank(0)}}, want: []string{"4m0s opened", "1h0m0s resolved"},
		},
		"resolved before it was told": {events: []event{{0, grew(1, high)}, {50 * s, shrank(0)}}},
		"opened again before it was told": {
			events: []event{{0, grew(1, high)}, {50 * s, shrank(0)}, {5 * m, grew(1, high)}, {h, shrank(0)}}, want: []string{"6m0s opened", "1h0m0s resolved"},
		},
		"one of two passes": {events: []event{{0, grew(2, high)}, {h, shrank(1)}}, want: []string{"1m0s opened"}},
		"heavier":           {events: []event{{0, grew(1, high)}, {h, grew(2, critical)}}, want: []string{"1m0s opened", "1h1m0s worsened"}},
		"a few more endpoints are no news": {
			events: []event{{0, grew(4, high)}, {h, grew(8, high)}}, want: []string{"1m0s opened"},
		},
		"twice as many and five more": {
			events: []event{{0, grew(4, high)}, {h, grew(9, high)}, {2 * h, grew(17, high)}, {3 * h, grew(18, high)}},
			want:   []string{"1m0s opened", "1h1m0s worsened", "3h1m0s worsened"},
		},
		"it spreads long after it was told": {
			events: []event{{0, grew(1, high)}, {30 * h, grew(2, high)}, {31 * h, grew(3, high)}, {60 * h, shrank(2)}, {70 * h, shrank(0)}},
			want:   []string{"1m0s opened", "30h1m0s worsened", "70h0m0s resolved"},
		},
		"another breaks after the first was repaired": { // as many as were told, and another one
			events: []event{{0, grew(2, high)}, {2 * h, shrank(1)}, {50 * h, grew(2, high)}, {51 * h, grew(3, high)}, {70 * h, shrank(0)}},
			want:   []string{"1m0s opened", "50h1m0s worsened", "70h0m0s resolved"},
		},
		"another breaks for a moment": {
			events: []event{{0, grew(2, high)}, {2 * h, shrank(1)}, {50 * h, grew(2, high)}, {50*h + 30*s, shrank(1)}}, want: []string{"1m0s opened"},
		},
		"wider for a moment": {
			events: []event{{0, grew(1, high)}, {h, grew(9, high)}, {h + 30*s, shrank(1)}}, want: []string{"1m0s opened"},
		},
		"worse for a moment": {
			events: []event{{0, grew(1, high)}, {h, grew(9, critical)}, {h + 30*s, shrank(0)}}, want: []string{"1m0s opened", "1h0m30s resolved"},
		},
		"it comes back": {
			events: []event{{0, grew(1, high)}, {h, shrank(0)}, {3 * h, grew(1, high)}, {4 * h, shrank(0)}},
			want:   []string{"1m0s opened", "1h0m0s resolved", "3h1m0s reopened", "4h0m0s resolved"},
		},
		"the third turn flaps, and turns after it are silent until it is stable": {
			events: []event{
				{0, grew(1, high)},
				{h, shrank(0)},
				{2 * h, grew(1, high)},
				{3 * h, shrank(0)},
				{4 * h, grew(1, high)},
				{5 * h, shrank(0)},
				{6 * h, grew(1, high)},
				{7 * h, shrank(0)},
				{8 * h, grew(1, high)},
				{9 * h, shrank(0)},
			},
			want: []string{"1m0s opened", "1h0m0s resolved", "2h1m0s reopened", "3h0m0s resolved", "4h1m0s flapping", "15h0m0s resolved"},
		},
		"the third turn a week later does not": {
			events: []event{{0, grew(1, high)}, {h, shrank(0)}, {2 * h, grew(1, high)}, {40 * h, shrank(0)}, {50 * h, grew(1, high)}},
			want:   []string{"1m0s opened", "1h0m0s resolved", "2h1m0s reopened", "40h0m0s resolved", "50h1m0s reopened"},
		},
		"what flaps from the start says so first": {
			events: []event{{0, flapping(1)}, {8 * h, monitor.Shrank{Removed: []string{"T-02"}, FailedAt: at(h)}}},
			want:   []string{"1m0s flapping", "8h0m0s resolved"},
		},
		"what begins to flap while it is open": {
			events: []event{{0, grew(1, high)}, {5 * h, flapping(1)}, {6 * h, flapping(1)}}, want: []string{"1m0s opened", "5h1m0s flapping"},
		},
		"flapping that nobody was told of in time": {
			events: []event{{0, grew(1, high)}, {h, shrank(0)}, {2 * h, flapping(1)}, {2*h + 50*s, shrank(0)}},
			want:   []string{"1m0s opened", "1h0m0s resolved"},
		},
		"nobody acknowledges": {
			tick: routes, events: []event{{0, grew(1, high)}},
			want: []string{"1m0s opened", "31m0s unacknowledged 1", "1h1m0s unacknowledged 2"},
		},
		"resolved is told to everybody who was called": {
			tick: routes, events: []event{{0, grew(1, high)}, {40 * m, shrank(0)}},
			want: []string{"1m0s opened", "31m0s unacknowledged 1", "40m0s resolved 1"},
		},
		"acknowledged stops escalation": {
			tick: routes, events: []event{{0, grew(1, high)}, {20 * m, ack}, {5 * h, shrank(0)}}, want: []string{"1m0s opened", "5h0m0s resolved"},
		},
		"acknowledged before it was told": {
			tick: routes, events: []event{{0, grew(1, high)}, {20 * s, ack}, {5 * h, shrank(0)}}, want: []string{"1m0s opened", "5h0m0s resolved"},
		},
		"taken back, escalation begins anew": {
			tick: routes, events: []event{{0, grew(1, high)}, {20 * m, ack}, {2 * h, monitor.Unacknowledge{By: "kim@example.com"}}, {2*h + 40*m, ack}},
			want: []string{"1m0s opened", "2h30m0s unacknowledged 1"},
		},
		"one that comes back is called for from the first level on": {
			tick:   routes,
			events: []event{{0, grew(1, high)}, {20 * m, ack}, {h, shrank(0)}, {2 * h, grew(1, high)}, {2*h + 40*m, ack}},
			want:   []string{"1m0s opened", "1h0m0s resolved", "2h1m0s reopened", "2h31m0s unacknowledged 1"},
		},
		"snoozed is silent until its end": {
			tick:   routes,
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, grew(40, high)}, {11 * h, ack}},
			want:   []string{"1m0s opened", "10h0m0s snooze_ended", "10h30m0s unacknowledged 1"},
		},
		"snoozed, and resolved meanwhile": {
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, shrank(0)}}, want: []string{"1m0s opened", "1h0m0s resolved"},
		},
		"snoozed, resolved, and back": {
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, shrank(0)}, {2 * h, grew(1, high)}, {3 * h, shrank(0)}},
			want:   []string{"1m0s opened", "1h0m0s resolved"},
		},
		"getting heavier breaks a snooze": {
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, grew(2, critical)}}, want: []string{"1m0s opened", "1h1m0s worsened"},
		},
		"flapping does not": {
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, flapping(1)}}, want: []string{"1m0s opened", "10h0m0s snooze_ended"},
		},
		"snoozed before it was told": {
			events: []event{{0, grew(1, high)}, {20 * s, snooze(h)}}, want: []string{"1h0m0s snooze_ended"},
		},
		"a snooze that is ended tells what is new": {
			events: []event{{0, grew(1, high)}, {20 * m, snooze(10 * h)}, {h, grew(40, high)}, {2 * h, monitor.Unsnooze{By: "kim@example.com"}}},
			want:   []string{"1m0s opened", "2h1m0s worsened"},
		},
		"the requirements changed: one notice": {
			cause: checks.CauseCriteria, tick: routes,
			events: []event{{0, grew(1, critical)}, {h, grew(40, critical)}, {2 * h, flapping(40)}, {3 * h, shrank(0)}},
			want:   []string{"1m0s opened", "9h0m0s resolved"},
		},
		"we check otherwise: nobody is told": {
			cause: checks.CauseEngine, tick: routes,
			events: []event{{0, grew(1, critical)}, {h, grew(40, critical)}, {2 * h, shrank(0)}, {3 * h, grew(1, high)}},
		},
		"what nobody knows of cannot be handled": {events: []event{{0, ack}, {h, snooze(3 * h)}, {h, shrank(0)}, {2 * h, monitor.Unsnooze{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := teller{incident: monitor.Incident{Cause: test.cause}, tick: test.tick}
			for _, event := range test.events {
				l.until(t, at(event.after-time.Nanosecond))
				require.Empty(t, l.step(event.event, at(event.after)), "only a tick tells")
			}
			l.until(t, at(7*24*h))
			require.Equal(t, test.want, l.told)
			require.Equal(t, len(l.told), l.incident.Messages)
			for _, entry := range l.entries {
				require.NotEmpty(t, entry.Text)
				require.True(t, strings.HasSuffix(entry.Text, "."), entry.Text)
			}
		})
	}
}

func TestNothingIsToldWhileAlertingPauses(t *testing.T) {
	t.Parallel()
	l := teller{tick: monitor.Tick{Paused: true, Levels: 2, EscalateAfter: time.Minute}}
	l.step(grew(1, monitor.High), at(0))
	for minute := 1; minute < 600; minute++ {
		require.Empty(t, l.step(l.tick, at(time.Duration(minute)*time.Minute)))
	}
	l.tick.Paused = false
	l.until(t, at(10*time.Hour))
	require.Len(t, l.told, 2, "the pause ends, and what waited is told: %s", l.told)
}

func TestTheTimelineSaysWhoAndWhen(t *testing.T) {
	t.Parallel()
	l := teller{}
	l.step(grew(1, monitor.High), at(0))
	l.until(t, at(time.Minute))
	l.step(monitor.Acknowledge{By: "kim@example.com"}, at(time.Hour))
	l.step(monitor.Snooze{By: "ada@example.com", Reason: "New host next week.", Until: at(5 * time.Hour)}, at(2*time.Hour))
	l.step(monitor.Shrank{EndpointID: 7, Removed: []string{"C-01", "T-02", "T-03"}, Waived: []string{"T-02"}, Retired: []string{"T-03"}}, at(3*time.Hour))
	var lines []string
	for _, entry := range l.entries {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", entry.At.Sub(start), entry.Kind, entry.Who, entry.Text)))
	}
	require.Equal(t, []string{
		"0s opened  T-02 fails.",
		"1m0s told  People are told that it opened, on one URL.",
		"1h0m0s acknowledged kim@example.com Somebody takes it on: nobody else is called.",
		"2h0m0s snoozed ada@example.com Silent until 2026-11-02 19:10 UTC. New host next week.",
		"3h0m0s resolved  C-01 passes again. T-02 is waived. T-03 is asked no longer. Nothing in it fails any more.",
	}, lines)
	require.Equal(t, int64(7), l.entries[4].EndpointID)
}
