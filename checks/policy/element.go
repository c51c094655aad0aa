package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gradewatch/gradewatch/checks"
)

type iterable interface {
	ref.Val
	traits.Iterable
}

// variable is one variable of rules.
type variable struct {
	name string
	of   *cel.Type
	doc  string
	get  func(w *world) ref.Val // nil: the scope sets it
}

// variables lists what a rule of a scope can name.
func variables(scope Scope) []variable {
	all := []variable{
		{"endpoint", cel.ObjectType("endpoint"), "the registered URL", func(w *world) ref.Val { return w.of("endpoint", newEndpoint(w.evidence.Subject), nil) }},
		{"dns", cel.ObjectType("dns"), "what the host resolves to", func(w *world) ref.Val { return w.of("dns", w.evidence.Observation, nil) }},
		{"records", cel.ObjectType("records"), "what DNS says of the host besides its addresses", func(w *world) ref.Val { return w.of("records", w.evidence.Observation, nil) }},
		{"grade", cel.ObjectType("grade"), "the endpoint's grade: that of its worst address", (*world).endpointGrade},
		{"addresses", cel.ListType(cel.ObjectType("address")), "every address; it goes on where not all were looked at", (*world).addressList},
		{"at", cel.TimestampType, "the time that the judgement is about", (*world).time},
	}
	for _, name := range scopeVariables(scope) {
		all = append(all, variable{name: name, of: cel.ObjectType(name), doc: "the " + name + " that the rule is evaluated on"})
	}
	return all
}

// scopeVariables are the variables that a scope adds.
func scopeVariables(scope Scope) []string {
	switch scope {
	case EachAddress:
		return []string{"address"}
	case EachChain:
		return []string{"address", "chain"}
	case EachHop:
		return []string{"address", "hop"}
	case EachCookie:
		return []string{"address", "hop", "cookie"}
	default:
		return nil
	}
}

// element is one thing that a rule is evaluated on.
type element struct {
	variables map[string]ref.Val
	address   *checks.AddressObservation // nil: none in particular
}

// group is everything that a scope is evaluated over.
type group struct {
	whole    element // the endpoint, with what the scope adds unknown
	elements []element
	missing  []element // what was not seen, and might be there
	empty    []finding // addresses that have nothing of the kind
}

// elements lists what a scope is evaluated over.
func (w *world) elements(scope Scope) *group {
	if made := w.groups[scope]; made != nil {
		return made
	}
	made := &group{whole: w.unknown(scope, nil, w.addressesUnseen())}
	if w.groups == nil {
		w.groups = map[Scope]*group{}
	}
	w.groups[scope] = made
	if scope == EachEndpoint {
		return made
	}
	for _, one := range w.seenAddresses() {
		w.addElements(made, scope, one)
	}
	if tail := w.moreAddresses(); tail != nil {
		made.missing = append(made.missing, w.unknown(scope, nil, tail))
	}
	return made
}

// unknown is an element of which only the address is known, if that.
func (w *world) unknown(scope Scope, address *object, why *fact) element {
	made := element{variables: map[string]ref.Val{}}
	for _, name := range scopeVariables(scope) {
		made.variables[name] = why.open()
	}
	if address != nil {
		made.variables["address"] = address
		made.address = address.source.(*addressSource).observed
	}
	return made
}

func (w *world) addElements(g *group, scope Scope, address *object) {
	source := address.source.(*addressSource)
	switch scope {
	case EachAddress:
		g.elements = append(g.elements, element{variables: map[string]ref.Val{"address": address}, address: source.observed})
	case EachChain:
		for _, part := range w.chainsOf(source).segments {
			for _, one := range part.elements {
				g.elements = append(g.elements, element{
					variables: map[string]ref.Val{"address": address, "chain": one}, address: source.observed,
				})
			}
			if part.fact != nil {
				g.missing = append(g.missing, w.unknown(scope, address, part.fact))
			}
		}
	case EachHop, EachCookie:
		w.addHops(g, scope, address)
	}
}

func (w *world) addHops(g *group, scope Scope, address *object) {
	source := address.source.(*addressSource)
	before := len(g.elements)
	walk := w.walkOf(source)
	hops := walk.hops
	if scope == EachCookie {
		hops = walk.askedHops()
	}
	for _, hop := range hops {
		if scope == EachHop {
			g.elements = append(g.elements, element{
				variables: map[string]ref.Val{"address": address, "hop": hop}, address: source.observed,
			})
			continue
		}
		for _, cookie := range w.cookiesOf(hop) {
			g.elements = append(g.elements, element{
				variables: map[string]ref.Val{"address": address, "hop": hop, "cookie": cookie}, address: source.observed,
			})
		}
	}
	if walk.open != nil {
		g.missing = append(g.missing, w.unknown(scope, address, walk.open))
	} else if len(g.elements) == before {
		g.empty = append(g.empty, nothing(source.observed, scope))
	}
}

func nothing(a *checks.AddressObservation, scope Scope) finding {
	return finding{element: &element{address: a}, judgement: judgement{result: checks.Pass, proof: []checks.Proof{{
		Fact: fmt.Sprintf("http[%s].hops", a.Address), Value: fmt.Sprintf("no %ss", scope),
		Text: fmt.Sprintf("%s sets no %s.", a.Address, scope), Cause: checks.CauseConfiguration,
	}}}}
}

// summarize says once of an address that all its hops or cookies pass.
func (w *world) summarize(r Requirement, findings []finding) []finding {
	if r.Each != EachHop && r.Each != EachCookie {
		return findings
	}
	var kept []finding
	passed := map[*checks.AddressObservation]int{}
	for _, found := range findings {
		if found.result != checks.Pass {
			kept = append(kept, found)
			continue
		}
		passed[found.element.address]++
	}
	seen := map[*checks.AddressObservation]bool{}
	for _, found := range findings {
		address := found.element.address
		if found.result != checks.Pass || seen[address] {
			continue
		}
		seen[address] = true
		text := fmt.Sprintf("Every %s of %s is as required.", r.Each, address.Address)
		if len(r.compiled.provePass) > 0 && len(found.proof) > 0 {
			text = found.proof[0].Text
		}
		found.proof = []checks.Proof{{
			Fact: fmt.Sprintf("http[%s].hops", address.Address), Value: fmt.Sprintf("%d of %d", passed[address], passed[address]),
			Text: text, Cause: checks.CauseConfiguration,
		}}
		kept = append(kept, found)
	}
	return kept
}
