package simulation

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// undecided is the reason of what only the client's own hello would tell, and
// that could not be afforded.
const undecided = checks.ReasonBudget

// handshake is what a client gets.
type handshake = checks.Fact[checks.SimulatedHandshake]

// Compute says what a client gets, as far as it follows from what is known.
// Absent: client and server have nothing in common. Inconclusive with
// budget_exhausted: stacks differ in what they would choose, so that the
// client's own hello has to be sent; with another reason: the facts themselves
// are. It is pure.
func Compute(profile Profile, known Known) checks.Simulation {
	return newServer(known).compute(profile)
}

func (s *server) compute(profile Profile) checks.Simulation {
	return checks.Simulation{Client: profile.Name, Reference: profile.Reference, Handshake: s.handshake(profile)}
}

// handshake is what all views agree on.
func (s *server) handshake(profile Profile) handshake {
	if profile.NoSNI {
		if fact := s.withoutSNI(); fact.State != checks.Known {
			return handshake{State: fact.State, Reason: fact.Reason}
		}
	}
	agreed := s.outcome(profile, s.views[0])
	for _, v := range s.views[1:] {
		if s.outcome(profile, v) != agreed {
			return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
		}
	}
	return agreed
}

// outcome is what the client gets from a server that chooses in this way: the
// highest version that both have comes first, and where they share no suite in
// it most servers fail.
func (s *server) outcome(profile Profile, v view) handshake {
	for _, protocol := range profile.protocols() {
		fact := s.known.TLS.Protocols[protocol]
		switch {
		case fact.State == checks.Absent:
			continue
		case fact.State != checks.Known:
			return inconclusive(fact.State, fact.Reason)
		case fact.Value.Mixed: // which of several servers it meets is chance
			return checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonDisagreement)
		}
		if got, common := s.choose(profile, protocol, v); common || !v.stepsDown {
			return got
		}
	}
	return refused()
}

func inconclusive(state checks.State, reason checks.Reason) handshake {
	if state == checks.NotAsked || state == checks.Absent || reason == "" {
		reason = undecided
	}
	return checks.InconclusiveFact[checks.SimulatedHandshake](reason)
}

func refused() handshake {
	return checks.AbsentFact[checks.SimulatedHandshake](checks.ReasonHandshakeFailed)
}

// choose says what the client gets in a version, and whether the server finds
// anything in common with it.
func (s *server) choose(profile Profile, protocol checks.Protocol, v view) (got handshake, found bool) {
	if accepted := s.known.Suites.Accepted[protocol]; accepted.State != checks.Known {
		return inconclusive(accepted.State, accepted.Reason), true
	}
	if protocol == checks.TLSv13 && !v.doubtful && !s.canSign(profile, protocol, "") {
		return refused(), false
	}
	common := slices.DeleteFunc(slices.Clone(s.accepted[protocol]), func(one candidate) bool {
		return !slices.Contains(profile.Suites, one.value) || !s.usable(profile, protocol, one, v)
	})
	if len(common) == 0 {
		return refused(), false
	}
	one, fact := s.suite(profile, protocol, common, v)
	if fact.State != checks.Known {
		return fact, true
	}
	return s.keyExchange(profile, protocol, one, v)
}

// usable says whether the server can do a suite with this client.
func (s *server) usable(profile Profile, protocol checks.Protocol, one candidate, v view) bool {
	if protocol == checks.TLSv13 {
		return true
	}
	if one.kind.ECDHE() && s.known.Suites.LegacyGroups.State == checks.Known && len(both(s.legacy, profile.Groups)) == 0 {
		return false
	}
	if v.doubtful {
		return true
	}
	authentication := one.kind.Authentication()
	if authentication == "ECDSA" && s.curves != nil && len(both(s.curves, profile.Groups)) == 0 {
		return false // RFC 8422 section 5.1: the key's curve must be among the client's
	}
	ephemeral := one.kind.ECDHE() || one.kind.DHE()
	return !ephemeral || s.canSign(profile, protocol, authentication)
}

