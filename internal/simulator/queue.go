package simulator

import (
	"container/heap"
	"time"
)

// event is something that happens at a time. Events of one time happen in the
// order in which they were asked for.
type event struct {
	at    time.Time
	order int
	what  func()
}

// queue holds what is still to happen.
type queue struct {
	events []event
	asked  int
}

func (q *queue) add(at time.Time, what func()) {
	q.asked++
	heap.Push(q, event{at: at, order: q.asked, what: what})
}

// next takes the first event that is not after until out.
func (q *queue) next(until time.Time) (event, bool) {
	if len(q.events) == 0 || q.events[0].at.After(until) {
		return event{}, false
	}
	return heap.Pop(q).(event), true //nolint:forcetypeassert // nothing else is in it
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (q *queue) Len() int { return len(q.events) }

func (q *queue) Less(i, j int) bool {
	if !q.events[i].at.Equal(q.events[j].at) {
		return q.events[i].at.Before(q.events[j].at)
	}
	return q.events[i].order < q.events[j].order
}

func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }

func (q *queue) Push(one any) { q.events = append(q.events, one.(event)) } //nolint:forcetypeassert // heap gives back what add pushed

func (q *queue) Pop() any {
	last := len(q.events) - 1
	one := q.events[last]
	q.events = q.events[:last]
	return one
}
