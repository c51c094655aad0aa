package monitor

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Snapshot is what is known of an endpoint at one time, and by which rules it
// was judged.
type Snapshot struct {
	At          time.Time
	Observation checks.Observation
	Verdicts    []checks.Verdict
	Engine      string
	FullEngine  string // of the look that suites and the like are from; empty: Engine
	Profile     string // those of the verdicts, with commas between them
	TrustData   string
	Criteria    string        // of the grade
	Grade       *checks.Grade // of the endpoint: the last conclusive one, or the new one; nil: none
}

// Compare returns what differs between two snapshots of one endpoint, facts
// first and then verdicts and the grade, each in a stable order. It compares
// meaning, never bytes: a fact that either side could not tell is no change, and
// neither is an order that the server does not keep, nor what differs between
// two looks at an unchanged server. Addresses that changed in the same way give
// one change. What only a full look carries is compared between full looks.
//
// Facts that are plainly worse or better are regressions and recoveries, as are
// verdicts and grades; the others drift. What another engine found in fields
// that the one before never filled is no change.
func Compare(previous, next Snapshot) []Change {
	c := comparison{previous: previous, next: next}
	c.shared()
	c.addresses()
	c.certificates()
	c.verdicts()
	c.grade()
	return c.changes
}

// comparison gathers the changes of one Compare.
type comparison struct {
	previous, next Snapshot
	changes        []Change
	filled         map[string]bool // the fields that the previous engine filled; nil: it is the same
}

// shared compares what no address shows.
func (c *comparison) shared() {
	was, is := newShelf(&c.previous.Observation), newShelf(&c.next.Observation)
	before, after := sharedTraits(&c.previous.Observation, was), sharedTraits(&c.next.Observation, is)
	if c.previous.Engine != c.next.Engine {
		c.filled = filledBy(append(addressSides(&c.previous.Observation, was, byURL), before))
	}
	for _, p := range pairs(before, after) {
		if p, told := c.told(p); told {
			c.add(p, p.after.path, place{})
		}
	}
}

// finding is one way in which addresses changed.
type finding struct {
	pair      pair
	addresses []netip.Addr
	before    []string
	after     []string
}

// addresses compares what addresses showed that were looked at both times; where
// there is none of these, what all addresses of each time agree on.
func (c *comparison) addresses() {
	was, is := newShelf(&c.previous.Observation), newShelf(&c.next.Observation)
	before, after := addressSides(&c.previous.Observation, was, byURL), addressSides(&c.next.Observation, is, byURL)
	if len(before) == 0 || len(after) == 0 {
		return
	}
	if !c.sharedAddress() {
		for _, p := range pairs(agreed(before), agreed(after)) {
			if p, told := c.told(p); told {
				at := newPlace(len(after))
				c.add(p, at.subject+"."+p.after.path, at)
			}
		}
		return
	}
	for _, found := range c.findings(before, after) {
		at := placeOf(found.addresses, len(after))
		found.pair.before.text, found.pair.after.text = together(found.before), together(found.after)
		c.add(found.pair, at.subject+"."+found.pair.after.path, at)
	}
}

// findings groups the changes of addresses by what they say.
func (c *comparison) findings(before, after []side) []*finding {
	var list []*finding
	known := map[string]*finding{}
	for i, is := range after {
		address := c.next.Observation.Addresses[i].Address
		at := slices.IndexFunc(c.previous.Observation.Addresses, func(a checks.AddressObservation) bool {
			return a.Address == address && a.Port == c.next.Observation.Addresses[i].Port
		})
		if at < 0 {
			continue
		}
		for _, p := range pairs(before[at], is) {
			p, told := c.told(p)
			if !told {
				continue
			}
			way, weight := class(p.before, p.after)
			key := strings.Join([]string{p.after.path, string(way), string(weight), sentence(p.before, p.after, place{})}, "\x00")
			if known[key] == nil {
				known[key] = &finding{pair: p}
				list = append(list, known[key])
			}
			found := known[key]
			found.addresses = append(found.addresses, address)
			found.before, found.after = append(found.before, p.before.text), append(found.after, p.after.text)
		}
	}
	return list
}

// together reads several values as one.
func together(texts []string) string { return strings.Join(unique(texts), "; ") }

// told says whether a pair is a change, and leaves out what the engine before
// never looked for.
func (c *comparison) told(p pair) (pair, bool) {
	if p.after.quiet {
		return p, false
	}
	if c.filled != nil {
		p = p.asFarAs(c.filled)
	}
	return p, differs(p.before, p.after)
}

// asFarAs leaves out what came in fields that nobody filled before.
func (p pair) asFarAs(filled map[string]bool) pair {
	switch {
	case p.after.form != collection && !filled[p.after.field]:
		p.after = p.before
	case p.after.form == collection:
		p.after.members = slices.DeleteFunc(slices.Clone(p.after.members), func(member string) bool {
			return !slices.Contains(p.before.members, member) && !filled[p.after.fieldName(member)]
		})
	}
	return p
}

func (t trait) fieldName(member string) string {
	if t.fieldOf == nil {
		return t.field
	}
	return t.fieldOf(member)
}

