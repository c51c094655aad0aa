package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Script is something that happens to a fleet, and what is to be heard of it.
type Script struct {
	Name   string
	Length time.Duration
	// Play builds the fleet and says what happens when.
	Play func(w *World)
	// Problems are the truth: what there is to hear of. No rule looks at them.
	Problems []Problem
}

// Problem is something that is wrong with a fleet, seen from outside.
type Problem struct {
	What string
	Team string        // whose it is; empty: whoever's
	From time.Duration // since Start
	// Places are the endpoints that have it: beginnings of their values without
	// the scheme.
	Places []string
	// Requirements narrow it to incidents of one of them; empty: of any.
	Requirements []string
	// Hears are the kinds that every one of Channels is to get, in this order;
	// empty: nobody is to hear of it.
	Hears    []monitor.NotificationKind
	Channels []string // empty: mail
	// Within is how soon after From the first is to come: zero: an hour's
	// interval with its jitter, a second look, and what gathers.
	Within time.Duration
}

// usualWithin is the next look, five minutes of jitter, and five to confirm and gather.
const usualWithin = 70 * time.Minute

// Result is what came of a script.
type Result struct {
	Script Script
	World  *World
	Score
}

// Score compares what was told with the truth.
type Score struct {
	Problems  int // that somebody was to hear of
	Messages  int
	Right     int // messages that were to come
	Duplicate []string
	Missed    []string
	False     []string
	Delays    []time.Duration // from the beginning of each problem to its first message
}

// Run runs a script in a world of its own.
func (s Script) Run(seed uint64) (Result, error) {
	world, err := NewWorld(seed)
	if err != nil {
		return Result{}, err
	}
	s.Play(world)
	if err := world.Run(s.Length); err != nil {
		return Result{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	return Result{Script: s, World: world, Score: Compare(s.Problems, world.Told)}, nil
}

// expected is a problem for one channel while its messages come.
type expected struct {
	Problem
	channel string
	heard   int
}

// Compare says which messages were to come, and which that were did not.
func Compare(problems []Problem, told []Told) Score {
	var score Score
	var all []*expected
	for _, problem := range problems {
		if len(problem.Hears) > 0 {
			score.Problems++
		}
		channels := problem.Channels
		if len(channels) == 0 {
			channels = []string{"mail"}
		}
		for _, channel := range channels {
			all = append(all, &expected{Problem: problem, channel: channel})
		}
	}
	for _, message := range told {
		score.count(all, message)
	}
	for _, one := range all {
		for _, kind := range one.Hears[one.heard:] {
			score.Missed = append(score.Missed, fmt.Sprintf("%s %s about: %s", one.channel, kind, one.What))
		}
	}
	return score
}

// count counts a message. Each of those that one of a burst stands for was told.
func (s *Score) count(all []*expected, message Told) {
	s.Messages++
	if len(message.Muted) == 0 {
		s.judge(all, message)
		return
	}
	s.Right++
	for _, muted := range message.Muted {
		muted.At = message.At
		before := s.Right
		s.judge(all, muted)
		s.Right = before
	}
}

func (s *Score) judge(all []*expected, message Told) {
	var again bool
	for _, one := range all {
		if !one.about(message) {
			continue
		}
		if one.heard < len(one.Hears) && one.Hears[one.heard] == message.Kind {
			one.heard++
			s.Right++
			if one.heard == 1 {
				s.delay(one, message)
			}
			return
		}
		again = again || slices.Contains(one.Hears[:one.heard], message.Kind)
	}
	if again {
		s.Duplicate = append(s.Duplicate, message.String())
	} else {
		s.False = append(s.False, message.String())
	}
}

func (s *Score) delay(one *expected, message Told) {
	within := one.Within
	if within == 0 {
		within = usualWithin
	}
	delay := message.At.Sub(Start().Add(one.From))
	s.Delays = append(s.Delays, delay)
	if delay > within {
		s.Missed = append(s.Missed, fmt.Sprintf("late by %s: %s", (delay-within).Round(time.Minute), message))
	}
}

// about says whether a message may be one about the problem.
func (e *expected) about(message Told) bool {
	if message.Channel != e.channel || message.At.Before(Start().Add(e.From)) {
		return false
	}
	if len(message.Endpoints) == 0 {
		return len(e.Places) == 0
	}
	if e.Team != "" && message.Team.Name != e.Team {
		return false
	}
	if len(e.Requirements) > 0 && !slices.ContainsFunc(message.Requirements, func(r string) bool { return slices.Contains(e.Requirements, r) }) {
		return false
	}
	return slices.ContainsFunc(message.Endpoints, func(endpoint *Endpoint) bool {
		return slices.ContainsFunc(e.Places, func(place string) bool {
			return strings.HasPrefix(strings.TrimPrefix(endpoint.Value, "https://"), place)
		})
	})
}

// Write returns the script as people read it: what happens, what is to be
// heard, and every message.
func (r Result) Write() string {
	var text strings.Builder
	fmt.Fprintf(&text, "## %s\n\n", r.Script.Name)
	lines := func(title string, lines []string) {
		fmt.Fprintf(&text, "%s:\n\n", title)
		for _, line := range lines {
			fmt.Fprintf(&text, "    %s\n", line)
		}
		text.WriteByte('\n')
	}
	if len(r.World.Story) > 0 {
		lines("What happens", r.World.Story)
	}
	var heard []string
	for _, told := range r.World.Told {
		heard = append(heard, told.String())
	}
	if len(heard) == 0 {
		text.WriteString("What people hear: nothing.\n\n")
		return text.String()
	}
	lines("What people hear", heard)
	return text.String()
}
