package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// addressSource is one address, with what was said of it.
type addressSource struct {
	observed  *checks.AddressObservation
	appraisal *checks.AddressAppraisal // nil: there is none
	grade     *checks.Grade            // nil: there is none

	status, plain, hsts *fact // read in several forms
}

// seenAddresses are the addresses that were looked at.
func (w *world) seenAddresses() []*object {
	if w.made.looked {
		return w.made.addresses
	}
	w.made.looked = true
	observed := w.evidence.Observation.Addresses
	for i := range observed {
		source := &addressSource{observed: &observed[i]}
		if i < len(w.evidence.Appraisal.Addresses) {
			source.appraisal = &w.evidence.Appraisal.Addresses[i]
		}
		if i < len(w.evidence.Grades) {
			source.grade = &w.evidence.Grades[i]
		}
		w.made.addresses = append(w.made.addresses, w.of("address", source, nil))
	}
	return w.made.addresses
}

func (a *addressSource) path(rest string) string {
	return fmt.Sprintf("addresses[%s].%s", a.observed.Address, rest)
}

func onAddress(get func(w *world, a *addressSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*addressSource)) }
}

func perProtocol(names []string, get func(w *world, a *addressSource, protocol checks.Protocol) slot) func(*world, any) slot {
	return onAddress(func(w *world, a *addressSource) slot {
		return settled(w.table(names, func(name string) slot { return get(w, a, checks.Protocol(name)) }))
	})
}

