package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Criteria string        `required:"" placeholder:"VERSION" help:"Version of the rating guide to grade by, such as 2009r."`
	Since    time.Duration `default:"2208h" help:"Grade what was due from this long ago on: ${default} if not said."`
	Resume   int64         `placeholder:"ID" help:"Watch a regrade that was asked for before, and print its report."`
	JSON     bool          `help:"Print the report as JSON."`
	All      bool          `help:"List URLs whose grade stays, too."`
}

// regradePoll is between two looks at how far a regrade is.
const regradePoll = time.Second

// Run asks for the regrade, unless one is resumed, and waits for its end.
func (c *regradeCommand) Run(ctx context.Context, term *terminal) error {
	if _, err := grade.CriteriaByVersion(c.Criteria); err != nil {
		return &usageError{err}
	}
	if c.Since <= 0 {
		return &usageError{fmt.Errorf("--since %s is not a positive duration", c.Since)}
	}
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	found, err := findDatabase(read)
	if err != nil {
		return err
	}
	opened, err := open(ctx, found.web, 2)
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
	if err := c.watch(ctx, term, opened, id); err != nil {
		return err
	}
	return c.report(ctx, term.out, opened, id)
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

// watch shows progress on a terminal until the regrade is over.
func (c *regradeCommand) watch(ctx context.Context, term *terminal, from *store.Store, id int64) error {
	ticks := time.NewTicker(regradePoll)
	defer ticks.Stop()
	for {
		var progress store.Regrade
		err := from.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			progress, err = tx.RegradeProgress(ctx, id)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return &usageError{fmt.Errorf("there is no regrade %d", id)}
		}
		if err != nil {
			return err
		}
		if isTerminal(term.err) {
			_, _ = fmt.Fprintf(term.err, "%s%s", clearLine, regradeLine(progress))
		}
		if over := !progress.FinishedAt.IsZero() || !progress.CanceledAt.IsZero(); over {
			if isTerminal(term.err) {
				_, _ = fmt.Fprint(term.err, clearLine)
			}
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return fmt.Errorf("stopped watching regrade %d, which goes on: %w", id, ctx.Err())
		}
	}
}

func regradeLine(progress store.Regrade) string {
	if progress.ListedAt.IsZero() {
		return "waiting for a worker"
	}
	return fmt.Sprintf("%d of %d observations, %d of %d assessments", progress.Cursor, progress.Manifests, progress.Covered, progress.Assessments)
}

func (c *regradeCommand) report(ctx context.Context, out io.Writer, from *store.Store, id int64) error {
	var report store.RegradeReport
	err := from.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		report, err = tx.RegradeReport(ctx, id, store.RegradePage{All: c.All})
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	return printRegrade(out, report)
}

// printRegrade says how many assessments would get which letter, and which URLs
// would change.
func printRegrade(out io.Writer, report store.RegradeReport) error {
	p := &printer{out: out}
	lines := &table{indent: 2}
	lines.add(cell{"stored", ""}, cell{"under " + report.Criteria, ""}, cell{"assessments", ""})
	for _, count := range report.Counts {
		after := letterOr(string(count.After), "none")
		if count.Fault {
			after = "could not be graded"
		}
		lines.add(cell{letterOr(string(count.Before), "none"), ""}, cell{after, ""}, cell{fmt.Sprint(count.Assessments), ""})
	}
	urls := &table{indent: 2}
	urls.add(cell{"URL", ""}, cell{"now", ""}, cell{"then", ""}, cell{"because of", ""})
	for _, endpoint := range report.Endpoints {
		urls.add(cell{endpoint.Value, ""}, cell{letterOr(string(endpoint.Before), "none"), ""}, cell{letterOr(string(endpoint.After), "none"), ""}, cell{letterOr(endpoint.Rule, endpoint.Fault), ""})
	}
	return p.printRegrade(report, lines, urls)
}

func letterOr(letter, otherwise string) string {
	if letter == "" {
		return otherwise
	}
	return letter
}

// grader grades by fixed criteria and the trust data of private roots. Linting
// decides no grade and takes most of the time, so it is left out.
func grader(private []byte) func(criteria string) (regrade.Grader, error) {
	return func(version string) (regrade.Grader, error) {
		criteria, err := grade.CriteriaByVersion(version)
		if err != nil {
			return nil, err
		}
		trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: private, WithoutLint: true})
		if err != nil {
			return nil, fmt.Errorf("prepare the trust data: %w", err)
		}
		judge := &judgement.Judge{Trust: trust, Criteria: criteria}
		return judge.Grade, nil
	}
}

func (p *printer) printRegrade(report store.RegradeReport, counts, urls *table) error {
	var b bytes.Buffer
	state := "finished"
	if report.FinishedAt.IsZero() {
		state = "ended early: " + letterOr(report.Fault, "canceled")
	}
	fmt.Fprintf(&b, "Regrade %d under %s, %s: %d assessments rest on %d distinct observations, %d of which could not be read.\n\n",
		report.ID, report.Criteria, state, report.Assessments, report.Manifests, report.Unreadable)
	counts.write(p, &b)
	fmt.Fprintf(&b, "\n%d URLs would have another grade.\n", report.ChangedEndpoints)
	if len(report.Endpoints) > 0 {
		urls.write(p, &b)
	}
	_, err := p.out.Write(b.Bytes())
	return err
}
