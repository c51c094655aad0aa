package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
)

func suite(id, name string, strength int, exchange, group string, bits int) checks.Suite {
	return checks.Suite{ID: id, Name: name, Strength: strength, KeyExchange: exchange, Group: group, GroupBits: bits}
}

// modernFacts are of a healthy server of today.
func modernFacts(leaf checks.Fingerprint) checks.FullTLS {
	hybrid := checks.Group{ID: "0x11EC", Name: "X25519MLKEM768", Bits: 253, PostQuantum: true}
	x25519 := checks.Group{ID: "0x001D", Name: "x25519", Bits: 253}
	p256 := checks.Group{ID: "0x0017", Name: "secp256r1", Bits: 256}
	known := func(value bool) checks.Fact[bool] { return checks.KnownFact(value) }
	full := checks.FullTLS{
		Suites: checks.Suites{
			Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
				checks.TLSv12: checks.KnownFact([]checks.Suite{
					suite("0xC02F", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 128, "ECDHE_RSA", "x25519", 253),
					suite("0xCCA8", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 256, "ECDHE_RSA", "x25519", 253),
				}),
				checks.TLSv13: checks.KnownFact([]checks.Suite{
					suite("0x1301", "TLS_AES_128_GCM_SHA256", 128, "TLS13", "X25519MLKEM768", 253),
					suite("0x1303", "TLS_CHACHA20_POLY1305_SHA256", 256, "TLS13", "X25519MLKEM768", 253),
				}),
			},
			Preference: map[checks.Protocol]checks.Fact[checks.Preference]{
				checks.TLSv12: checks.KnownFact(checks.ServerPreference), checks.TLSv13: checks.KnownFact(checks.ClientPreference),
			},
			PrefersChaCha20: known(true),
			Groups:          checks.KnownFact([]checks.Group{hybrid, x25519, p256}),
			LegacyGroups:    checks.KnownFact([]checks.Group{x25519, p256}),
			GroupPreference: checks.KnownFact(checks.ServerPreference),
			PostQuantum:     checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: true}),
			DHReuse:         checks.AbsentFact[bool](""), ECDHEReuse: known(false),
			SignatureSchemes: map[checks.Protocol]checks.Fact[[]string]{
				checks.TLSv12: checks.KnownFact([]string{"rsa_pkcs1_sha256", "rsa_pss_rsae_sha256"}),
				checks.TLSv13: checks.KnownFact([]string{"rsa_pss_rsae_sha256"}),
			},
		},
		Chains: checks.Chains{
			Served:      checks.KnownFact([]checks.ServedChain{{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{leaf}}, {Key: "RSA", Certificates: []checks.Fingerprint{leaf}}}),
			SNIRequired: known(false),
		},
		Features: checks.Features{
			SecureRenegotiation: known(true), ClientRenegotiation: known(false), Compression: checks.KnownFact("NULL"),
			SessionIDs: checks.KnownFact(checks.Resumed), Tickets: checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}),
			PSK:       checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}),
			EarlyData: checks.KnownFact(checks.EarlyData{Offered: true, MaxBytes: 16384, Accepted: true}),
			ALPN:      checks.KnownFact([]string{"h2", "http/1.1"}), OCSPStapling: known(false), SCTs: checks.KnownFact([]string{"certificate", "tls_extension"}),
			ExtendedMasterSecret: known(true), EncryptThenMAC: known(false), MaxFragmentLength: known(true), RecordSizeLimit: known(false), Heartbeat: known(false),
			DowngradeSentinel: known(true), FallbackSCSV: known(true),
			ClientCertificate: checks.KnownFact(checks.ClientCertificateRequested), ClockSkewMinutes: checks.AbsentFact[int](""),
			Intolerances: checks.Intolerances{
				Versions: checks.KnownFact([]string(nil)), Extension: known(false), LongHandshake: known(false), LargeHello: known(false), GREASE: known(false), ManySuites: known(false),
			},
		},
		Vulnerabilities: checks.Vulnerabilities{},
		Simulations: checks.Simulations{Clients: []checks.Simulation{
			{Client: "Chrome 131", Reference: true, Resent: true, Handshake: checks.KnownFact(checks.SimulatedHandshake{
				Protocol: checks.TLSv13, Suite: "0x1301", SuiteName: "TLS_AES_128_GCM_SHA256", Group: "X25519MLKEM768", GroupBits: 253, ForwardSecrecy: true,
			})},
			{Client: "Java 8u161", Reference: true, Handshake: checks.KnownFact(checks.SimulatedHandshake{
				Protocol: checks.TLSv12, Suite: "0xC02F", SuiteName: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Group: "secp256r1", GroupBits: 256, ForwardSecrecy: true,
			})},
			{Client: "Android 2.3", Handshake: checks.AbsentFact[checks.SimulatedHandshake]("")},
		}},
	}
	for _, name := range checks.PassiveVulnerabilities() {
		full.Vulnerabilities[name] = checks.Finding{Result: checks.NotVulnerable}
	}
	for _, name := range []checks.Vulnerability{checks.SWEET32, checks.BEAST, checks.LUCKY13, checks.RC4} {
		full.Vulnerabilities[name] = checks.Finding{Result: checks.NotExposed}
	}
	return full
}

