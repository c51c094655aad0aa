package monitor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// The sections of a side-by-side page.
const (
	sectionProtocols       = "Protocols"
	sectionCertificate     = "Certificate"
	sectionSuites          = "Cipher suites and groups"
	sectionFeatures        = "TLS features"
	sectionVulnerabilities = "Known vulnerabilities"
	sectionClients         = "Clients"
	sectionHTTP            = "HTTP"
	sectionCookies         = "Cookies"
	sectionDNS             = "DNS"
)

func accepting() verb { return verb{"accepts", "accept"} }
func owning() verb    { return verb{"has", "have"} }

// protocolTraits says which versions an address accepts. What is out of date is
// bad to have, what is current is bad to lose.
func protocolTraits(s *side, tls checks.TLS) {
	for _, protocol := range checks.Protocols() {
		fact := tls.Protocols[protocol]
		if !fact.Conclusive() {
			continue
		}
		t := trait{
			path: "protocols." + string(protocol), field: "protocols", section: sectionProtocols, what: protocol.Title(), text: "refused",
			verb: accepting(), object: protocol.Title(), has: fact.State == checks.Known, merit: good,
		}
		if t.has {
			t.text = "accepted"
		}
		if slices.Index(checks.Protocols(), protocol) < slices.Index(checks.Protocols(), checks.TLSv12) {
			t.merit = bad
		}
		if protocol == checks.SSLv2 || protocol == checks.SSLv3 {
			t.weight = High
		}
		s.add(t)
	}
}

// suiteTraits says which suites a version takes, and in whose order. A version
// that appeared or went says that by itself.
func suiteTraits(s *side, suites checks.Suites) {
	for _, protocol := range checks.Protocols() {
		whose := suites.Preference[protocol]
		if fact := suites.Accepted[protocol]; fact.State == checks.Known {
			s.add(suiteTrait(protocol, fact.Value, whose == checks.KnownFact(checks.ServerPreference)))
		}
		if whose.State == checks.Known {
			s.add(trait{
				path: "preference." + string(protocol), field: "preference", section: sectionSuites, form: quality,
				what: "Whose order of suites decides in " + protocol.Title(), text: "the " + string(whose.Value) + "'s",
			})
		}
		if schemes := suites.SignatureSchemes[protocol]; schemes.State == checks.Known {
			s.add(trait{
				path: "signature_schemes." + string(protocol), field: "signature_schemes", section: sectionSuites, form: collection,
				what: "Signature schemes in " + protocol.Title(), where: "In " + protocol.Title(), verb: verb{"signs with", "sign with"},
				members: schemes.Value, text: listWords(schemes.Value),
			})
		}
	}
	s.add(boolTrait(suites.PrefersChaCha20, trait{
		path: "prefers_chacha20", field: "prefers_chacha20", section: sectionSuites, what: "ChaCha20 for clients that put it first",
		verb: verb{"takes", "take"}, object: "ChaCha20 from clients that put it first",
	})...)
	for _, reuse := range []struct {
		path, name string
		fact       checks.Fact[bool]
	}{{"dh_reuse", "DHE", suites.DHReuse}, {"ecdhe_reuse", "ECDHE", suites.ECDHEReuse}} {
		s.add(boolTrait(reuse.fact, trait{
			path: reuse.path, field: reuse.path, section: sectionSuites, what: "Reuse of " + reuse.name + " keys", quiet: true,
			verb: verb{"uses", "use"}, object: "the same " + reuse.name + " key for several connections", merit: bad,
		})...)
	}
}

func suiteTrait(protocol checks.Protocol, suites []checks.Suite, ordered bool) trait {
	names, insecure := make([]string, 0, len(suites)), map[string]bool{}
	for _, suite := range suites {
		name := cmp.Or(suite.Name, suite.ID)
		names = append(names, name)
		insecure[name] = suite.Mark(protocol).Level() == checks.SuiteInsecure
	}
	t := trait{
		path: "suites." + string(protocol), field: "suites", section: sectionSuites, what: "Suites of " + protocol.Title(), form: collection,
		where: "In " + protocol.Title(), verb: accepting(), noun: "suites", members: names, text: listWords(names), weight: High,
		merits: func(name string) merit {
			if insecure[name] || insecureByName(name) {
				return bad
			}
			return neutral
		},
	}
	if ordered {
		t.order = names
	}
	return t
}

// insecureByName knows a suite of the other side.
func insecureByName(name string) bool {
	return containsAny(name, "RC4", "EXPORT", "_NULL", "_anon", "_DES_CBC_", "DES40")
}

