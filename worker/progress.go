package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// progressEvery is how often a look's progress is written at the most. A look
// that is done sooner writes none.
const progressEvery = 300 * time.Millisecond

// progress writes how far a look is, apart from the look itself: a slow
// database must not slow the look.
type progress struct {
	config     Config
	assessment monitor.Assessment

	mu    sync.Mutex
	stage string // guarded by mu

	stop context.CancelFunc
	done chan struct{}
}

// startProgress begins to write; the caller calls finish.
func startProgress(ctx context.Context, config Config, assessment monitor.Assessment) *progress {
	ctx, stop := context.WithCancel(ctx)
	p := &progress{config: config, assessment: assessment, stop: stop, done: make(chan struct{})}
	go p.run(ctx)
	return p
}

// report takes a step of the look.
func (p *progress) report(stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage = stageText(stage, done, total)
}

// stageText says a step for people who wait.
func stageText(stage string, done, total int) string {
	switch {
	case stage == checks.StageDNS:
		return "resolving the name"
	case stage == checks.StageTLS && total > 1:
		return fmt.Sprintf("asking TLS, %d of %d addresses done", done, total)
	case stage == checks.StageTLS:
		return "asking TLS"
	case stage == checks.StageHTTP && total > 1:
		return fmt.Sprintf("requesting the URL, %d of %d addresses done", done, total)
	case stage == checks.StageHTTP:
		return "requesting the URL"
	default:
		return stage
	}
}

func (p *progress) run(ctx context.Context) {
	defer close(p.done)
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	written := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		stage := p.stage
		p.mu.Unlock()
		if stage == written {
			continue
		}
		err := p.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.SetStage(ctx, p.assessment, stage) })
		if err != nil && ctx.Err() == nil {
			p.config.Logger.WarnContext(ctx, "progress was not written", "assessment", p.assessment.ID, "error", err)
		}
		written = stage
	}
}

// finish stops writing and waits for the last write.
func (p *progress) finish() {
	p.stop()
	<-p.done
}
