package main

import (
	"context"
	"net/http"
)

// workerCommand works jobs only. Any number of them share the work.
type workerCommand struct {
	Vantage string `placeholder:"NAME" help:"Place that this worker looks from. Default: GRADEWATCH_VANTAGE. Another one than that only looks: it schedules, delivers and tidies nothing."`
}

// Run returns when a signal ended it. Where GRADEWATCH_LISTEN is set it
// answers /healthz there, for platforms that ask.
func (c *workerCommand) Run(ctx context.Context, term *terminal) (err error) {
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	choice := workerChoice{vantage: read.Vantage, lead: true, stopWait: workerLookStop}
	if c.Vantage != "" && c.Vantage != read.Vantage {
		choice.vantage, choice.lead = c.Vantage, false
		read.Vantage = c.Vantage
		if err := read.Validate(); err != nil {
			return &usageError{err}
		}
	}
	logger := newLogger(term.err)
	ending := newShutdown(ctx, logger)
	defer func() { err = ending.end(err) }()
	from, err := findDatabase(read)
	if err != nil {
		return err
	}
	if err := startWorker(read, from, read.baseURL(read.Listen), choice, ending); err != nil {
		return err
	}
	var serving *listener
	if term.env("GRADEWATCH_LISTEN") != "" {
		serving, err = listen(ending.asked, read.Listen, func(string) (http.Handler, error) { return healthOnly(), nil }, logger)
		if err != nil {
			return err
		}
		ending.then("the health answer", webStop, serving.stop)
	}
	logger.InfoContext(ctx, "working", "vantage", choice.vantage, "leads", choice.lead)
	return wait(ending, from, serving)
}
