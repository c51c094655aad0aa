package worker

import (
	"context"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/internal/store"
)

// presentEvery is how often a process says that its vantage runs: several times
// within store.VantageAlive.
const presentEvery = 30 * time.Second

// presence says again and again that this process's vantage runs.
type presence struct {
	config Config
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// start begins to say so, until stop.
func (p *presence) start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(ctx)
	p.done.Go(func() {
		ticker := time.NewTicker(presentEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				p.say(ctx)
			}
		}
	})
}

// stop ends it and waits.
func (p *presence) stop() {
	if p.cancel != nil {
		p.cancel()
	}
	p.done.Wait()
}

// say notes that the vantage runs. Where it cannot, looks go on: nobody asks
// this vantage to confirm what another saw, for a while.
func (p *presence) say(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	err := p.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.SeeVantage(ctx, p.config.Vantage, p.config.now())
	})
	if err != nil && ctx.Err() == nil {
		p.config.Logger.WarnContext(ctx, "could not say that this vantage runs", "vantage", p.config.Vantage, "error", err)
	}
}
