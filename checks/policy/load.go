package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
)

// maxProfileBytes bounds a profile that is read.
const maxProfileBytes = 1 << 20

// Load reads a profile (docs/profile.schema.json) and compiles its conditions.
// It says all that is wrong with it, with the lines.
func Load(data []byte) (*Profile, error) {
	if len(data) > maxProfileBytes {
		return nil, fmt.Errorf("read profile: it has %d bytes; at most %d are allowed", len(data), maxProfileBytes)
	}
	var profile Profile
	var tree yaml.Node
	if err := decodeStrict(data, &profile, &tree); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	l := &loader{profile: &profile, tree: &tree}
	l.checkProfile()
	l.checkRequirements()
	if len(l.faults) > 0 {
		slices.SortStableFunc(l.faults, func(a, b fault) int { return a.line - b.line })
		var all []error
		for _, one := range l.faults {
			all = append(all, fmt.Errorf("line %d: %s", one.line, one.text))
		}
		return nil, errors.Join(all...)
	}
	slices.SortStableFunc(profile.Requirements, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	return &profile, nil
}

// decodeStrict decodes one YAML document and refuses fields that it has no
// place for.
func decodeStrict(data []byte, into any, tree *yaml.Node) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	if err != nil {
		return err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("something follows after its end")
	}
	return yaml.Unmarshal(data, tree)
}

// UnmarshalYAML reads one severity, or a list of severity rules.
func (s *Severities) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*s = Severities{{Severity: checks.Severity(node.Value)}}
		return nil
	}
	for _, rule := range node.Content {
		for i := 0; i+1 < len(rule.Content); i += 2 {
			if key := rule.Content[i]; !slices.Contains([]string{"application_type", "kind", "environment", "severity"}, key.Value) {
				return fmt.Errorf("line %d: a severity rule has no field %q", key.Line, key.Value)
			}
		}
	}
	var rules []SeverityRule
	if err := node.Decode(&rules); err != nil {
		return fmt.Errorf("severity: %w", err)
	}
	*s = rules
	return nil
}

// UnmarshalYAML reads one expression, or a list of them.
func (e *Expressions) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*e = Expressions{node.Value}
		return nil
	}
	var all []string
	if err := node.Decode(&all); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	*e = all
	return nil
}

type fault struct {
	line int
	text string
}

// loader finds everything that is wrong with a profile.
type loader struct {
	profile *Profile
	tree    *yaml.Node
	faults  []fault
}

// fault notes what is wrong with the node at path: field names and indices.
func (l *loader) fault(path []string, format string, arguments ...any) {
	node := l.tree
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	l.faults = append(l.faults, fault{line: node.Line, text: fmt.Sprintf(format, arguments...)})
}

