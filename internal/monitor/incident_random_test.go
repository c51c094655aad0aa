package monitor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// life is an incident under events in any order, and what must hold of it
// whatever they are.
type life struct {
	t        *testing.T
	incident monitor.Incident
	tick     monitor.Tick
	at       time.Time
	kinds    []monitor.NotificationKind
	acted    bool // something happened besides ticks since the last message
}

// newLife is one of a cause, with routes of some levels.
func newLife(t *testing.T, cause checks.Cause, levels int) *life {
	t.Helper()
	return &life{
		t: t, incident: monitor.Incident{Cause: cause}, at: start,
		tick: monitor.Tick{Levels: levels, EscalateAfter: 20 * time.Minute},
	}
}

// happen lets time pass with its ticks, and then one event. b decides everything.
func (l *life) happen(b uint16) {
	l.pass([]time.Duration{time.Second, 40 * time.Second, 2 * time.Minute, 30 * time.Minute, 5 * time.Hour, 30 * time.Hour}[b%6])
	b /= 6
	endpoints, weight := int(b/16)%40+1, monitor.Weights()[b/8%4]
	events := []monitor.IncidentEvent{
		grew(endpoints, weight), flapping(endpoints), shrank(0), shrank(0), shrank(endpoints),
		monitor.Acknowledge{By: "kim@example.com"},
		monitor.Unacknowledge{By: "kim@example.com"},
		monitor.Snooze{By: "kim@example.com", Reason: "known", Until: l.at.Add(3 * time.Hour)},
		monitor.Unsnooze{By: "kim@example.com"},
		monitor.Tick{Pending: 2, Levels: l.tick.Levels},
		monitor.Tick{Paused: true},
		grew(endpoints, weight), nil,
	}
	event := events[int(b)%len(events)]
	if pausing, is := event.(monitor.Tick); is && pausing.Paused {
		l.tick.Paused = !l.tick.Paused
	}
	l.apply(event)
}

// pass runs the ticks that are due within a time, some of them twice.
func (l *life) pass(duration time.Duration) {
	until := l.at.Add(duration)
	for i := range 2000 {
		wake := l.incident.NextWake()
		if wake.IsZero() || wake.After(until) || l.tick.Paused && i > 20 {
			l.at = until
			return
		}
		if wake.After(l.at) {
			l.at = wake
		} else if i > 0 {
			l.at = l.at.Add(time.Second) // a queue is never faster
		}
		l.apply(l.tick)
	}
	require.Fail(l.t, "ticks never end")
}

func (l *life) apply(event monitor.IncidentEvent) {
	before := l.incident
	next, _, effects := monitor.StepIncident(before, event, l.at, monitor.Settings{})
	l.incident = next
	tick, ticked := event.(monitor.Tick)
	messages := 0
	for _, effect := range effects {
		tell, is := effect.(monitor.Tell)
		if !is {
			continue
		}
		messages++
		require.True(l.t, ticked, "only a tick tells")
		require.False(l.t, tick.Paused, "nothing is told while alerting pauses")
		l.check(before, tell)
	}
	require.LessOrEqual(l.t, messages, 1)
	require.Equal(l.t, before.Messages+messages, next.Messages)
	require.LessOrEqual(l.t, len(next.Turns), monitor.MostSpells)
	require.LessOrEqual(l.t, len(next.Keys), monitor.MostKeys)
	if ticked {
		again, entries, effects := monitor.StepIncident(next, event, l.at, monitor.Settings{})
		for _, effect := range effects {
			require.NotContains(l.t, fmt.Sprintf("%T", effect), "Tell", "a tick that runs twice tells once")
		}
		require.Empty(l.t, entries)
		require.Equal(l.t, next, again)
	} else {
		l.acted = true
	}
	if next.State == monitor.IncidentClosed || next.State == monitor.IncidentSnoozed || next.State == monitor.IncidentAcknowledged {
		require.True(l.t, next.EscalateAt.IsZero(), "nobody is called for what is %s", next.State)
	}
}

