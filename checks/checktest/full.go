package checktest

import "github.com/gradewatch/gradewatch/checks"

// FullFacts returns what a full look could know of an address that serves
// chain: a server of its time with some faults. It asks nobody. intrusive adds
// the findings that need leave.
func FullFacts(chain []checks.Fingerprint, intrusive bool) checks.FullTLS {
	full := checks.FullTLS{
		Suites: fullSuites(), Features: fullFeatures(), Simulations: fullClients(),
		Chains: checks.Chains{
			Served:      checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: chain}, {Key: "ECDSA", Certificates: chain}}),
			SNIRequired: checks.KnownFact(false),
		},
		Vulnerabilities: checks.Vulnerabilities{},
	}
	for _, vulnerability := range checks.PassiveVulnerabilities() {
		full.Vulnerabilities[vulnerability] = checks.Finding{Result: checks.NotVulnerable, Proof: []string{"asked, and refused"}}
	}
	full.Vulnerabilities[checks.SWEET32] = checks.Finding{Result: checks.Exposed, Proof: []string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA is accepted in TLS 1.2"}}
	full.Vulnerabilities[checks.DROWN] = checks.Finding{Result: checks.VulnerabilityInapplicable, Proof: []string{"SSL 2.0 is refused"}}
	full.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.VulnerabilityInconclusive, Reason: checks.ReasonTimeout}
	if !intrusive {
		return full
	}
	full.Intrusive = checks.Vulnerabilities{}
	for _, vulnerability := range checks.IntrusiveVulnerabilities() {
		full.Intrusive[vulnerability] = checks.Finding{Result: checks.NotVulnerable, Proof: []string{"5 rounds, the same answer to every form"}}
	}
	full.Intrusive[checks.ROBOT] = checks.Finding{Result: checks.Vulnerable, Proof: []string{
		"a correct padding: alert bad_record_mac", "a wrong padding: alert illegal_parameter", "reproduced on 3 new connections",
	}}
	return full
}

// FullUnknown returns what a full look leaves of an address that stopped
// answering: everything was asked, and nothing could be told.
func FullUnknown() checks.FullTLS {
	const reason = checks.ReasonDegraded
	full := checks.FullTLS{
		Suites: checks.Suites{
			Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{}, Groups: checks.InconclusiveFact[[]checks.Group](reason),
		},
		Chains:          checks.Chains{Served: checks.InconclusiveFact[[]checks.ServedChain](reason), SNIRequired: checks.InconclusiveFact[bool](reason)},
		Features:        checks.Features{SecureRenegotiation: checks.InconclusiveFact[bool](reason)},
		Vulnerabilities: checks.Vulnerabilities{},
		Simulations: checks.Simulations{Clients: []checks.Simulation{
			{Client: "Chrome 130 on Windows 11", Handshake: checks.InconclusiveFact[checks.SimulatedHandshake](reason)},
		}},
	}
	for _, protocol := range checks.Protocols() {
		full.Suites.Accepted[protocol] = checks.InconclusiveFact[[]checks.Suite](reason)
	}
	for _, vulnerability := range checks.PassiveVulnerabilities() {
		full.Vulnerabilities[vulnerability] = checks.Finding{Result: checks.VulnerabilityInconclusive, Reason: reason}
	}
	return full
}

