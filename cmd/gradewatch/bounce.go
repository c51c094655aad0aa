package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/gradewatch/gradewatch/internal/alert/bounce"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
)

// Exit codes that mail servers understand (sysexits.h).
const (
	exitDataFault = 65 // EX_DATAERR: this message will never be right
	exitTryAgain  = 75 // EX_TEMPFAIL: keep it and come again
)

// bounceCommand takes one mail that came back.
type bounceCommand struct {
	Recipient string `placeholder:"ADDRESS" help:"Whom the mail came to: bounces+<delivery>@... Default: what its headers say."`
}

// Run reads one message from standard input, as a mail server pipes it. What is
// no bounce is ignored with a line that says why.
func (c *bounceCommand) Run(ctx context.Context, term *terminal) error {
	raw, err := readMessage(term.in)
	if err != nil {
		return tryAgain(term, err)
	}
	report, err := bounce.Read(raw, c.Recipient)
	if err != nil {
		_, _ = fmt.Fprintf(term.err, "gradewatch: standard input: %v\n", err)
		return exitError(exitDataFault)
	}
	if report.Kind == bounce.Nothing {
		_, err := fmt.Fprintf(term.out, "Ignored: %s.\n", report.Why)
		return err
	}
	opened, _, _, err := openFound(ctx, term)
	if err != nil {
		return tryAgain(term, err)
	}
	defer opened.Close()
	said, err := recordBounce(ctx, opened, report, time.Now())
	if err != nil {
		return tryAgain(term, err)
	}
	_, err = fmt.Fprintln(term.out, said)
	return err
}

// readMessage reads the part of a message that matters, and the rest away: a
// mail server whose pipe breaks takes that for a failure.
func readMessage(from io.Reader) ([]byte, error) {
	if from == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(from, bounce.MostBytes))
	if err != nil {
		return nil, fmt.Errorf("read the message: %w", err)
	}
	_, err = io.Copy(io.Discard, from)
	if err != nil {
		return nil, fmt.Errorf("read the message to its end: %w", err)
	}
	return raw, nil
}

func tryAgain(term *terminal, err error) error {
	_, _ = fmt.Fprintf(term.err, "gradewatch: %v\n", err)
	return exitError(exitTryAgain)
}

func recordBounce(ctx context.Context, opened *store.Store, report bounce.Report, at time.Time) (said string, err error) {
	client, err := river.NewClient(riverpgxv5.New(opened.Pool()), &river.Config{})
	if err != nil {
		return "", fmt.Errorf("prepare to insert jobs: %w", err)
	}
	said = "Recorded: " + report.String()
	err = opened.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error {
		disabled, err := worker.RecordBounce(ctx, tx, client, report, at)
		if disabled {
			said += " The channel is disabled."
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Sprintf("Ignored: there is no delivery %s by mail.", report.Delivery), nil
	}
	return said, err
}