func addressKind() *kind {
	return &kind{name: "address", doc: "One address that was looked at.", fields: []field{
		{name: "ip", of: cel.StringType, doc: "the address", get: onAddress(func(_ *world, a *addressSource) slot { return settled(types.String(a.observed.Address.String())) })},
		{name: "port", of: cel.IntType, doc: "that was connected to", get: onAddress(func(_ *world, a *addressSource) slot { return settled(types.Int(a.observed.Port)) })},
		{name: "protocols", of: mapOf(cel.StringType), names: protocolNames(), values: []string{"accepted", "refused"}, doc: "each version: accepted or refused", get: perProtocol(protocolNames(), addressProtocol)},
		{name: "accepted_protocols", of: listOf("protocol"), open: true, doc: "the versions that it accepts, oldest first; it goes on where that of one is unknown", get: onAddress(acceptedProtocols)},
		{name: "suites", of: mapOf(listOf("suite")), names: protocolNames(), doc: "what each version takes, in the server's order where it has one; empty where the version is refused", get: perProtocol(protocolNames(), addressSuites)},
		{name: "all_suites", of: listOf("suite"), open: true, doc: "the suites of every version; it goes on where those of one are unknown", get: onAddress(allSuites)},
		{name: "preference", of: mapOf(cel.StringType), names: protocolNames(), values: []string{"server", "client", "none"}, doc: "whose order decides in each version; none: there is no choice", get: perProtocol(protocolNames(), addressPreference)},
		{name: "prefers_chacha20", of: cel.BoolType, doc: "the server has an order of its own, and yet takes ChaCha20 when a client puts it first", get: onAddress(func(w *world, a *addressSource) slot {
			return boolSlot(w, a.path("prefers_chacha20"), a.observed.Full.Suites.PrefersChaCha20, a, "takes ChaCha20 first from clients that want it")
		})},
		{name: "groups", of: listOf("group"), doc: "that it takes in TLS 1.3", get: onAddress(func(w *world, a *addressSource) slot {
			return groupSlot(w, a, "tls13_groups", "in TLS 1.3", a.observed.Full.Suites.Groups)
		})},
		{name: "legacy_groups", of: listOf("group"), doc: "that it takes in ECDHE up to TLS 1.2", get: onAddress(func(w *world, a *addressSource) slot {
			return groupSlot(w, a, "legacy_groups", "up to TLS 1.2", a.observed.Full.Suites.LegacyGroups)
		})},
		{name: "all_groups", of: listOf("group"), open: true, doc: "both lists; it goes on where one is unknown", get: onAddress(allGroups)},
		{name: "group_preference", of: cel.StringType, values: []string{"server", "client", "none"}, doc: "whose order of groups decides in TLS 1.3", get: onAddress(func(w *world, a *addressSource) slot {
			return preferenceSlot(w, a, "group_preference", "groups in TLS 1.3", a.observed.Full.Suites.GroupPreference)
		})},
		{name: "post_quantum", of: cel.BoolType, doc: "a client that offers a hybrid group as browsers do gets it", get: onAddress(addressPostQuantum)},
		{name: "primes", of: listOf("prime"), open: true, doc: "parameters of finite-field Diffie-Hellman that were seen; it goes on where suites are unknown", get: onAddress(addressPrimes)},
		{name: "dh_reuse", of: cel.BoolType, doc: "the same finite-field public key came twice", get: onAddress(func(w *world, a *addressSource) slot {
			return boolSlot(w, a.path("dh_reuse"), a.observed.Full.Suites.DHReuse, a, "uses finite-field keys twice")
		})},
		{name: "ecdhe_reuse", of: cel.BoolType, doc: "the same elliptic-curve public key came twice", get: onAddress(func(w *world, a *addressSource) slot {
			return boolSlot(w, a.path("ecdhe_reuse"), a.observed.Full.Suites.ECDHEReuse, a, "uses elliptic-curve keys twice")
		})},
		{name: "signature_schemes", of: mapOf(cel.ListType(cel.StringType)), names: []string{"TLSv1.2", "TLSv1.3"}, doc: "IANA names that it signs with", get: perProtocol([]string{"TLSv1.2", "TLSv1.3"}, signatureSchemes)},
		{name: "features", of: cel.ObjectType("features"), doc: "what else its TLS can do", get: onAddress(func(w *world, a *addressSource) slot { return settled(w.of("features", a, nil)) })},
		{name: "vulnerabilities", of: mapOf(cel.StringType), names: names(checks.AllVulnerabilities()), values: []string{"vulnerable", "not_vulnerable", "exposed", "not_exposed", "not_applicable"}, doc: "what was found out about each. Those that need leave are unknown without it", get: onAddress(func(w *world, a *addressSource) slot {
			return settled(w.table(names(checks.AllVulnerabilities()), func(name string) slot { return vulnerability(w, a, checks.Vulnerability(name)) }))
		})},
		{name: "simulations", of: listOf("simulation"), doc: "what each known client gets", get: onAddress(addressSimulations)},
		{name: "stapled", of: cel.ObjectType("stapled"), doc: "what it hands over beside its chain", get: onAddress(func(w *world, a *addressSource) slot { return settled(w.of("stapled", a, nil)) })},
		{name: "chains", of: listOf("chain"), open: true, doc: "every chain that clients get that name the host; it goes on where that is unknown", get: onAddress(func(w *world, a *addressSource) slot { return settled(w.chainsOf(a)) })},
		{name: "findings", of: listOf("finding"), open: true, doc: "what speaks for every fault of those chains", get: onAddress(addressFindings)},
		{name: "grade", of: cel.ObjectType("grade"), doc: "its grade. Unknown where none was computed", get: onAddress(func(w *world, a *addressSource) slot {
			return w.gradeSlot(a.path("grade"), a.observed.Address.String(), a.grade)
		})},
		{name: "http", of: cel.ObjectType("http"), doc: "what answers at the URL", get: onAddress(func(w *world, a *addressSource) slot { return settled(w.of("http", a, w.statusFact(a))) })},
	}}
}

func addressProtocol(w *world, a *addressSource, protocol checks.Protocol) slot {
	fact := a.observed.TLS.Protocols[protocol]
	path, title := a.path("protocols."+string(protocol)), protocol.Title()
	switch fact.State {
	case checks.Known:
		return w.told(proof(path, "accepted", acceptedSentence(a.observed.Address.String(), title, fact.Value)), types.String("accepted"))
	case checks.Absent:
		return w.told(proof(path, "refused", fmt.Sprintf("%s refuses %s.", a.observed.Address, title)), types.String("refused"))
	}
	what := fmt.Sprintf("whether %s accepts %s", a.observed.Address, title)
	return w.untold(path, fact.Reason, fact.State, what, "it", texts("accepted", "refused")...)
}

func acceptedProtocols(w *world, a *addressSource) slot {
	made := w.listOf(nil)
	for _, protocol := range checks.Protocols() {
		one := addressProtocol(w, a, protocol).fact
		switch one.value {
		case nil:
			made.add(w.tail(one.proof))
		case types.String("accepted"):
			made.add(one, w.of("protocol", protocol, one))
		default:
			made.add(one)
		}
	}
	return settled(made)
}