// canSign says whether client and server share a signature scheme for a kind
// of key (empty: any), as far as that is known.
func (s *server) canSign(profile Profile, protocol checks.Protocol, authentication string) bool {
	list, known := s.schemes[protocol]
	if !known || len(profile.Signatures) == 0 {
		return true
	}
	prefixes := map[string][]string{"RSA": {"rsa_"}, "ECDSA": {"ecdsa_", "ed"}, "DSS": {"dsa_"}}[authentication]
	return slices.ContainsFunc(both(list, profile.Signatures), func(scheme uint16) bool {
		name := tlsparameters.SignatureSchemeName(scheme)
		return prefixes == nil || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// suite picks among those that both have, which stand in the server's order.
func (s *server) suite(profile Profile, protocol checks.Protocol, common []candidate, v view) (candidate, handshake) {
	decided := handshake{State: checks.Known}
	if len(common) == 1 {
		return common[0], decided
	}
	order := s.known.Suites.Preference[protocol]
	switch {
	case order.State != checks.Known:
		return candidate{}, inconclusive(order.State, order.Reason)
	case order.Value == checks.ClientPreference:
		for _, value := range profile.Suites {
			if at := slices.IndexFunc(common, func(one candidate) bool { return one.value == value }); at >= 0 {
				return common[at], decided
			}
		}
	case s.putsChaCha20First(profile, v.chacha):
		if at := slices.IndexFunc(common, func(one candidate) bool { return isChaCha20(one.value) }); at >= 0 {
			return common[at], decided
		}
	}
	return common[0], decided
}

// putsChaCha20First says whether the rule of a view does for a client.
func (s *server) putsChaCha20First(profile Profile, rule chachaRule) bool {
	for _, value := range profile.Suites {
		suite, known := tlsparameters.SuiteByValue(value)
		switch {
		case !known: // GREASE and signalling values are no suites
		case rule == chachaTop:
			return isChaCha20(value)
		case rule == chachaUnlessGCM && s.accepts(value):
			return !strings.HasPrefix(suite.Cipher, "AES_") || !strings.HasSuffix(suite.Cipher, "_GCM")
		}
	}
	return false
}

func (s *server) accepts(value uint16) bool {
	for _, list := range s.accepted {
		if slices.ContainsFunc(list, func(one candidate) bool { return one.value == value }) {
			return true
		}
	}
	return false
}

func isChaCha20(value uint16) bool {
	suite, _ := tlsparameters.SuiteByValue(value)
	return suite.Cipher == "CHACHA20_POLY1305"
}

// keyExchange adds the group, if there is one in common.
func (s *server) keyExchange(profile Profile, protocol checks.Protocol, one candidate, v view) (got handshake, found bool) {
	result := checks.SimulatedHandshake{
		Protocol: protocol, Suite: one.suite.ID, SuiteName: one.suite.Name, ForwardSecrecy: forwardSecret(one.kind),
	}
	switch {
	case protocol == checks.TLSv13:
		if s.known.Suites.Groups.State != checks.Known {
			return inconclusive(s.known.Suites.Groups.State, s.known.Suites.Groups.Reason), true
		}
		group, found := v.modern.pick(profile.Groups, profile.Shares, s.groups)
		if !found {
			return refused(), false
		}
		result.Group, result.GroupBits = s.group(group).Name, s.group(group).Bits
	case one.kind.ECDHE():
		if s.known.Suites.LegacyGroups.State != checks.Known {
			return inconclusive(s.known.Suites.LegacyGroups.State, s.known.Suites.LegacyGroups.Reason), true
		}
		group := s.legacyGroup(profile, v)
		result.Group, result.GroupBits = group.Name, group.Bits
	case one.kind.DHE():
		return s.finiteField(profile, one, v, result), true
	}
	return checks.KnownFact(result), true
}

// legacyGroup is the curve; suites of ECDHE are usable only where there is one.
func (s *server) legacyGroup(profile Profile, v view) checks.Group {
	common := both(s.legacy, profile.Groups)
	if v.legacy == checks.ClientPreference {
		common = both(profile.Groups, s.legacy)
	}
	return s.group(common[0])
}

func (s *server) finiteField(profile Profile, one candidate, v view, result checks.SimulatedHandshake) handshake {
	if one.suite.GroupBits == 0 { // its parameters were not seen
		return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
	}
	if value := ffdheValue(one.suite.Group); v.negotiated && value != 0 && !slices.Contains(profile.Groups, value) {
		return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
	}
	if !profile.takesPrime(one.suite.GroupBits) {
		return refused()
	}
	result.Group, result.GroupBits = one.suite.Group, one.suite.GroupBits
	return checks.KnownFact(result)
}

// forwardSecret says whether a suite keeps past sessions secret and
// authenticates the server: anonymous exchanges protect from nobody.
func forwardSecret(suite tlsparameters.Suite) bool {
	return suite.TLS13() || (suite.ECDHE() || suite.DHE()) && !suite.Anonymous()
}
