package csp

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// shortestPolicy is the length in characters below which the Observatory takes
// no policy for one.
const shortestPolicy = 6

// combined is what the Observatory makes of several policies: one, with the
// sources that it takes to be in each.
type combined struct {
	names      []string // in the order first seen
	sources    map[string]*sourceSet
	duplicates bool // report-uri or report-to stands twice, which it tolerates
}

// sourceSet keeps its order, as the sets of the Observatory's language do.
type sourceSet struct{ values []string }

func newSourceSet(values ...string) *sourceSet {
	set := &sourceSet{}
	seen := map[string]bool{}
	for _, value := range values {
		if !seen[value] {
			seen[value] = true
			set.values = append(set.values, value)
		}
	}
	return set
}

func (s *sourceSet) has(value string) bool { return slices.Contains(s.values, value) }

func (s *sourceSet) remove(drop func(string) bool) { s.values = slices.DeleteFunc(s.values, drop) }

func (s *sourceSet) any(holds func(string) bool) bool { return slices.ContainsFunc(s.values, holds) }

// size counts the directives but those ignored, and one more where there are
// duplicates: the Observatory notes those among them.
func (c *combined) size(ignored func(name string) bool) int {
	count := 0
	if c.duplicates {
		count++
	}
	for _, name := range c.names {
		if !ignored(name) {
			count++
		}
	}
	return count
}

// get returns the sources of the first named directive that is there.
func (c *combined) get(names ...string) (*sourceSet, bool) {
	for _, name := range names {
		if set, found := c.sources[name]; found {
			return set, true
		}
	}
	return nil, false
}

// source is one source of a directive, and whether it is in what is left.
type source struct {
	text   string
	policy int
	keep   bool
}

// combiner gathers the sources of each directive, policy by policy.
type combiner struct {
	names      []string
	sources    map[string][]*source
	duplicates bool
	policies   int
}

// combine follows parseCsp of the Observatory's algorithm version 4, its
// peculiarities included: every value is one policy and a comma divides
// nothing, a repeated directive is an error, and a directive that only a later
// policy has becomes 'none'.
func combine(values []string) (*combined, error) {
	c := &combiner{sources: map[string][]*source{}, policies: len(values)}
	policies := make([]string, len(values))
	for i, value := range values {
		policies[i] = strings.TrimFunc(strings.NewReplacer("\r", "", "\n", "").Replace(value), isSpace)
		if utf8.RuneCountInString(policies[i]) < shortestPolicy {
			return nil, errors.New("the policy is shorter than any directive")
		}
	}
	for i, policy := range policies {
		if err := c.add(i, policy); err != nil {
			return nil, err
		}
	}
	result := &combined{names: c.names, sources: map[string]*sourceSet{}, duplicates: c.duplicates}
	for name, sources := range c.sources {
		set := newSourceSet("'none'")
		if len(sources) > 0 {
			set = newSourceSet(texts(sources)...)
		}
		result.sources[name] = set
	}
	return result, nil
}

func texts(sources []*source) []string {
	all := make([]string, len(sources))
	for i, one := range sources {
		all[i] = one.text
	}
	return all
}

func (c *combiner) add(index int, policy string) error {
	seen := map[string]bool{}
	for entry := range strings.SplitSeq(policy, ";") {
		words := strings.FieldsFunc(entry, isSpace)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if seen[name] {
			if name != "report-uri" && name != "report-to" {
				return fmt.Errorf("the directive %s stands twice", name)
			}
			c.duplicates = true
		}
		seen[name] = true
		if err := c.merge(index, name, words[1:]); err != nil {
			return err
		}
	}
	return nil
}

// merge puts the sources of one directive to those of earlier policies.
func (c *combiner) merge(index int, name string, words []string) error {
	if len(words) == 0 && strings.HasSuffix(name, "-src") {
		words = []string{"'none'"}
	}
	var sources []*source
	earlier, known := c.sources[name]
	if index > 0 {
		sources = slices.Clone(earlier)
	}
	for _, word := range words {
		sources = append(sources, &source{text: strings.ToLower(word), policy: index, keep: index == 0})
	}
	slices.SortStableFunc(sources, func(a, b *source) int { return collate(a.text, b.text) })
	if err := mark(sources); err != nil {
		return err
	}
	sources = slices.DeleteFunc(sources, func(s *source) bool { return !s.keep })
	if !known {
		c.names = append(c.names, name)
	}
	c.sources[name] = sources
	if index == 0 && c.policies > 1 {
		for _, one := range sources {
			one.keep = false
		}
	}
	return nil
}

// mark decides which of the sorted sources are kept: one that begins like its
// neighbor of the same policy is superfluous, one that its neighbor of another
// policy covers is in both.
func mark(sources []*source) error {
	for i := 1; i < len(sources); i++ {
		before, here := sources[i-1], sources[i]
		if before.policy == here.policy {
			if strings.HasPrefix(here.text, before.text) {
				here.keep = false
			}
			continue
		}
		covered, err := covers(before.text, here.text)
		if err != nil {
			return err
		}
		if covered {
			here.keep = true
		}
	}
	return nil
}

// covers says whether b is a, or below it where a ends with a slash (CSP Level 3
// section 6.7.2.12).
func covers(a, b string) (bool, error) {
	if a == "" || a == "/" && b == "" {
		return true, nil
	}
	below := strings.HasSuffix(a, "/")
	piecesA, piecesB := strings.Split(a, "/"), strings.Split(b, "/")
	if len(piecesA) > len(piecesB) || !below && len(piecesA) != len(piecesB) {
		return false, nil
	}
	if below {
		piecesA = piecesA[:len(piecesA)-1]
	}
	for i := range piecesA {
		pieceA, errA := unescape(piecesA[i])
		pieceB, errB := unescape(piecesB[i])
		if err := errors.Join(errA, errB); err != nil {
			return false, err
		}
		if pieceA != pieceB {
			return false, nil
		}
	}
	return true, nil
}

// unescape fails where what is escaped is no UTF-8, as the Observatory's does.
func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return "", fmt.Errorf("read source: %w", err)
	}
	if !utf8.ValidString(plain) {
		return "", errors.New("read source: what is escaped is no UTF-8")
	}
	return plain, nil
}

// isSpace is white space in the Observatory's language (ECMAScript, WhiteSpace
// and LineTerminator).
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}