func protocolKind() *kind {
	return &kind{name: "protocol", doc: "A protocol version that an address accepts.", fields: []field{
		{name: "name", of: cel.StringType, values: protocolNames(), doc: "the version", get: func(_ *world, source any) slot {
			return settled(types.String(source.(checks.Protocol)))
		}},
	}}
}

func acceptedSentence(address, title string, accepted checks.Accepted) string {
	switch {
	case accepted.WithoutSuites:
		return fmt.Sprintf("%s answers %s with an empty list of ciphers, which counts as accepting it (CVE-2015-3197).", address, title)
	case accepted.Suite != "":
		return fmt.Sprintf("%s accepts %s with suite %s.", address, title, accepted.Suite)
	}
	return fmt.Sprintf("%s accepts %s.", address, title)
}

// boolSlot reads a fact that is true or false. Absent is false: what it is
// about is not there.
func boolSlot(w *world, path string, f checks.Fact[bool], a *addressSource, what string) slot {
	if !f.Conclusive() {
		return w.untold(path, f.Reason, f.State, "whether "+a.observed.Address.String()+" "+what, "it", truth()...)
	}
	text := fmt.Sprintf("%s %s.", a.observed.Address, what)
	if !f.Value {
		text = fmt.Sprintf("It is not so that %s %s.", a.observed.Address, what)
	}
	return w.told(proof(path, fmt.Sprint(f.Value), text), types.Bool(f.Value))
}

func addressPreference(w *world, a *addressSource, protocol checks.Protocol) slot {
	return preferenceSlot(w, a, "preference."+string(protocol), "suites in "+protocol.Title(), a.observed.Full.Suites.Preference[protocol])
}

func preferenceSlot(w *world, a *addressSource, name, what string, f checks.Fact[checks.Preference]) slot {
	path := a.path(name)
	switch {
	case f.State == checks.Known && f.Value != "":
		return w.told(proof(path, string(f.Value), fmt.Sprintf("The %s's order of %s decides at %s.", f.Value, what, a.observed.Address)), types.String(f.Value))
	case f.Conclusive():
		return w.told(proof(path, "none", fmt.Sprintf("%s has no choice of %s.", a.observed.Address, what)), types.String("none"))
	}
	return w.untold(path, f.Reason, f.State, "whose order of "+what+" decides", a.observed.Address.String(), texts("server", "client", "none")...)
}

func groupSlot(w *world, a *addressSource, name, where string, f checks.Fact[[]checks.Group]) slot {
	path := a.path(name)
	if !f.Conclusive() {
		return w.untold(path, f.Reason, f.State, fmt.Sprintf("which groups %s takes %s", a.observed.Address, where), "it")
	}
	elements, titles := w.groupsOf(a, path, where, f.Value)
	text := fmt.Sprintf("%s takes these groups %s: %s.", a.observed.Address, where, orNone(titles))
	return w.told(proof(path, strings.Join(titles, " "), text), w.listOf(elements))
}

func orNone(titles []string) string {
	if len(titles) == 0 {
		return "none"
	}
	return strings.Join(titles, ", ")
}

func (w *world) groupsOf(a *addressSource, path, where string, groups []checks.Group) (elements []ref.Val, titles []string) {
	for i := range groups {
		one := &groups[i]
		said := w.fact(proof(path+"["+one.Name+"]", one.Name, fmt.Sprintf("%s takes the group %s %s.", a.observed.Address, one.Name, where)), types.True)
		elements, titles = append(elements, w.of("group", one, said)), append(titles, one.Name)
	}
	return elements, titles
}

func allGroups(w *world, a *addressSource) slot {
	made := w.listOf(nil)
	for _, one := range []struct {
		name, where string
		fact        checks.Fact[[]checks.Group]
	}{
		{"tls13_groups", "in TLS 1.3", a.observed.Full.Suites.Groups},
		{"legacy_groups", "up to TLS 1.2", a.observed.Full.Suites.LegacyGroups},
	} {
		if !one.fact.Conclusive() {
			made.add(w.tail(untoldProof(a.path(one.name), one.fact.Reason, one.fact.State,
				fmt.Sprintf("which groups %s takes %s", a.observed.Address, one.where), "it")))
			continue
		}
		elements, titles := w.groupsOf(a, a.path(one.name), one.where, one.fact.Value)
		text := fmt.Sprintf("%s takes these groups %s: %s.", a.observed.Address, one.where, orNone(titles))
		made.add(w.fact(proof(a.path(one.name), strings.Join(titles, " "), text), types.True), elements...)
	}
	return settled(made)
}