func child(node *yaml.Node, step string) *yaml.Node {
	switch node.Kind {
	case yaml.SequenceNode:
		if at, err := strconv.Atoi(step); err == nil && at < len(node.Content) {
			return node.Content[at]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

var (
	profileID     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	versionForm   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$`)
	requirementID = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,9}-[A-Z0-9][A-Z0-9-]{0,29}$`)
	settingName   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

func (l *loader) checkProfile() {
	p := l.profile
	if !profileID.MatchString(p.ID) {
		l.fault([]string{"id"}, "the profile's id %q is not made of lower-case letters, digits and hyphens", p.ID)
	}
	if !versionForm.MatchString(p.Version) {
		l.fault([]string{"version"}, "the profile's version %q is not made of letters, digits, points and hyphens", p.Version)
	}
	for name, value := range map[string]string{"title": p.Title, "owner": p.Owner, "source": p.Source} {
		if strings.TrimSpace(value) == "" {
			l.fault([]string{name}, "the profile needs a %s", name)
		}
	}
	if len(p.Requirements) == 0 {
		l.fault([]string{"requirements"}, "the profile has no requirements")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		if !settingName.MatchString(name) {
			l.fault([]string{"settings", name}, "the setting %q is not made of lower-case letters, digits and underscores", name)
		}
		if settingType(p.Settings[name]) == nil {
			l.fault([]string{"settings", name}, "the setting %s is no text, number, truth value or list of texts", name)
		}
	}
}

func (l *loader) checkRequirements() {
	seen := map[string]bool{}
	compiler, err := newCompiler(l.profile.Settings)
	if err != nil {
		l.fault([]string{"settings"}, "the settings cannot be used: %v", err)
		return
	}
	for i := range l.profile.Requirements {
		requirement := &l.profile.Requirements[i]
		path := []string{"requirements", strconv.Itoa(i)}
		if seen[requirement.ID] {
			l.fault(append(path, "id"), "requirement %s stands twice", requirement.ID)
		}
		seen[requirement.ID] = true
		l.checkRequirement(path, requirement)
		l.compile(path, requirement, compiler)
	}
}

func (l *loader) checkRequirement(path []string, r *Requirement) {
	at := func(field string) []string { return append(slices.Clone(path), field) }
	if !requirementID.MatchString(r.ID) {
		l.fault(at("id"), "the requirement's id %q is not like T-01: capitals, a hyphen, capitals or digits", r.ID)
	}
	for field, value := range map[string]string{"text": r.Text, "source": r.Source, "pass": r.Pass, "remedy": r.Remedy} {
		if strings.TrimSpace(value) == "" {
			l.fault(at(field), "requirement %s needs a %s", r.ID, field)
		}
	}
	if r.Each == "" {
		r.Each = EachAddress
	}
	if !slices.Contains(Scopes(), r.Each) {
		l.fault(at("each"), "requirement %s: each %q is not known", r.ID, r.Each)
	}
	if len(r.Rules) == 0 || !r.Rules[len(r.Rules)-1].matchesAll() {
		l.fault(at("severity"), "requirement %s must end with a severity for everything", r.ID)
	}
	for i, rule := range r.Rules {
		if err := rule.validate(); err != nil {
			l.fault(append(at("severity"), strconv.Itoa(i)), "requirement %s, severity %d: %v", r.ID, i+1, err)
		}
	}
	for i, remedy := range r.Remedies {
		if remedy.When == "" || remedy.Remedy == "" {
			l.fault(append(at("remedies"), strconv.Itoa(i)), "requirement %s, remedy %d needs a when and a remedy", r.ID, i+1)
		}
	}
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

// compile compiles everything in a requirement that is CEL.
func (l *loader) compile(path []string, r *Requirement, compiler *compiler) {
	if !slices.Contains(Scopes(), r.Each) {
		return
	}
	compiled := &rule{}
	condition := func(source string, at ...string) (program program) {
		program, err := compiler.condition(r.Each, source)
		if err != nil {
			l.fault(append(slices.Clone(path), at...), "requirement %s, %s: %v", r.ID, strings.Join(at, " "), err)
		}
		return program
	}
	statements := func(sources Expressions, at ...string) (programs []program) {
		for _, source := range sources {
			program, err := compiler.statement(r.Each, source)
			if err != nil {
				l.fault(append(slices.Clone(path), at...), "requirement %s, %s: %v", r.ID, strings.Join(at, " "), err)
			}
			programs = append(programs, program)
		}
		return programs
	}
	if r.Applies != "" {
		compiled.applies = condition(r.Applies, "applies")
	}
	if r.Pass != "" {
		compiled.pass = condition(r.Pass, "pass")
	}
	compiled.provePass, compiled.proveFail = statements(r.Proof.Pass, "proof", "pass"), statements(r.Proof.Fail, "proof", "fail")
	for i, remedy := range r.Remedies {
		if remedy.When != "" {
			compiled.remedies = append(compiled.remedies, condition(remedy.When, "remedies", strconv.Itoa(i), "when"))
		}
	}
	r.compiled = compiled
}
