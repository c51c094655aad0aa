package main

import (
	"context"

	"github.com/gradewatch/gradewatch/internal/store"
)

// serveCommand runs everything in one process: pages, a worker, and a private
// Postgres unless one is given.
type serveCommand struct{}

// Run returns when a signal ended everything, or when a part fails.
func (serveCommand) Run(ctx context.Context, term *terminal) error {
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	return serve(ctx, term, read, nil)
}

// serve runs everything. seed, where there is one, fills the database before
// the first person signs in.
func serve(ctx context.Context, term *terminal, read settings, seed func(context.Context, *store.Store) error) (err error) {
	logger := newLogger(term.err)
	ending := newShutdown(ctx, logger)
	defer func() { err = ending.end(err) }()
	from, err := startDatabase(ending.asked, read, logger)
	if err != nil {
		return err
	}
	if from.embedded != nil {
		ending.then("Postgres", postgresStop, from.embedded.Stop)
	}
	if err := from.migrate(ending.asked, logger); err != nil {
		return err
	}
	choice := workerChoice{vantage: read.Vantage, lead: true, stopWait: serveLookStop}
	if err := startWorker(read, from, read.baseURL(read.Listen), choice, ending); err != nil {
		return err
	}
	serving, opened, err := startWeb(read, from, ending)
	if err != nil {
		return err
	}
	base := read.baseURL(serving.address())
	if from.embedded != nil {
		if err := from.embedded.Announce(base); err != nil {
			return err
		}
	}
	if seed != nil {
		if err := seed(ending.asked, opened); err != nil {
			return err
		}
	}
	if err := printSignInLink(ending.asked, term, opened, base, ""); err != nil {
		return err
	}
	return wait(ending, from, serving)
}
