package regrade

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"github.com/gradewatch/gradewatch/internal/store"
)

// key is the SHA-256 that a component is stored by.
type key [sha256.Size]byte

// component is one component, which is decoded when it is needed first.
type component struct {
	kind string
	body []byte // until it is decoded
	once sync.Once
	part store.Part
	err  error
}

func (c *component) decode() (store.Part, error) {
	c.once.Do(func() {
		c.part, c.err = store.DecodePart(c.kind, c.body)
		c.body = nil
	})
	return c.part, c.err
}

// cache keeps the components that were used last, up to a number of bytes of
// their bodies. It belongs to one goroutine; what it hands out, others decode.
type cache struct {
	most    int64
	held    int64
	byKey   map[key]*list.Element
	newest  *list.List // of *cached, the one that was used last first
	hits    int64
	fetched int64
}

type cached struct {
	key       key
	size      int64
	component *component
}

func newCache(most int64) *cache {
	return &cache{most: most, byKey: map[key]*list.Element{}, newest: list.New()}
}

// get returns a component that is held, or nil.
func (c *cache) get(of key) *component {
	element, held := c.byKey[of]
	if !held {
		return nil
	}
	c.hits++
	c.newest.MoveToFront(element)
	return element.Value.(*cached).component //nolint:forcetypeassert // the list holds nothing else
}

// add holds a component that is not held, and lets go of those that were not
// used for longest.
func (c *cache) add(of key, kind string, body []byte) *component {
	added := &cached{key: of, size: int64(len(body)), component: &component{kind: kind, body: body}}
	c.fetched++
	c.byKey[of] = c.newest.PushFront(added)
	c.held += added.size
	for c.held > c.most && c.newest.Len() > 1 {
		oldest := c.newest.Back()
		gone := c.newest.Remove(oldest).(*cached) //nolint:forcetypeassert // as above
		delete(c.byKey, gone.key)
		c.held -= gone.size
	}
	return added.component
}
