// Package cases runs the cases of requirement profiles: evidence that is
// changed here and there, and the verdict that it should get. Cases are data; it
// reads no file and asks nobody anything.
package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// File is the cases of one profile.
type File struct {
	Profile string `yaml:"profile"` // its id
	Tests   []Case `yaml:"tests"`
}

// Case is the verdict of one requirement on a healthy endpoint that was changed.
type Case struct {
	Requirement string `yaml:"requirement"`
	Name        string `yaml:"name"`
	// Set changes the evidence, by JSON pointers (RFC 6901) into its JSON form. An
	// element '*' stands for every element of a list or object, and makes none.
	Set map[string]any `yaml:"set"`
	// Remove takes values out, by such pointers.
	Remove []string      `yaml:"remove"`
	Want   checks.Result `yaml:"want"`
	// What may be said of the first proof: its fact, its value, a part of its
	// sentence, its cause.
	Fact  string       `yaml:"fact"`
	Value string       `yaml:"value"`
	Says  string       `yaml:"says"`
	Cause checks.Cause `yaml:"cause"`
	// Severity, Remedy (a part of it) and Proofs (how many) where they matter.
	Severity checks.Severity `yaml:"severity"`
	Remedy   string          `yaml:"remedy"`
	Proofs   int             `yaml:"proofs"`
}

// Title names the case among its file's.
func (c Case) Title() string {
	return strings.TrimSpace(c.Requirement + " " + string(c.Want) + " " + c.Name)
}

// Read reads a file of cases and refuses fields that it does not know.
func Read(data []byte) (File, error) {
	var file File
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("read cases: %w", err)
	}
	if file.Profile == "" || len(file.Tests) == 0 {
		return File{}, errors.New("read cases: a profile and tests are needed")
	}
	return file, nil
}

// Run judges the case's evidence by profile and says what is not as wanted.
func (c Case) Run(profile *policy.Profile) error {
	evidence, err := c.Evidence()
	if err != nil {
		return err
	}
	verdicts := policy.Judge(evidence, profile.Only(c.Requirement))
	if len(verdicts) != 1 {
		return fmt.Errorf("the profile %s has no requirement %s", profile.ID, c.Requirement)
	}
	return c.compare(verdicts[0])
}

func (c Case) compare(got checks.Verdict) error {
	var faults []error
	differ := func(what, want, have string) {
		faults = append(faults, fmt.Errorf("%s: want %q, got %q", what, want, have))
	}
	if got.Result != c.Want {
		differ("result", string(c.Want), string(got.Result))
	}
	if len(got.Proof) == 0 {
		return errors.Join(append(faults, errors.New("there is no proof"))...)
	}
	first := got.Proof[0]
	if c.Fact != "" && first.Fact != c.Fact {
		differ("fact", c.Fact, first.Fact)
	}
	if c.Value != "" && first.Value != c.Value {
		differ("value", c.Value, first.Value)
	}
	if !strings.Contains(first.Text, c.Says) {
		differ("sentence", c.Says, first.Text)
	}
	if c.Cause != "" && first.Cause != c.Cause {
		differ("cause", string(c.Cause), string(first.Cause))
	}
	if c.Severity != "" && got.Severity != c.Severity {
		differ("severity", string(c.Severity), string(got.Severity))
	}
	if !strings.Contains(got.Remedy, c.Remedy) {
		differ("remedy", c.Remedy, got.Remedy)
	}
	if c.Proofs > 0 && len(got.Proof) != c.Proofs {
		differ("number of proofs", strconv.Itoa(c.Proofs), fmt.Sprintf("%d: %v", len(got.Proof), got.Proof))
	}
	if len(faults) > 0 {
		faults = append(faults, fmt.Errorf("the proof is %+v", got.Proof))
	}
	return errors.Join(faults...)
}

// Evidence is the healthy evidence with the case's changes.
func (c Case) Evidence() (policy.Evidence, error) {
	text, err := json.Marshal(Healthy())
	if err != nil {
		return policy.Evidence{}, fmt.Errorf("write the healthy evidence: %w", err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return policy.Evidence{}, fmt.Errorf("read the healthy evidence: %w", err)
	}
	for _, pointer := range slices.Sorted(maps.Keys(c.Set)) {
		if err := change(tree, pointer, c.Set[pointer], false); err != nil {
			return policy.Evidence{}, err
		}
	}
	for _, pointer := range c.Remove {
		if err := change(tree, pointer, nil, true); err != nil {
			return policy.Evidence{}, err
		}
	}
	if text, err = json.Marshal(tree); err != nil {
		return policy.Evidence{}, fmt.Errorf("write the changed evidence: %w", err)
	}
	var evidence policy.Evidence
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields() // a pointer that leads nowhere changes nothing
	if err := decoder.Decode(&evidence); err != nil {
		return policy.Evidence{}, fmt.Errorf("read the changed evidence: %w", err)
	}
	return evidence, nil
}

// change sets or removes what pointer leads to. Objects on the way are made,
// elements of lists are not, but for the one behind the last.
func change(tree any, pointer string, value any, remove bool) error {
	if !strings.HasPrefix(pointer, "/") {
		return fmt.Errorf("%q is no JSON pointer", pointer)
	}
	steps := strings.Split(pointer[1:], "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	if _, err := changed(tree, steps, value, remove); err != nil {
		return fmt.Errorf("%s: %w", pointer, err)
	}
	return nil
}

// changed returns node with the value at steps changed.
func changed(node any, steps []string, value any, remove bool) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	step, rest := steps[0], steps[1:]
	switch node := node.(type) {
	case map[string]any:
		return node, changeObject(node, step, rest, value, remove)
	case []any:
		return changeList(node, step, rest, value, remove)
	case nil:
		made := map[string]any{}
		return made, changeObject(made, step, rest, value, remove)
	}
	return nil, fmt.Errorf("%q leads into %T", step, node)
}

func changeObject(node map[string]any, step string, rest []string, value any, remove bool) (err error) {
	names := []string{step}
	if step == "*" {
		names = slices.Sorted(maps.Keys(node))
	}
	for _, name := range names {
		if remove && len(rest) == 0 {
			delete(node, name)
			continue
		}
		if node[name], err = changed(node[name], rest, value, remove); err != nil {
			return err
		}
	}
	return nil
}

func changeList(node []any, step string, rest []string, value any, remove bool) (_ []any, err error) {
	if step == "*" {
		for i := range node {
			if node[i], err = changed(node[i], rest, value, remove); err != nil {
				return nil, err
			}
		}
		return node, nil
	}
	at, err := strconv.Atoi(step)
	if err != nil || at < 0 || at > len(node) {
		return nil, fmt.Errorf("%q is no place in a list of %d", step, len(node))
	}
	if remove && len(rest) == 0 {
		return slices.Delete(node, at, min(at+1, len(node))), nil
	}
	if at == len(node) {
		node = append(node, nil)
	}
	node[at], err = changed(node[at], rest, value, remove)
	return node, err
}
