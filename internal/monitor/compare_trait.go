package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// form is the way in which a trait differs.
type form uint8

const (
	possession form = iota // it is there, or it is not
	quality                // it has a value
	collection             // it has members
)

// trait is one thing that an address or an endpoint shows, as comparisons take
// it and say it. What nobody could tell has no trait.
type trait struct {
	path    string // below the address: protocols.TLSv1.2
	field   string // of the facts: what an engine fills, or does not
	section string // of a side-by-side page
	what    string // the name of the row, and of a quality in sentences
	text    string // how it reads in a row
	form    form
	plain   bool // no answer of its own to a question: without a value it may never have been looked for
	// within is the path of what holds it: where that was seen and this was
	// not, this is not there.
	within string
	quiet  bool // side by side only: it says nothing on its own, or differs between looks
	cause  checks.Cause

	where  string // a sentence begins with it: "In TLS 1.2"
	topic  string // what a sentence is about instead of the server
	verb   verb
	object string // of a possession
	noun   string // of a collection's members where their order counts: "suites"

	has     bool
	members []string
	scope   map[string]bool // what was asked for; nil: everything
	order   []string        // as the server keeps it; nil: it keeps none
	fieldOf func(member string) string
	parted  func(before, after trait) []string // the members of after that before lacks; nil: by their names

	merit   merit                     // of a possession
	merits  func(member string) merit // of members; nil: none is good or bad
	rank    int                       // of a quality, the greater the worse; 0: neither
	weight  Weight                    // of what got worse or better; empty: Medium
	weighed func(before, after trait) Weight
	chain   *sentChain // of a certificate chain
	say     func(before, after trait) (one, many string)
	classOf func(before, after trait) ChangeClass
	same    func(before, after trait) bool
}

// merit says which way it goes when something comes.
type merit int8

const (
	neutral merit = iota
	good
	bad
)

// verb is in the third person: "accepts" and "accept".
type verb struct{ one, many string }

func (v verb) form(many bool) string {
	if many {
		return v.many
	}
	return v.one
}

func (v verb) now(many bool, also string) string {
	if v.many == "are" {
		return v.form(many) + " now" + also
	}
	return "now" + also + " " + v.form(many)
}

func (v verb) noLonger(many bool) string {
	if v.many == "are" {
		return v.form(many) + " no longer"
	}
	return "no longer " + v.form(many)
}

func (v verb) not() string {
	if v.many == "are" {
		return "is not"
	}
	return "does not"
}

// missing is what t is where it is not.
func (t trait) missing() trait {
	t.has, t.members, t.order, t.rank, t.text = false, nil, nil, 0, notThere
	return t
}

const notThere = "not there"

// lists says which members came and which went, as far as both were asked for.
func lists(before, after trait) (came, went []string) {
	if after.parted != nil {
		return after.parted(before, after), after.parted(after, before)
	}
	asked := func(scope map[string]bool, member string) bool { return scope == nil || scope[member] }
	for _, member := range after.members {
		if asked(before.scope, member) && !slices.Contains(before.members, member) {
			came = append(came, member)
		}
	}
	for _, member := range before.members {
		if asked(after.scope, member) && !slices.Contains(after.members, member) {
			went = append(went, member)
		}
	}
	return unique(came), unique(went)
}

