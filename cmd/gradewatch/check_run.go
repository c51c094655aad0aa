package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
)

const (
	// urlsAtOnce is how many URLs are looked at at a time. A look opens some
	// ten connections at once on each of four addresses: eight looks stay well
	// below the 1,024 files that a shell allows, and keep two cores busy.
	urlsAtOnce = 8
	// reportsWaiting bounds the reports that wait in memory behind a slow URL:
	// they are printed in the order given.
	reportsWaiting = 24
)

// look is one URL to look at.
type look struct {
	target  checks.Target
	subject policy.Subject
	places  []string // to look for the host at instead
}

// checkResult is what one URL gave.
type checkResult struct {
	subject policy.Subject
	report  checks.Report
	log     []checks.LogLine
}

// checkRun is a checked command line: nothing in it can be wrong usage.
type checkRun struct {
	looks    []look
	profiles []*policy.Profile
	judge    judgement.Judge
	failOn   checks.Severity // what binds less does not decide the exit code
	prober   *probe.Prober
	families checks.Runner
}

// output is where and how results are printed.
type output struct {
	term          *terminal
	json, verbose bool
	many          bool // URLs
	printer       *printer
	progress      *progress
}

// all looks at everything and prints it in the order given. It returns the exit
// code that the verdicts ask for.
func (r *checkRun) all(ctx context.Context, out *output) (code int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	pending := r.start(ctx, out.progress)
	defer func() {
		cancel()
		for result := range pending { // printing failed: nothing may outlive us
			<-result
		}
	}()
	code = exitGood
	var table []summaryRow
	for result := range pending {
		got := <-result
		if err := out.progress.aside(func() error { return out.print(got) }); err != nil {
			return exitFault, fmt.Errorf("print the report of %s: %w", got.report.URL, err)
		}
		code = worseCode(code, reportCode(got.report, r.failOn))
		table = append(table, newSummaryRow(got.report, r.failOn))
	}
	if out.many && !out.json {
		if err := out.printer.printSummary(table); err != nil {
			return exitFault, fmt.Errorf("print the summary: %w", err)
		}
	}
	if left := len(r.looks) - len(table); left > 0 {
		_, _ = fmt.Fprintf(out.term.err, "gradewatch: stopped; %d of %d URLs were not looked at\n", left, len(r.looks))
		code = worseCode(code, exitUntested)
	}
	return code, nil
}

// start looks at the URLs, a few at a time, and gives where each result will
// come, in order. Every look ends within its deadline; none begins after ctx.
func (r *checkRun) start(ctx context.Context, progress *progress) <-chan (<-chan checkResult) {
	pending := make(chan (<-chan checkResult), reportsWaiting)
	go func() {
		defer close(pending)
		slots := make(chan struct{}, urlsAtOnce)
		for _, one := range r.looks {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			if ctx.Err() != nil {
				return
			}
			result := make(chan checkResult, 1)
			go func() {
				defer func() { <-slots }()
				result <- r.look(ctx, one, progress)
			}()
			pending <- result
		}
	}()
	return pending
}

func (r *checkRun) look(ctx context.Context, one look, progress *progress) checkResult {
	network := r.prober.Network(one.target.Limits)
	network.Reroute(one.target.Host, one.places...)
	observation, measurements := r.families.Look(ctx, network, one.target, func(stage string, done, total int) {
		progress.show(one.target.URL, one.target.Host, stage, done, total)
	})
	progress.finish(one.target.URL)
	return checkResult{subject: one.subject, log: measurements.Log, report: checks.NewReport(checks.ReportConfig{
		URL: one.target.URL, Engine: "gradewatch/" + programVersion(),
		Observation: &observation, Measurements: measurements,
		Judgement: r.judge.Judge(&observation, one.subject, measurements.StartedAt),
	})}
}

// print writes one report to standard output, and its transcript to standard
// error, where it hurts no machine.
func (o *output) print(got checkResult) error {
	var err error
	switch {
	case o.json:
		encoder := json.NewEncoder(o.term.out)
		encoder.SetEscapeHTML(false)
		if !o.many { // many are one line each, for tools that read a stream
			encoder.SetIndent("", "  ")
		}
		err = encoder.Encode(got.report)
	default:
		err = o.printer.print(got)
	}
	if err != nil || !o.verbose {
		return err
	}
	if _, err := fmt.Fprintf(o.term.err, "Transcript of %s\n", printable(got.report.URL)); err != nil {
		return err
	}
	for _, line := range got.log {
		if _, err := fmt.Fprintf(o.term.err, "%9.3f s  %s\n", line.At.Seconds(), printable(line.Text)); err != nil {
			return err
		}
	}
	return nil
}

// reportCode is the exit code that a report asks for: that of its verdicts, or
// 'untested' where a full look could not tell suites or a vulnerability.
func reportCode(report checks.Report, failOn checks.Severity) int {
	code := verdictCode(report.Verdicts, failOn)
	for _, address := range report.Addresses {
		if len(address.SuitesReasons) > 0 || len(found(address, checks.VulnerabilityInconclusive)) > 0 {
			code = worseCode(code, exitUntested)
		}
	}
	return code
}

// verdictCode is the exit code that verdicts ask for: those that bind at least
// as much as failOn count.
func verdictCode(verdicts []checks.Verdict, failOn checks.Severity) int {
	code := exitGood
	for _, verdict := range verdicts {
		switch {
		case !counts(verdict.Severity, failOn) || verdict.Waived != nil:
		case verdict.Result == checks.Fail:
			return exitFails
		case verdict.Result == checks.ResultInconclusive && (verdict.Severity == checks.Must || !policy.NotAsked(verdict)):
			code = exitUntested
		}
	}
	return code
}

// counts says whether a severity binds at least as much as failOn.
func counts(severity, failOn checks.Severity) bool {
	return slices.Index(severities, severity) <= slices.Index(severities, failOn)
}

func worseCode(a, b int) int {
	for _, code := range []int{exitFails, exitUntested} {
		if a == code || b == code {
			return code
		}
	}
	return exitGood
}
