package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

// regradeCommand grades what is stored again under other criteria, and reports
// what would change. Stored grades stay as they are. The work is a worker's: this
// asks for it and watches, and ending it ends the watching alone.
type regradeCommand struct {
	Criteria string        `required:"" xor:"asked" placeholder:"VERSION" help:"Version of the rating guide to grade by, such as 2009r."`
	Since    time.Duration `default:"2208h" help:"Grade what was due from this long ago on: ${default} if not said."`
	Resume   int64         `required:"" xor:"asked" placeholder:"ID" help:"Watch a regrade that was asked for before, and print its report."`
	JSON     bool          `help:"Print the report as JSON."`
	All      bool          `help:"List URLs whose grade stays, too."`
}

// regradePoll is between two looks at how far a regrade is.
const regradePoll = time.Second

// Run asks for the regrade, unless one is resumed, waits for its end and prints
// its report. One that ended early is a fault.
func (c *regradeCommand) Run(ctx context.Context, term *terminal) error {
	if err := c.check(); err != nil {
		return &usageError{err}
	}
	opened, _, _, err := openFound(ctx, term)
	if err != nil {
		return err
	}
	defer opened.Close()
	id := c.Resume
	if id == 0 {
		if id, err = c.ask(ctx, opened); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(term.err, "gradewatch: regrade %d was asked for; --resume %d watches it again\n", id, id)
	}
	if err := watchRegrade(ctx, term, opened, id); err != nil {
		return err
	}
	return c.report(ctx, term, opened, id)
}

// check finds what is wrong with what was typed.
func (c *regradeCommand) check() error {
	switch {
	case c.Resume < 0:
		return fmt.Errorf("--resume %d is no number of a regrade", c.Resume)
	case c.Resume > 0:
		return nil
	case c.Since <= 0:
		return fmt.Errorf("--since %s is not a positive duration", c.Since)
	}
	_, err := grade.CriteriaByVersion(c.Criteria)
	return err
}

// ask writes the row and its job in one transaction.
func (c *regradeCommand) ask(ctx context.Context, from *store.Store) (int64, error) {
	client, err := river.NewClient(riverpgxv5.New(from.Pool()), &river.Config{})
	if err != nil {
		return 0, fmt.Errorf("prepare River: %w", err)
	}
	var asked store.Regrade
	now := time.Now()
	err = from.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) error {
		asked, err = tx.RequestRegrade(ctx, store.Regrade{
			Criteria: c.Criteria, FromSlot: now.Add(-c.Since), ToSlot: now, RequestedBy: "gradewatch regrade", RequestedAt: now,
		})
		if err != nil {
			return err
		}
		return jobs.InsertRegrade(ctx, client, tx, asked.ID)
	})
	return asked.ID, err
}

// watchRegrade shows progress on a terminal until the regrade is over.
func watchRegrade(ctx context.Context, term *terminal, from *store.Store, id int64) error {
	ticks := time.NewTicker(regradePoll)
	defer ticks.Stop()
	say := func(line string) {
		if isTerminal(term.err) {
			_, _ = fmt.Fprint(term.err, clearLine+line)
		}
	}
	defer say("")
	for {
		progress, err := regradeProgress(ctx, from, id)
		if err != nil {
			return err
		}
		if !progress.FinishedAt.IsZero() || !progress.CanceledAt.IsZero() {
			return nil
		}
		say(regradeLine(progress))
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return fmt.Errorf("stopped watching regrade %d, which goes on; --resume %d watches it again", id, id)
		}
	}
}

func regradeProgress(ctx context.Context, from *store.Store, id int64) (progress store.Regrade, err error) {
	err = from.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		progress, err = tx.RegradeProgress(ctx, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = &usageError{fmt.Errorf("there is no regrade %d", id)}
	}
	return progress, err
}

func regradeLine(progress store.Regrade) string {
	if progress.ListedAt.IsZero() {
		return "waiting for a worker"
	}
	return fmt.Sprintf("%d of %d observations, %d of %d assessments", progress.Cursor, progress.Manifests, progress.Covered, progress.Assessments)
}

// grader grades by fixed criteria and the trust data of the service. Linting
// decides no grade and takes most of the time, so it is left out.
func grader(private []byte, files trustFiles) func(criteria string) (regrade.Grader, error) {
	return func(version string) (regrade.Grader, error) {
		criteria, err := grade.CriteriaByVersion(version)
		if err != nil {
			return nil, err
		}
		config, err := files.read()
		if err != nil {
			return nil, err
		}
		config.PrivateRoots, config.WithoutLint = private, true
		trust, err := appraisal.NewTrust(config)
		if err != nil {
			return nil, fmt.Errorf("prepare the trust data: %w", err)
		}
		judge := &judgement.Judge{Trust: trust, Criteria: criteria}
		return judge.Grade, nil
	}
}
