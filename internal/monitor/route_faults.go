package monitor

import (
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// longestEscalation bounds how long a level waits.
const longestEscalation = 7 * 24 * time.Hour

// Validate says what is wrong with a route. Whether its channel and application
// exist is the database's to say. Fields: channel, environment, least, level,
// after, quiet_from, quiet_until, quiet_days, quiet_zone, quiet_except.
func (r ChannelRoute) Validate() []FieldFault {
	var faults []FieldFault
	add := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, FieldFault{Field: field, Text: text})
		}
	}
	add(r.ChannelID <= 0, "channel", "Choose a channel")
	add(r.Environment != "" && !slices.Contains(policy.Environments(), r.Environment), "environment", "Choose SOD, Stage or Production, or all of them")
	add(r.Least != "" && !isWeight(r.Least), "least", "Choose critical, high, medium or low, or any")
	add(r.Level < 0 || r.Level > MostLevel, "level", fmt.Sprintf("Choose a level from 0, at once, to %d", MostLevel))
	add(r.Level == 0 && r.After != 0, "after", "Level 0 is told at once: choose another level, or leave the wait empty")
	add(r.Level > 0 && (r.After < time.Minute || r.After > longestEscalation), "after",
		"Enter after how many minutes this level is called: 1 to 10080, which is a week")
	return append(faults, r.Quiet.faults()...)
}

func (q QuietHours) faults() []FieldFault {
	var faults []FieldFault
	add := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, FieldFault{Field: field, Text: text})
		}
	}
	outside := func(minutes int) bool { return minutes < 0 || minutes >= minutesOfDay }
	add(outside(q.From), "quiet_from", "Enter a time from 00:00 to 23:59, such as 22:00")
	add(outside(q.Until), "quiet_until", "Enter a time from 00:00 to 23:59, such as 07:00")
	add(q.always(), "quiet_until", "Leave some time in which this channel is told, or remove the route")
	days := slices.Clone(q.Days)
	slices.Sort(days)
	wrong := slices.ContainsFunc(days, func(day int) bool { return day < 0 || day >= daysOfWeek })
	add(wrong || len(slices.Compact(days)) != len(q.Days), "quiet_days", "Choose days of the week, each once")
	add(!ZoneKnown(q.Zone), "quiet_zone", "Enter a time zone such as Europe/Oslo")
	add(q.Except != "" && !isWeight(q.Except), "quiet_except", "Choose critical, high, medium or low")
	return faults
}

func isWeight(weight Weight) bool { return slices.Contains(Weights(), weight) }
