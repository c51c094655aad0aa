package oracle

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	// equalRounds, differentRounds and raceRounds are how many rounds must agree
	// that all reactions are alike; that they differ; and that they differ by FIN
	// and RST alone, which is a race on most servers. Section 10.10 of the rating
	// guide wants 3 that differ: a balancer that hands connections to servers in
	// turn, one of which is another, gets past 3 now and then.
	equalRounds     = 2
	differentRounds = 5
	raceRounds      = 5
)

// round is the reactions to one set of questions, each on its own connection.
type round []reaction

// agreement is what all rounds of one set of questions say together.
type agreement uint8

const (
	undecided   agreement = iota // more rounds are needed
	alike                        // in each round all reactions were alike
	different                    // the same reactions differed in every round
	disagreeing                  // the rounds tell different stories
	impatient                    // a difference rests on silence that was too short
	unseen                       // a reaction is missing
)

// compare says what rounds agree on, and how closely one has to look to see
// it. A set that needs no more rounds gets the same answer from more of the same.
func compare(rounds []round) (agreement, view) {
	if len(rounds) == 0 {
		return undecided, coarsely
	}
	if failure(rounds) != "" {
		return unseen, coarsely
	}
	uniform, same := survey(rounds, coarsely)
	if uniform {
		return compareClosing(rounds)
	}
	switch {
	case !same:
		return disagreeing, coarsely
	case slices.ContainsFunc(rounds, round.impatient):
		return impatient, coarsely
	case len(rounds) < differentRounds:
		return undecided, coarsely
	default:
		return different, coarsely
	}
}

// compareClosing is compare where nothing but FIN and RST differs, if anything.
func compareClosing(rounds []round) (agreement, view) {
	uniform, same := survey(rounds, exactly)
	switch {
	case (uniform || !same) && len(rounds) >= equalRounds: // a race is no difference
		return alike, coarsely
	case !uniform && same && len(rounds) >= raceRounds:
		return different, exactly
	default:
		return undecided, coarsely
	}
}

// survey says whether the reactions within each round are alike, and whether
// all rounds are the same.
func survey(rounds []round, v view) (uniform, same bool) {
	uniform, same = true, true
	first := rounds[0].profile(v)
	for _, round := range rounds {
		profile := round.profile(v)
		uniform = uniform && len(slices.Compact(slices.Clone(profile))) <= 1
		same = same && slices.Equal(profile, first)
	}
	return uniform, same
}

func (r round) profile(v view) []string {
	profile := make([]string, len(r))
	for at, reaction := range r {
		profile[at] = reaction.words(v)
	}
	return profile
}

// uniform says whether all reactions are alike but for how a connection was
// closed.
func (r round) uniform() bool {
	uniform, _ := survey([]round{r}, coarsely)
	return uniform
}

func (r round) impatient() bool { return slices.ContainsFunc(r, reaction.impatient) }

// failure returns why a reaction of any round is missing.
func failure(rounds []round) checks.Reason {
	for _, round := range rounds {
		for _, reaction := range round {
			if reaction.failed != "" {
				return reaction.failed
			}
		}
	}
	return ""
}
