package policy

import (
	"fmt"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// proof makes a proof that hangs on the server's configuration.
func proof(path, value, text string) checks.Proof {
	return checks.Proof{Fact: path, Value: value, Text: text, Cause: checks.CauseConfiguration}
}

// told is a slot whose fact is known.
func (w *world) told(p checks.Proof, value ref.Val) slot { return slot{fact: w.fact(p, value)} }

// untold is a slot whose fact cannot be told. what finishes "We could not tell ".
func (w *world) untold(path string, reason checks.Reason, state checks.State, what, who string, domain ...ref.Val) slot {
	return slot{fact: w.fact(untoldProof(path, reason, state, what, who), nil, domain...)}
}

func untoldProof(path string, reason checks.Reason, state checks.State, what, who string) checks.Proof {
	value := string(reason)
	if value == "" {
		value = state.String()
	}
	return proof(path, value, fmt.Sprintf("We could not tell %s: %s %s.", what, who, reason.Text()))
}

// factText is how a fact that decided nothing stands in a proof.
func factText[T any](f checks.Fact[T]) string {
	if f.Reason != "" {
		return string(f.Reason)
	}
	return f.State.String()
}

func texts[T ~string](values ...T) []ref.Val {
	made := make([]ref.Val, 0, len(values))
	for _, value := range values {
		made = append(made, types.String(value))
	}
	return made
}

func truth() []ref.Val { return []ref.Val{types.True, types.False} }

func names[T ~string](values []T) []string {
	made := make([]string, 0, len(values))
	for _, value := range values {
		made = append(made, string(value))
	}
	return made
}

func textList(values []string) ref.Val {
	return types.NewStringList(types.DefaultTypeAdapter, values)
}

func timestamp(at time.Time) ref.Val { return types.Timestamp{Time: at.UTC()} }

func (w *world) time() ref.Val { return timestamp(w.evidence.At) }

func (w *world) listOf(elements []ref.Val) *list {
	return &list{world: w, segments: []segment{{elements: elements}}}
}

// add appends a part that hangs on a fact: elements, or what may follow.
func (l *list) add(hangsOn *fact, elements ...ref.Val) {
	l.segments = append(l.segments, segment{fact: hangsOn, elements: elements})
}

// day writes a time for people.
func day(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