// oldFacts are of a server that has everything wrong, and stopped answering
// before all was asked.
func oldFacts(leaf checks.Fingerprint) checks.FullTLS {
	full := modernFacts(leaf)
	strange := suite("0x0005", "TLS_RSA_WITH_RC4_128_SHA", 128, "RSA", "", 0)
	full.Suites = checks.Suites{
		Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
			checks.SSLv2: checks.KnownFact([]checks.Suite{suite("0x010080", "SSL_CK_RC4_128_WITH_MD5", 128, "RSA", "", 0)}),
			checks.SSLv3: checks.KnownFact([]checks.Suite{strange}), checks.TLSv12: checks.KnownFact([]checks.Suite{strange}),
			checks.TLSv10: checks.KnownFact([]checks.Suite{
				suite("0x0033", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", 128, "DHE_RSA", "dh", 1024),
				suite("0x0016", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", 112, "DHE_RSA", "dh", 512),
				suite("0x002F", "TLS_RSA_WITH_AES_128_CBC_SHA", 128, "RSA", "", 0),
				suite("0x0018", "TLS_DH_anon_WITH_RC4_128_MD5", 128, "DH_anon", "dh", 1024),
				suite("0x0008", "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", 40, "RSA_EXPORT", "", 0),
				suite("0x0009", "TLS_RSA_WITH_DES_CBC_SHA", 56, "RSA", "", 0),
				suite("0x0002", "TLS_RSA_WITH_NULL_SHA", 0, "RSA", "", 0),
			}),
			checks.TLSv11: checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded),
		},
		Preference: map[checks.Protocol]checks.Fact[checks.Preference]{checks.TLSv10: checks.InconclusiveFact[checks.Preference](checks.ReasonDegraded)},
		Primes:     []checks.Prime{{SHA256: strings.Repeat("ab", 32), Bits: 512, P: "ff", Generator: "2", Weak: true}, {SHA256: strings.Repeat("cd", 32), Bits: 1024, P: "fe", Generator: "2", Known: "RFC 2409 group 2"}},
		DHReuse:    checks.KnownFact(true),
		Groups:     checks.AbsentFact[[]checks.Group](""), LegacyGroups: checks.InconclusiveFact[[]checks.Group](checks.ReasonDegraded),
		PostQuantum: checks.InconclusiveFact[checks.PostQuantum](checks.ReasonDegraded),
		SignatureSchemes: map[checks.Protocol]checks.Fact[[]string]{
			checks.TLSv12: checks.InconclusiveFact[[]string](checks.ReasonDegraded),
		},
	}
	full.Chains = checks.Chains{Served: checks.InconclusiveFact[[]checks.ServedChain](checks.ReasonTimeout), SNIRequired: checks.KnownFact(true)}
	full.Features = checks.Features{
		SecureRenegotiation: checks.KnownFact(false), ClientRenegotiation: checks.KnownFact(true), Compression: checks.KnownFact("DEFLATE"),
		ALPN: checks.KnownFact([]string(nil)), Heartbeat: checks.KnownFact(true), ClockSkewMinutes: checks.KnownFact(-15),
		SessionIDs: checks.InconclusiveFact[checks.Resumption](checks.ReasonTimeout), Tickets: checks.KnownFact(checks.Tickets{}),
		ClientCertificate: checks.KnownFact(checks.ClientCertificateNone),
		Intolerances:      checks.Intolerances{Versions: checks.KnownFact([]string{"TLS 1.152"}), LargeHello: checks.KnownFact(true), GREASE: checks.InconclusiveFact[bool](checks.ReasonReset)},
	}
	two := 2
	full.Intrusive = checks.Vulnerabilities{
		checks.Heartbleed:   {Result: checks.Vulnerable, SSLLabsValue: &two, Proof: []string{"a heartbeat of 1 byte that claims 16384 was answered with 16384 bytes", "\x1b[2Jthe same on a new connection"}},
		checks.ROBOT:        {Result: checks.VulnerabilityInconclusive, Reason: checks.ReasonDisagreement, Proof: []string{"one round said close_notify, the next nothing"}},
		checks.Ticketbleed:  {Result: checks.VulnerabilityInconclusive, Reason: checks.ReasonBudget},
		checks.CCSInjection: {Result: checks.NotVulnerable},
	}
	full.Vulnerabilities[checks.DROWN] = checks.Finding{Result: checks.Vulnerable, Proof: []string{"SSL 2.0 is accepted with the same certificate"}}
	full.Vulnerabilities[checks.RC4] = checks.Finding{Result: checks.Exposed, Proof: []string{"one", "two", "three", "four", "five"}}
	full.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.VulnerabilityInapplicable}
	full.Simulations.Clients = []checks.Simulation{
		{Client: "Internet Explorer 6 on Windows XP", Handshake: checks.KnownFact(checks.SimulatedHandshake{Protocol: checks.SSLv3, Suite: "0x0005", SuiteName: "TLS_RSA_WITH_RC4_128_SHA"})},
		{Client: "Chrome 131", Handshake: checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonDegraded)},
	}
	return full
}

