package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Profile is a versioned set of requirements of one owner. Its requirements are
// in order of their ids. Profiles do not change and serve many goroutines.
type Profile struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"` // of what it was read from: a year and month, or a version number
	Title   string `yaml:"title"`
	// Owner is who requires this: "SuperOffice", "Mozilla". Requirements of other
	// severity than advice and record are theirs; the rest is our advice.
	Owner  string `yaml:"owner"`
	Source string `yaml:"source"` // where the whole is written
	// Settings are named values that rules read, such as where a line is drawn.
	Settings     map[string]any `yaml:"settings"`
	Requirements []Requirement  `yaml:"requirements"`
}

// Requirement is one rule, where it is written, and how binding it is.
type Requirement struct {
	ID     string `yaml:"id"`
	Text   string `yaml:"text"`
	Source string `yaml:"source"`
	// Rules are matched in order; the last one matches everything.
	Rules Severities `yaml:"severity"`
	Each  Scope      `yaml:"each"`
	// Applies and Pass are CEL conditions over the vocabulary (VOCABULARY.md).
	// An empty Applies is true.
	Applies string `yaml:"applies"`
	Pass    string `yaml:"pass"`
	// Proof gives better proofs than the facts that decided, where it is set.
	Proof    ProofRule `yaml:"proof"`
	Remedy   string    `yaml:"remedy"`    // what to do, in a sentence
	RemedyID string    `yaml:"remedy_id"` // names configuration lines
	// Alarm: whether a fail is told to people. Not set: what is required or
	// recommended is, advice is not. What is recorded never is.
	Alarm *bool `yaml:"alarm"`
	// Remedies take the place of Remedy where their condition holds.
	Remedies []RemedyRule `yaml:"remedies"`

	compiled *rule
}

// ProofRule holds CEL expressions that give what stands in a proof: a text, a
// value of the vocabulary that says something, or a list of either.
type ProofRule struct {
	Pass Expressions `yaml:"pass"`
	Fail Expressions `yaml:"fail"`
}

// Expressions are CEL expressions, or one.
type Expressions []string

// RemedyRule is what to do where a condition holds.
type RemedyRule struct {
	When     string `yaml:"when"` // CEL, evaluated on what fails
	Remedy   string `yaml:"remedy"`
	RemedyID string `yaml:"remedy_id"`
}

// Scope is what a rule is evaluated over. It fails where it fails on one of
// them, else is inconclusive where it is on one, else passes.
type Scope string

// The scopes.
const (
	EachEndpoint Scope = "endpoint" // once
	EachAddress  Scope = "address"  // every address that was looked at
	EachChain    Scope = "chain"    // every chain that an address serves to clients that name the host
	EachHop      Scope = "hop"      // every hop of the walk from an address
	EachCookie   Scope = "cookie"   // every cookie that a browser keeps, set by a hop of the registered URL's site
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{EachEndpoint, EachAddress, EachChain, EachHop, EachCookie} }

// Severities are severity rules, or one severity for all.
type Severities []SeverityRule

// SeverityRule gives a severity to the endpoints it matches. An empty list
// matches all.
type SeverityRule struct {
	ApplicationTypes []ApplicationType `yaml:"application_type"`
	Kinds            []Kind            `yaml:"kind"`
	Environments     []Environment     `yaml:"environment"`
	Severity         checks.Severity   `yaml:"severity"`
}

// Name returns the profile's name as verdicts carry it: superoffice@2026-07.
func (p *Profile) Name() string { return p.ID + "@" + p.Version }

// Requirement returns the requirement with this id.
func (p *Profile) Requirement(id string) (Requirement, bool) {
	i := slices.IndexFunc(p.Requirements, func(r Requirement) bool { return r.ID == id })
	if i < 0 {
		return Requirement{}, false
	}
	return p.Requirements[i], true
}

// Statement returns the text of the requirement with id, empty when the
// profile has none.
func (p *Profile) Statement(id string) string {
	requirement, _ := p.Requirement(id)
	return requirement.Text
}

// Only returns the profile with no requirements but those with these ids.
func (p *Profile) Only(ids ...string) *Profile {
	only := *p
	only.Requirements = nil
	for _, requirement := range p.Requirements {
		if slices.Contains(ids, requirement.ID) {
			only.Requirements = append(only.Requirements, requirement)
		}
	}
	return &only
}

// With returns the profile with other values of its settings. It refuses names
// that the profile does not have, and values of another type.
func (p *Profile) With(settings map[string]any) (*Profile, error) {
	with := *p
	with.Settings = maps.Clone(p.Settings)
	for name, value := range settings {
		standard, ok := p.Settings[name]
		if !ok {
			return nil, fmt.Errorf("the profile %s has no setting %q", p.ID, name)
		}
		want, of := settingType(standard), settingType(value)
		if of == nil || !want.IsExactType(of) {
			return nil, fmt.Errorf("the setting %s of %s is %s, not %T", name, p.ID, want, value)
		}
		with.Settings[name] = value
	}
	return &with, nil
}

// Severity returns how binding the requirement is for subject: the severity of
// the first rule that matches.
func (r Requirement) Severity(subject Subject) checks.Severity {
	for _, rule := range r.Rules {
		if rule.matches(subject) {
			return rule.Severity
		}
	}
	return checks.Record // not reached: a profile that loads ends in a rule for everything
}

func (r SeverityRule) matches(subject Subject) bool {
	return contains(r.ApplicationTypes, subject.ApplicationType) &&
		contains(r.Kinds, subject.Kind) && contains(r.Environments, subject.Environment)
}

func (r SeverityRule) matchesAll() bool {
	return len(r.ApplicationTypes) == 0 && len(r.Kinds) == 0 && len(r.Environments) == 0
}

func contains[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}
