package worker

import (
	"context"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// connectivityLife is how long a proof of our own connectivity may be shared.
const connectivityLife = 10 * time.Second

// connectivity proves that our own network works, once for all looks that need
// it at the same time.
type connectivity struct {
	ask func(context.Context) checks.Fact[bool]

	mu    sync.Mutex // held while asking, so that one asks and the others wait
	asked time.Time  // when the newest question began; guarded by mu
	fact  checks.Fact[bool]
}

// since returns a proof that was asked for after began, so that it speaks
// about the time of the look and not about the time before it.
func (c *connectivity) since(ctx context.Context, began time.Time) checks.Fact[bool] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked.Before(began) && time.Since(c.asked) < connectivityLife {
		return c.fact
	}
	asked := time.Now()
	fact := c.ask(ctx)
	if fact.State != checks.Inconclusive {
		c.asked, c.fact = asked, fact
	}
	return fact
}
