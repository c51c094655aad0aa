package worker

import (
	"context"
	"fmt"
	"slices"
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

	mu     sync.Mutex
	stages map[string]step // by stage; guarded by mu

	stop context.CancelFunc
	done chan struct{}
}

// step is how many of a stage's addresses are done.
type step struct{ done, total int }

// startProgress begins to write; the caller calls finish.
func startProgress(ctx context.Context, config Config, assessment monitor.Assessment) *progress {
	ctx, stop := context.WithCancel(ctx)
	p := &progress{config: config, assessment: assessment, stages: map[string]step{}, stop: stop, done: make(chan struct{})}
	go p.run(ctx)
	return p
}

// report takes a step of the look.
func (p *progress) report(stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages[stage] = step{done, total}
}

// text says how far the look is: the first stage that is not over, since those
// of a full look begin together.
func (p *progress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := ""
	for _, stage := range slices.Concat([]string{checks.StageDNS}, checks.FullStages(), []string{checks.StageHTTP}) {
		is, begun := p.stages[stage]
		if !begun {
			continue
		}
		last = stageText(stage, is.done, is.total)
		if is.done < is.total {
			break
		}
	}
	return last
}

// stageText says a stage for people who wait.
func stageText(stage string, done, total int) string {
	words := map[string]string{
		checks.StageDNS: "resolving the name", checks.StageTLS: "asking TLS",
		checks.StageSuites:          "asking which suites, groups and chains it takes",
		checks.StageFeatures:        "asking for features and intolerances",
		checks.StageVulnerabilities: "asking for known vulnerabilities",
		checks.StageClients:         "working out what clients get",
		checks.StageHTTP:            "requesting the URL",
	}
	text, known := words[stage]
	if !known {
		text = stage
	}
	if total > 1 && stage != checks.StageDNS {
		text += fmt.Sprintf(", %d of %d addresses done", done, total)
	}
	return text
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
		stage := p.text()
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
