package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// servedTraits says what chains an address serves beside the one that every
// look sees, and what it staples.
func servedTraits(s *side, address checks.AddressObservation) {
	s.add(boolTrait(address.Full.Chains.SNIRequired, trait{
		path: "sni_required", field: "sni_required", section: sectionCertificate, what: "SNI required", verb: verb{"requires", "require"}, object: "SNI",
	})...)
	if served := address.Full.Chains.Served; served.State == checks.Known {
		s.holds("chains")
		chains := chainsByKey(served.Value)
		for _, key := range slices.Sorted(maps.Keys(chains)) {
			s.add(servedTrait(key, chains[key], join(address.TLS.Chain.Value)))
		}
	}
	if staple := address.Full.Stapled.OCSP; staple.State == checks.Known {
		s.add(stapleTrait(staple.Value))
	}
}

// servedTrait: a chain that is the one of every look says nothing of its own.
func servedTrait(key, chain, seen string) trait {
	return trait{
		path: "chains[" + key + "]", field: "chains", section: sectionCertificate, what: "Other chain: " + key, form: quality, within: "chains",
		text: chain, has: chain == seen, cause: checks.CauseCertificate,
		same: func(before, after trait) bool { return before.text == after.text || before.has && after.has },
		say: func(before, after trait) (one, many string) {
			switch {
			case before.text == notThere:
				return "now also serves a certificate of type " + key, "now also serve a certificate of type " + key
			case after.text == notThere:
				return "no longer serves a certificate of type " + key, "no longer serve a certificate of type " + key
			default:
				return "serves another certificate of type " + key, "serve another certificate of type " + key
			}
		},
	}
}

// chainsByKey says which chains are served, by the leaf's key and whether the
// client sent SNI.
func chainsByKey(served []checks.ServedChain) map[string]string {
	all := map[string][]string{}
	for _, chain := range served {
		key := chain.Key
		if !chain.SNI {
			key += " without SNI"
		}
		all[key] = append(all[key], join(chain.Certificates))
	}
	chains := make(map[string]string, len(all))
	for key, list := range all {
		slices.Sort(list)
		chains[key] = strings.Join(list, "; ")
	}
	return chains
}

func stapleTrait(staple checks.Staple) trait {
	t := trait{
		path: "stapled.ocsp", field: "stapled", section: sectionCertificate, what: "The stapled OCSP response", form: quality,
		text: "good", rank: 1, cause: checks.CauseCertificate,
	}
	faults := map[checks.StapleFault]string{
		checks.StapleExpired: "expired", checks.StapleNotYetValid: "not valid yet", checks.StapleOtherCertificate: "about another certificate",
		checks.StapleBadSignature: "signed by the wrong key", checks.StapleMalformed: "malformed",
	}
	switch {
	case staple.Fault != "":
		t.text, t.rank = "worth nothing", 2
		if words, known := faults[staple.Fault]; known {
			t.text = words
		}
	case staple.Status.State == checks.RevocationRevoked:
		t.text, t.rank, t.weight = "revoked", 3, Critical
	}
	return t
}

// sharedTraits says what no address shows: what DNS says of the host, and
// issuers of the certificates that were sent.
func sharedTraits(observation *checks.Observation, known *shelf) side {
	var s side
	host := observation.DNS.Host
	if addresses := observation.DNS.Addresses; addresses.Conclusive() {
		var members []string
		for _, address := range without(setOf(addresses.Value), nil) {
			members = append(members, address.String())
		}
		s.add(trait{
			path: "dns.addresses", field: "dns", section: sectionDNS, what: "Addresses", form: collection, topic: host,
			verb: verb{"resolves to", "resolve to"}, members: members, text: listWords(members), say: sayAddresses,
		})
	}
	recordTraits(&s, observation.Records, host)
	for _, fingerprint := range slices.Sorted(maps.Keys(observation.PKI.Revocation)) {
		s.add(revocationTrait(observation.PKI.Revocation[fingerprint], fingerprint, known)...)
	}
	return s
}

func sayAddresses(before, after trait) (one, many string) {
	after.say = nil
	words := predicate(before, after, false)
	if len(after.members) == 0 {
		words = "no longer resolves to any address"
	}
	return words, words
}

func revocationTrait(revocation checks.Revocation, fingerprint checks.Fingerprint, known *shelf) []trait {
	told := func(state checks.RevocationState) bool {
		return revocation.CRL.State == checks.Known && revocation.CRL.Value.State == state ||
			revocation.OCSP.State == checks.Known && revocation.OCSP.Value.State == state
	}
	revoked := told(checks.RevocationRevoked)
	if !revoked && !told(checks.RevocationGood) {
		return nil
	}
	t := trait{
		path: fmt.Sprintf("pki.revocation[%s]", fingerprint), field: "pki.revocation", section: sectionCertificate, what: "Revoked",
		topic: "The certificate " + (&sentChain{shelf: known}).name(fingerprint), verb: verb{"is", "are"}, object: "revoked by its issuer",
		has: revoked, text: "no", merit: bad, weight: Critical, cause: checks.CauseCertificate,
	}
	if revoked {
		t.text = "yes"
	}
	return []trait{t}
}

// recordTraits says what DNS records say of the host. Behind the first alias
// the names are the provider's, who changes them with the load.
func recordTraits(s *side, records checks.Records, host string) {
	if records.Aliases.Conclusive() {
		alias := "none"
		if len(records.Aliases.Value) > 0 {
			alias = checks.Clean(records.Aliases.Value[0], 255)
		}
		s.add(trait{path: "records.aliases", field: "records.aliases", section: sectionDNS, what: "The alias (CNAME)", form: quality, text: alias})
	}
	if records.CAA.Conclusive() {
		var members []string
		for _, record := range records.CAA.Value.Records {
			members = append(members, fmt.Sprintf("%s %q", record.Tag, checks.Clean(record.Value, 80)))
		}
		slices.Sort(members)
		s.add(recordSet("records.caa", "CAA", host, members))
	}
	if records.TLSA.Conclusive() {
		var members []string
		for _, record := range records.TLSA.Value {
			members = append(members, fmt.Sprintf("%d %d %d %s", record.Usage, record.Selector, record.MatchingType, checks.Clean(record.Data, 80)))
		}
		slices.Sort(members)
		s.add(recordSet("records.tlsa", "TLSA", host, members))
	}
	s.add(boolTrait(records.DNSSEC, trait{
		path: "records.dnssec", field: "records.dnssec", section: sectionDNS, what: "DNSSEC", topic: host, verb: verb{"is", "are"},
		object: "signed with DNSSEC", merit: good,
	})...)
	s.add(boolTrait(records.Registered, trait{
		path: "records.registered", field: "records.registered", section: sectionDNS, what: "Registered at SuperOffice", topic: "The URL",
		verb: verb{"is", "are"}, object: "registered as a redirect URL at SuperOffice's sign-in service", merit: good, weight: High,
	})...)
}

func recordSet(path, kind, host string, members []string) trait {
	t := trait{
		path: path, field: path, section: sectionDNS, what: kind + " records", form: collection,
		topic: fmt.Sprintf("The %s record set of %s", kind, host), verb: owning(), members: members, text: listWords(members),
	}
	t.say = func(before, after trait) (one, many string) {
		after.say = nil
		words := predicate(before, after, false)
		switch {
		case len(before.members) == 0:
			words = "is new: " + listed(after.members)
		case len(after.members) == 0:
			words = "is gone: " + listed(before.members)
		}
		return words, words
	}
	return t
}
