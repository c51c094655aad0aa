package policy

import (
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// answer is what a condition says.
type answer uint8

const (
	answerFalse answer = iota
	answerTrue
	answerOpen   // it depends on what could not be told
	answerBroken // it could not be computed
)

// decision is an answer and the facts that it rests on.
type decision struct {
	answer answer
	open   []*fact        // what leaves it open
	enough func() []*fact // facts that suffice for a conclusive answer; to be called in the same scope
}

// Bounds of the search for what an answer depends on.
const (
	mostAssumptions = 256 // combinations of values that are tried
	mostExplained   = 32  // facts that are left out one by one
)

// decide answers a condition. It is open exactly when two sets of values of
// the facts that could not be told lead to different answers: CEL's logic alone
// leaves more open than that (x || !x). Facts whose values cannot be listed
// count as able to be anything.
func (w *world) decide(condition cel.Program) decision {
	got, unknown := w.evaluate(condition)
	open := finite(w.factsOfMaybe(unknown), w.reads)
	if len(open) == 0 {
		return w.conclude(condition, got, unknown)
	}
	table, complete := w.try(condition, open)
	if !complete {
		return w.conclude(condition, got, unknown)
	}
	if one, same := table.unanimous(); same {
		return w.conclusive(condition, one)
	}
	return decision{answer: answerOpen, open: table.essential()}
}

func (w *world) conclude(condition cel.Program, got answer, unknown *types.Unknown) decision {
	switch got {
	case answerOpen:
		return decision{answer: answerOpen, open: w.factsOf(unknown)}
	case answerBroken:
		return decision{answer: answerBroken}
	}
	return w.conclusive(condition, got)
}

func (w *world) conclusive(condition cel.Program, got answer) decision {
	return decision{answer: got, enough: sync.OnceValue(func() []*fact { return w.explain(condition, got) })}
}

func (w *world) factsOfMaybe(unknown *types.Unknown) []*fact {
	if unknown == nil {
		return nil
	}
	return w.factsOf(unknown)
}

// finite returns those facts whose values can be tried: the unknown ones with a
// domain, and the ends of lists that were read.
func finite(open, read []*fact) []*fact {
	var found []*fact
	for _, f := range open {
		if f.value == nil && len(f.domain) > 0 {
			found = append(found, f)
		}
	}
	for _, f := range read {
		if f.more && !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	return found
}

func (w *world) evaluate(condition cel.Program) (answer, *types.Unknown) {
	w.begin()
	value, _, err := condition.Eval(w)
	if err != nil {
		return answerBroken, nil
	}
	return answerOf(value)
}

func answerOf(value ref.Val) (answer, *types.Unknown) {
	switch value := value.(type) {
	case types.Bool:
		if value {
			return answerTrue, nil
		}
		return answerFalse, nil
	case *types.Unknown:
		return answerOpen, value
	}
	return answerBroken, nil
}

// trial is the answer under one combination of values.
type trial struct {
	answer answer
	open   []*fact // what leaves it open even so
}

// trials are the answers under every combination of the facts' values: the
// first fact's index changes fastest.
type trials struct {
	facts []*fact
	sizes []int
	tried []trial
}

// try answers the condition under every combination of values of facts, and of
// those that come up on the way. It is incomplete where there are too many.
func (w *world) try(condition cel.Program, facts []*fact) (trials, bool) {
	defer func() {
		for _, f := range facts {
			w.assumed[f.id-1] = nil
		}
	}()
	for {
		table, missing, complete := w.tryAll(condition, facts)
		if !complete || len(missing) == 0 {
			return table, complete
		}
		facts = append(facts, missing...)
	}
}

func (w *world) tryAll(condition cel.Program, facts []*fact) (table trials, missing []*fact, complete bool) {
	table.facts = facts
	combinations := 1
	for _, f := range facts {
		size := len(f.domain)
		if f.more {
			size++ // it goes on with something
		}
		table.sizes = append(table.sizes, size)
		if combinations *= size; combinations > mostAssumptions {
			return table, nil, false
		}
	}
	for combination := range combinations {
		rest := combination
		for i, f := range facts {
			w.assumed[f.id-1] = nil
			if at := rest % table.sizes[i]; at < len(f.domain) {
				w.assumed[f.id-1] = f.domain[at]
			}
			rest /= table.sizes[i]
		}
		got, unknown := w.evaluate(condition)
		open := w.factsOfMaybe(unknown)
		for _, f := range finite(open, w.reads) {
			if !slices.Contains(facts, f) && !slices.Contains(missing, f) {
				missing = append(missing, f)
			}
		}
		table.tried = append(table.tried, trial{answer: got, open: open})
	}
	return table, missing, true
}

// unanimous gives the answer that all trials gave.
func (t trials) unanimous() (answer, bool) {
	for _, one := range t.tried {
		if one.answer != t.tried[0].answer || one.answer == answerOpen || one.answer == answerBroken {
			return 0, false
		}
	}
	return t.tried[0].answer, true
}

// essential returns the facts of which alone another value can change the
// answer, and those that leave some trial open.
func (t trials) essential() []*fact {
	var found []*fact
	step := 1
	for i, f := range t.facts {
		if t.matters(step, t.sizes[i]) {
			found = append(found, f)
		}
		step *= t.sizes[i]
	}
	for _, one := range t.tried {
		for _, f := range one.open {
			if !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	return found
}

func (t trials) matters(step, size int) bool {
	for at, one := range t.tried {
		index := at / step % size
		for other := range size {
			if t.tried[at+(other-index)*step].answer != one.answer {
				return true
			}
		}
	}
	return false
}

// explain returns facts that suffice for a conclusive answer, in the order in
// which they were read: none of them can be left out.
func (w *world) explain(condition cel.Program, want answer) []*fact {
	if got, _ := w.evaluate(condition); got != want {
		return w.explainTried(condition)
	}
	read := slices.Clone(w.reads)
	if len(read) > mostExplained {
		return slices.DeleteFunc(read, func(f *fact) bool { return f.more })
	}
	defer w.unmask(read)
	for _, f := range read {
		w.masked[f.id-1] = true
		if got, _ := w.evaluate(condition); got != want || !w.readNothingBut(read) {
			w.masked[f.id-1] = false
		}
	}
	var needed []*fact
	for _, f := range read {
		if !w.masked[f.id-1] && !f.more {
			needed = append(needed, f)
		}
	}
	return needed
}

// readNothingBut says whether the last evaluation came to no other facts: a fact
// that only another one makes up for belongs to the proof.
func (w *world) readNothingBut(facts []*fact) bool {
	return !slices.ContainsFunc(w.reads, func(f *fact) bool { return !slices.Contains(facts, f) })
}

// explainTried explains an answer that all trials gave though CEL alone leaves
// it open: by every fact that was read in any of them.
func (w *world) explainTried(condition cel.Program) []*fact {
	_, unknown := w.evaluate(condition)
	reads := slices.Clone(w.reads)
	for _, f := range w.factsOfMaybe(unknown) {
		if !slices.Contains(reads, f) {
			reads = append(reads, f)
		}
	}
	return slices.DeleteFunc(reads, func(f *fact) bool { return f.more })
}

func (w *world) unmask(facts []*fact) {
	for _, f := range facts {
		w.masked[f.id-1] = false
	}
}
