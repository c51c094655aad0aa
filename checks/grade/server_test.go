package grade_test

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// server is one address as a full look with leave sees it, and its appraisal.
type server struct {
	observed  checks.AddressObservation
	appraised checks.AddressAppraisal
}

// change alters a server.
type change func(*server)

func day(year, month, date int) time.Time {
	return time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC)
}

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// serving is a server that gets a plain A, changed.
func serving(changes ...change) *server {
	s := &server{observed: checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.1"), Port: 443}}
	s.observed.TLS.Protocols = map[checks.Protocol]checks.Fact[checks.Accepted]{}
	full := &s.observed.Full
	full.Suites.Accepted = map[checks.Protocol]checks.Fact[[]checks.Suite]{}
	full.Suites.Preference = map[checks.Protocol]checks.Fact[checks.Preference]{}
	full.Chains.Served = checks.KnownFact([]checks.ServedChain{{Key: "RSA", SNI: true}})
	full.Features = checks.Features{
		SecureRenegotiation: checks.KnownFact(true), Compression: checks.KnownFact("NULL"), Heartbeat: checks.KnownFact(true),
		Tickets: checks.KnownFact(checks.Tickets{Issued: true}), FallbackSCSV: checks.KnownFact(true),
	}
	full.Vulnerabilities, full.Intrusive = checks.Vulnerabilities{}, checks.Vulnerabilities{}
	for _, name := range checks.PassiveVulnerabilities() {
		full.Vulnerabilities[name] = checks.Finding{Result: checks.NotVulnerable}
	}
	for _, name := range checks.IntrusiveVulnerabilities() {
		full.Intrusive[name] = checks.Finding{Result: checks.NotVulnerable}
	}
	for _, protocol := range checks.Protocols() {
		s.refuse(protocol)
	}
	s.accept(checks.TLSv12, suite(0xC02F), suite(0xC030))
	s.accept(checks.TLSv13, suite(0x1301), suite(0x1302))
	s.appraised.Chains = []checks.ChainAppraisal{trusted("RSA", 2048)}
	s.observed.HTTP.Hops = []checks.Hop{hop("https", "app.example.com", 200)}
	for _, change := range changes {
		change(s)
	}
	if full.Simulations.Clients == nil {
		s.simulate()
	}
	return s
}

func (s *server) refuse(protocol checks.Protocol) {
	s.observed.TLS.Protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
	s.observed.Full.Suites.Accepted[protocol] = checks.AbsentFact[[]checks.Suite]("")
}

func (s *server) accept(protocol checks.Protocol, suites ...checks.Suite) {
	s.observed.TLS.Protocols[protocol] = checks.KnownFact(checks.Accepted{Suite: suites[0].ID})
	s.observed.Full.Suites.Accepted[protocol] = checks.KnownFact(suites)
	s.observed.Full.Suites.Preference[protocol] = checks.KnownFact(checks.ServerPreference)
}

// simulate lets three clients meet the server: each gets its first suite in the
// newest version that both have. The oldest has TLS 1.0 at most.
func (s *server) simulate() {
	for _, client := range []struct {
		name      string
		reference bool
		versions  []checks.Protocol
	}{
		{"Chrome 80 on Windows 10", true, []checks.Protocol{checks.TLSv13, checks.TLSv12, checks.TLSv11, checks.TLSv10}},
		{"IE 11 on Windows 7", true, []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10}},
		{"Android 2.3.7", false, []checks.Protocol{checks.TLSv10, checks.SSLv3}},
	} {
		got := checks.AbsentFact[checks.SimulatedHandshake]("")
		for _, version := range client.versions {
			if list := s.observed.Full.Suites.Accepted[version].Value; got.State == checks.Absent && len(list) > 0 {
				got = checks.KnownFact(handshake(version, list[0]))
			}
		}
		s.observed.Full.Simulations.Clients = append(s.observed.Full.Simulations.Clients,
			checks.Simulation{Client: client.name, Reference: client.reference, Handshake: got})
	}
}

func handshake(version checks.Protocol, seen checks.Suite) checks.SimulatedHandshake {
	row, _ := tlsparameters.SuiteByValue(valueOf(seen.ID))
	return checks.SimulatedHandshake{Protocol: version, Suite: seen.ID, SuiteName: seen.Name, ForwardSecrecy: row.ForwardSecret()}
}

func valueOf(id string) uint16 {
	value, err := strconv.ParseUint(strings.TrimPrefix(id, "0x"), 16, 16)
	if err != nil {
		return 0
	}
	return uint16(value)
}

func (s *server) grade() checks.Grade { return s.gradeBy(now, "2009r") }

func (s *server) gradeBy(at time.Time, version string) checks.Grade {
	criteria, err := grade.CriteriaByVersion(version)
	if err != nil {
		panic(err)
	}
	return grade.Address(s.observed, s.appraised, at, criteria)
}

// suite is a registered suite with x25519, or 2048 bits in a finite field.
func suite(value uint16) checks.Suite {
	row, found := tlsparameters.SuiteByValue(value)
	if !found {
		panic("no such suite")
	}
	seen := checks.Suite{ID: tlsparameters.SuiteID(value), Name: row.Name, Strength: row.Bits, KeyExchange: row.KeyExchange}
	switch {
	case row.ECDHE() || row.TLS13():
		seen.Group, seen.GroupBits = "x25519", 255
	case row.DHE():
		seen.Group, seen.GroupBits = "ffdhe2048", 2048
	}
	return seen
}

