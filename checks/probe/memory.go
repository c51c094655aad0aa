package probe

import (
	"context"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
)

// memory remembers what one look asked the resolver, so that an answer cannot
// change between two steps of it. The first who asks a question asks for all.
type memory[Q comparable, A any] struct {
	limit int // questions

	mu      sync.Mutex
	answers map[Q]*answer[A] // guarded by mu
}

// answer is what came of a question; fact may be read once done is closed.
type answer[A any] struct {
	done chan struct{}
	fact checks.Fact[A]
}

func newMemory[Q comparable, A any](limit int) *memory[Q, A] {
	return &memory[Q, A]{limit: limit, answers: make(map[Q]*answer[A])}
}

// ask returns the answer to question, from look when nobody has asked before.
// What is inconclusive because an asker gave up is asked again. It is
// ReasonBudget where there were too many questions.
func (m *memory[Q, A]) ask(ctx context.Context, question Q, look func() checks.Fact[A]) checks.Fact[A] {
	for {
		pending, mine := m.pending(question)
		switch {
		case pending == nil:
			return checks.InconclusiveFact[A](checks.ReasonBudget)
		case mine:
			return m.settle(ctx, question, pending, look)
		}
		select {
		case <-pending.done:
			if pending.fact.State == checks.Inconclusive && !m.remembers(question, pending) && ctx.Err() == nil {
				continue // who asked gave up; we did not
			}
			return pending.fact
		case <-ctx.Done():
			return checks.InconclusiveFact[A](ReasonOf(ctx.Err()))
		}
	}
}

// pending returns the answer to question, and whether it is the caller's to
// settle; nil where the limit is reached.
func (m *memory[Q, A]) pending(question Q) (pending *answer[A], mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.answers[question]; ok {
		return known, false
	}
	if len(m.answers) >= m.limit {
		return nil, false
	}
	pending = &answer[A]{done: make(chan struct{})}
	m.answers[question] = pending
	return pending, true
}

func (m *memory[Q, A]) settle(ctx context.Context, question Q, pending *answer[A], look func() checks.Fact[A]) checks.Fact[A] {
	pending.fact = checks.InconclusiveFact[A](checks.ReasonInternal)
	defer close(pending.done)
	fact := look()
	if fact.State == checks.Inconclusive && ctx.Err() != nil {
		m.mu.Lock()
		delete(m.answers, question) // the caller gave up, the name did not fail
		m.mu.Unlock()
	}
	pending.fact = fact
	return fact
}

func (m *memory[Q, A]) remembers(question Q, pending *answer[A]) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers[question] == pending
}
