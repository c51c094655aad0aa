package main

import "context"

// webCommand serves pages only; workers are other processes.
type webCommand struct{}

// Run returns when a signal ended it, or when serving fails.
func (webCommand) Run(ctx context.Context, term *terminal) (err error) {
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	logger := newLogger(term.err)
	ending := newShutdown(ctx, logger)
	defer func() { err = ending.end(err) }()
	from, err := findDatabase(read)
	if err != nil {
		return err
	}
	serving, _, err := startWeb(read, from, ending)
	if err != nil {
		return err
	}
	logger.InfoContext(ctx, "serving pages", "address", read.baseURL(serving.address()))
	return wait(ending, from, serving)
}