func fullSuites() checks.Suites {
	refused := checks.AbsentFact[[]checks.Suite]("")
	prime := checks.Prime{SHA256: "9c1e0f", Bits: 2048, P: "ffffffffffffffffadf85458", Generator: "2", Known: "ffdhe2048"}
	return checks.Suites{
		Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
			checks.SSLv2: refused, checks.SSLv3: refused, checks.TLSv10: refused, checks.TLSv11: checks.InconclusiveFact[[]checks.Suite](checks.ReasonTimeout),
			checks.TLSv12: checks.KnownFact([]checks.Suite{
				{ID: "0xC02B", Name: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "ECDHE_ECDSA", Group: "x25519", GroupBits: 253},
				{ID: "0x009E", Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA", Group: "ffdhe2048", GroupBits: 2048, Prime: prime.SHA256},
				{ID: "0xC013", Name: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Strength: 128, KeyExchange: "ECDHE_RSA", Group: "secp256r1", GroupBits: 256},
				{ID: "0x000A", Name: "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Strength: 112, KeyExchange: "RSA"},
				{ID: "0x0005", Name: "TLS_RSA_WITH_RC4_128_SHA", Strength: 128, KeyExchange: "RSA"},
			}),
			checks.TLSv13: checks.KnownFact([]checks.Suite{
				{ID: "0x1302", Name: "TLS_AES_256_GCM_SHA384", Strength: 256, KeyExchange: "TLS13", Group: "X25519MLKEM768", GroupBits: 253},
				{ID: "0x1303", Name: "TLS_CHACHA20_POLY1305_SHA256", Strength: 256, KeyExchange: "TLS13", Group: "X25519MLKEM768", GroupBits: 253},
			}),
		},
		Preference: map[checks.Protocol]checks.Fact[checks.Preference]{
			checks.TLSv12: checks.KnownFact(checks.ServerPreference), checks.TLSv13: checks.KnownFact(checks.ClientPreference),
		},
		PrefersChaCha20: checks.KnownFact(true),
		Groups: checks.KnownFact([]checks.Group{
			{ID: "0x11EC", Name: "X25519MLKEM768", Bits: 253, PostQuantum: true}, {ID: "0x001D", Name: "x25519", Bits: 253}, {ID: "0x0017", Name: "secp256r1", Bits: 256},
		}),
		LegacyGroups:    checks.KnownFact([]checks.Group{{ID: "0x001D", Name: "x25519", Bits: 253}, {ID: "0x0017", Name: "secp256r1", Bits: 256}}),
		GroupPreference: checks.KnownFact(checks.ServerPreference),
		PostQuantum:     checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: true}),
		Primes:          []checks.Prime{prime},
		DHReuse:         checks.KnownFact(false), ECDHEReuse: checks.KnownFact(false),
		SignatureSchemes: map[checks.Protocol]checks.Fact[[]string]{
			checks.TLSv13: checks.KnownFact([]string{"ecdsa_secp256r1_sha256"}),
		},
	}
}

func fullFeatures() checks.Features {
	yes, no := checks.KnownFact(true), checks.KnownFact(false)
	return checks.Features{
		SecureRenegotiation: yes, ClientRenegotiation: no, Compression: checks.KnownFact("NULL"),
		SessionIDs: checks.KnownFact(checks.Resumed),
		Tickets:    checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}),
		PSK:        checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 7200, Resumed: true}),
		EarlyData:  checks.KnownFact(checks.EarlyData{}), ALPN: checks.KnownFact([]string{"h2", "http/1.1"}),
		OCSPStapling: no, SCTs: checks.KnownFact([]string{"certificate"}), ExtendedMasterSecret: yes, EncryptThenMAC: no,
		MaxFragmentLength: no, RecordSizeLimit: no, Heartbeat: no, DowngradeSentinel: yes, FallbackSCSV: yes,
		ClientCertificate: checks.KnownFact(checks.ClientCertificateNone), ClockSkewMinutes: checks.AbsentFact[int](""),
		Intolerances: checks.Intolerances{
			Versions: checks.KnownFact([]string{}), Extension: no, LongHandshake: no, LargeHello: yes, GREASE: no, ManySuites: no,
		},
	}
}

func fullClients() checks.Simulations {
	return checks.Simulations{Clients: []checks.Simulation{
		{Client: "Chrome 130 on Windows 11", Reference: true, Resent: true, Handshake: checks.KnownFact(checks.SimulatedHandshake{
			Protocol: checks.TLSv13, Suite: "0x1302", SuiteName: "TLS_AES_256_GCM_SHA384", Group: "X25519MLKEM768", GroupBits: 253, ForwardSecrecy: true,
		})},
		{Client: "Java 8u161", Handshake: checks.KnownFact(checks.SimulatedHandshake{
			Protocol: checks.TLSv12, Suite: "0x000A", SuiteName: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
		})},
		{Client: "Android 2.3.7", Handshake: checks.AbsentFact[checks.SimulatedHandshake]("")},
	}}
}
