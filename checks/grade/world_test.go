package grade_test

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// world makes servers at random whose facts fit together.
type world struct{ *rand.Rand }

func (w world) often() bool  { return w.IntN(4) > 0 }
func (w world) seldom() bool { return w.IntN(12) == 0 }

func pick[T any](w world, from ...T) T { return from[w.IntN(len(from))] }

// server is one at random, known through and through.
func (w world) server() *server {
	s := serving()
	w.protocols(s)
	w.certificates(s)
	w.header(s)
	s.settle()
	for _, name := range checks.IntrusiveVulnerabilities() {
		if w.seldom() && s.applies(name) {
			s.observed.Full.Intrusive[name] = checks.Finding{Result: checks.Vulnerable}
		}
	}
	if s.legacy() {
		features := &s.observed.Full.Features
		features.SecureRenegotiation = checks.KnownFact(!w.seldom())
		features.FallbackSCSV = checks.KnownFact(w.often())
		if w.seldom() {
			features.Compression = checks.KnownFact("DEFLATE")
			s.observed.Full.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.Vulnerable}
		}
		if w.seldom() {
			s.observed.Full.Vulnerabilities[checks.InsecureRenegotiation] = checks.Finding{Result: checks.Vulnerable}
		}
	}
	return s
}

func (w world) protocols(s *server) {
	bad := w.IntN(3) == 0
	for _, protocol := range checks.Protocols() {
		s.refuse(protocol)
		on := map[checks.Protocol]bool{v2: bad && w.seldom(), v3: bad && w.IntN(3) == 0, v10: w.IntN(3) == 0, v11: w.IntN(3) == 0, v12: w.often(), v13: w.often()}
		if on[protocol] {
			s.accept(protocol, w.suites(protocol, bad)...)
			if protocol != v13 {
				s.observed.Full.Suites.Preference[protocol] = checks.KnownFact(pick(w, checks.ServerPreference, checks.ClientPreference))
			}
		}
	}
	if len(s.accepted()) == 0 {
		s.accept(v12, w.suites(v12, bad)...)
	}
}

func (w world) suites(protocol checks.Protocol, bad bool) []checks.Suite {
	var list []checks.Suite
	pool := []uint16{0xC013, 0xC014, aes128, aes256, 0x0033}
	switch {
	case protocol == v2:
		return []checks.Suite{cipherSpec(pick[uint32](w, 0x010080, 0x020080, 0x0700C0))}
	case protocol == v13:
		pool = []uint16{0x1301, 0x1302, 0x1303}
	case protocol == v12:
		pool = append(pool, 0xC02F, 0xC030, 0xC02B, 0x009C, 0x009E, 0xCCA8)
	}
	if protocol != v13 && w.IntN(3) == 0 {
		pool = append(pool, des3, rc4, 0xC012)
	}
	if protocol != v13 && bad {
		pool = append(pool, null, rc440, des, 0x0014, 0x0034, 0xC018, 0x0007, 0x0004)
	}
	for range 1 + w.IntN(5) {
		one := suite(pick(w, pool...))
		if slices.ContainsFunc(list, func(have checks.Suite) bool { return have.ID == one.ID }) {
			continue
		}
		switch {
		case strings.HasPrefix(one.KeyExchange, "ECDHE"), one.KeyExchange == "TLS13":
			one.Group, one.GroupBits = "secp384r1", 384
			if w.often() {
				one.Group, one.GroupBits = "x25519", 255
			}
			if w.seldom() && protocol != v13 {
				one.Group, one.GroupBits = "secp160r1", 160
			}
		case strings.HasPrefix(one.KeyExchange, "DH"):
			one.Group, one.GroupBits = "dh", pick(w, 512, 1024, 2048, 2048, 4096)
		}
		list = append(list, one)
	}
	return list
}

func (w world) certificates(s *server) {
	s.appraised.Chains = nil
	for range 1 + w.IntN(2) {
		chain := trusted(pick(w, "RSA", "RSA", "ECDSA"), pick(w, 2048, 2048, 3072, 4096, 4096, 1024))
		if w.seldom() {
			chain.Leaf.RSABits = 1000
		}
		for _, question := range graded() {
			if w.IntN(40) == 0 {
				chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultFound}
			}
		}
		s.appraised.Chains = append(s.appraised.Chains, chain)
	}
}