func exampleLeaf(t *testing.T) checks.Certificate {
	t.Helper()
	text, err := os.ReadFile("../../checks/testdata/certificate.base64")
	require.NoError(t, err)
	var der []byte
	require.NoError(t, json.Unmarshal([]byte(`"`+strings.TrimSpace(string(text))+`"`), &der))
	return checks.NewCertificate(der)
}

func tlsFacts(leaf checks.Fingerprint, accepted ...checks.Protocol) checks.TLS {
	facts := checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}, Chain: checks.KnownFact([]checks.Fingerprint{leaf})}
	for _, protocol := range checks.Protocols() {
		facts.Protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
	}
	for _, protocol := range accepted {
		facts.Protocols[protocol] = checks.KnownFact(checks.Accepted{Suite: "0xC02F"})
	}
	return facts
}

// fullExample is the report of a name with a modern and an old server.
func fullExample(t *testing.T) checkResult {
	t.Helper()
	leaf := exampleLeaf(t)
	modern, old := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	oldTLS := tlsFacts(leaf.SHA256, checks.SSLv2, checks.SSLv3, checks.TLSv10)
	oldTLS.Protocols[checks.TLSv11] = checks.InconclusiveFact[checks.Accepted](checks.ReasonDegraded)
	oldTLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{Suite: "0x0033", Mixed: true})
	observation := &checks.Observation{
		Depth: checks.Full, DNS: checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{modern, old})},
		Addresses: []checks.AddressObservation{
			{Address: modern, Port: 443, TLS: tlsFacts(leaf.SHA256, checks.TLSv12, checks.TLSv13), Full: modernFacts(leaf.SHA256)},
			{Address: old, Port: 443, TLS: oldTLS, Full: oldFacts(leaf.SHA256)},
		},
		Certificates: []checks.Certificate{leaf},
	}
	return checkResult{
		subject: policy.Subject{ApplicationType: policy.Custom, Kind: policy.Redirect, Environment: policy.Production},
		report: checks.NewReport(checks.ReportConfig{
			URL: "https://app.example.com/", Engine: "gradewatch/test", Observation: observation,
			Measurements: checks.Measurements{
				StartedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Duration: 1234 * time.Millisecond, Connections: make([]checks.ConnectionRecord, 93),
				Shares: []checks.Share{{Address: old, What: "TLSv1.0", Seen: 2, Of: 3}, {Address: old, What: "0x0033", Seen: 1, Of: 3}},
			},
			Judgement: checks.Judgement{Verdicts: []checks.Verdict{{Requirement: "T-01", Profile: policy.SuperOffice().Name(), Result: checks.Fail, Severity: checks.Must, Remedy: "Turn SSL 2.0 off.", Proof: []checks.Proof{{Text: "2001:db8::1 accepts SSL 2.0."}}}}},
		}),
	}
}

// pretending looks at TLS for real and pretends to know the rest.
func pretending(t *testing.T, runner checks.Runner) checks.Runner {
	t.Helper()
	quick := runner.TLS
	runner.Full = func(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort, done func(string)) checks.FullLook {
		var got checks.FullLook
		got.TLS, got.Certificates = quick(ctx, network, target, address)
		var leaf checks.Fingerprint
		if len(got.TLS.Chain.Value) > 0 {
			leaf = got.TLS.Chain.Value[0]
		}
		got.Full = modernFacts(leaf)
		if target.Intrusive {
			got.Full.Intrusive = checks.Vulnerabilities{checks.Heartbleed: {Result: checks.NotVulnerable}}
		}
		for _, stage := range checks.FullStages() {
			done(stage)
		}
		return got
	}
	return runner
}

// goServerURL is a healthy server's URL.
func goServerURL(t *testing.T) string {
	t.Helper()
	return "https://" + checktest.StartGoServer(t, checktest.GoServerConfig{}).String() + "/"
}