// groupTraits says which groups are taken. Without post-quantum groups, what is
// recorded today can be read once quantum computers are there: losing the last
// of them is worse.
func groupTraits(s *side, suites checks.Suites) {
	server := checks.KnownFact(checks.ServerPreference)
	add := func(path, where string, fact checks.Fact[[]checks.Group]) {
		if fact.State != checks.Known {
			return
		}
		names := groupNames(fact.Value)
		t := trait{
			path: path, field: path, section: sectionSuites, what: "Groups in " + where, form: collection, where: "In " + where,
			verb: verb{"takes", "take"}, noun: "groups", members: names, text: listWords(names),
		}
		if path == "groups" {
			t.classOf = quantumClass
			t.has = len(hybrids(fact.Value)) > 0
			t.say = sayGroups
			if suites.GroupPreference == server {
				t.order = names
			}
		}
		s.add(t)
	}
	add("groups", "TLS 1.3", suites.Groups)
	add("legacy_groups", "versions up to TLS 1.2", suites.LegacyGroups)
	if whose := suites.GroupPreference; whose.State == checks.Known {
		s.add(trait{
			path: "group_preference", field: "group_preference", section: sectionSuites, form: quality,
			what: "Whose order of groups decides in TLS 1.3", text: "the " + string(whose.Value) + "'s",
		})
	}
	for _, prime := range suites.Primes {
		name := cmp.Or(prime.Known, fmt.Sprintf("parameters of %d bits of its own", prime.Bits))
		t := trait{
			path: "primes[" + prime.SHA256 + "]", field: "primes", section: sectionSuites, what: "Diffie-Hellman with " + name, text: "used", within: "suites",
			plain: true, verb: verb{"uses", "use"}, object: fmt.Sprintf("Diffie-Hellman with %s", name), has: true,
		}
		if prime.Weak || prime.Bits < 2048 {
			t.merit = bad
		}
		s.add(t)
	}
	if slices.ContainsFunc(checks.Protocols(), func(p checks.Protocol) bool { return suites.Accepted[p].State == checks.Known }) {
		s.holds("suites")
	}
}

func quantumClass(before, after trait) ChangeClass {
	switch {
	case before.has && !after.has:
		return Regression
	case !before.has && after.has:
		return Recovery
	default:
		return Drift
	}
}

// sayGroups adds that no post-quantum group is left, or that there is one now.
func sayGroups(before, after trait) (one, many string) {
	addition := ""
	switch {
	case before.has && !after.has:
		addition = ", and no post-quantum group is left"
	case !before.has && after.has:
		addition = ", and so post-quantum key exchange"
	}
	after.say = nil
	return predicate(before, after, false) + addition, predicate(before, after, true) + addition
}

func groupNames(groups []checks.Group) []string {
	names := make([]string, 0, len(groups))
	for _, group := range groups {
		names = append(names, cmp.Or(group.Name, group.ID))
	}
	return names
}

func hybrids(groups []checks.Group) []string {
	return groupNames(slices.DeleteFunc(slices.Clone(groups), func(g checks.Group) bool { return !g.PostQuantum }))
}

// findingTraits says what known vulnerabilities an address has. What could not
// be told or was not asked is neither.
func findingTraits(s *side, path string, found checks.Vulnerabilities) {
	for _, vulnerability := range checks.AllVulnerabilities() {
		result := found[vulnerability].Result
		has, told := afflicted(result)
		if !told {
			continue
		}
		t := trait{
			path: path + "." + string(vulnerability), field: path, section: sectionVulnerabilities, what: vulnerability.Title(),
			text: strings.ReplaceAll(string(result), "_", " "), verb: verb{"is", "are"}, object: "vulnerable to " + vulnerability.Title(),
			has: has, merit: bad, weight: High,
		}
		if result == checks.Exposed {
			t.object, t.weight = "exposed to "+vulnerability.Title(), Medium
		}
		s.add(t)
	}
}

// afflicted says whether a result is bad news, and whether it is news at all.
func afflicted(result checks.VulnerabilityResult) (bad, conclusive bool) {
	switch result {
	case checks.Vulnerable, checks.Exposed:
		return true, true
	case checks.NotVulnerable, checks.NotExposed, checks.VulnerabilityInapplicable:
		return false, true
	default:
		return false, false
	}
}

// clientTraits says which simulated clients get a handshake, and which with
// forward secrecy. Clients that SSL Labs does not refer to are old ones: that
// they get none any more is often meant so. What else they get follows from the
// suites.
func clientTraits(s *side, simulations checks.Simulations) {
	told, reference := map[string]bool{}, map[string]bool{}
	var connected, secret, with []string
	for _, client := range simulations.Clients {
		if !client.Handshake.Conclusive() {
			continue
		}
		told[client.Client], reference[client.Client] = true, client.Reference
		if client.Handshake.State != checks.Known {
			continue
		}
		connected = append(connected, client.Client)
		with = append(with, client.Client+" ("+client.Handshake.Value.Protocol.Title()+")")
		if client.Handshake.Value.ForwardSecrecy {
			secret = append(secret, client.Client)
		}
	}
	if len(told) == 0 {
		return
	}
	merits := func(client string) merit {
		if reference[client] {
			return good
		}
		return neutral
	}
	s.add(trait{
		path: "simulations", field: "simulations", section: sectionClients, what: "Clients that get a handshake", form: collection,
		verb: verb{"completes handshakes with", "complete handshakes with"}, members: connected, scope: told, text: listWords(with), merits: merits,
	}, trait{
		path: "simulations.forward_secrecy", field: "simulations", section: sectionClients, what: "Clients that get forward secrecy", form: collection,
		verb: verb{"has forward secrecy with", "have forward secrecy with"}, members: secret, scope: setOf(connected), text: listWords(secret), merits: merits,
	})
}
