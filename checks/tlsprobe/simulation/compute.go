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
	met := s.meet(profile)
	agreed := met.outcome(s.views[0])
	for _, v := range s.views[1:] {
		if met.outcome(v) != agreed {
			return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
		}
	}
	return agreed
}

// meeting is a client at a server: what they have in common in each version.
type meeting struct {
	*server
	profile Profile
	common  map[checks.Protocol][]offered
	// chachaTop and chachaUnlessGCM: whether these rules put ChaCha20 first.
	chachaTop, chachaUnlessGCM bool
}

// offered is a suite that both have, in the server's order.
type offered struct {
	candidate
	doubtful bool // the certificate or the signature schemes may rule it out
}

func (s *server) meet(profile Profile) *meeting {
	m := &meeting{server: s, profile: profile, common: map[checks.Protocol][]offered{}}
	for _, protocol := range profile.protocols() {
		for _, one := range s.accepted[protocol] {
			if slices.Contains(profile.Suites, one.value) && m.hasCurve(protocol, one) {
				m.common[protocol] = append(m.common[protocol], offered{one, m.doubts(protocol, one)})
			}
		}
	}
	m.chachaTop, m.chachaUnlessGCM = m.putsChaCha20First(chachaTop), m.putsChaCha20First(chachaUnlessGCM)
	return m
}

// outcome is what the client gets from a server that chooses in this way: the
// highest version that both have comes first, and where they share no suite in
// it most servers fail.
func (m *meeting) outcome(v view) handshake {
	for _, protocol := range m.profile.protocols() {
		fact := m.known.TLS.Protocols[protocol]
		switch {
		case fact.State == checks.Absent:
			continue
		case fact.State != checks.Known:
			return inconclusive(fact.State, fact.Reason)
		case fact.Value.Mixed: // which of several servers it meets is chance
			return checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonDisagreement)
		}
		if got, found := m.choose(protocol, v); found || !v.stepsDown {
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
func (m *meeting) choose(protocol checks.Protocol, v view) (got handshake, found bool) {
	if accepted := m.known.Suites.Accepted[protocol]; accepted.State != checks.Known {
		return inconclusive(accepted.State, accepted.Reason), true
	}
	common := m.common[protocol]
	if !v.doubtful && slices.ContainsFunc(common, func(one offered) bool { return one.doubtful }) {
		common = slices.DeleteFunc(slices.Clone(common), func(one offered) bool { return one.doubtful })
	}
	if len(common) == 0 {
		return refused(), false
	}
	one, fact := m.suite(protocol, common, v)
	if fact.State != checks.Known {
		return fact, true
	}
	return m.keyExchange(protocol, one, v)
}

// hasCurve says whether there is a group for a suite that needs one.
func (m *meeting) hasCurve(protocol checks.Protocol, one candidate) bool {
	return protocol == checks.TLSv13 || !one.kind.ECDHE() || m.known.Suites.LegacyGroups.State != checks.Known ||
		len(both(m.legacy, m.profile.Groups)) > 0
}

// doubts says whether the server may be unable to do a suite with this client.
func (m *meeting) doubts(protocol checks.Protocol, one candidate) bool {
	if protocol == checks.TLSv13 {
		return !m.canSign(protocol, "")
	}
	authentication := one.kind.Authentication()
	if authentication == "ECDSA" && m.curves != nil && len(both(m.curves, m.profile.Groups)) == 0 {
		return true // RFC 8422 section 5.1: the key's curve must be among the client's
	}
	return (one.kind.ECDHE() || one.kind.DHE()) && !m.canSign(protocol, authentication)
}

// canSign says whether client and server share a signature scheme for a kind
// of key (empty: any), as far as that is known.
func (m *meeting) canSign(protocol checks.Protocol, authentication string) bool {
	list, known := m.schemes[protocol]
	if !known || len(m.profile.Signatures) == 0 {
		return true
	}
	prefixes := map[string][]string{"RSA": {"rsa_"}, "ECDSA": {"ecdsa_", "ed"}, "DSS": {"dsa_"}}[authentication]
	return slices.ContainsFunc(both(list, m.profile.Signatures), func(scheme uint16) bool {
		name := tlsparameters.SignatureSchemeName(scheme)
		return prefixes == nil || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// suite picks among those that both have.
func (m *meeting) suite(protocol checks.Protocol, common []offered, v view) (candidate, handshake) {
	decided := handshake{State: checks.Known}
	if len(common) == 1 {
		return common[0].candidate, decided
	}
	order := m.known.Suites.Preference[protocol]
	switch {
	case order.State != checks.Known:
		return candidate{}, inconclusive(order.State, order.Reason)
	case order.Value == checks.ClientPreference:
		for _, value := range m.profile.Suites {
			if at := slices.IndexFunc(common, func(one offered) bool { return one.value == value }); at >= 0 {
				return common[at].candidate, decided
			}
		}
	case v.chacha == chachaTop && m.chachaTop, v.chacha == chachaUnlessGCM && m.chachaUnlessGCM:
		if at := slices.IndexFunc(common, func(one offered) bool { return isChaCha20(one.value) }); at >= 0 {
			return common[at].candidate, decided
		}
	}
	return common[0].candidate, decided
}

// putsChaCha20First says whether the rule of a view does for this client.
func (m *meeting) putsChaCha20First(rule chachaRule) bool {
	for _, value := range m.profile.Suites {
		suite, known := tlsparameters.SuiteByValue(value)
		switch {
		case !known: // GREASE and signaling values are no suites
		case rule == chachaTop:
			return isChaCha20(value)
		case rule == chachaUnlessGCM && m.accepts(value):
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
func (m *meeting) keyExchange(protocol checks.Protocol, one candidate, v view) (got handshake, found bool) {
	result := checks.SimulatedHandshake{
		Protocol: protocol, Suite: one.suite.ID, SuiteName: one.suite.Name, ForwardSecrecy: forwardSecret(one.kind),
	}
	switch {
	case protocol == checks.TLSv13:
		if m.known.Suites.Groups.State != checks.Known {
			return inconclusive(m.known.Suites.Groups.State, m.known.Suites.Groups.Reason), true
		}
		value, found := v.modern.pick(m.profile.Groups, m.profile.Shares, m.groups)
		if !found {
			return refused(), false
		}
		group := m.group(value)
		result.Group, result.GroupBits = group.Name, group.Bits
	case one.kind.ECDHE():
		if m.known.Suites.LegacyGroups.State != checks.Known {
			return inconclusive(m.known.Suites.LegacyGroups.State, m.known.Suites.LegacyGroups.Reason), true
		}
		group := m.group(m.curve(v))
		result.Group, result.GroupBits = group.Name, group.Bits
	case one.kind.DHE():
		return m.finiteField(one, v, result), true
	}
	return checks.KnownFact(result), true
}

// curve is the group up to TLS 1.2; hasCurve saw that there is one.
func (m *meeting) curve(v view) uint16 {
	if v.legacy == checks.ClientPreference {
		return both(m.profile.Groups, m.legacy)[0]
	}
	return both(m.legacy, m.profile.Groups)[0]
}

func (m *meeting) finiteField(one candidate, v view, result checks.SimulatedHandshake) handshake {
	if one.suite.GroupBits == 0 { // its parameters were not seen
		return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
	}
	if v.negotiated && one.field != 0 && !slices.Contains(m.profile.Groups, one.field) {
		return checks.InconclusiveFact[checks.SimulatedHandshake](undecided)
	}
	if !m.profile.takesPrime(one.suite.GroupBits) {
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