// check checks one message.
func (l *life) check(before monitor.Incident, tell monitor.Tell) {
	kind := tell.Kind
	if before.State == monitor.IncidentSnoozed {
		require.Equal(l.t, monitor.IncidentSnoozeEnded, kind)
		require.False(l.t, l.at.Before(before.SnoozedUntil), "nothing is told while it is snoozed")
	}
	require.NotEqual(l.t, checks.CauseEngine, before.Cause)
	if before.Cause == checks.CauseCriteria {
		require.Contains(l.t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentSnoozeEnded}, kind)
	}
	last := monitor.NotificationKind("")
	if len(l.kinds) > 0 {
		last = l.kinds[len(l.kinds)-1]
	}
	switch kind {
	case monitor.IncidentOpened:
		require.Empty(l.t, last, "it opens once")
	case monitor.IncidentUnacknowledged:
		require.Equal(l.t, before.Level+1, tell.Level, "one level after the other")
		require.Equal(l.t, monitor.IncidentOpen, before.State)
		require.NotEmpty(l.t, last)
	case monitor.IncidentReopened:
		require.Equal(l.t, monitor.IncidentResolved, last, "only what people think is resolved reopens")
	case monitor.IncidentWorsened:
		require.NotEmpty(l.t, last)
	case monitor.IncidentResolved:
		require.NotEmpty(l.t, last, "resolved is told of what was told")
		require.Equal(l.t, monitor.IncidentClosed, before.State)
		require.NotEqual(l.t, monitor.IncidentResolved, last)
	case monitor.IncidentFlapping:
		require.NotEqual(l.t, monitor.IncidentFlapping, last)
	}
	if kind == last && kind != monitor.IncidentUnacknowledged {
		require.True(l.t, l.acted, "%s twice without anything in between", kind)
	}
	l.kinds = append(l.kinds, kind)
	l.acted = false
}

// end lets the incident resolve, and everything that waits be told.
func (l *life) end() {
	l.tick.Paused = false
	l.apply(shrank(0))
	l.pass(48 * time.Hour)
	if len(l.kinds) > 0 {
		require.Equal(l.t, monitor.IncidentResolved, l.kinds[len(l.kinds)-1], "whoever heard of it hears that it resolved")
	}
	require.Empty(l.t, l.incident.TellKind)
	require.True(l.t, l.incident.NextWake().IsZero(), "nothing is left to do")
}

func TestIncidentsUnderAnyEvents(t *testing.T) {
	t.Parallel()
	causes := []checks.Cause{checks.CauseConfiguration, checks.CauseCertificate, checks.CauseTime, checks.CauseCriteria, checks.CauseEngine}
	messages := map[monitor.NotificationKind]int{}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 3))
		l := newLife(t, causes[seed%5], int(seed%4))
		if seed%2 == 0 {
			l.apply(grew(1, monitor.High))
		}
		for range 30 {
			l.happen(uint16(random.Uint32()))
		}
		l.end()
		for _, kind := range l.kinds {
			messages[kind]++
		}
	}
	for _, kind := range []monitor.NotificationKind{
		monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentReopened, monitor.IncidentFlapping,
		monitor.IncidentUnacknowledged, monitor.IncidentSnoozeEnded, monitor.IncidentResolved,
	} {
		require.Greater(t, messages[kind], 8, "%s was tried at all: %v", kind, messages)
	}
}

// FuzzStepIncident holds that what must hold of an incident does under any events.
func FuzzStepIncident(f *testing.F) {
	f.Add([]byte{0, 0, 9, 2, 0, 2, 40, 7})
	f.Add([]byte("opened, acknowledged, snoozed, resolved, reopened"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newLife(t, checks.CauseConfiguration, 3)
		for i := 0; i+1 < min(len(data), 128); i += 2 {
			l.happen(uint16(data[i])<<8 | uint16(data[i+1]))
		}
		l.end()
	})
}
