package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// regradeReport is what --json prints of a regrade.
type regradeReport struct {
	ID          int64           `json:"id"`
	Criteria    string          `json:"criteria"`
	TrustData   string          `json:"trust_data,omitempty"`
	From        time.Time       `json:"from"` // assessments due from here on
	To          time.Time       `json:"to"`   // and before here
	RequestedAt time.Time       `json:"requested_at"`
	FinishedAt  time.Time       `json:"finished_at,omitzero"`
	CanceledAt  time.Time       `json:"canceled_at,omitzero"`
	Fault       string          `json:"fault,omitempty"` // why it could not go on
	Manifests   int64           `json:"observations"`    // distinct ones
	Unreadable  int64           `json:"unreadable"`      // of them
	Assessments int64           `json:"assessments"`
	Covered     int64           `json:"covered"` // assessments whose observation was graded
	Changed     int64           `json:"changed_urls"`
	Counts      []regradeCount  `json:"counts"`
	URLs        []regradeChange `json:"urls"`
}

// regradeCount is how many assessments go from one letter to another.
type regradeCount struct {
	Before      checks.Letter `json:"before,omitempty"`
	After       checks.Letter `json:"after,omitempty"`
	Fault       bool          `json:"fault,omitempty"` // they could not be graded
	Assessments int64         `json:"assessments"`
}

// regradeChange is what the newest assessment of a URL would be.
type regradeChange struct {
	URL         string        `json:"url"`
	Team        string        `json:"team"`
	Application string        `json:"application"`
	Environment string        `json:"environment,omitempty"`
	AssessedAt  time.Time     `json:"assessed_at"`
	Before      checks.Letter `json:"before,omitempty"`
	After       checks.Letter `json:"after,omitempty"`
	Provisional bool          `json:"provisional"`    // After is
	Rule        string        `json:"rule,omitempty"` // that weighs most
	Fault       string        `json:"fault,omitempty"`
}

// report prints what a regrade found. What ended early is printed, too.
func (c *regradeCommand) report(ctx context.Context, term *terminal, from *store.Store, id int64) error {
	report, err := wholeReport(ctx, from, id, c.All)
	if err != nil {
		return err
	}
	if c.JSON {
		encoder := json.NewEncoder(term.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(newRegradeReport(report))
	} else {
		err = newPrinter(term, nil).printRegrade(report)
	}
	if err != nil {
		return fmt.Errorf("print the report of regrade %d: %w", id, err)
	}
	if report.FinishedAt.IsZero() {
		return fmt.Errorf("regrade %d ended early: %s", id, cmp.Or(report.Fault, "canceled"))
	}
	return nil
}

// wholeReport reads every page of endpoints.
func wholeReport(ctx context.Context, from *store.Store, id int64, all bool) (report store.RegradeReport, err error) {
	err = from.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) error {
		page := store.RegradePage{All: all, Limit: regradePage}
		for {
			next, err := tx.RegradeReport(ctx, id, page)
			if err != nil {
				return err
			}
			read := next.Endpoints
			next.Endpoints = slices.Concat(report.Endpoints, read)
			report = next
			if len(read) < page.Limit {
				return nil
			}
			page.After = read[len(read)-1].EndpointID
		}
	})
	return report, err
}

// regradePage is how many endpoints are read at a time.
const regradePage = 500

func newRegradeReport(of store.RegradeReport) regradeReport {
	report := regradeReport{
		ID: of.ID, Criteria: of.Criteria, TrustData: of.TrustData, From: of.FromSlot.UTC(), To: of.ToSlot.UTC(),
		RequestedAt: of.RequestedAt.UTC(), FinishedAt: of.FinishedAt.UTC(), CanceledAt: of.CanceledAt.UTC(), Fault: of.Fault,
		Manifests: of.Manifests, Unreadable: of.Unreadable, Assessments: of.Assessments, Covered: of.Covered,
		Changed: of.ChangedEndpoints, Counts: []regradeCount{}, URLs: []regradeChange{},
	}
	for _, count := range of.Counts {
		report.Counts = append(report.Counts, regradeCount{count.Before, count.After, count.Fault, count.Assessments})
	}
	for _, endpoint := range of.Endpoints {
		report.URLs = append(report.URLs, regradeChange{
			URL: endpoint.Value, Team: endpoint.TeamName, Application: endpoint.ApplicationName, Environment: endpoint.Environment,
			AssessedAt: endpoint.AssessedAt.UTC(), Before: endpoint.Before, After: endpoint.After,
			Provisional: endpoint.AfterProvisional, Rule: endpoint.Rule, Fault: endpoint.Fault,
		})
	}
	return report
}

// printRegrade says how many assessments would get which letter, and which URLs
// would change.
func (p *printer) printRegrade(report store.RegradeReport) error {
	var b bytes.Buffer
	state := "finished"
	if report.FinishedAt.IsZero() {
		state = "ended early: " + printable(cmp.Or(report.Fault, "canceled"))
	}
	fmt.Fprintf(&b, "Regrade %d under %s, %s: %d assessments rest on %d distinct observations, %d of which could not be read.\n\n",
		report.ID, report.Criteria, state, report.Assessments, report.Manifests, report.Unreadable)
	regradeCounts(report).write(p, &b)
	fmt.Fprintf(&b, "\n%d URLs would have another grade.\n", report.ChangedEndpoints)
	if len(report.Endpoints) > 0 {
		regradeURLs(report).write(p, &b)
	}
	_, err := p.out.Write(b.Bytes())
	return err
}

func regradeCounts(report store.RegradeReport) *table {
	lines := &table{indent: 2}
	lines.add(cell{"stored", ""}, cell{"under " + report.Criteria, ""}, cell{"assessments", ""})
	for _, count := range report.Counts {
		after := cmp.Or(string(count.After), "none")
		if count.Fault {
			after = "could not be graded"
		}
		lines.add(cell{cmp.Or(string(count.Before), "none"), ""}, cell{after, ""}, cell{fmt.Sprint(count.Assessments), ""})
	}
	return lines
}

func regradeURLs(report store.RegradeReport) *table {
	lines := &table{indent: 2}
	lines.add(cell{"URL", ""}, cell{"now", ""}, cell{"then", ""}, cell{"because of", ""})
	for _, endpoint := range report.Endpoints {
		lines.add(
			cell{endpoint.Value, ""}, cell{cmp.Or(string(endpoint.Before), "none"), ""},
			cell{cmp.Or(string(endpoint.After), "none"), ""}, cell{cmp.Or(endpoint.Fault, endpoint.Rule), ""},
		)
	}
	return lines
}