func addressPostQuantum(w *world, a *addressSource) slot {
	path, f := a.path("post_quantum"), a.observed.Full.Suites.PostQuantum
	if !f.Conclusive() {
		return w.untold(path, f.Reason, f.State, "whether "+a.observed.Address.String()+" takes a post-quantum hybrid group", "it", truth()...)
	}
	hybrid := f.State == checks.Known && slices.ContainsFunc(a.observed.Full.Suites.Groups.Value, func(g checks.Group) bool {
		return g.PostQuantum && g.Name == f.Value.Chosen
	})
	hybrid = hybrid || strings.Contains(f.Value.Chosen, "MLKEM")
	text := fmt.Sprintf("%s chooses no post-quantum hybrid group.", a.observed.Address)
	if hybrid {
		text = fmt.Sprintf("%s chooses the hybrid group %s.", a.observed.Address, f.Value.Chosen)
	}
	return w.told(proof(path, f.Value.Chosen, text), types.Bool(hybrid))
}

func signatureSchemes(w *world, a *addressSource, protocol checks.Protocol) slot {
	path, f := a.path("signature_schemes."+string(protocol)), a.observed.Full.Suites.SignatureSchemes[protocol]
	if a.observed.TLS.Protocols[protocol].State == checks.Absent {
		return w.told(proof(path, "refused", fmt.Sprintf("%s refuses %s.", a.observed.Address, protocol.Title())), textList(nil))
	}
	if !f.Conclusive() {
		return w.untold(path, f.Reason, f.State, fmt.Sprintf("which signature schemes %s takes in %s", a.observed.Address, protocol.Title()), "it")
	}
	text := fmt.Sprintf("%s signs in %s with %s.", a.observed.Address, protocol.Title(), strings.Join(f.Value, ", "))
	return w.told(proof(path, strings.Join(f.Value, " "), text), textList(f.Value))
}

func vulnerability(w *world, a *addressSource, name checks.Vulnerability) slot {
	finding, asked := a.observed.Full.Intrusive[name]
	if !asked {
		finding = a.observed.Full.Vulnerabilities[name]
	}
	path, title := a.path("vulnerabilities."+string(name)), name.Title()
	switch finding.Result {
	case "", checks.VulnerabilityNotAsked:
		return w.untold(path, "", checks.NotAsked, "whether "+a.observed.Address.String()+" has "+title, "it", vulnerabilityDomain(name)...)
	case checks.VulnerabilityInconclusive:
		return w.untold(path, finding.Reason, checks.Inconclusive, "whether "+a.observed.Address.String()+" has "+title, "it", vulnerabilityDomain(name)...)
	}
	return w.told(proof(path, string(finding.Result), vulnerabilitySentence(a.observed.Address.String(), title, finding)), types.String(finding.Result))
}

func vulnerabilityDomain(name checks.Vulnerability) []ref.Val {
	if states(name) {
		return texts(checks.Exposed, checks.NotExposed, checks.VulnerabilityInapplicable)
	}
	return texts(checks.Vulnerable, checks.NotVulnerable, checks.VulnerabilityInapplicable)
}

// states says whether the answer states configuration.
func states(name checks.Vulnerability) bool {
	return name == checks.SWEET32 || name == checks.BEAST || name == checks.LUCKY13 || name == checks.RC4
}

func vulnerabilitySentence(address, title string, finding checks.Finding) string {
	text := fmt.Sprintf("%s is not open to %s.", address, title)
	switch finding.Result {
	case checks.Vulnerable:
		text = fmt.Sprintf("%s is vulnerable to %s.", address, title)
	case checks.Exposed:
		text = fmt.Sprintf("The configuration of %s is exposed to %s.", address, title)
	case checks.VulnerabilityInapplicable:
		text = fmt.Sprintf("%s has nothing that %s needs.", address, title)
	}
	if len(finding.Proof) > 0 && (finding.Result == checks.Vulnerable || finding.Result == checks.Exposed) {
		text += " Seen: " + strings.Join(finding.Proof, "; ") + "."
	}
	return text
}