// filledBy lists the fields that hold something on one of the sides. The
// answer no is something, no list is not.
func filledBy(sides []side) map[string]bool {
	filled := map[string]bool{}
	for _, s := range sides {
		for _, t := range s.traits {
			empty := t.form == possession && !t.has || t.form == collection && len(t.members) == 0
			if !t.plain || !empty {
				filled[t.field] = true
			}
			for _, member := range t.members {
				filled[t.fieldName(member)] = true
			}
		}
	}
	return filled
}

// mostText bounds, in bytes, how a value reads.
const mostText = 4096

func (c *comparison) add(p pair, subject string, at place) {
	way, weight := class(p.before, p.after)
	cause := p.after.cause
	if cause == "" {
		cause = checks.CauseConfiguration
	}
	c.changes = append(c.changes, Change{
		OccurredAt: c.next.At, Class: way, Weight: weight, Cause: cause, Subject: subject,
		Before: checks.Clean(p.before.text, mostText), After: checks.Clean(p.after.text, mostText), Sentence: sentence(p.before, p.after, at),
	})
}

// addressSides are the traits of each address, in the observation's order.
func addressSides(observation *checks.Observation, known *shelf, names hopNames) []side {
	sides := make([]side, 0, len(observation.Addresses))
	for _, address := range observation.Addresses {
		var s side
		protocolTraits(&s, address.TLS)
		chainTraits(&s, known, address.TLS.Chain)
		suiteTraits(&s, address.Full.Suites)
		groupTraits(&s, address.Full.Suites)
		servedTraits(&s, address)
		featureTraits(&s, address.Full.Features)
		findingTraits(&s, "vulnerabilities", address.Full.Vulnerabilities)
		findingTraits(&s, "intrusive", address.Full.Intrusive)
		clientTraits(&s, address.Full.Simulations)
		httpTraits(&s, address.HTTP, address.Full, names)
		sides = append(sides, s)
	}
	return sides
}

// agreed is what all sides show alike.
func agreed(sides []side) side {
	common := side{told: sides[0].told}
	var others []map[string]trait
	for _, other := range sides[1:] {
		others = append(others, byPath(other))
	}
	for _, t := range sides[0].traits {
		alike := !slices.ContainsFunc(others, func(other map[string]trait) bool {
			found, seen := other[t.path]
			return !seen || found.text != t.text || differs(t, found)
		})
		if alike {
			common.add(t)
		}
	}
	return common
}

func (c *comparison) sharedAddress() bool {
	return slices.ContainsFunc(c.next.Observation.Addresses, func(after checks.AddressObservation) bool {
		return slices.ContainsFunc(c.previous.Observation.Addresses, func(before checks.AddressObservation) bool {
			return before.Address == after.Address && before.Port == after.Port
		})
	})
}

// certificates says that certificates are new where no address was looked at
// both times, and those of each time differ among themselves.
func (c *comparison) certificates() {
	was, is := sent(&c.previous.Observation), sent(&c.next.Observation)
	said := slices.ContainsFunc(c.changes, func(change Change) bool { return strings.HasSuffix(change.Subject, ".certificates") })
	if c.sharedAddress() || said || len(was) == 0 || len(is) == 0 || equalCertificates(was, is) {
		return
	}
	c.changes = append(c.changes, Change{
		OccurredAt: c.next.At, Class: Drift, Weight: Low, Cause: checks.CauseCertificate, Subject: "certificates",
		Before: join(fingerprints(was)), After: join(fingerprints(is)), Sentence: "The new addresses send other certificates.",
	})
}

// sent lists the certificates of the chains that every look asks for: without
// those that only a full look made the server send, or that issuers' addresses
// led to.
func sent(observation *checks.Observation) []checks.Certificate {
	asked, others := map[checks.Fingerprint]bool{}, map[checks.Fingerprint]bool{}
	for _, address := range observation.Addresses {
		for _, fingerprint := range address.TLS.Chain.Value {
			asked[fingerprint] = true
		}
		for _, chain := range address.Full.Chains.Served.Value {
			maps.Copy(others, setOf(chain.Certificates))
		}
	}
	for _, issuers := range observation.PKI.Issuers {
		maps.Copy(others, setOf(issuers.Value))
	}
	return slices.DeleteFunc(slices.Clone(observation.Certificates), func(c checks.Certificate) bool {
		return others[c.SHA256] && !asked[c.SHA256]
	})
}

func equalCertificates(was, is []checks.Certificate) bool {
	return slices.EqualFunc(was, is, func(a, b checks.Certificate) bool { return bytes.Equal(a.DER, b.DER) })
}

func fingerprints(certificates []checks.Certificate) []checks.Fingerprint {
	prints := make([]checks.Fingerprint, 0, len(certificates))
	for _, certificate := range certificates {
		prints = append(prints, certificate.SHA256)
	}
	return prints
}

func setOf[T comparable](values []T) map[T]bool {
	set := make(map[T]bool, len(values))
	for _, value := range values {
		set[value] = true
	}
	return set
}

// without returns the keys of set that are not in other, sorted by how they read.
func without[T comparable](set, other map[T]bool) []T {
	var rest []T
	for value := range set {
		if !other[value] {
			rest = append(rest, value)
		}
	}
	slices.SortFunc(rest, func(a, b T) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return rest
}

func join[T any](values []T) string {
	words := make([]string, 0, len(values))
	for _, value := range values {
		words = append(words, fmt.Sprint(value))
	}
	return strings.Join(words, ", ")
}
