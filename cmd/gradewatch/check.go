package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// Exit codes of check beside 0 and 2 (docs/design.md, 'The report').
const (
	exitMustFails = 1
	exitUntested  = 3
)

// urlsAtOnce is how many URLs are looked at at a time.
const urlsAtOnce = 4

// checkCommand looks at URLs with no database. It may look at any address:
// whoever runs it sees what this machine sees anyway.
type checkCommand struct {
	URLs        []string      `arg:"" name:"url" help:"What to look at: https://app.example.com/callback."`
	JSON        bool          `help:"Print one JSON report for each URL."`
	Type        string        `enum:"standard,custom" default:"custom" help:"Type of the application: ${enum}."`
	Kind        string        `enum:"redirect,post_logout,web_panel,webhook,state_change,erp_sync,quote_connector,mirroring,cors_origin,sign_in_start,app_store_link,guide" default:"redirect" help:"What the URL is registered as: ${enum}."`
	Environment string        `enum:"SOD,Stage,Production" default:"Production" help:"Where the application runs: ${enum}."`
	Profile     string        `default:"superoffice" help:"Set of requirements to judge by."`
	CAFile      []string      `name:"ca-file" placeholder:"FILE" help:"PEM file of private roots to trust too. May be repeated."`
	ExtraRoots  string        `name:"extra-roots" env:"GRADEWATCH_EXTRA_ROOTS" placeholder:"FILES" help:"PEM files of private roots, separated by commas."`
	Resolver    string        `env:"GRADEWATCH_RESOLVER" placeholder:"HOST:PORT" help:"DNS server to ask instead of the system's."`
	Timeout     time.Duration `default:"20s" help:"How long the look at one URL may take."`
}

// checkResult is what one URL gave.
type checkResult struct {
	subject policy.Subject
	report  checks.Report
}

// checkRun is a checked command line: nothing in it can be wrong usage.
type checkRun struct {
	targets  []checks.Target
	subjects []policy.Subject
	profile  policy.Profile
	roots    *chain.Roots
	prober   *probe.Prober
}

// Run looks at every URL, prints in the order given, and ends with code 1 when
// a requirement that is a must fails, else 3 when something could not be told.
func (c *checkCommand) Run(ctx context.Context, term *terminal) error {
	run, err := c.prepare()
	if err != nil {
		return &usageError{err}
	}
	progress := newProgress(term, len(run.targets))
	pending := run.start(ctx, progress)
	code := exitGood
	printer := newPrinter(term, run.profile)
	for _, result := range pending {
		got := <-result
		if err := progress.aside(func() error { return c.print(printer, term, got) }); err != nil {
			return fmt.Errorf("print the report of %s: %w", got.report.URL, err)
		}
		code = worseCode(code, verdictCode(got.report.Verdicts))
	}
	if code != exitGood {
		return exitError(code)
	}
	return nil
}

func (c *checkCommand) print(printer *printer, term *terminal, got checkResult) error {
	if !c.JSON {
		return printer.print(got)
	}
	encoder := json.NewEncoder(term.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(got.report)
}

// prepare finds everything that is wrong with what was typed.
func (c *checkCommand) prepare() (*checkRun, error) {
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("--timeout %s is not a positive duration", c.Timeout)
	}
	run := &checkRun{}
	for _, text := range c.URLs {
		target, err := checks.ParseTarget(text, checks.Quick, checks.Limits{Deadline: c.Timeout})
		if err != nil {
			return nil, err
		}
		run.targets = append(run.targets, target)
		run.subjects = append(run.subjects, policy.Subject{
			ApplicationType: policy.ApplicationType(c.Type), Kind: policy.Kind(c.Kind), ValueKind: policy.Literal,
			Environment: policy.Environment(c.Environment), Value: target.URL,
		})
	}
	var err error
	if run.profile, err = policy.ProfileByID(c.Profile); err != nil {
		return nil, err
	}
	resolver, err := probe.ParseResolver(c.Resolver)
	if err != nil {
		return nil, err
	}
	run.prober = probe.New(probe.Config{Resolver: resolver, AllowAny: true})
	run.roots, err = c.roots()
	return run, err
}

func (c *checkCommand) roots() (*chain.Roots, error) {
	roots, _, err := trustedRoots(append(slices.Clone(c.CAFile), splitFiles(c.ExtraRoots)...))
	return roots, err
}

// start looks at the URLs, a few at a time, and returns where each result will
// come. Every look ends within its deadline.
func (r *checkRun) start(ctx context.Context, progress *progress) []<-chan checkResult {
	slots := make(chan struct{}, urlsAtOnce)
	pending := make([]<-chan checkResult, len(r.targets))
	for i := range r.targets {
		result := make(chan checkResult, 1)
		pending[i] = result
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			result <- r.look(ctx, i, progress)
		}()
	}
	return pending
}

func (r *checkRun) look(ctx context.Context, index int, progress *progress) checkResult {
	target, subject := r.targets[index], r.subjects[index]
	runner := checks.Runner{TLS: tlsprobe.Quick, HTTP: httpsec.Walk}
	observation, measurements := runner.Look(ctx, r.prober.Network(target.Limits), target, func(stage string, done, total int) {
		progress.show(target.Host, stage, done, total)
	})
	progress.finish()
	at := measurements.StartedAt
	return checkResult{subject: subject, report: checks.NewReport(checks.ReportConfig{
		URL: target.URL, Engine: "gradewatch/" + programVersion(),
		Observation: &observation, Measurements: measurements,
		Verdicts: policy.Judge(&observation, subject, at, r.profile, r.roots),
	})}
}

// verdictCode is the exit code that verdicts ask for.
func verdictCode(verdicts []checks.Verdict) int {
	code := exitGood
	for _, verdict := range verdicts {
		switch {
		case verdict.Result == checks.Fail && verdict.Severity == checks.Must:
			return exitMustFails
		case verdict.Result == checks.ResultInconclusive:
			code = exitUntested
		}
	}
	return code
}

func worseCode(a, b int) int {
	for _, code := range []int{exitMustFails, exitUntested} {
		if a == code || b == code {
			return code
		}
	}
	return exitGood
}
