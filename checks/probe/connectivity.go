package probe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// connectivityTimeout bounds the proof of our own connectivity.
const connectivityTimeout = 3 * time.Second

// Connectivity says whether our own network works: Known true when a TCP
// connection to at least one of the host:port references stands within 3
// seconds, Known false when none does, NotAsked without references, and
// Inconclusive when ctx ends first. References are operator configuration: they
// may be at any address, and take nothing out of a look's budget.
func (p *Prober) Connectivity(ctx context.Context, references []string) checks.Fact[bool] {
	if len(references) == 0 {
		return checks.Fact[bool]{}
	}
	operator := *p
	operator.config.AllowAny = true
	dialCtx, cancel := context.WithTimeout(ctx, connectivityTimeout)
	defer cancel()
	var (
		wait  sync.WaitGroup
		works atomic.Bool
	)
	limits := checks.Limits{ConnectTimeout: connectivityTimeout, ReadTimeout: connectivityTimeout}
	for _, reference := range references {
		wait.Go(func() {
			connection, err := operator.Network(limits).dialHost(dialCtx, reference)
			if err != nil {
				return
			}
			_ = connection.Close()
			works.Store(true)
			cancel() // one is enough
		})
	}
	wait.Wait()
	if !works.Load() && ctx.Err() != nil {
		return checks.InconclusiveFact[bool](ReasonOf(ctx.Err()))
	}
	return checks.KnownFact(works.Load())
}