// graded are the questions that the grade asks.
func graded() []checks.Question {
	return []checks.Question{
		checks.NotYetValid, checks.Expired, checks.SelfSigned, checks.UnknownIssuer, checks.SHA1Signature, checks.Distrusted, checks.Blacklisted,
		checks.KeyUsage, checks.NameMismatch, checks.IncompleteChain, checks.MDSignature, checks.DebianWeakKey, checks.ExponentOne, checks.Revoked,
	}
}

func (w world) header(s *server) {
	answer := &s.observed.HTTP.Hops[0].Answer.Value
	if w.often() {
		answer.HSTS = checks.KnownFact([]string{pick(w, "max-age=31536000", "max-age=31536000", "max-age=31536000", "max-age=86400", "max-age=0", "nonsense")})
	}
	if w.seldom() {
		answer.PublicKeyPins = checks.KnownFact([]string{pick(w, "max-age=0", "max-age=1")})
	}
}

func (s *server) accepted() []checks.Protocol {
	var list []checks.Protocol
	for _, protocol := range checks.Protocols() {
		if s.observed.TLS.Protocols[protocol].State == checks.Known {
			list = append(list, protocol)
		}
	}
	return list
}

func (s *server) legacy() bool {
	return slices.ContainsFunc(s.accepted(), func(p checks.Protocol) bool { return p != v2 && p != v13 })
}

// takes says whether a suite is accepted below TLS 1.3 that holds.
func (s *server) takes(holds func(tlsparameters.Suite, checks.Suite) bool) bool {
	for _, protocol := range s.accepted() {
		for _, seen := range s.observed.Full.Suites.Accepted[protocol].Value {
			row, found := tlsparameters.SuiteByValue(valueOf(seen.ID))
			if protocol != v2 && protocol != v13 && found && holds(row, seen) {
				return true
			}
		}
	}
	return false
}

func cbc(row tlsparameters.Suite, _ checks.Suite) bool { return row.CBC() }

// applies says whether an intrusive probe would find what it needs.
func (s *server) applies(name checks.Vulnerability) bool {
	switch name {
	case checks.Heartbleed, checks.CCSInjection, checks.Ticketbleed:
		return s.legacy() && !slices.Contains(s.accepted(), v13)
	case checks.ROBOT:
		return s.takes(func(row tlsparameters.Suite, _ checks.Suite) bool { return row.RSAKeyTransport() })
	case checks.OpenSSLPaddingOracle:
		return !slices.Contains(s.accepted(), v13) && s.takes(func(row tlsparameters.Suite, _ checks.Suite) bool {
			return row.CBC() && strings.HasPrefix(row.Cipher, "AES")
		})
	}
	return s.takes(cbc)
}

// settle makes what follows from protocols and suites fit them.
func (s *server) settle() {
	full := &s.observed.Full
	full.Simulations.Clients = nil
	s.simulate()
	decide := func(name checks.Vulnerability, vulnerable bool) {
		full.Vulnerabilities[name] = checks.Finding{Result: checks.NotVulnerable}
		if vulnerable {
			full.Vulnerabilities[name] = checks.Finding{Result: checks.Vulnerable}
		}
	}
	decide(checks.DROWN, slices.Contains(s.accepted(), v2))
	decide(checks.FREAK, s.takes(func(row tlsparameters.Suite, _ checks.Suite) bool { return row.RSAKeyTransport() && row.Export() }))
	decide(checks.LOGJAM, s.takes(func(row tlsparameters.Suite, seen checks.Suite) bool {
		return row.DHE() && (row.Export() || seen.GroupBits < 1024)
	}))
	old := full.Suites.Accepted[v3].Value
	first := len(old) > 0 && strings.Contains(old[0].Name, "RC4") && full.Suites.Preference[v3].Value == checks.ServerPreference
	decide(checks.POODLESSL, !first && slices.ContainsFunc(old, func(one checks.Suite) bool { return strings.Contains(one.Name, "_CBC") }))
	for _, name := range checks.IntrusiveVulnerabilities() {
		if !s.applies(name) {
			full.Intrusive[name] = checks.Finding{Result: checks.VulnerabilityInapplicable}
		}
	}
	if !s.legacy() {
		features := &full.Features
		features.SecureRenegotiation, features.Compression, features.FallbackSCSV = checks.AbsentFact[bool](""), checks.AbsentFact[string](""), checks.AbsentFact[bool]("")
		decide(checks.CRIME, false)
		decide(checks.InsecureRenegotiation, false)
	}
}