func grouped(value uint16, group string, bits int) checks.Suite {
	seen := suite(value)
	seen.Group, seen.GroupBits = group, bits
	return seen
}

// prime stands for the SHA-256 of parameters of so many bits.
func prime(bits int) string { return "prime of " + strconv.Itoa(bits) + " bits" }

// primed is a suite listed with parameters of so many bits.
func primed(value uint16, bits int) checks.Suite {
	seen := grouped(value, "dh", bits)
	seen.Prime = prime(bits)
	return seen
}

// parameters came, whatever suite is listed with them.
func parameters(bits int) change {
	return func(s *server) {
		s.observed.Full.Suites.Primes = append(s.observed.Full.Suites.Primes, checks.Prime{SHA256: prime(bits), Bits: bits})
	}
}

func cipherSpec(value uint32) checks.Suite {
	spec, _ := tlsparameters.CipherSpecByValue(value)
	return checks.Suite{ID: "0x010080", Name: spec.Name, Strength: spec.Bits, KeyExchange: "RSA"}
}

// trusted is a chain with which nothing is wrong.
func trusted(key string, bits int) checks.ChainAppraisal {
	chain := checks.ChainAppraisal{SNI: true, Leaf: checks.LeafAppraisal{Key: key, KeyBits: bits, RSABits: bits}, Findings: map[checks.Question]checks.ChainFinding{}}
	for _, question := range checks.Questions() {
		chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultNotFound}
	}
	return chain
}

func hop(scheme, host string, status int) checks.Hop {
	return checks.Hop{URL: scheme + "://" + host + "/", Scheme: scheme, Host: host, Answer: checks.KnownFact(checks.Response{
		Status: status, HSTS: checks.AbsentFact[[]string](""), PublicKeyPins: checks.AbsentFact[[]string](""),
	})}
}

// Changes.

func accepts(protocol checks.Protocol, suites ...checks.Suite) change {
	return func(s *server) { s.accept(protocol, suites...) }
}

func refuses(protocols ...checks.Protocol) change {
	return func(s *server) {
		for _, protocol := range protocols {
			s.refuse(protocol)
		}
	}
}

// adds puts suites behind those that a version has.
func adds(protocol checks.Protocol, suites ...checks.Suite) change {
	return func(s *server) {
		s.accept(protocol, append(slices.Clone(s.observed.Full.Suites.Accepted[protocol].Value), suites...)...)
	}
}

func prefers(protocol checks.Protocol, preference checks.Fact[checks.Preference]) change {
	return func(s *server) { s.observed.Full.Suites.Preference[protocol] = preference }
}

func leaf(key string, bits int) change {
	return func(s *server) {
		s.appraised.Chains[0].Leaf = checks.LeafAppraisal{Key: key, KeyBits: bits, RSABits: bits}
	}
}

func also(chain checks.ChainAppraisal) change {
	return func(s *server) { s.appraised.Chains = append(s.appraised.Chains, chain) }
}

func fault(question checks.Question) change {
	return answered(question, checks.FaultFound)
}

func answered(question checks.Question, answer checks.FaultAnswer) change {
	return func(s *server) {
		finding := checks.ChainFinding{Answer: answer}
		if answer == checks.FaultFound {
			finding.Cause = checks.CauseCertificate
			finding.Details = []checks.FindingDetail{{Value: string(question), Text: "The certificate shows it."}}
		}
		s.appraised.Chains[0].Findings[question] = finding
	}
}

func found(name checks.Vulnerability, result checks.VulnerabilityResult, value int) change {
	return func(s *server) {
		finding := checks.Finding{Result: result, SSLLabsValue: &value}
		if slices.Contains(checks.IntrusiveVulnerabilities(), name) {
			s.observed.Full.Intrusive[name] = finding
		} else {
			s.observed.Full.Vulnerabilities[name] = finding
		}
	}
}

func hsts(values ...string) change {
	return func(s *server) { s.observed.HTTP.Hops[0].Answer.Value.HSTS = checks.KnownFact(values) }
}

func longHSTS(s *server) { hsts("max-age=31536000")(s) }

func features(alter func(*checks.Features)) change {
	return func(s *server) { alter(&s.observed.Full.Features) }
}

// gets makes it that a client gets a suite, or nothing.
func gets(client string, reference bool, version checks.Protocol, value uint16) change {
	return func(s *server) {
		if s.observed.Full.Simulations.Clients == nil {
			s.simulate()
		}
		one := checks.Simulation{Client: client, Reference: reference, Handshake: checks.AbsentFact[checks.SimulatedHandshake]("")}
		if value != 0 {
			one.Handshake = checks.KnownFact(handshake(version, suite(value)))
		}
		s.observed.Full.Simulations.Clients = append(s.observed.Full.Simulations.Clients, one)
	}
}

func ids(rules []checks.GradeRule) []string {
	list := []string{}
	for _, rule := range rules {
		list = append(list, rule.ID)
	}
	return list
}
