package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestStepHealth(t *testing.T) {
	t.Parallel()
	canary := func(fails string, failing ...string) monitor.CanaryLook {
		return monitor.CanaryLook{Canary: monitor.Canary{URL: "https://canary.example/" + fails, Fails: fails}, Told: true, Failing: failing}
	}
	works := checks.KnownFact(true)
	sound := monitor.HealthEvent{References: works}
	blind := monitor.HealthEvent{References: checks.KnownFact(false)}
	unasked := monitor.HealthEvent{References: checks.InconclusiveFact[bool]("canceled")}
	silent := monitor.CanaryLook{Canary: monitor.Canary{URL: "https://canary.example/"}}
	with := func(looks ...monitor.CanaryLook) monitor.HealthEvent {
		return monitor.HealthEvent{References: works, Canaries: looks}
	}
	hosts := func(turned, all int) monitor.HealthEvent {
		return monitor.HealthEvent{References: works, Hosts: all, Turned: turned}
	}
	repeat := func(count int, event monitor.HealthEvent) []monitor.HealthEvent {
		var events []monitor.HealthEvent
		for range count {
			events = append(events, event)
		}
		return events
	}
	join := func(parts ...[]monitor.HealthEvent) (events []monitor.HealthEvent) {
		for _, part := range parts {
			events = append(events, part...)
		}
		return events
	}
	for name, test := range map[string]struct {
		events []monitor.HealthEvent // a minute apart
		state  monitor.HealthState
		told   string // p: paused, r: resumed
	}{
		"sound":                         {repeat(3, sound), monitor.Sound, ""},
		"no references, no canaries":    {repeat(3, monitor.HealthEvent{}), monitor.Sound, ""},
		"one check is not enough":       {join(repeat(1, sound), repeat(1, blind), repeat(1, sound), repeat(1, blind)), monitor.Sound, ""},
		"blind":                         {join(repeat(1, sound), repeat(2, blind)), monitor.Blind, "p"},
		"blind from the first check on": {repeat(2, blind), monitor.Blind, "p"},
		"told once":                     {repeat(100, blind), monitor.Blind, "p"},
		"one sound check is not enough": {join(repeat(2, blind), repeat(1, sound)), monitor.Blind, "p"},
		"sound again, not yet told":     {join(repeat(2, blind), repeat(5, sound)), monitor.Sound, "p"},
		"sound for ten minutes":         {join(repeat(2, blind), repeat(12, sound)), monitor.Sound, "pr"},
		"comes and goes: one pause":     {join(repeat(2, blind), repeat(5, sound), repeat(2, blind), repeat(5, sound), repeat(2, blind), repeat(20, sound)), monitor.Sound, "pr"},
		"twice, hours apart":            {join(repeat(2, blind), repeat(20, sound), repeat(2, blind), repeat(20, sound)), monitor.Sound, "prpr"},
		"what nobody asked counts not":  {join(repeat(1, sound), repeat(1, blind), repeat(5, unasked), repeat(1, blind)), monitor.Blind, "p"},
		"canaries as they are":          {repeat(3, with(canary("T-01", "T-01", "H-01"), canary(""))), monitor.Sound, ""},
		"a fault is not seen":           {repeat(3, with(canary("T-01", "H-01"), canary(""))), monitor.Wrong, "p"},
		"a fault is seen where none is": {repeat(3, with(canary("T-01", "T-01"), canary("", "T-01"))), monitor.Wrong, "p"},
		"one of two was repaired":       {repeat(3, with(canary("T-01", "H-01"), canary("T-02", "T-02"), canary(""))), monitor.Sound, ""},
		"one that is down says nothing": {repeat(3, with(silent)), monitor.Sound, ""},
		"one is down, the other wrong":  {repeat(3, with(silent, canary("", "C-01"))), monitor.Wrong, "p"},
		"swamped at once":               {join(repeat(1, sound), repeat(1, hosts(3, 29))), monitor.Swamped, "p"},
		"ten percent are not enough":    {repeat(3, hosts(3, 30)), monitor.Sound, ""},
		"neither are few hosts":         {repeat(3, hosts(19, 19)), monitor.Sound, ""},
		"blind wins over swamped":       {repeat(3, monitor.HealthEvent{References: checks.KnownFact(false), Hosts: 20, Turned: 20}), monitor.Blind, "p"},
		"from one fault to another":     {join(repeat(2, blind), repeat(2, with(canary("", "C-01")))), monitor.Wrong, "p"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, told := utc("2026-11-22 10:00"), ""
			var health monitor.VantageHealth
			require.True(t, health.Trusted(), "who was never checked is believed")
			for _, event := range test.events {
				var effects []monitor.HealthEffect
				health, effects = monitor.StepHealth(health, event, at)
				for _, effect := range effects {
					switch effect := effect.(type) {
					case monitor.TellPaused:
						told += "p"
						require.NotEmpty(t, effect.Reason)
					case monitor.TellResumed:
						told += "r"
						require.NotEmpty(t, effect.Reason, "it says what was the matter")
					}
				}
				require.Equal(t, at, health.CheckedAt)
				at = at.Add(time.Minute)
			}
			require.Equal(t, test.state, health.State)
			require.Equal(t, test.told, told)
			require.Equal(t, test.state == monitor.Sound, health.Trusted())
		})
	}
}

func TestParseCanary(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]monitor.Canary{
		"https://good.example/":                  {URL: "https://good.example/"},
		" https://expired.example:8443=T-09":     {URL: "https://expired.example:8443", Fails: "T-09"},
		"https://good.example/?a=b":              {URL: "https://good.example/?a=b"},
		"https://old.example/?a=b=E-01":          {URL: "https://old.example/?a=b", Fails: "E-01"},
		"https://good.example/?version=tls-v1.2": {URL: "https://good.example/?version=tls-v1.2"},
	} {
		got, err := monitor.ParseCanary(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "expired.example=T-09", "ftp://expired.example", "https://=T-09", "T-09"} {
		_, err := monitor.ParseCanary(text)
		require.Error(t, err, text)
	}
}
