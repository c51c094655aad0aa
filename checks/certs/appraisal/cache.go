package appraisal

import "sync"

// cache keeps what was computed last: at most 2*limit values, in two
// generations of which the older is dropped whole. It is safe for concurrent
// use; values must not change once they are in it.
type cache[K comparable, V any] struct {
	mutex      sync.Mutex
	limit      int
	young, old map[K]V
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit, young: make(map[K]V), old: nil}
}

func (c *cache[K, V]) get(key K) (value V, found bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if value, found = c.young[key]; found {
		return value, true
	}
	if value, found = c.old[key]; found {
		c.put(key, value)
	}
	return value, found
}

func (c *cache[K, V]) add(key K, value V) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.put(key, value)
}

func (c *cache[K, V]) put(key K, value V) {
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[K]V, c.limit)
	}
	c.young[key] = value
}
