package policy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
)

// Profile is a versioned set of requirements. Its requirements are in order of
// their ids.
type Profile struct {
	ID           string        `json:"id"`
	Version      string        `json:"version"` // year and month of the documents it was read from
	Requirements []Requirement `json:"requirements"`
}

// Requirement is one rule, where it is written, and how binding it is.
type Requirement struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Source string `json:"source"`
	// Rules are matched in order; the last one matches everything.
	Rules []SeverityRule `json:"severity"`
}

// SeverityRule gives a severity to the endpoints it matches. An empty list
// matches all.
type SeverityRule struct {
	ApplicationTypes []ApplicationType `json:"application_type,omitempty"`
	Kinds            []Kind            `json:"kind,omitempty"`
	Environments     []Environment     `json:"environment,omitempty"`
	Severity         checks.Severity   `json:"severity"`
}

// Name returns the profile's name as verdicts carry it: superoffice@2026-07.
func (p Profile) Name() string { return p.ID + "@" + p.Version }

// Requirement returns the requirement with this id.
func (p Profile) Requirement(id string) (Requirement, bool) {
	i := slices.IndexFunc(p.Requirements, func(r Requirement) bool { return r.ID == id })
	if i < 0 {
		return Requirement{}, false
	}
	return p.Requirements[i], true
}

// Statement returns the text of the requirement with id, empty when the
// profile has none.
func (p Profile) Statement(id string) string {
	requirement, _ := p.Requirement(id)
	return requirement.Text
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

func contains[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

//go:embed profiles/superoffice.json
var superOfficeData []byte

var superOffice = sync.OnceValues(func() (Profile, error) { return ParseProfile(superOfficeData) })

// SuperOffice returns the requirements of SuperOffice's developer documents.
func SuperOffice() Profile {
	profile, err := superOffice()
	if err != nil {
		panic("embedded profile superoffice: " + err.Error()) // held by a test
	}
	profile.Requirements = slices.Clone(profile.Requirements)
	return profile
}

// ProfileByID returns the embedded profile with this id.
func ProfileByID(id string) (Profile, error) {
	if id == "superoffice" {
		return SuperOffice(), nil
	}
	return Profile{}, fmt.Errorf("there is no profile %q; known: superoffice", id)
}

// ParseProfile reads a profile and says all that is wrong with it. Every
// requirement must be one that Judge knows.
func ParseProfile(data []byte) (Profile, error) {
	var profile Profile
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&profile); err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, errors.New("read profile: something follows after its end")
	}
	if err := profile.validate(); err != nil {
		return Profile{}, err
	}
	slices.SortFunc(profile.Requirements, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	return profile, nil
}

func (p Profile) validate() error {
	var faults []error
	if p.ID == "" || p.Version == "" {
		faults = append(faults, errors.New("the profile needs an id and a version"))
	}
	if len(p.Requirements) == 0 {
		faults = append(faults, errors.New("the profile has no requirements"))
	}
	seen := map[string]bool{}
	for _, requirement := range p.Requirements {
		if seen[requirement.ID] {
			faults = append(faults, fmt.Errorf("requirement %s stands twice", requirement.ID))
		}
		seen[requirement.ID] = true
		faults = append(faults, requirement.validate())
	}
	return errors.Join(faults...)
}

func (r Requirement) validate() error {
	var faults []error
	if judges()[r.ID] == nil {
		faults = append(faults, fmt.Errorf("requirement %q is not known", r.ID))
	}
	if r.Text == "" || r.Source == "" {
		faults = append(faults, fmt.Errorf("requirement %s needs a text and a source", r.ID))
	}
	if len(r.Rules) == 0 || !r.Rules[len(r.Rules)-1].matchesAll() {
		faults = append(faults, fmt.Errorf("requirement %s must end with a severity for everything", r.ID))
	}
	for i, rule := range r.Rules {
		if err := rule.validate(); err != nil {
			faults = append(faults, fmt.Errorf("requirement %s, severity %d: %w", r.ID, i+1, err))
		}
	}
	return errors.Join(faults...)
}

func (r SeverityRule) matchesAll() bool {
	return len(r.ApplicationTypes) == 0 && len(r.Kinds) == 0 && len(r.Environments) == 0
}

func (r SeverityRule) validate() error {
	return errors.Join(
		known("severity", []checks.Severity{r.Severity}, checks.Must, checks.Recommended, checks.Advice, checks.Record),
		known("application type", r.ApplicationTypes, ApplicationTypes()...),
		known("kind", r.Kinds, Kinds()...),
		known("environment", r.Environments, Environments()...),
	)
}

func known[T ~string](what string, values []T, all ...T) error {
	for _, value := range values {
		if !slices.Contains(all, value) {
			return fmt.Errorf("%s %q is not known", what, value)
		}
	}
	return nil
}

// ApplicationTypes lists every application type.
func ApplicationTypes() []ApplicationType { return []ApplicationType{Standard, Custom} }

// Environments lists every environment in SuperOffice's order.
func Environments() []Environment { return []Environment{SOD, Stage, Production} }

// Kinds lists every kind of endpoint.
func Kinds() []Kind {
	return []Kind{
		Redirect, PostLogout, WebPanel, Webhook, StateChange, ERPSync, QuoteConnector,
		Mirroring, CORSOrigin, SignInStart, StoreLink, Guide,
	}
}