// unique are the values once each, in their order.
func unique(values []string) []string {
	var list []string
	for _, value := range values {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// differs says whether the two are told apart.
func differs(before, after trait) bool {
	if after.same != nil {
		return !after.same(before, after)
	}
	switch after.form {
	case possession:
		return before.has != after.has
	case quality:
		return before.text != after.text
	default:
		came, went := lists(before, after)
		return len(came)+len(went) > 0 || reordered(before, after)
	}
}

func reordered(before, after trait) bool {
	return before.order != nil && after.order != nil && !slices.Equal(before.order, after.order)
}

// class says which way it went, and how much that matters.
func class(before, after trait) (ChangeClass, Weight) {
	way := Drift
	switch {
	case after.classOf != nil:
		way = after.classOf(before, after)
	case after.form == possession:
		way = wayOf(after.merit, after.has)
	case after.form == quality && before.rank > 0 && after.rank > before.rank:
		way = Regression
	case after.form == quality && after.rank > 0 && before.rank > after.rank:
		way = Recovery
	case after.form == collection && after.merits != nil:
		way = wayOfMembers(before, after)
	}
	switch {
	case way == Drift:
		return way, Low
	case after.weighed != nil:
		return way, after.weighed(before, after)
	case after.has || before.weight == "":
		return way, orMedium(after.weight)
	default:
		return way, orMedium(before.weight)
	}
}

func orMedium(weight Weight) Weight {
	if weight == "" {
		return Medium
	}
	return weight
}

func wayOf(m merit, came bool) ChangeClass {
	switch {
	case m == neutral:
		return Drift
	case (m == good) == came:
		return Recovery
	default:
		return Regression
	}
}

// wayOfMembers is the worst way among members.
func wayOfMembers(before, after trait) ChangeClass {
	came, went := lists(before, after)
	way := Drift
	for i, list := range [][]string{came, went} {
		for _, member := range list {
			switch wayOf(after.merits(member), i == 0) {
			case Regression:
				return Regression
			case Recovery:
				way = Recovery
			case Drift:
			}
		}
	}
	return way
}

// predicate says what changed after "The server" or "All 6 addresses".
func predicate(before, after trait, many bool) string {
	if after.say != nil {
		one, several := after.say(before, after)
		if many {
			return several
		}
		return one
	}
	if after.form == possession {
		if after.has {
			return after.verb.now(many, "") + " " + after.object
		}
		return after.verb.noLonger(many) + " " + before.object
	}
	came, went := lists(before, after)
	var parts []string
	if len(came) > 0 {
		also := ""
		if len(went) == 0 && len(before.members) > 0 {
			also = " also"
		}
		parts = append(parts, after.verb.now(many, also)+" "+listed(came))
	}
	if len(went) > 0 {
		parts = append(parts, after.verb.noLonger(many)+" "+listed(went))
	}
	if len(parts) == 0 {
		prefers := verb{"prefers", "prefer"}
		return fmt.Sprintf("%s %s, with another order of the same %s", prefers.now(many, ""), after.order[0], after.noun)
	}
	return strings.Join(parts, " and ")
}

// mostListed is how many members a sentence names.
const mostListed = 6

// listed names members: "A, B and C", "A, B, C, D, E, F and 3 more".
func listed(members []string) string {
	if more := len(members) - mostListed; more > 1 {
		return strings.Join(members[:mostListed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	last := len(members) - 1
	if last < 1 {
		return strings.Join(members, "")
	}
	return strings.Join(members[:last], ", ") + " and " + members[last]
}

// sentence says what changed, and where.
func sentence(before, after trait, at place) string {
	switch {
	case after.form == quality && after.say == nil:
		return fmt.Sprintf("%s changed from %s to %s%s.", after.what, before.text, after.text, at.on)
	case after.topic != "":
		return fmt.Sprintf("%s %s%s.", after.topic, predicate(before, after, false), at.on)
	case after.where != "":
		return fmt.Sprintf("%s, %s %s.", after.where, at.inside, predicate(before, after, at.many))
	default:
		return fmt.Sprintf("%s %s.", at.who, predicate(before, after, at.many))
	}
}

// side is what one place shows, in the order of rows.
type side struct {
	traits []trait
	told   map[string]bool // paths of what holds others, and was seen
}

func (s *side) add(traits ...trait) { s.traits = append(s.traits, traits...) }

func (s *side) holds(path string) {
	if s.told == nil {
		s.told = map[string]bool{}
	}
	s.told[path] = true
}

// pair is one trait on both sides.
type pair struct{ before, after trait }

// pairs puts the traits of two places together: those of the later one first.
func pairs(before, after side) []pair {
	var list []pair
	was, is := byPath(before), byPath(after)
	for _, t := range after.traits {
		if old, seen := was[t.path]; seen {
			list = append(list, pair{old, t})
		} else if before.told[t.within] {
			list = append(list, pair{t.missing(), t})
		}
	}
	for _, t := range before.traits {
		if _, seen := is[t.path]; !seen && after.told[t.within] {
			list = append(list, pair{t, t.missing()})
		}
	}
	return list
}

func byPath(s side) map[string]trait {
	all := make(map[string]trait, len(s.traits))
	for _, t := range s.traits {
		all[t.path] = t
	}
	return all
}

// boolTrait is a possession where a fact says whether it is there. 'There is
// nothing to ask for' says neither.
func boolTrait(fact checks.Fact[bool], t trait) []trait {
	if fact.State != checks.Known {
		return nil
	}
	t.form, t.has, t.text = possession, fact.Value, "no"
	if fact.Value {
		t.text = "yes"
	}
	return []trait{t}
}
