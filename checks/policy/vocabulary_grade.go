package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

type gradeSource struct {
	*checks.Grade
	path, who string
	letter    *fact
}

func (w *world) endpointGrade() ref.Val {
	return w.read(w.gradeSlot("grade", "the endpoint", w.evidence.Grade))
}

// gradeSlot is a grade. Without one, all of it is unknown.
func (w *world) gradeSlot(path, who string, grade *checks.Grade) slot {
	if grade == nil {
		return slot{fact: w.fact(proof(path, checks.NotAsked.String(), fmt.Sprintf("No grade of %s was computed.", who)), nil)}
	}
	source := &gradeSource{Grade: grade, path: path, who: who}
	return settled(w.of("grade", source, w.letterFact(source)))
}

// letterFact is the letter. A provisional one can get worse by facts that are
// missing, and A can become A+.
func (w *world) letterFact(g *gradeSource) *fact {
	if g.letter != nil {
		return g.letter
	}
	switch {
	case g.Letter == "":
		g.letter = w.fact(proof(g.path+".letter", checks.Inconclusive.String(), fmt.Sprintf("There is no grade of %s: nothing of it could be seen.", g.who)), nil, letters(checks.Letters())...)
	case g.Provisional:
		text := fmt.Sprintf("The grade of %s is provisionally %s.", g.who, g.Letter)
		if len(g.Missing) > 0 {
			text += " What is missing: " + g.Missing[0].Text
		}
		g.letter = w.fact(proof(g.path+".letter", string(g.Letter), text), nil, letters(possible(g.Letter))...)
	default:
		text := fmt.Sprintf("The grade of %s is %s.", g.who, g.Letter)
		if len(g.Rules) > 0 {
			text = fmt.Sprintf("The grade of %s is %s: %s.", g.who, g.Letter, g.Rules[0].Text)
		}
		g.letter = w.fact(proof(g.path+".letter", string(g.Letter), text), types.String(g.Letter))
	}
	return g.letter
}

// possible lists the letters that a provisional one may turn out to be.
func possible(letter checks.Letter) []checks.Letter {
	all := checks.Letters()
	from := letter.Rank()
	if letter == checks.GradeA {
		from = checks.GradeAPlus.Rank()
	}
	if from >= len(all) {
		return all
	}
	return all[from:]
}

func letters(of []checks.Letter) []ref.Val { return texts(of...) }

func gradeKind() *kind {
	return &kind{name: "grade", doc: "A letter of the SSL Labs Server Rating Guide, computed here. Unknown without one.", fields: []field{
		{name: "letter", of: cel.StringType, values: names(checks.Letters()), doc: "the letter. Where it is provisional: unknown among those that it may turn out to be", get: func(w *world, source any) slot {
			return slot{fact: w.letterFact(source.(*gradeSource))}
		}},
		{name: "rank", of: cel.IntType, doc: "of the letter: 0 is A+, then A, A-, B, C, D, E, M, T, F", get: func(w *world, source any) slot {
			return slot{fact: w.letterFact(source.(*gradeSource)), view: func(v ref.Val) ref.Val {
				return types.Int(checks.Letter(v.(types.String)).Rank())
			}}
		}},
		{name: "trust_ignored", of: cel.StringType, values: append(names(checks.Letters()), ""), doc: "the letter before trust and name are laid over it", get: func(w *world, source any) slot {
			g := source.(*gradeSource)
			return w.told(proof(g.path+".trust_ignored", string(g.TrustIgnored), fmt.Sprintf("Without trust, the grade of %s is %s.", g.who, g.TrustIgnored)), types.String(g.TrustIgnored))
		}},
		{name: "provisional", of: cel.BoolType, doc: "facts are missing that could make it another letter", get: func(w *world, source any) slot {
			g := source.(*gradeSource)
			return w.told(proof(g.path+".provisional", fmt.Sprint(g.Provisional), fmt.Sprintf("The grade of %s is provisional: %t.", g.who, g.Provisional)), types.Bool(g.Provisional))
		}},
		{name: "has_warnings", of: cel.BoolType, doc: "a warning fired", get: func(w *world, source any) slot {
			g := source.(*gradeSource)
			return w.told(proof(g.path+".has_warnings", fmt.Sprint(g.HasWarnings), fmt.Sprintf("The grade of %s has warnings: %t.", g.who, g.HasWarnings)), types.Bool(g.HasWarnings))
		}},
	}}
}