// copy is a server that can be changed apart.
func (s *server) copy() *server {
	other := *s
	other.observed.TLS.Protocols = clone(s.observed.TLS.Protocols)
	full := &other.observed.Full
	full.Suites.Accepted, full.Suites.Preference = clone(full.Suites.Accepted), clone(full.Suites.Preference)
	full.Vulnerabilities, full.Intrusive = clone(full.Vulnerabilities), clone(full.Intrusive)
	full.Simulations.Clients = slices.Clone(full.Simulations.Clients)
	other.observed.HTTP.Hops = slices.Clone(s.observed.HTTP.Hops)
	other.appraised.Chains = slices.Clone(s.appraised.Chains)
	for i := range other.appraised.Chains {
		other.appraised.Chains[i].Findings = clone(other.appraised.Chains[i].Findings)
	}
	return &other
}

func clone[M ~map[K]V, K comparable, V any](from M) M {
	to := M{}
	for key, value := range from {
		to[key] = value
	}
	return to
}

// hide takes facts away at random.
func (w world) hide(s *server) *server {
	hidden := s.copy()
	full := &hidden.observed.Full
	for _, protocol := range checks.Protocols() {
		switch w.IntN(30) {
		case 0:
			hidden.observed.TLS.Protocols[protocol] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
			full.Suites.Accepted[protocol] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonTimeout)
			full.Suites.Preference[protocol] = checks.InconclusiveFact[checks.Preference](checks.ReasonTimeout)
		case 1:
			if fact := full.Suites.Accepted[protocol]; fact.State == checks.Known {
				fact.State, fact.Reason, fact.Value = checks.Inconclusive, checks.ReasonBudget, fact.Value[:1]
				full.Suites.Accepted[protocol] = fact
				full.Suites.Preference[protocol] = checks.InconclusiveFact[checks.Preference](checks.ReasonBudget)
			}
		}
	}
	for _, name := range checks.AllVulnerabilities() {
		if w.IntN(40) == 0 {
			delete(full.Vulnerabilities, name)
			full.Intrusive[name] = checks.Finding{Result: checks.VulnerabilityInconclusive, Reason: checks.ReasonDisagreement}
		}
	}
	for i := range full.Simulations.Clients {
		if w.IntN(15) == 0 {
			full.Simulations.Clients[i].Handshake = checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonBudget)
		}
	}
	w.hideComponents(hidden)
	w.hideCertificates(hidden)
	return hidden
}

func (w world) hideComponents(s *server) {
	full := &s.observed.Full
	if w.seldom() {
		full.Suites = checks.Suites{}
	}
	if w.seldom() {
		full.Features = checks.Features{}
	}
	if w.seldom() {
		full.Vulnerabilities = checks.Vulnerabilities{}
	}
	if w.seldom() {
		full.Intrusive = checks.Vulnerabilities{}
	}
	if w.seldom() {
		full.Simulations = checks.Simulations{}
	}
	switch w.IntN(20) {
	case 0:
		s.observed.HTTP.Hops = nil
	case 1:
		s.observed.HTTP.Hops[0].Answer = checks.InconclusiveFact[checks.Response](checks.ReasonTimeout)
	}
	if w.IntN(20) == 0 { // a quick look
		s.observed.Full, s.appraised.Chains = checks.FullTLS{}, s.appraised.Chains[:1]
	}
}

func (w world) hideCertificates(s *server) {
	switch w.IntN(20) {
	case 0:
		s.appraised.Chains = nil
	case 1:
		s.appraised.Chains = s.appraised.Chains[:1]
		s.observed.Full.Chains.Served = checks.InconclusiveFact[[]checks.ServedChain](checks.ReasonBudget)
	}
	for i := range s.appraised.Chains {
		if w.seldom() {
			s.appraised.Chains[i].Findings[pick(w, graded()...)] = checks.ChainFinding{Answer: pick(w, checks.FaultInconclusive, checks.FaultNotAsked)}
		}
		if w.IntN(40) == 0 {
			s.appraised.Chains[i].Leaf.RSABits = 0
		}
	}
}
