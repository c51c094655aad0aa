package grade

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
)

// Criteria is one version of the rating guide: its rules. Its zero value stands
// for those in force at the time that is asked about.
type Criteria struct {
	Version   string // "2009r"
	Announced time.Time
	Effective time.Time
	rules     []Rule
}

// Rule is one rule of the rating guide, without its condition.
type Rule struct {
	ID     string             `yaml:"id"`
	Effect checks.GradeEffect `yaml:"effect"`
	// Letter that it leads to; empty for scores and notes.
	Letter checks.Letter `yaml:"letter"`
	// From and To bound the criteria that have it, by the day they take effect.
	From day `yaml:"from"`
	To   day `yaml:"to"`
	// Values of the SSL Labs API's field that it fires on; empty: any.
	Values []int `yaml:"values"`
	// TrustedOnly: it does not count where trust is ignored (section 8).
	TrustedOnly bool `yaml:"trusted_only"`
	// Warns: reports say that there are warnings, though it is a cap.
	Warns bool   `yaml:"warns"`
	Text  string `yaml:"text"` // {what} stands for what it fired on
	Fix   string `yaml:"fix"`  // finishes "B, if you ..."

	condition condition
	concern   concern
}

// Rules lists the rules of these criteria, those of the guide's sections 3 to 8
// in the order of its data.
func (c Criteria) Rules() []Rule { return slices.Clone(c.rules) }

func (c Criteria) rule(id string) (Rule, bool) {
	at := slices.IndexFunc(c.rules, func(r Rule) bool { return r.ID == id })
	if at < 0 {
		return Rule{}, false
	}
	return c.rules[at], true
}

//go:embed criteria.yaml
var criteriaData []byte

var allCriteria = sync.OnceValues(func() ([]Criteria, error) { return parseCriteria(criteriaData) })

// AllCriteria lists every version that is known, oldest first.
func AllCriteria() []Criteria { return slices.Clone(known()) }

func known() []Criteria {
	all, err := allCriteria()
	if err != nil {
		panic("embedded criteria: " + err.Error()) // held by a test
	}
	return all
}

// CriteriaAt returns the criteria in force at a time, the oldest known ones for
// times before those.
func CriteriaAt(at time.Time) Criteria {
	all := known()
	for _, criteria := range slices.Backward(all) {
		if !at.Before(criteria.Effective) {
			return criteria
		}
	}
	return all[0]
}

// CriteriaByVersion returns the criteria of a version such as "2009r".
func CriteriaByVersion(version string) (Criteria, error) {
	for _, criteria := range known() {
		if criteria.Version == version {
			return criteria, nil
		}
	}
	return Criteria{}, fmt.Errorf("rating guide %q is not known", version)
}

// following returns the criteria that are announced at a time and take effect
// after it, those after these first.
func (c Criteria) following(at time.Time) (Criteria, bool) {
	for _, next := range known() {
		if next.Effective.After(c.Effective) && next.Effective.After(at) && !next.Announced.After(at) {
			return next, true
		}
	}
	return Criteria{}, false
}

// day is a date in UTC, written 2025-05-16; zero: none.
type day struct{ time.Time }

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *day) UnmarshalYAML(node *yaml.Node) error {
	date, err := time.Parse(time.DateOnly, node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	d.Time = date
	return nil
}

type criteriaFile struct {
	Criteria []struct {
		Version   string `yaml:"version"`
		Announced day    `yaml:"announced"`
		Effective day    `yaml:"effective"`
	} `yaml:"criteria"`
	Rules []Rule `yaml:"rules"`
}

// parseCriteria reads criteria and says all that is wrong with them.
func parseCriteria(data []byte) ([]Criteria, error) {
	var file criteriaFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("read criteria: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("read criteria: something follows after their end")
	}
	if err := file.validate(); err != nil {
		return nil, err
	}
	var all []Criteria
	for _, version := range file.Criteria {
		criteria := Criteria{Version: version.Version, Announced: version.Announced.Time, Effective: version.Effective.Time}
		for _, rule := range file.Rules {
			if rule.in(criteria.Effective) {
				rule.condition, rule.concern = conditionOf(rule), concernOf(rule.ID)
				criteria.rules = append(criteria.rules, rule)
			}
		}
		all = append(all, criteria)
	}
	return all, nil
}

// in says whether criteria that take effect then have the rule.
func (r Rule) in(effective time.Time) bool {
	return !effective.Before(r.From.Time) && (r.To.IsZero() || effective.Before(r.To.Time))
}

func (f criteriaFile) validate() error {
	var faults []error
	if len(f.Criteria) == 0 || len(f.Rules) == 0 {
		faults = append(faults, errors.New("there must be criteria and rules"))
	}
	for i, version := range f.Criteria {
		switch {
		case version.Version == "" || version.Effective.IsZero() || version.Announced.IsZero():
			faults = append(faults, fmt.Errorf("criteria %d need a version, and dates of announcement and effect", i+1))
		case version.Announced.After(version.Effective.Time):
			faults = append(faults, fmt.Errorf("criteria %s take effect before they are announced", version.Version))
		case i > 0 && !version.Effective.After(f.Criteria[i-1].Effective.Time):
			faults = append(faults, fmt.Errorf("criteria %s must take effect after those before", version.Version))
		}
	}
	seen := map[string]bool{}
	for _, rule := range f.Rules {
		if seen[rule.ID] {
			faults = append(faults, fmt.Errorf("rule %s stands twice", rule.ID))
		}
		seen[rule.ID] = true
		faults = append(faults, rule.validate())
	}
	for id := range conditions() {
		if !seen[id] {
			faults = append(faults, fmt.Errorf("rule %s is missing", id))
		}
	}
	return errors.Join(faults...)
}

func (r Rule) validate() error {
	var faults []error
	if r.Effect != checks.EffectScore && conditions()[r.ID] == nil {
		faults = append(faults, fmt.Errorf("rule %q has no condition", r.ID))
	}
	if r.Text == "" || r.Fix == "" && r.Effect != checks.EffectNote {
		faults = append(faults, fmt.Errorf("rule %s needs a text and a fix", r.ID))
	}
	if !r.letterFits() {
		faults = append(faults, fmt.Errorf("rule %s: the effect %q does not lead to %q", r.ID, r.Effect, r.Letter))
	}
	if !r.To.IsZero() && !r.To.After(r.From.Time) {
		faults = append(faults, fmt.Errorf("rule %s ends before it begins", r.ID))
	}
	return errors.Join(faults...)
}

func (r Rule) letterFits() bool {
	switch r.Effect {
	case checks.EffectCap:
		return slices.Contains([]checks.Letter{checks.GradeB, checks.GradeC, checks.GradeD, checks.GradeE, checks.GradeF}, r.Letter)
	case checks.EffectWarning:
		return r.Letter == checks.GradeAMinus
	case checks.EffectBonus:
		return r.Letter == checks.GradeAPlus
	case checks.EffectTrust:
		return r.Letter == checks.GradeT
	case checks.EffectMismatch:
		return r.Letter == checks.GradeM
	case checks.EffectScore, checks.EffectNote:
		return r.Letter == ""
	}
	return false
}
