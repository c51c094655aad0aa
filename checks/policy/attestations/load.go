package attestations

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

//go:embed superoffice.yaml
var superOfficeFile []byte

var superOffice = sync.OnceValues(func() (*Catalog, error) { return Load(superOfficeFile) })

// SuperOffice returns the catalog that the program holds. It does not change
// and serves many goroutines.
func SuperOffice() *Catalog {
	catalog, err := superOffice()
	if err != nil {
		panic("embedded attestations: " + err.Error()) // held by a test
	}
	return catalog
}

// Load reads a catalog, and says all that is wrong with it.
func Load(data []byte) (*Catalog, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var catalog Catalog
	if err := decoder.Decode(&catalog); err != nil {
		return nil, fmt.Errorf("read attestations: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("read attestations: something follows after their end")
	}
	if err := catalog.validate(); err != nil {
		return nil, fmt.Errorf("read attestations: %w", err)
	}
	return &catalog, nil
}

func (c *Catalog) validate() error {
	var faults []error
	if c.ID == "" || c.Version == "" || c.Title == "" || c.Owner == "" || !strings.HasPrefix(c.Source, "https://") {
		faults = append(faults, errors.New("id, version, title, owner and a source on the web are needed"))
	}
	for i, statement := range c.Statements {
		if i > 0 && c.Statements[i-1].ID >= statement.ID {
			faults = append(faults, fmt.Errorf("%s stands after %s", statement.ID, c.Statements[i-1].ID))
		}
		for _, fault := range statement.faults() {
			faults = append(faults, fmt.Errorf("%s: %s", statement.ID, fault))
		}
	}
	return errors.Join(faults...)
}

var idForm = regexp.MustCompile(`^A-[0-9]{2}$`)

// faults lists what is wrong with a statement.
func (s Statement) faults() (faults []string) {
	note := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, text)
		}
	}
	note(!idForm.MatchString(s.ID), "an id is A- and two digits")
	note(!slices.Contains(Groups(), s.Group), "it has no group")
	note(s.Source == "", "it has no source")
	note(!strings.HasSuffix(s.Text, "."), "what is stated is a sentence")
	for _, more := range []string{s.Detail, s.Recommended, s.Evidence} {
		note(more != "" && !strings.HasSuffix(more, "."), "what is said besides is a sentence")
	}
	note(strings.HasSuffix(s.Concerns, "."), "who it concerns is no sentence")
	note(s.Severity != checks.Must && s.Severity != checks.Recommended, "it is neither required nor recommended")
	for _, one := range s.Types {
		note(!slices.Contains(policy.ApplicationTypes(), one), "there is no such type of application")
	}
	note(s.Renewal.Months < 0 || s.Renewal.Months > 36, "renewal is after 0 to 36 months")
	note(s.Renewal.Months == 0 && len(s.Renewal.On) == 0, "nothing says when it is renewed")
	for _, trigger := range s.Renewal.On {
		note(trigger.Words() == "", "nobody knows what renews it")
	}
	return faults
}
