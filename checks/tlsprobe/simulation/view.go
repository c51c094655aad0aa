package simulation

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// view is one way in which a server may choose. Stacks differ where no RFC says
// who decides; what was seen of a server leaves some of the ways, and a client
// gets what all of them agree on.
type view struct {
	chacha chachaRule
	// doubtful suites are taken: those that the certificate or the signature
	// schemes may rule out for this client.
	doubtful bool
	legacy   checks.Preference // whose order of groups decides up to TLS 1.2
	// negotiated: finite-field groups follow supported_groups (RFC 7919), so that
	// a client without them gets something else.
	negotiated bool
	modern     groupRule
	// stepsDown: without a suite in common in the highest version, it tries the next.
	stepsDown bool
}

// chachaRule is when a server with an order of its own puts ChaCha20 first.
type chachaRule uint8

const (
	chachaNever     chachaRule = iota
	chachaTop                  // where it is the first suite that the client lists (OpenSSL)
	chachaUnlessGCM            // where the first suite that both know is not AES-GCM (crypto/tls of Go)
)

// groupRule is how a server picks a group in TLS 1.3.
type groupRule struct {
	hybridFirst bool       // groups with ML-KEM before all others
	shares      shareRule  // groups with a key share before those without
	rest        preference // whose order decides where shares do not
}

type preference = checks.Preference

// shareRule is what key shares mean to a server.
type shareRule uint8

const (
	sharesIgnored  shareRule = iota // it asks again (HelloRetryRequest) for what it likes better
	sharesByClient                  // the client's first share that it can use (OpenSSL)
	sharesByServer                  // its own favorite among the shares (crypto/tls of Go)
)

// views returns the ways that agree with the facts, one where they differ in
// nothing that matters.
func views(s *server) []view {
	var list []view
	for _, chacha := range chachaRules(s.known.Suites.PrefersChaCha20) {
		for _, doubtful := range []bool{false, true} {
			for _, legacy := range legacyRules(s) {
				for _, negotiated := range negotiatedRules(s) {
					for _, modern := range modernRules(s) {
						list = append(list,
							view{chacha, doubtful, legacy, negotiated, modern, false},
							view{chacha, doubtful, legacy, negotiated, modern, true})
					}
				}
			}
		}
	}
	return list
}

func chachaRules(fact checks.Fact[bool]) []chachaRule {
	switch {
	case fact.State == checks.Known && fact.Value:
		return []chachaRule{chachaTop, chachaUnlessGCM}
	case fact.Conclusive():
		return []chachaRule{chachaNever}
	default:
		return []chachaRule{chachaNever, chachaTop, chachaUnlessGCM}
	}
}

func legacyRules(s *server) []preference {
	if len(s.legacy) < 2 {
		return []preference{checks.ServerPreference}
	}
	return []preference{checks.ServerPreference, checks.ClientPreference}
}

func negotiatedRules(s *server) []bool {
	for protocol, list := range s.accepted {
		for _, one := range list {
			if protocol != checks.TLSv13 && one.field != 0 {
				return []bool{false, true}
			}
		}
	}
	return []bool{false}
}

// ffdheValue returns the value of a group of RFC 7919, 0 for other fields.
func ffdheValue(name string) uint16 {
	if !strings.HasPrefix(name, "ffdhe") {
		return 0
	}
	for _, group := range tlsparameters.Groups() {
		if group.Kind == tlsparameters.FiniteField && group.Name == name {
			return group.Value
		}
	}
	return 0
}

// modernRules returns those that explain how the server met hybrid groups, and
// whose order it follows.
func modernRules(s *server) []groupRule {
	if len(s.groups) < 2 {
		return []groupRule{{}}
	}
	var list []groupRule
	for _, hybridFirst := range []bool{false, true} {
		for _, shares := range []shareRule{sharesIgnored, sharesByClient, sharesByServer} {
			for _, rest := range []preference{checks.ServerPreference, checks.ClientPreference} {
				if rule := (groupRule{hybridFirst, shares, rest}); rule.explains(s) {
					list = append(list, rule)
				}
			}
		}
	}
	if len(list) == 0 { // the facts contradict each other: nothing is ruled out
		return []groupRule{{}, {rest: checks.ClientPreference}, {shares: sharesByClient}, {hybridFirst: true}}
	}
	return list
}

// explains says whether the rule gives what was seen.
func (r groupRule) explains(s *server) bool {
	suites := s.known.Suites
	if suites.GroupPreference.State == checks.Known && suites.GroupPreference.Value != r.rest {
		return false
	}
	if suites.PostQuantum.State != checks.Known {
		return true
	}
	const hybrid, x25519 = 0x11EC, 0x001D
	offered := []uint16{hybrid, 0x11EB, 0x11ED, x25519, 0x0017, 0x0018} // as the probe of it does
	both, _ := r.pick(offered, []uint16{hybrid, x25519}, s.groups)
	alone, _ := r.pick(offered, []uint16{x25519}, s.groups)
	return s.group(both).Name == suites.PostQuantum.Value.Chosen && (alone != x25519) == suites.PostQuantum.Value.Retry
}

// pick returns the group for a client's groups and shares, false where there is
// none in common.
func (r groupRule) pick(client, shares, server []uint16) (uint16, bool) {
	common := both(server, client)
	if r.hybridFirst {
		if hybrids := slices.DeleteFunc(slices.Clone(common), isClassical); len(hybrids) > 0 {
			common = hybrids
		}
	}
	if len(common) == 0 {
		return 0, false
	}
	switch shared := both(common, shares); {
	case len(shared) > 0 && r.shares == sharesByServer:
		return shared[0], true
	case len(shared) > 0 && r.shares == sharesByClient:
		return both(shares, common)[0], true
	case r.rest == checks.ClientPreference:
		return both(client, common)[0], true
	default:
		return common[0], true
	}
}

func isClassical(value uint16) bool {
	group, _ := tlsparameters.GroupByValue(value)
	return !group.PostQuantum()
}

// both returns what is in two lists, in the order of the first.
func both(order, other []uint16) []uint16 {
	var list []uint16
	for _, value := range order {
		if slices.Contains(other, value) {
			list = append(list, value)
		}
	}
	return list
}
