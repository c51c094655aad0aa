package policy

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/gradewatch/gradewatch/checks"
)

// world is what the rules of one judgement see: values made of the evidence as
// they are asked for. It serves one goroutine.
type world struct {
	evidence Evidence
	kinds    map[string]*kind
	facts    []*fact            // by id - 1
	scope    map[string]ref.Val // what every rule can name
	local    map[string]ref.Val // what the scope of the rule adds
	groups   map[Scope]*group
	made     cache

	// What is assumed of facts while a rule is tried out, by id.
	assumed []ref.Val
	// Which facts are treated as unknown, to see whether they matter.
	masked []bool

	round int   // of evaluation
	seen  []int // in which round a fact was read last
	reads []*fact
}

var _ interpreter.Activation = (*world)(nil)

// ResolveName implements interpreter.Activation.
func (w *world) ResolveName(name string) (any, bool) {
	if value, found := w.local[name]; found {
		return value, true
	}
	value, found := w.scope[name]
	return value, found
}

// Parent implements interpreter.Activation.
func (w *world) Parent() interpreter.Activation { return nil }

// fact adds one. A nil value says that it cannot be told.
func (w *world) fact(proof checks.Proof, value ref.Val, domain ...ref.Val) *fact {
	made := &fact{id: int64(len(w.facts) + 1), proof: proof, value: value, domain: domain}
	w.facts = append(w.facts, made)
	w.assumed = append(w.assumed, nil)
	w.masked = append(w.masked, false)
	w.seen = append(w.seen, 0)
	return made
}

// tail says that a list may go on behind what was seen.
func (w *world) tail(proof checks.Proof) *fact {
	made := w.fact(proof, nil, types.False)
	made.more = true
	return made
}

// valueOf reads a fact: its value, what is assumed, or unknown.
func (w *world) valueOf(f *fact) ref.Val {
	at := f.id - 1
	if w.seen[at] != w.round {
		w.seen[at] = w.round
		w.reads = append(w.reads, f)
	}
	switch {
	case w.masked[at]:
		return f.open()
	case w.assumed[at] != nil:
		return w.assumed[at]
	case f.value == nil:
		return f.open()
	}
	return f.value
}

// begin starts a round of evaluation.
func (w *world) begin() {
	w.round++
	w.reads = w.reads[:0]
}

// factsOf returns the facts that an unknown value hangs on, by their ids.
func (w *world) factsOf(unknown *types.Unknown) []*fact {
	ids := unknown.IDs()
	facts := make([]*fact, 0, len(ids))
	for _, id := range ids {
		if id > 0 && int(id) <= len(w.facts) {
			facts = append(facts, w.facts[id-1])
		}
	}
	return facts
}

// within runs do with variables set, and forgets them.
func (w *world) within(variables map[string]ref.Val, do func()) {
	before := w.local
	w.local = variables
	do()
	w.local = before
}

// proofsOf writes facts as proofs: what was seen before what somebody registered.
func proofsOf(facts []*fact) []checks.Proof {
	var proofs []checks.Proof
	ordered := slices.Clone(facts)
	slices.SortStableFunc(ordered, func(a, b *fact) int { return registered(a) - registered(b) })
	for _, f := range ordered {
		same := func(p checks.Proof) bool { return p.Fact == f.proof.Fact && p.Value == f.proof.Value }
		if !slices.ContainsFunc(proofs, same) {
			proofs = append(proofs, f.proof)
		}
	}
	return proofs
}

// registered is 1 for what is said of an endpoint, and 0 for what it showed.
func registered(f *fact) int {
	if slices.Contains([]string{"application_type", "environment", "kind", "value_kind", "client_id"}, f.proof.Fact) {
		return 1
	}
	return 0
}
