package policy

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// flaw is what makes a pattern match more than was meant.
type flaw struct{ code, text string }

// Codes of flaws.
const (
	flawUnanchored = "unanchored"     // it matches a part of a URL
	flawScheme     = "open_scheme"    // the scheme is not one literal
	flawHost       = "open_host"      // a part of the host can be anything, / and @ included
	flawDomain     = "open_domain"    // the registrable domain is not literal
	flawDot        = "unescaped_dot"  // a dot of the host stands for any character
	flawNoHost     = "no_host_at_all" // nothing like scheme://host is to be seen
)

func flawCodes() []string {
	return []string{flawUnanchored, flawScheme, flawHost, flawDomain, flawDot, flawNoHost}
}

// Bounds of the analysis: alternatives multiply.
const (
	mostVariants = 64
	mostItems    = 2048
)

var errTooComplex = errors.New("the pattern has too many variants to be analyzed")

// item is one step of a pattern without alternatives.
type item struct {
	literal    rune // 0: no literal
	begin, end bool
	dot        bool // an unescaped dot
	delimiter  bool // it can match / ? # @ : or more
	empty      bool
}

// flaws finds what is wrong with a pattern of URLs (superoffice.md, L-04).
func flaws(pattern string) ([]flaw, error) {
	if len(pattern) > maxPatternBytes {
		return nil, errTooComplex
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parse the pattern: %w", err)
	}
	variants, err := expand(tree)
	if err != nil {
		return nil, err
	}
	var found []flaw
	for _, variant := range variants {
		for _, one := range variantFlaws(variant) {
			if !slices.ContainsFunc(found, func(f flaw) bool { return f.code == one.code }) {
				found = append(found, one)
			}
		}
	}
	return found, nil
}

// expand writes a pattern as sequences of items, one for each alternative.
func expand(tree *syntax.Regexp) ([][]item, error) {
	switch tree.Op {
	case syntax.OpCapture:
		return expand(tree.Sub[0])
	case syntax.OpAlternate:
		var all [][]item
		for _, branch := range tree.Sub {
			variants, err := expand(branch)
			if err != nil {
				return nil, err
			}
			if all = append(all, variants...); len(all) > mostVariants {
				return nil, errTooComplex
			}
		}
		return all, nil
	case syntax.OpQuest:
		variants, err := expand(tree.Sub[0])
		return append(variants, nil), err
	case syntax.OpConcat:
		return expandConcat(tree.Sub)
	case syntax.OpLiteral:
		var items []item
		for _, r := range tree.Rune {
			items = append(items, item{literal: unicode.ToLower(r)})
		}
		return [][]item{items}, nil
	}
	return [][]item{{single(tree)}}, nil
}

func expandConcat(parts []*syntax.Regexp) ([][]item, error) {
	all := [][]item{nil}
	for _, part := range parts {
		variants, err := expand(part)
		if err != nil {
			return nil, err
		}
		if len(all)*len(variants) > mostVariants {
			return nil, errTooComplex
		}
		var next [][]item
		for _, before := range all {
			for _, after := range variants {
				joined := slices.Concat(before, after)
				if len(joined) > mostItems {
					return nil, errTooComplex
				}
				next = append(next, joined)
			}
		}
		all = next
	}
	return all, nil
}

func single(tree *syntax.Regexp) item {
	switch tree.Op {
	case syntax.OpBeginText:
		return item{begin: true}
	case syntax.OpEndText:
		return item{end: true}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return item{dot: true}
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpBeginLine, syntax.OpEndLine:
		return item{empty: true}
	}
	return item{delimiter: matchesDelimiter(tree)}
}

// matchesDelimiter says whether something in tree can match what ends a host.
func matchesDelimiter(tree *syntax.Regexp) bool {
	switch tree.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpLiteral:
		return slices.ContainsFunc(tree.Rune, func(r rune) bool { return strings.ContainsRune(`/?#@:\`, r) })
	case syntax.OpCharClass:
		for _, r := range `/?#@:\` {
			for i := 0; i+1 < len(tree.Rune); i += 2 {
				if tree.Rune[i] <= r && r <= tree.Rune[i+1] {
					return true
				}
			}
		}
		return false
	}
	return slices.ContainsFunc(tree.Sub, matchesDelimiter)
}

func variantFlaws(items []item) []flaw {
	var found []flaw
	items = slices.DeleteFunc(slices.Clone(items), func(i item) bool { return i.empty })
	if len(items) == 0 || !items[0].begin || !items[len(items)-1].end {
		found = append(found, flaw{flawUnanchored, "The pattern is not anchored with ^ and $, so it may match a part of another URL."})
	}
	items = slices.DeleteFunc(items, func(i item) bool { return i.begin || i.end })
	scheme, host, ok := split(items)
	if !ok {
		return append(found, flaw{flawNoHost, "The pattern does not begin with a scheme and a host, so it matches URLs of any host."})
	}
	if scheme != "https" && scheme != "http" {
		found = append(found, flaw{flawScheme, "The pattern leaves the scheme open."})
	}
	return append(found, hostFlaws(host)...)
}

// split returns the literal scheme, empty when it is none, and the items of the host.
func split(items []item) (scheme string, host []item, ok bool) {
	for at := range items {
		if at+2 < len(items) && items[at].literal == ':' && items[at+1].literal == '/' && items[at+2].literal == '/' {
			for _, one := range items[:at] {
				if one.literal == 0 {
					scheme = ""
					break
				}
				scheme += string(one.literal)
			}
			return scheme, hostItems(items[at+3:]), true
		}
	}
	return "", nil, false
}

func hostItems(items []item) []item {
	for at, one := range items {
		if one.literal != 0 && strings.ContainsRune(`/?#:`, one.literal) {
			return items[:at]
		}
	}
	return items
}

func hostFlaws(host []item) []flaw {
	var found []flaw
	tail, fixed := "", true
	for _, one := range host {
		switch {
		case one.literal != 0:
			tail += string(one.literal)
		case one.dot:
			tail += "."
			found = append(found, flaw{flawDot, `A dot of the host is not escaped, so it matches any character; write \.`})
		default:
			tail, fixed = "", false
			if one.delimiter {
				found = append(found, flaw{flawHost, "A part of the host can be anything, so the URL of another host can match."})
			}
		}
	}
	if tail == "127.0.0.1" || tail == "[" {
		return found // loopback has no domain; [::1] ends at its first colon
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimPrefix(tail, "."))
	if err != nil || !fixed && !strings.HasSuffix(tail, "."+domain) {
		found = append(found, flaw{flawDomain, "The pattern leaves the registrable domain open, so a host of somebody else can match."})
	}
	return found
}

// patternFlaws is the slot of an endpoint's flaws. Unknown where the pattern
// cannot be analyzed.
func patternFlaws(w *world, e *endpoint) slot {
	if e.ValueKind != Pattern {
		return w.told(proof("value_kind", string(e.ValueKind), "The value is no pattern."), w.listOf(nil))
	}
	found, err := flaws(e.Value)
	if err != nil {
		open := w.fact(proof("value", e.Value, "The pattern cannot be analyzed: RE2 does not take it, or it has too many variants."), nil)
		open.remedy = remedyPattern
		return slot{fact: open}
	}
	made := w.listOf(nil)
	for _, one := range found {
		said := w.fact(proof("value", e.Value, one.text), nil)
		made.segments[0].elements = append(made.segments[0].elements, w.of("flaw", one, said))
	}
	text := "The pattern is anchored, and its scheme and domain are fixed."
	if len(found) > 0 {
		text = found[0].text
	}
	return w.told(proof("value", e.Value, text), made)
}
