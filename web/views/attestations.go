package views

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Attestations is the checklist of what nobody sees from outside, for one
// application.
type Attestations struct {
	Application monitor.Application
	Filter      monitor.AttestationState // empty: all
	Rows        []AttestationRow         // all of them
	MayChange   bool
}

// AttestationRow is one statement of the checklist, and where it stands.
type AttestationRow struct {
	attestations.Statement
	Newest *monitor.Attestation // nil: nothing was stated yet
	State  monitor.AttestationState
	Asked  bool // applications of this type are asked for it
}

// AttestationRows returns where each statement of the catalog stands for an
// application of a type, given the newest statements about it.
func AttestationRows(of policy.ApplicationType, stated []monitor.Attestation, now time.Time) []AttestationRow {
	var rows []AttestationRow
	for _, statement := range attestations.SuperOffice().Statements {
		row := AttestationRow{Statement: statement, Asked: statement.AppliesTo(of), State: monitor.AttestationNotStated}
		if at := slices.IndexFunc(stated, func(a monitor.Attestation) bool { return a.Requirement == statement.ID }); at >= 0 {
			row.Newest, row.State = &stated[at], stated[at].StateAt(now)
		}
		if !row.Asked {
			row.State = monitor.AttestationNotApplicable
		}
		rows = append(rows, row)
	}
	return rows
}

// CountAttestations counts rows by state.
func CountAttestations(rows []AttestationRow) map[monitor.AttestationState]int {
	counts := map[monitor.AttestationState]int{}
	for _, row := range rows {
		counts[row.State]++
	}
	return counts
}

// of returns the rows of a group that are shown.
func (m Attestations) of(group attestations.Group) (rows []AttestationRow) {
	for _, row := range m.Rows {
		if row.Group == group && (m.Filter == "" || row.State == m.Filter) {
			rows = append(rows, row)
		}
	}
	return rows
}

func (m Attestations) path() string {
	return fmt.Sprintf("/applications/%d/attestations", m.Application.ID)
}

// link is the page with another filter; the filter that is set leads to all.
func (m Attestations) link(state monitor.AttestationState) string {
	if state == m.Filter || state == "" {
		return m.path()
	}
	return m.path() + "?state=" + string(state)
}

// Attestation is the page of one statement, with its history and the form that
// states it.
type Attestation struct {
	Application monitor.Application
	Row         AttestationRow
	History     []monitor.Attestation // the newest first
	MayChange   bool

	// What was typed, as it was typed.
	Result, Owner, Reason, Evidence, Note, StatedOn, RenewBy string
	Faults                                                   Faults
}

func (m Attestation) path() string {
	return fmt.Sprintf("/applications/%d/attestations/%s", m.Application.ID, m.Row.ID)
}

func attestationMark(state monitor.AttestationState) (mark, string) {
	switch state {
	case monitor.AttestationOverdue:
		return mark{"octagon", "fail"}, "Overdue"
	case monitor.AttestationNotMet:
		return mark{"octagon", "fail"}, "Not met"
	case monitor.AttestationNotStated:
		return mark{"diamond", "unsure"}, "Not stated"
	case monitor.AttestationDueSoon:
		return mark{"diamond", "unsure"}, "Due soon"
	case monitor.AttestationStated:
		return mark{"check", "pass"}, "Stated"
	default:
		return mark{"dash", "calm"}, "Not applicable"
	}
}

// AttestationWord names a state.
func AttestationWord(state monitor.AttestationState) string {
	_, word := attestationMark(state)
	return word
}

func statedWord(result checks.Result) (mark, string) {
	switch result {
	case checks.Pass:
		return mark{"check", "pass"}, "It is so"
	case checks.Fail:
		return mark{"octagon", "fail"}, "It is not so"
	default:
		return mark{"dash", "calm"}, "Does not apply"
	}
}

// RenewalWords says when a statement is to be made anew: 'Every 12 months, and
// after a major change'.
func RenewalWords(renewal attestations.Renewal) string {
	var parts []string
	if renewal.Months > 0 {
		parts = append(parts, "every "+plural(renewal.Months, "month"))
	}
	for _, trigger := range renewal.On {
		parts = append(parts, trigger.Words())
	}
	if len(parts) == 0 {
		return ""
	}
	words := strings.Join(parts, ", and ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// concernsWords says which applications a statement is asked of.
func concernsWords(statement attestations.Statement) string {
	var of []string
	for _, one := range statement.Types {
		of = append(of, typeWord(one)+"s")
	}
	if statement.Concerns != "" {
		of = append(of, statement.Concerns)
	}
	return strings.Join(of, ". ")
}

// dayOf is a day as people type it; empty for none.
func dayOf(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.UTC().Format(time.DateOnly)
}

// FleetAttestations is what every team states, for operators.
type FleetAttestations struct {
	Teams  []TeamAttestations
	Team   int64                    // whose statements are listed; 0: all
	State  monitor.AttestationState // which of them; empty: with Team all, else none
	Listed []FleetAttestation
	More   int // of those that would be listed
	Open   int // compromises
}

// TeamAttestations counts the statements of a team.
type TeamAttestations struct {
	ID           int64
	Name         string
	Applications int
	Counts       map[monitor.AttestationState]int
}

// FleetAttestation is one statement of one application of some team.
type FleetAttestation struct {
	AttestationRow
	TeamName        string
	ApplicationName string
}

func (m FleetAttestations) total(state monitor.AttestationState) (count int) {
	for _, team := range m.Teams {
		count += team.Counts[state]
	}
	return count
}

func (m FleetAttestations) link(team int64, state monitor.AttestationState) string {
	query := url.Values{}
	if team != 0 {
		query.Set("team", fmt.Sprint(team))
	}
	if state != "" {
		query.Set("state", string(state))
	}
	return "/fleet/attestations?" + query.Encode() + "#listed"
}

// chosen says which statements are listed.
func (m FleetAttestations) chosen() string {
	words := "Every statement"
	if m.State != "" {
		words = AttestationWord(m.State)
	}
	for _, team := range m.Teams {
		if team.ID == m.Team {
			words += ", " + team.Name
		}
	}
	return words
}

func statementChoice(result checks.Result) string {
	switch result {
	case checks.Pass:
		return "It is so"
	case checks.Fail:
		return "It is not so, or not yet"
	default:
		return "It does not apply to this application"
	}
}

// AttestedApplication is the checklist of one application of a team.
type AttestedApplication struct {
	Team        string
	Application monitor.Application
	Rows        []AttestationRow
}
