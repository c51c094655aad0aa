package remedies

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const gradeRules = "grade_rules.yaml"

// read returns the remedies in the folder data of files, and says all that is
// wrong with them.
func read(files fs.FS) (collection, error) {
	names, err := fs.Glob(files, "data/*.yaml")
	if err != nil {
		return collection{}, fmt.Errorf("list remedies: %w", err)
	}
	result := collection{byID: map[string]Remedy{}, byRule: map[string]string{}}
	var all []writtenRemedy
	for _, name := range names {
		if path.Base(name) == gradeRules {
			err = errors.Join(err, decode(files, name, &result.byRule))
			continue
		}
		var written []writtenRemedy
		err = errors.Join(err, decode(files, name, &written))
		for _, remedy := range written {
			if _, twice := result.byID[remedy.ID]; twice {
				err = errors.Join(err, fmt.Errorf("%s: remedy %s stands twice", name, remedy.ID))
			}
			result.byID[remedy.ID] = remedy.Remedy
			all = append(all, remedy)
		}
	}
	for _, remedy := range all {
		err = errors.Join(err, result.complete(remedy))
	}
	slices.SortFunc(result.all, func(a, b Remedy) int { return strings.Compare(a.ID, b.ID) })
	return result, errors.Join(err, result.validateRules())
}

// writtenRemedy is a remedy as it stands in a file.
type writtenRemedy struct {
	Remedy `yaml:",inline"`
	// Like names the remedy whose configurations do here too.
	Like string `yaml:"like"`
}

// complete gives a remedy its configurations and puts it into the collection.
func (c *collection) complete(remedy writtenRemedy) error {
	var faults []error
	if remedy.Like != "" {
		other, found := c.byID[remedy.Like]
		if !found || len(remedy.Configurations) > 0 || len(other.Configurations) == 0 {
			faults = append(faults, fmt.Errorf("remedy %s is like %q, which has no configurations to give, or has its own", remedy.ID, remedy.Like))
		}
		remedy.Configurations = other.Configurations
	}
	c.byID[remedy.ID] = remedy.Remedy
	c.all = append(c.all, remedy.Remedy)
	return errors.Join(append(faults, remedy.validate())...)
}

// decode reads one YAML document without unknown fields.
func decode(files fs.FS, name string, into any) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read remedies: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: something follows after its end", name)
	}
	return nil
}

func (c collection) validateRules() error {
	var faults []error
	for rule, id := range c.byRule {
		if _, found := c.byID[id]; !found {
			faults = append(faults, fmt.Errorf("grade rule %s names the remedy %q, which does not exist", rule, id))
		}
	}
	return errors.Join(faults...)
}

func (r Remedy) validate() error {
	var faults []error
	if !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(r.ID) {
		faults = append(faults, fmt.Errorf("remedy %q: an id is lower-case words joined by hyphens", r.ID))
	}
	if r.Title == "" || strings.HasSuffix(r.Title, ".") || !sentences(r.Text) {
		faults = append(faults, fmt.Errorf("remedy %s needs a title without a period, and sentences", r.ID))
	}
	seen := map[string]bool{}
	for _, configuration := range r.Configurations {
		if seen[configuration.Server] {
			faults = append(faults, fmt.Errorf("remedy %s has two configurations for %s", r.ID, configuration.Server))
		}
		seen[configuration.Server] = true
		if err := configuration.validate(); err != nil {
			faults = append(faults, fmt.Errorf("remedy %s, %s: %w", r.ID, configuration.Server, err))
		}
	}
	return errors.Join(faults...)
}

func (c Configuration) validate() error {
	var faults []error
	if !slices.Contains(Servers(), c.Server) {
		faults = append(faults, fmt.Errorf("the server %q is not known", c.Server))
	}
	if c.Lines == "" && (c.Note == "" || c.Language != "" || c.File != "") {
		faults = append(faults, errors.New("without lines there is a note, and neither language nor file"))
	}
	if c.Lines != "" && !slices.Contains(languages(), c.Language) {
		faults = append(faults, fmt.Errorf("the language %q is not known", c.Language))
	}
	if strings.Contains(c.Lines, "\t") || c.Lines != "" && !strings.HasSuffix(c.Lines, "\n") {
		faults = append(faults, errors.New("lines are indented with spaces and end in a line break"))
	}
	if c.Note != "" && !sentences(c.Note) {
		faults = append(faults, errors.New("a note is sentences"))
	}
	if source, err := url.Parse(c.Source); err != nil || source.Scheme != "https" || source.Host == "" {
		faults = append(faults, fmt.Errorf("the source %q is no https address", c.Source))
	}
	return errors.Join(faults...)
}

func sentences(text string) bool {
	return text != "" && strings.HasSuffix(text, ".") && !strings.Contains(text, "\n")
}

// languages lists what lines can be written in.
func languages() []string {
	return []string{
		"apache", "caddyfile", "csharp", "dns", "go", "haproxy", "java", "javascript", "json", "nginx", "powershell",
		"properties", "regexp", "shell", "vcl", "xml",
	}
}
