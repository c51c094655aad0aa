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
// first and then verdicts, each in a stable order. It compares meaning, never
// bytes: a fact that either side could not tell is no change, and neither is an
// order that the server does not keep. Facts drift; verdicts get worse or
// better, and so do known vulnerabilities, post-quantum groups and whether a
// client gets a handshake. What only a full look carries is compared between
// full looks.
func Compare(previous, next Snapshot) []Change {
	c := comparison{previous: previous, next: next}
	c.addresses()
	c.perAddress()
	c.certificates()
	c.verdicts()
	c.grade()
	return c.changes
}

// comparison gathers the changes of one Compare.
type comparison struct {
	previous, next Snapshot
	changes        []Change
}

func (c *comparison) drift(cause checks.Cause, subject, before, after, sentence string) {
	c.add(Drift, cause, subject, before, after, sentence)
}

func (c *comparison) add(class ChangeClass, cause checks.Cause, subject, before, after, sentence string) {
	c.changes = append(c.changes, Change{
		OccurredAt: c.next.At, Class: class, Cause: cause,
		Subject: subject, Before: before, After: after, Sentence: sentence,
	})
}

func (c *comparison) addresses() {
	before, after := c.previous.Observation.DNS.Addresses, c.next.Observation.DNS.Addresses
	if !before.Conclusive() || !after.Conclusive() {
		return
	}
	was, is := setOf(before.Value), setOf(after.Value)
	if maps.Equal(was, is) {
		return
	}
	host := c.next.Observation.DNS.Host
	var parts []string
	if added := without(is, was); len(added) > 0 {
		parts = append(parts, "now also resolves to "+join(added))
	}
	if removed := without(was, is); len(removed) > 0 {
		parts = append(parts, "no longer resolves to "+join(removed))
	}
	if len(is) == 0 {
		parts = []string{"no longer resolves to any address"}
	}
	c.drift(checks.CauseConfiguration, "dns.addresses", join(without(was, nil)), join(without(is, nil)),
		fmt.Sprintf("%s %s.", host, strings.Join(parts, " and ")))
}

// perAddress compares what addresses showed that were looked at both times.
func (c *comparison) perAddress() {
	was := map[netip.Addr]checks.AddressObservation{}
	for _, observation := range c.previous.Observation.Addresses {
		was[observation.Address] = observation
	}
	for _, after := range c.next.Observation.Addresses {
		before, seen := was[after.Address]
		if !seen {
			continue
		}
		c.protocols(after.Address, before.TLS, after.TLS)
		c.chain(after.Address, before.TLS, after.TLS)
		c.full(after.Address, before.Full, after.Full)
		c.http(after.Address, before.HTTP, after.HTTP)
	}
}

func (c *comparison) protocols(address netip.Addr, before, after checks.TLS) {
	for _, protocol := range checks.Protocols() {
		was, is := before.Protocols[protocol], after.Protocols[protocol]
		if !was.Conclusive() || !is.Conclusive() || was.State == is.State {
			continue
		}
		sentence := fmt.Sprintf("%s no longer accepts %s.", address, protocol.Title())
		if is.State == checks.Known {
			sentence = fmt.Sprintf("%s now accepts %s.", address, protocol.Title())
		}
		c.drift(checks.CauseConfiguration, fmt.Sprintf("addresses[%s].protocols.%s", address, protocol),
			acceptance(was), acceptance(is), sentence)
	}
}

func acceptance(fact checks.Fact[checks.Accepted]) string {
	if fact.State == checks.Known {
		return "accepted"
	}
	return "refused"
}

func (c *comparison) chain(address netip.Addr, before, after checks.TLS) {
	was, is := before.Chain, after.Chain
	if was.State != checks.Known || is.State != checks.Known || slices.Equal(was.Value, is.Value) {
		return
	}
	sentence := fmt.Sprintf("%s sends the same certificate with other intermediates.", address)
	if len(was.Value) == 0 || len(is.Value) == 0 || was.Value[0] != is.Value[0] {
		sentence = fmt.Sprintf("%s sends another certificate.", address)
	}
	c.drift(checks.CauseCertificate, fmt.Sprintf("addresses[%s].certificates", address),
		join(was.Value), join(is.Value), sentence)
}

// certificates says which certificates are new by SHA-256 where no address was
// looked at both times: a name that moved with a new certificate.
func (c *comparison) certificates() {
	shared := false
	for _, after := range c.next.Observation.Addresses {
		shared = shared || slices.ContainsFunc(c.previous.Observation.Addresses, func(before checks.AddressObservation) bool {
			return before.Address == after.Address
		})
	}
	was, is := sent(&c.previous.Observation), sent(&c.next.Observation)
	if shared || len(was) == 0 || len(is) == 0 || equalCertificates(was, is) {
		return
	}
	c.drift(checks.CauseCertificate, "certificates", join(fingerprints(was)), join(fingerprints(is)),
		"The new addresses send other certificates.")
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
