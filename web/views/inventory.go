package views

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Inventory is the page of imports and exports.
type Inventory struct {
	Application *monitor.Application // that is exported, and that rows without one are of; nil: all, and none
	Imports     []store.Import
	Name, Type  string // of the application that rows without one are of, as typed
	Faults      Faults
	MayChange   bool
	Now         time.Time
}

// exportPath is where a file of the inventory is.
func (m Inventory) exportPath(extension string) string {
	path := "/inventory/urls." + extension
	if m.Application != nil {
		path += "?application=" + strconv.FormatInt(m.Application.ID, 10)
	}
	return path
}

// ImportPart is a list of what an import does.
type ImportPart string

// The parts of an import.
const (
	ImportApplications ImportPart = "applications"
	ImportAdded        ImportPart = "added"
	ImportChanged      ImportPart = "changed"
	ImportUnchanged    ImportPart = "unchanged"
	ImportMissing      ImportPart = "missing"
	ImportRejected     ImportPart = "rejected"
)

// ImportParts lists the parts in the order of the page.
func ImportParts() []ImportPart {
	return []ImportPart{ImportRejected, ImportApplications, ImportAdded, ImportChanged, ImportUnchanged, ImportMissing}
}

// Import is the page of one import: what it would change, or what it did.
type Import struct {
	store.Import
	Plan           inventory.Plan
	Part           ImportPart // that is listed; empty: the rows of the file are gone
	Items          []ImportItem
	Applications   []inventory.ApplicationChange // of this page of the list
	Rejections     []inventory.Rejection
	First          int // number of the first that is listed, from 1
	Previous, Next string
	Stale          bool   // what is registered changed since it was shown
	Refused        bool   // it would add more hosts than the team may have
	Quota          string // a sentence about hosts that would be too many; empty: they are not
	Now            time.Time
}

// ImportItem is an endpoint of an import, with what the requirements say of it.
type ImportItem struct {
	inventory.Item
	Hints []string
}

// Count returns how many there are of a part.
func (m Import) Count(part ImportPart) int {
	switch part {
	case ImportApplications:
		return len(m.Plan.Applications)
	case ImportAdded:
		return len(m.Plan.Added)
	case ImportChanged:
		return len(m.Plan.Changed)
	case ImportUnchanged:
		return len(m.Plan.Unchanged)
	case ImportMissing:
		return len(m.Plan.Missing)
	default:
		return len(m.Plan.Rejected)
	}
}

// PartPath is where a part is listed, from a page of it on.
func (m Import) PartPath(part ImportPart, page int) string {
	query := url.Values{"show": {string(part)}}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	return fmt.Sprintf("/imports/%d?%s", m.ID, query.Encode())
}

func partMark(part ImportPart) (mark, string) {
	switch part {
	case ImportRejected:
		return mark{"octagon", "fail"}, "Rejected"
	case ImportApplications:
		return mark{"dash", "calm"}, "Applications"
	case ImportAdded:
		return mark{"check", "pass"}, "Added"
	case ImportChanged:
		return mark{"diamond", "unsure"}, "Changed"
	case ImportUnchanged:
		return mark{"dash", "calm"}, "Unchanged"
	default:
		return mark{"dash", "unsure"}, "Not in the file"
	}
}

// partTitle heads the list of a part.
func partTitle(part ImportPart) string {
	switch part {
	case ImportRejected:
		return "Rows that are rejected"
	case ImportApplications:
		return "Applications that are new or change"
	case ImportAdded:
		return "URLs that are added"
	case ImportChanged:
		return "URLs that change"
	case ImportUnchanged:
		return "URLs that stay as they are"
	default:
		return "URLs that are not in the file"
	}
}

// button says what confirming does.
func (m Import) button() string {
	var parts []string
	if n := len(m.Plan.Added); n > 0 {
		parts = append(parts, "add "+countWord(n))
	}
	if n := len(m.Plan.Changed); n > 0 {
		parts = append(parts, "change "+countWord(n))
	}
	if len(parts) == 0 && len(m.Plan.Applications) > 0 {
		parts = append(parts, "change "+plural(len(m.Plan.Applications), "application"))
	}
	if len(parts) == 0 {
		return "Confirm"
	}
	return "Confirm: " + strings.Join(parts, ", ")
}

func countWord(n int) string { return plural(n, "URL") }

// fieldWord names a field of a row for people.
func fieldWord(field string) string {
	switch field {
	case "value_kind":
		return "What it is"
	case "probe_url":
		return "Probe URL"
	case "method":
		return "Method"
	case "interval_minutes":
		return "Minutes between looks"
	default:
		return "Leave to POST"
	}
}

func formatWord(format inventory.Format) string {
	switch format {
	case inventory.Portal:
		return "Developer Portal configuration"
	case inventory.XLSX:
		return "Excel workbook"
	default:
		return strings.ToUpper(string(format))
	}
}

// clientWord says which client ID an environment gets.
func clientWord(change inventory.ClientIDChange) string {
	if change.Old == "" {
		return fmt.Sprintf("Client ID, %s: %s", change.Environment, change.New)
	}
	return fmt.Sprintf("Client ID, %s: %s instead of %s", change.Environment, change.New, change.Old)
}
