package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// facts compares everything that was seen.
func (d *differing) facts() {
	left, right := d.sideOf(&d.left.Observation), d.sideOf(&d.right.Observation)
	filledLeft, filledRight := map[string]bool(nil), map[string]bool(nil)
	if d.left.Engine != d.right.Engine {
		filledLeft, filledRight = filledBy([]side{left}), filledBy([]side{right})
	}
	list := pairs(left, right)
	told := map[string]bool{}
	for i, p := range list {
		if filledLeft != nil {
			p = p.asFarAs(filledLeft)
			p = p.turned().asFarAs(filledRight).turned()
		}
		list[i], told[p.after.path] = p, true
	}
	for _, t := range left.traits {
		if !told[t.path] {
			list = append(list, pair{before: t})
		}
	}
	for _, t := range right.traits {
		if !told[t.path] {
			list = append(list, pair{after: t})
		}
	}
	d.factRows(list)
}

func (p pair) turned() pair { return pair{before: p.after, after: p.before} }

// sections lists the sections of facts in the order of a page.
func sections() []string {
	return []string{
		sectionProtocols, sectionCertificate, sectionSuites, sectionFeatures, sectionVulnerabilities, sectionClients,
		sectionHTTP, sectionCookies, sectionDNS,
	}
}

func (d *differing) factRows(list []pair) {
	for _, section := range sections() {
		rows := map[string]int{} // of what one row says twice
		for _, p := range list {
			shown := p.after
			if shown.path == "" {
				shown = p.before
			}
			if shown.section != section {
				continue
			}
			row, words := rowOfPair(p, shown)
			key := strings.TrimSuffix(strings.TrimSuffix(shown.path, ".value"), ".attributes")
			if at, known := rows[key]; !known {
				rows[key] = len(d.Rows)
				d.Rows = append(d.Rows, row)
			} else if row.Differs {
				d.Rows[at].Differs = true
			}
			if words != "" {
				d.Sentences = append(d.Sentences, words)
			}
		}
	}
}

func rowOfPair(p pair, shown trait) (row Row, words string) {
	row = Row{Section: shown.section, What: shown.what, Left: rowText(p.before), Right: rowText(p.after)}
	if p.before.path == "" || p.after.path == "" {
		return row, ""
	}
	unlike := differs(p.before, p.after)
	row.Differs = unlike || shown.form != collection && shown.same == nil && p.before.text != p.after.text
	if unlike && !shown.quiet {
		words = p.sentence()
	}
	return row, words
}

func rowText(t trait) string { return orUntold(checks.Clean(t.text, mostText)) }

// sentence says how left, which is before, and right differ.
func (p pair) sentence() string {
	switch {
	case p.after.form == quality && p.after.chain != nil && p.before.chain != nil:
		return p.chains()
	case p.after.path == "certificates":
		return "Left and right do not send the same certificates on all their addresses."
	case p.after.form == quality || p.before.form == quality:
		return fmt.Sprintf("%s: %s on the left, %s on the right.", p.after.what, p.before.text, p.after.text)
	case p.after.form == possession:
		return p.possession()
	default:
		return p.collection()
	}
}

func (p pair) chains() string {
	if len(p.before.chain.sent) > 0 && len(p.after.chain.sent) > 0 && p.before.chain.sent[0] == p.after.chain.sent[0] {
		return "Left and right send the same certificate with other intermediates."
	}
	left, right := p.before.chain.leaf(), p.after.chain.leaf()
	if left == nil || right == nil {
		return "Left and right send different certificates."
	}
	const day = "2006-01-02"
	return fmt.Sprintf("Left and right send different certificates: left one of %s, valid until %s, right one of %s, valid until %s.",
		issuerName(left), left.NotAfter.UTC().Format(day), issuerName(right), right.NotAfter.UTC().Format(day))
}

func (p pair) possession() string {
	has, has2, owner := "left", "right", p.before
	if p.after.has {
		has, has2, owner = has2, has, p.after
	}
	words := fmt.Sprintf("%s %s %s, %s %s.", has, owner.verb.one, owner.object, has2, owner.verb.not())
	if owner.where != "" {
		return owner.where + ", " + words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func (p pair) collection() string {
	onlyRight, onlyLeft := lists(p.before, p.after)
	if len(onlyRight)+len(onlyLeft) == 0 {
		return fmt.Sprintf("%s: left prefers %s and right %s, with the same %s.", p.after.what, p.before.order[0], p.after.order[0], p.after.noun)
	}
	var parts []string
	one := func(side string, members []string) {
		switch {
		case len(members) == 0:
		case p.after.topic != "" && p.after.topic == p.before.topic:
			parts = append(parts, fmt.Sprintf("%s on the %s only", listed(members), side))
		default:
			parts = append(parts, fmt.Sprintf("only %s %s %s", side, p.after.verb.one, listed(members)))
		}
	}
	one("left", onlyLeft)
	one("right", onlyRight)
	words := strings.Join(parts, ", and ") + "."
	switch {
	case p.after.topic != "" && p.after.topic == p.before.topic:
		return p.after.topic + " " + p.after.verb.one + " " + words
	case p.after.where != "" && p.after.where == p.before.where:
		return p.after.where + ", " + words
	default:
		return strings.ToUpper(words[:1]) + words[1:]
	}
}

// sideOf is what an observation shows, its addresses as one.
func (d *differing) sideOf(observation *checks.Observation) side {
	known := newShelf(observation)
	s := sharedTraits(observation, known)
	sides := addressSides(observation, known, byPlace)
	var paths []string
	for _, one := range sides {
		for path := range one.told {
			s.holds(path)
		}
		for _, t := range one.traits {
			paths = append(paths, t.path)
		}
	}
	indexed := make([]map[string]trait, 0, len(sides))
	for _, one := range sides {
		indexed = append(indexed, byPath(one))
	}
	seen := map[string]bool{}
	for _, path := range paths {
		if !seen[path] {
			seen[path] = true
			s.add(united(path, sides, indexed))
		}
	}
	return s
}

// united is one trait of all addresses: as it is where they agree, else a
// quality that says on how many it is how.
func united(path string, sides []side, indexed []map[string]trait) trait {
	var variants []trait
	counts := map[string]int{}
	total := 0
	for i := range sides {
		t, shown := indexed[i][path]
		if !shown {
			first := slices.IndexFunc(indexed, func(known map[string]trait) bool { return known[path].path != "" })
			if t = indexed[first][path]; !sides[i].told[t.within] {
				continue
			}
			t = t.missing()
		}
		if counts[t.text] == 0 {
			variants = append(variants, t)
		}
		counts[t.text]++
		total++
	}
	if len(variants) == 1 {
		return variants[0]
	}
	parts := make([]string, 0, len(variants))
	for _, t := range variants {
		parts = append(parts, fmt.Sprintf("%s on %d of %d addresses", t.text, counts[t.text], total))
	}
	first := variants[0]
	return trait{
		path: path, field: first.field, section: first.section, what: first.what, within: first.within, quiet: first.quiet,
		plain: first.plain, form: quality, text: strings.Join(parts, ", "), has: true,
	}
}
