package attestations

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Catalog is a versioned set of statements, in order of their ids.
type Catalog struct {
	ID         string      `yaml:"id"`
	Version    string      `yaml:"version"` // year and month of what it was read from
	Title      string      `yaml:"title"`
	Owner      string      `yaml:"owner"`  // who requires this
	Source     string      `yaml:"source"` // where the whole is written
	Statements []Statement `yaml:"statements"`
}

// Statement is what a partner is asked to state.
type Statement struct {
	ID    string `yaml:"id"`
	Group Group  `yaml:"group"`
	Text  string `yaml:"text"` // what is stated, in sentences
	// Detail says more about it; Recommended is what SuperOffice recommends
	// besides. Either may be empty.
	Detail      string `yaml:"detail"`
	Recommended string `yaml:"recommended"`
	// Types are the application types that it applies to; empty: all of them.
	Types []policy.ApplicationType `yaml:"types"`
	// Concerns says which applications of those it is about, where nobody but
	// the partner knows; empty: all of them.
	Concerns string          `yaml:"concerns"`
	Severity checks.Severity `yaml:"severity"`
	Renewal  Renewal         `yaml:"renewal"`
	Evidence string          `yaml:"evidence"` // what supports it; may be empty
	Source   string          `yaml:"source"`
}

// Renewal is when a statement is to be made anew. It is Gradewatch's policy:
// SuperOffice sets no period.
type Renewal struct {
	Months int       `yaml:"months"` // after the day of the statement; 0: no period
	On     []Trigger `yaml:"on"`     // what asks for a new statement, whenever it happens
}

// By returns the day until which a statement of a day holds; zero where only an
// event ends it. A day that the month does not have is the month's last.
func (r Renewal) By(stated time.Time) time.Time {
	if r.Months == 0 {
		return time.Time{}
	}
	year, month, day := stated.UTC().Date()
	first := time.Date(year, month+time.Month(r.Months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day, last)-1)
}

// Group is what statements are listed under.
type Group string

// The groups, in the order in which they are listed.
const (
	Approval    Group = "approval"
	Credentials Group = "credentials"
	Operation   Group = "operation"
	Behavior    Group = "behavior"
	Agreements  Group = "agreements"
)

// Groups lists every group.
func Groups() []Group { return []Group{Approval, Credentials, Operation, Behavior, Agreements} }

// Title is the group's heading.
func (g Group) Title() string {
	switch g {
	case Approval:
		return "Approval by SuperOffice"
	case Credentials:
		return "Credentials and tokens"
	case Operation:
		return "Operation"
	case Behavior:
		return "What the application does"
	case Agreements:
		return "Agreements, people and privacy"
	default:
		return ""
	}
}

// Trigger is an event that asks for a new statement.
type Trigger string

// The triggers.
const (
	OnVersion            Trigger = "version"
	OnRecertification    Trigger = "recertification"
	OnMajorChange        Trigger = "major_change"
	OnEvaluation         Trigger = "evaluation"
	OnBeta               Trigger = "beta"
	OnDeployment         Trigger = "deployment"
	OnRotation           Trigger = "rotation"
	OnCompromise         Trigger = "compromise"
	OnRelease            Trigger = "release"
	OnConfiguration      Trigger = "configuration"
	OnContract           Trigger = "contract"
	OnSuperOfficeRelease Trigger = "superoffice_release"
)

// Words says when that is: 'with each release'. Empty for what is no trigger.
func (t Trigger) Words() string {
	switch t {
	case OnVersion:
		return "with each version that is published"
	case OnRecertification:
		return "when SuperOffice certifies anew"
	case OnMajorChange:
		return "after a major change"
	case OnEvaluation:
		return "together with A-02"
	case OnBeta:
		return "after each beta"
	case OnDeployment:
		return "before each new production system"
	case OnRotation:
		return "when the secret or key is replaced"
	case OnCompromise:
		return "after a compromise"
	case OnRelease:
		return "with each release"
	case OnConfiguration:
		return "with each change of the configuration"
	case OnContract:
		return "when the agreement ends"
	case OnSuperOfficeRelease:
		return "with each major release of SuperOffice"
	default:
		return ""
	}
}

// Name is the catalog's name as statements carry it: superoffice-attestations@2026-07.
func (c *Catalog) Name() string { return c.ID + "@" + c.Version }

// Statement returns the statement with this id.
func (c *Catalog) Statement(id string) (Statement, bool) {
	at := slices.IndexFunc(c.Statements, func(s Statement) bool { return s.ID == id })
	if at < 0 {
		return Statement{}, false
	}
	return c.Statements[at], true
}

// AppliesTo says whether the statement is asked of applications of a type.
func (s Statement) AppliesTo(of policy.ApplicationType) bool {
	return len(s.Types) == 0 || slices.Contains(s.Types, of)
}
