package grade

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Address grades one address by its facts and the appraisal of its chains (rating
// guide, section 1). The letter is empty where no protocol version is known to be
// accepted. A rule that cannot be told does not fire; where one could change the
// letter, the grade is provisional. at only says which criteria are announced.
func Address(address checks.AddressObservation, appraised checks.AddressAppraisal, at time.Time, criteria Criteria) checks.Grade {
	if criteria.Version == "" {
		criteria = CriteriaAt(at)
	}
	f := newFacts(&address, &appraised)
	result := f.grade(criteria)
	if next, announced := criteria.following(at); announced && result.Letter != "" {
		if future := f.grade(next).Letter; future != result.Letter {
			result.Future = future
		}
	}
	return result
}

// evaluated is a rule and what its condition says.
type evaluated struct {
	rule *Rule
	answer
}

// effective says whether the rule has its effect: it fires, or, of a condition
// of A+, does not hold.
func (e *evaluated) effective() bool {
	if e.rule.Effect == checks.EffectBonus {
		return e.truth != yes
	}
	return e.truth == yes
}

// grading is one address under one version of the criteria.
type grading struct {
	*facts
	criteria Criteria
	rules    []evaluated
	scoring  scoring
	scores   checks.Scores // as known
}

// grading asks every rule.
func (f *facts) grading(criteria Criteria) *grading {
	g := &grading{facts: f, criteria: criteria, rules: make([]evaluated, 0, len(criteria.rules))}
	debian := false
	for i := range criteria.rules {
		one := evaluated{&criteria.rules[i], criteria.rules[i].condition(f)}
		debian = debian || one.rule.ID == "F-DEBIAN" && one.truth == yes
		g.rules = append(g.rules, one)
	}
	g.scoring = f.scoring(debian)
	g.scores = g.scoring.compute(asKnown, 0)
	return g
}

func (f *facts) grade(criteria Criteria) checks.Grade {
	result := checks.Grade{Criteria: criteria.Version, Rules: []checks.GradeRule{}, Next: []checks.GradeStep{}}
	if spoken := f.spoken(); spoken != yes {
		if spoken == unknown {
			result.Provisional, result.Missing = true, f.missing(protocolsMissing)
		}
		return result
	}
	g := f.grading(criteria)
	if g.scoring.asked {
		result.Scores = new(checks.Scores)
		*result.Scores = g.scores
	}
	g.fill(&result)
	return result
}

func (g *grading) fill(result *checks.Grade) {
	known := g.tally(asKnown)
	result.Letter, result.TrustIgnored = known.letters()
	result.HasWarnings = known.warning || slices.ContainsFunc(g.rules, func(e evaluated) bool { return e.rule.Warns && e.truth == yes })
	result.Rules = g.fired(result.TrustIgnored)
	result.Next = g.next(result.Letter)
	if lacking := g.lacking(known, result.Letter); lacking != 0 {
		result.Provisional, result.Missing = true, g.missing(lacking)
	}
}

// tally is what decides a letter.
type tally struct {
	cap      checks.Letter // of scores and rules that always count
	trusted  checks.Letter // of rules that count where trust does
	warning  bool
	trust    bool
	mismatch bool
	unmet    bool // a condition of A+
}

func (t *tally) add(rule *Rule) {
	switch rule.Effect {
	case checks.EffectCap:
		if rule.TrustedOnly {
			t.trusted = worse(t.trusted, rule.Letter)
		} else {
			t.cap = worse(t.cap, rule.Letter)
		}
	case checks.EffectWarning:
		t.warning = true
	case checks.EffectTrust:
		t.trust = true
	case checks.EffectMismatch:
		t.mismatch = true
	case checks.EffectBonus:
		t.unmet = true
	}
}

func worse(a, b checks.Letter) checks.Letter {
	if a.Rank() >= b.Rank() {
		return a
	}
	return b
}

// letters are the letter and that before trust and name are laid over it
// (sections 1 and 8): F stays F, then T, then M.
func (t *tally) letters() (letter, trustIgnored checks.Letter) {
	untrusted := t.trust || t.mismatch
	ignored := t.cap
	if !untrusted {
		ignored = worse(ignored, t.trusted)
	}
	if ignored == checks.GradeA {
		switch {
		case t.warning:
			ignored = checks.GradeAMinus
		case !t.unmet && !untrusted:
			ignored = checks.GradeAPlus
		}
	}
	switch {
	case ignored == checks.GradeF:
		return ignored, ignored
	case t.trust:
		return checks.GradeT, ignored
	case t.mismatch:
		return checks.GradeM, ignored
	}
	return ignored, ignored
}

// tally adds up the rules, and those that cannot be told as the view says.
func (g *grading) tally(of view) tally {
	score := g.scores.Total
	if of != asKnown {
		score = g.scoring.compute(of, 0).Total
	}
	t := tally{cap: scoreLetter(score), trusted: checks.GradeA}
	for i := range g.rules {
		one := &g.rules[i]
		effective := one.effective()
		if one.truth == unknown && of != asKnown {
			effective = of == atWorst
		}
		if effective {
			t.add(one.rule)
		}
	}
	return t
}

// lacking are the missing facts that could change the letter: of each rule that
// by itself would, and of the conditions of A+ where it can be reached. The
// letter is monotone in the rules, so nothing else can change it.
func (g *grading) lacking(known tally, letter checks.Letter) (lacking components) {
	atBestTally, atWorstTally := g.tally(atBest), g.tally(atWorst)
	best, _ := atBestTally.letters()
	worst, _ := atWorstTally.letters()
	if best == worst {
		return 0
	}
	for i := range g.rules {
		one := &g.rules[i]
		if one.truth != unknown {
			continue
		}
		if one.rule.Effect == checks.EffectBonus {
			if best == checks.GradeAPlus {
				lacking |= one.missing
			}
			continue
		}
		with := known
		with.add(one.rule)
		if changed, _ := with.letters(); changed != letter {
			lacking |= one.missing
		}
	}
	if lacking == 0 || !g.sameScores() {
		lacking |= g.openScores(letter)
	}
	return lacking
}

func (g *grading) sameScores() bool {
	return scoreLetter(g.scoring.compute(atBest, 0).Total) == scoreLetter(g.scoring.compute(atWorst, 0).Total)
}

// openScores are the missing facts that could change the score's letter, where
// that could change the letter.
func (g *grading) openScores(letter checks.Letter) (open components) {
	for _, of := range []view{atBest, atWorst} {
		t := g.tally(asKnown)
		t.cap = checks.GradeA
		for i := range g.rules {
			if one := &g.rules[i]; one.effective() {
				t.add(one.rule)
			}
		}
		t.cap = worse(t.cap, scoreLetter(g.scoring.compute(of, 0).Total))
		if changed, _ := t.letters(); changed != letter {
			for i := range g.versions {
				open |= g.versions[i].open
			}
			if open == 0 || !g.allChains {
				open |= g.openKeys()
			}
			return open
		}
	}
	return 0
}

// openKeys says what is missing of the keys and groups that scores hang on.
func (g *grading) openKeys() components {
	if len(g.chains) == 0 {
		return chainMissing
	}
	for _, c := range g.chains {
		if c.Leaf.RSABits <= 0 {
			return keyMissing
		}
	}
	if !g.allChains {
		return chainsMissing
	}
	return suitesMissing
}

// fired are the rules that have an effect, the one that weighs most first.
func (g *grading) fired(trustIgnored checks.Letter) []checks.GradeRule {
	list := []checks.GradeRule{}
	for i := range g.rules {
		one := &g.rules[i]
		switch {
		case one.rule.Effect == checks.EffectScore:
			if letter := scoreLetter(g.scores.Total); letter != checks.GradeA {
				list = append(list, checks.GradeRule{
					ID: one.rule.ID, Effect: one.rule.Effect, Letter: letter, Proof: g.scoreProof(g.scores),
					Text: strings.ReplaceAll(one.rule.Text, "{what}", string(letter)+": "+g.scores.Total.String()+" points of 100"),
				})
			}
		case one.truth != yes, one.rule.Effect == checks.EffectBonus && trustIgnored != checks.GradeAPlus:
		default:
			proof := one.proof
			if proof == nil {
				proof = []checks.Proof{}
			}
			list = append(list, checks.GradeRule{
				ID: one.rule.ID, Effect: one.rule.Effect, Letter: one.rule.Letter, Proof: proof,
				Text: strings.ReplaceAll(one.rule.Text, "{what}", one.what),
			})
		}
	}
	sortRules(list)
	return list
}

// sortRules puts the rule that weighs most first: the worst letter; among equal
// ones the order of the criteria.
func sortRules(list []checks.GradeRule) {
	slices.SortStableFunc(list, func(a, b checks.GradeRule) int {
		if a.Effect == checks.EffectNote || b.Effect == checks.EffectNote {
			return cmp.Compare(boolRank(a.Effect == checks.EffectNote), boolRank(b.Effect == checks.EffectNote))
		}
		return cmp.Compare(b.Letter.Rank(), a.Letter.Rank())
	})
}

func boolRank(last bool) int {
	if last {
		return 1
	}
	return 0
}
