package content

import (
	"bytes"
	_ "embed" // signatures and walls
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// bareWords is how many words of prose make a page an article, in which a
// stack trace may be an example.
const bareWords = 120

// Signature recognizes one kind of debug page or exposed code (E-02).
type Signature struct {
	ID        string  `yaml:"id"`        // stable, kebab-case
	Title     string  `yaml:"title"`     // finishes "The page shows ..."
	Framework string  `yaml:"framework"` // whose page it is; empty: many have it
	When      When    `yaml:"when"`
	Pattern   pattern `yaml:",inline"`
	Why       string  `yaml:"why"` // where it is from, and what it gives away
}

// When says on which pages a signature counts.
type When string

// The conditions.
const (
	WhenAlways When = "always" // the pattern is markup that an article can hold escaped only
	WhenBare   When = "bare"   // the status is 400 or more, or there is hardly any prose besides
)

// pattern is what must stand in a page. Literals come first: they are searched
// fast, and expressions only where they stand.
type pattern struct {
	In    string     `yaml:"in"` // markup or text
	All   []string   `yaml:"all"`
	Any   []string   `yaml:"any"`
	Match expression `yaml:"match"`
}

type expression struct{ *regexp.Regexp }

// UnmarshalYAML implements yaml.Unmarshaler.
func (e *expression) UnmarshalYAML(node *yaml.Node) error {
	compiled, err := regexp.Compile(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	e.Regexp = compiled
	return nil
}

func (r *pattern) found(p *page) bool {
	body := p.source
	if r.In == "text" {
		body = p.everyText()
	}
	for _, literal := range r.All {
		if !strings.Contains(body, literal) {
			return false
		}
	}
	if len(r.Any) > 0 && !slices.ContainsFunc(r.Any, func(literal string) bool { return strings.Contains(body, literal) }) {
		return false
	}
	return r.Match.Regexp == nil || r.Match.MatchString(body)
}

// signaturesOf returns the ids of the signatures that p shows, sorted.
func signaturesOf(status int, p *page) []string {
	bare := status >= 400 || p.how == jsonText || p.how == xmlText || p.tally.prose < bareWords
	var found []string
	for _, signature := range known().signatures {
		if (signature.When == WhenAlways || bare) && signature.Pattern.found(p) {
			found = append(found, signature.ID)
		}
	}
	slices.Sort(found)
	return found
}

// Signatures lists every signature that is known.
func Signatures() []Signature { return slices.Clone(known().signatures) }

//go:embed signatures.yaml
var signatureData []byte

//go:embed walls.yaml
var wallData []byte

type data struct {
	signatures []Signature
	walls      []wall
}

var allData = sync.OnceValues(func() (data, error) { return parseData(signatureData, wallData) })

func known() data {
	all, err := allData()
	if err != nil {
		panic("embedded signatures: " + err.Error()) // held by a test
	}
	return all
}

// parseData reads both lists and says all that is wrong with them.
func parseData(signatures, walls []byte) (data, error) {
	var all data
	err := errors.Join(
		decodeYAML(signatures, &struct {
			Signatures *[]Signature `yaml:"signatures"`
		}{&all.signatures}),
		decodeYAML(walls, &struct {
			Walls *[]wall `yaml:"walls"`
		}{&all.walls}),
	)
	seen := map[string]bool{}
	for _, s := range all.signatures {
		if !idShape.MatchString(s.ID) || seen[s.ID] {
			err = errors.Join(err, fmt.Errorf("signature %q: the id is no new one in kebab-case", s.ID))
		}
		seen[s.ID] = true
		if s.Title == "" || s.Why == "" || s.When != WhenAlways && s.When != WhenBare {
			err = errors.Join(err, fmt.Errorf("signature %q: title, why or when is missing", s.ID))
		}
		err = errors.Join(err, s.Pattern.faults(s.ID))
	}
	for _, w := range all.walls {
		err = errors.Join(err, w.faults())
	}
	return all, err
}

var idShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (r *pattern) faults(id string) error {
	switch {
	case r.In != "markup" && r.In != "text":
		return fmt.Errorf("%q: in is markup or text, not %q", id, r.In)
	case len(r.All)+len(r.Any) == 0:
		return fmt.Errorf("%q: a literal is needed, so that the expression runs where it may match only", id)
	}
	return nil
}

func decodeYAML(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read signatures: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("read signatures: more than one document")
	}
	return nil
}
