package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shutdown ends a process in two steps: the first signal asks every part to
// end in order, the second cuts short what still takes its time.
type shutdown struct {
	asked  context.Context // ends with the first signal
	forced context.Context // ends with the second
	logger *slog.Logger
	steps  []shutdownStep
	free   func()
}

type shutdownStep struct {
	name  string
	limit time.Duration
	stop  func(context.Context) error
}

// newShutdown listens for signals until end was called.
func newShutdown(ctx context.Context, logger *slog.Logger) *shutdown {
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		wanted = append(wanted, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, wanted...)
	asked, ask := context.WithCancel(ctx)
	forced, force := context.WithCancel(context.WithoutCancel(ctx))
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for _, step := range []func(){ask, force} {
			select {
			case <-signals:
				step()
			case <-quit:
				return
			}
		}
		<-quit
	}()
	free := func() {
		signal.Stop(signals)
		close(quit)
		<-done
		ask()
		force()
	}
	return &shutdown{asked: asked, forced: forced, logger: logger, free: free}
}

// then adds a part that is running now; parts end in the reverse order.
func (s *shutdown) then(name string, limit time.Duration, stop func(context.Context) error) {
	s.steps = append(s.steps, shutdownStep{name, limit, stop})
}

// end ends every part. What a part reports does not keep the others running.
// A fault that is only the signal's own doing is none.
func (s *shutdown) end(fault error) error {
	defer s.free()
	if s.asked.Err() != nil && errors.Is(fault, context.Canceled) {
		fault = nil
	}
	faults := []error{fault}
	for i := len(s.steps) - 1; i >= 0; i-- {
		step := s.steps[i]
		ctx, cancel := context.WithTimeout(s.forced, step.limit)
		s.logger.Info("stopping", "part", step.name)
		if err := step.stop(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stop %s: %w", step.name, err))
		}
		cancel()
	}
	return errors.Join(faults...)
}
