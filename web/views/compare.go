package views

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Comparison is the page that puts two looks side by side.
type Comparison struct {
	Endpoints   []store.EndpointSummary // to choose from
	Left, Right ComparedSide
	All         bool // also what is the same

	// What Compare comes to; nothing before both sides are chosen.
	Changes    []store.ChangeRecord // of one URL: from the earlier look to the later one
	Difference *monitor.Difference  // nil: nothing is compared
	Sections   []ComparedSection
	Alike      int // rows that do not differ
}

// ComparedSide is what one side is of.
type ComparedSide struct {
	Name     string // of the field: left, right
	Chosen   string // ENDPOINT or ENDPOINT@ASSESSMENT
	Fault    string
	Endpoint monitor.Endpoint         // zero: none is chosen
	Looks    []store.AssessmentRecord // at it, the newest first
	Record   *store.AssessmentRecord  // that is compared; nil: none
	Newest   bool                     // with the newest answer of each family of facts
	Snapshot monitor.Snapshot
}

// ComparedSection is the rows of one section.
type ComparedSection struct {
	Title string
	Rows  []monitor.Row
}

// SameEndpoint says whether both sides are of one URL.
func (c *Comparison) SameEndpoint() bool { return c.Left.Endpoint.ID == c.Right.Endpoint.ID }

// Mixed says whether a quick look is compared with a full one.
func (c *Comparison) Mixed() bool {
	depth := func(side ComparedSide) checks.Depth {
		if side.Newest && !side.Endpoint.FullLookedAt.IsZero() {
			return checks.Full
		}
		return checks.Depth(side.Record.Depth)
	}
	return depth(c.Left) != depth(c.Right)
}

// Compare fills in how the two sides differ, where both are chosen.
func (c *Comparison) Compare() {
	if c.Left.Record == nil || c.Right.Record == nil {
		return
	}
	difference := monitor.Diff(c.Left.Snapshot, c.Right.Snapshot)
	c.Difference = &difference
	if c.SameEndpoint() {
		earlier, later := c.Left.Snapshot, c.Right.Snapshot
		if later.At.Before(earlier.At) {
			earlier, later = later, earlier
		}
		for _, change := range monitor.Compare(earlier, later) {
			c.Changes = append(c.Changes, store.ChangeRecord{Change: change})
		}
	}
	for _, row := range difference.Rows {
		if !row.Differs {
			c.Alike++
		}
		if !row.Differs && !c.All {
			continue
		}
		if last := len(c.Sections) - 1; last < 0 || c.Sections[last].Title != row.Section {
			c.Sections = append(c.Sections, ComparedSection{Title: row.Section})
		}
		last := &c.Sections[len(c.Sections)-1]
		last.Rows = append(last.Rows, row)
	}
}

// faultsOf is what is wrong with a side.
func faultsOf(side ComparedSide) Faults {
	if side.Fault == "" {
		return nil
	}
	return Faults{{ID: side.Name, Text: side.Fault}}
}

// unlisted names what is chosen where the list does not have it: it is older
// than the looks listed, or one of many URLs.
func (s ComparedSide) unlisted(endpoints []store.EndpointSummary) string {
	switch {
	case s.Endpoint.ID == 0:
		return ""
	case s.Newest || s.Record == nil:
		if slices.ContainsFunc(endpoints, func(e store.EndpointSummary) bool { return e.ID == s.Endpoint.ID }) {
			return ""
		}
		return comparedTitle(s.Endpoint)
	case slices.ContainsFunc(s.Looks, func(r store.AssessmentRecord) bool { return r.ID == s.Record.ID }):
		return ""
	default:
		return lookTitle(*s.Record)
	}
}

// path is the page's own, with other sides or another choice of rows.
func (c *Comparison) path(left, right string, all bool) string {
	query := url.Values{"left": {left}, "right": {right}}
	if all {
		query.Set("all", "yes")
	}
	return "/compare?" + query.Encode()
}

// ComparePath leads to the comparison of two looks at one endpoint.
func ComparePath(endpoint, before, after int64) string {
	return fmt.Sprintf("/compare?left=%d@%d&right=%d@%d", endpoint, before, endpoint, after)
}

// lookBefore is the judged look that follows the one at place in a list that
// begins with the newest; 0: the list has none.
func lookBefore(records []store.AssessmentRecord, place int) int64 {
	if records[place].Outcome != "judged" {
		return 0
	}
	for _, record := range records[place+1:] {
		if record.Outcome == "judged" {
			return record.ID
		}
	}
	return previousLook(records[place].Changes)
}

// previousLook is the look that changes are counted from; 0: none is known.
func previousLook(changes []store.ChangeRecord) int64 {
	for _, change := range changes {
		if change.PreviousAssessmentID != 0 {
			return change.PreviousAssessmentID
		}
	}
	return 0
}

// comparedTitle names an endpoint in the list.
func comparedTitle(endpoint monitor.Endpoint) string {
	title := endpoint.ApplicationName
	if endpoint.Environment != "" {
		title += ", " + string(endpoint.Environment)
	}
	return title + ": " + shortened(endpoint.Value)
}

// shortened keeps a list of choices readable on a small screen.
func shortened(value string) string { return checks.Clean(value, 100) }

// lookTitle names a look in the list.
func lookTitle(record store.AssessmentRecord) string {
	at := record.FinishedAt
	if at.IsZero() {
		at = record.Slot
	}
	title := at.UTC().Format("2006-01-02 15:04:05 UTC")
	if record.Depth == string(checks.Full) {
		title += ", full"
	}
	if len(record.Changes) > 0 {
		title += ", " + plural(len(record.Changes), "change")
	}
	return title
}
