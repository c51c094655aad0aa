package certs

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// cache keeps answers of others by what was asked. Whoever asks first asks for
// all who ask meanwhile. The zero cache is ready.
//
// This is what x/sync/singleflight does not: a waiter leaves when its own look
// ends, and asks itself when the one it waited for was given up.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	kept    map[K]*list.Element // of *keptAnswer[K, V]; guarded by mu
	recent  list.List           // the one used last in front; guarded by mu
	bytes   int                 // of those kept; guarded by mu
	pending map[K]*flight[V]    // guarded by mu
}

// cacheLimit bounds a cache.
type cacheLimit struct{ entries, bytes int }

// answered is one answer of somebody: how many bytes it takes, and until when
// nobody has to ask again.
type answered[V any] struct {
	value V
	bytes int
	until time.Time
	// given up: the one who asked could not go on; that says nothing of the answer.
	givenUp bool
}

type keptAnswer[K comparable, V any] struct {
	key K
	answered[V]
}

type flight[V any] struct {
	done   chan struct{}
	answer answered[V]
}

// get returns what is kept for key, or what ask answers. ask is given what is
// kept and too old, or the zero V. ok is false when ctx ended first.
func (c *cache[K, V]) get(ctx context.Context, limit cacheLimit, key K, now time.Time, ask func(old V) answered[V]) (value V, ok bool) {
	for ctx.Err() == nil {
		old, fresh, waitFor := c.begin(key, now)
		switch {
		case fresh:
			return old, true
		case waitFor == nil:
			answer := c.finish(limit, key, old, ask)
			return answer.value, true
		}
		select {
		case <-waitFor.done:
			if !waitFor.answer.givenUp {
				return waitFor.answer.value, true
			}
		case <-ctx.Done():
		}
	}
	return value, false
}

// begin returns what is kept, whether it is fresh, and, where it is not, who is
// asking already. Where nobody is, the caller does, and must finish.
func (c *cache[K, V]) begin(key K, now time.Time) (old V, fresh bool, waitFor *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, found := c.kept[key]; found {
		kept := element.Value.(*keptAnswer[K, V])
		if now.Before(kept.until) {
			c.recent.MoveToFront(element)
			return kept.value, true, nil
		}
		old = kept.value
	}
	if waitFor = c.pending[key]; waitFor == nil {
		if c.pending == nil {
			c.pending, c.kept = map[K]*flight[V]{}, map[K]*list.Element{}
		}
		c.pending[key] = &flight[V]{done: make(chan struct{}), answer: answered[V]{givenUp: true}}
	}
	return old, false, waitFor
}

// finish asks, keeps the answer and tells those who wait, also when ask panics.
func (c *cache[K, V]) finish(limit cacheLimit, key K, old V, ask func(old V) answered[V]) answered[V] {
	c.mu.Lock()
	own := c.pending[key]
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pending, key)
		if !own.answer.givenUp {
			c.keep(limit, key, own.answer)
		}
		close(own.done)
	}()
	own.answer = ask(old)
	return own.answer
}

// keep is called with c.mu held.
func (c *cache[K, V]) keep(limit cacheLimit, key K, answer answered[V]) {
	if element, found := c.kept[key]; found {
		c.drop(element)
	}
	if answer.bytes > limit.bytes {
		return
	}
	c.kept[key] = c.recent.PushFront(&keptAnswer[K, V]{key: key, answered: answer})
	c.bytes += answer.bytes
	for c.bytes > limit.bytes || len(c.kept) > limit.entries {
		c.drop(c.recent.Back())
	}
}

func (c *cache[K, V]) drop(element *list.Element) {
	kept := c.recent.Remove(element).(*keptAnswer[K, V])
	delete(c.kept, kept.key)
	c.bytes -= kept.bytes
}

// byteBudget bounds what all looks of a process read at a time.
type byteBudget struct{ used atomic.Int64 }

// take takes n bytes where limit leaves them.
func (b *byteBudget) take(n, limit int64) bool {
	if b.used.Add(n) <= limit {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *byteBudget) release(n int64) { b.used.Add(-n) }
