package cases

import (
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Host is the host of the healthy endpoint.
const Host = "app.example.com"

// Healthy is a full look, with leave for everything, at an endpoint on two
// addresses (192.0.2.1 and 2001:db8::1) that has no fault and grade A+: a
// redirect URL of a standard application in production, which registers another
// redirect URL there and a state change, and a redirect URL in SOD.
func Healthy() policy.Evidence {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	evidence := policy.Evidence{
		Subject: policy.Subject{
			ApplicationType: policy.Standard, Kind: policy.Redirect, ValueKind: policy.Literal,
			Environment: policy.Production, Value: "https://" + Host + "/callback", ClientID: "production-client",
			Siblings: []policy.Sibling{
				{Environment: policy.SOD, Kind: policy.Redirect, Value: "https://sod.example.com/callback", ValueKind: policy.Literal, Host: "sod.example.com", ClientID: "sod-client"},
				{Environment: policy.Production, Kind: policy.Redirect, Value: "https://" + Host + "/signed-in", ValueKind: policy.Literal, Host: Host, ClientID: "production-client"},
				{Environment: policy.Production, Kind: policy.StateChange, Value: "https://" + Host + "/state", ValueKind: policy.Literal, Host: Host, ClientID: "production-client"},
			},
		},
		At:          at,
		Observation: &checks.Observation{Depth: checks.Full, Connectivity: checks.KnownFact(true)},
	}
	o := evidence.Observation
	o.DNS.Host = Host
	o.Records = checks.Records{
		Aliases: checks.AbsentFact[[]string](checks.ReasonNoRecord),
		CAA:     checks.KnownFact(checks.CAA{Domain: "example.com", Records: []checks.CAARecord{{Tag: "issue", Value: "ca.example"}}}),
		TLSA:    checks.AbsentFact[[]checks.TLSA](checks.ReasonNoRecord),
		DNSSEC:  checks.KnownFact(true),
	}
	for _, text := range []string{"192.0.2.1", "2001:db8::1"} {
		address := netip.MustParseAddr(text)
		o.DNS.Addresses.State = checks.Known
		o.DNS.Addresses.Value = append(o.DNS.Addresses.Value, address)
		o.Addresses = append(o.Addresses, healthyAddress(address))
		evidence.Appraisal.Addresses = append(evidence.Appraisal.Addresses, healthyAppraisal(address, at))
		evidence.Grades = append(evidence.Grades, healthyGrade())
	}
	whole := healthyGrade()
	evidence.Grade = &whole
	return evidence
}

func healthyGrade() checks.Grade {
	return checks.Grade{Letter: checks.GradeAPlus, TrustIgnored: checks.GradeAPlus, Rules: []checks.GradeRule{}, Next: []checks.GradeStep{}, Criteria: "2009r"}
}

func healthyAddress(address netip.Addr) checks.AddressObservation {
	return checks.AddressObservation{
		Address: address, Port: 443,
		TLS: checks.TLS{
			Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
				checks.SSLv2: checks.AbsentFact[checks.Accepted](""), checks.SSLv3: checks.AbsentFact[checks.Accepted](""),
				checks.TLSv10: checks.AbsentFact[checks.Accepted](""), checks.TLSv11: checks.AbsentFact[checks.Accepted](""),
				checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F"}), checks.TLSv13: checks.KnownFact(checks.Accepted{Suite: "0x1301"}),
			},
			Chain: checks.KnownFact([]checks.Fingerprint{"1f", "2f"}),
		},
		HTTP: healthyHTTP(),
		Full: checks.FullTLS{
			Suites: healthySuites(), Features: healthyFeatures(),
			Chains: checks.Chains{
				Served:      checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: []checks.Fingerprint{"1f", "2f"}}}),
				SNIRequired: checks.KnownFact(false),
			},
			Vulnerabilities: healthyFindings(checks.PassiveVulnerabilities()),
			Intrusive:       healthyFindings(checks.IntrusiveVulnerabilities()),
			Simulations: checks.Simulations{Clients: []checks.Simulation{{
				Client: "Chrome 80 on Windows 10", Reference: true, Handshake: checks.KnownFact(checks.SimulatedHandshake{
					Protocol: checks.TLSv13, Suite: "0x1301", SuiteName: "TLS_AES_128_GCM_SHA256", Group: "x25519", GroupBits: 253, ForwardSecrecy: true,
				}),
			}}},
			Stapled: checks.Stapled{
				OCSP: checks.KnownFact(checks.Staple{Leaf: "1f", Status: checks.RevocationStatus{State: checks.RevocationGood}}),
				SCTs: checks.AbsentFact[[]checks.StapledSCT](""),
			},
			Versions: checks.HTTPVersions{
				checks.HTTP11: checks.KnownFact(200), checks.HTTP2: checks.KnownFact(200), checks.HTTP3: checks.KnownFact(200),
			},
			ScriptCookies: checks.KnownFact([]checks.Cookie{}),
		},
	}
}

func healthyHTTP() checks.HTTP {
	url := "https://" + Host + "/callback"
	answer := checks.Response{
		Status: 200, Version: "HTTP/1.1", TLS: checks.TLSv13, Server: "nginx",
		Cookies: []checks.Cookie{{Name: "__Host-sid", HttpOnly: true, Secure: true, SameSite: "Lax", Path: "/"}},
		HSTS:    checks.KnownFact([]string{"max-age=31536000; includeSubDomains; preload"}), PublicKeyPins: checks.AbsentFact[[]string](""),
		Fields: map[string][]string{
			"content-security-policy":      {"default-src 'self'; frame-ancestors 'self' https://*.superoffice.com"},
			"content-type":                 {"text/html; charset=utf-8"},
			"cross-origin-embedder-policy": {"require-corp"},
			"cross-origin-opener-policy":   {"same-origin"},
			"cross-origin-resource-policy": {"same-origin"},
			"referrer-policy":              {"no-referrer"},
			"server":                       {"nginx"},
			"x-content-type-options":       {"nosniff"},
		},
		Content: checks.KnownFact(checks.Content{MediaType: "text/html", Look: checks.LookMessage}),
	}
	provoked := answer
	provoked.Status, provoked.Cookies = 400, nil
	return checks.HTTP{
		Hops:      []checks.Hop{{URL: url, Scheme: "https", Host: Host, SameSite: true, Answer: checks.KnownFact(answer)}},
		End:       checks.KnownFact(200),
		PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true}),
		Preflight: checks.KnownFact(checks.Preflight{Status: 204}),
		Provoked:  checks.KnownFact(provoked),
	}
}

func healthySuites() checks.Suites {
	refused := checks.AbsentFact[[]checks.Suite]("")
	none := checks.AbsentFact[checks.Preference]("")
	x25519 := checks.Group{ID: "0x001D", Name: "x25519", Bits: 253}
	return checks.Suites{
		Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
			checks.SSLv2: refused, checks.SSLv3: refused, checks.TLSv10: refused, checks.TLSv11: refused,
			checks.TLSv12: checks.KnownFact([]checks.Suite{
				{ID: "0xC02B", Name: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "ECDHE_ECDSA", Group: "x25519", GroupBits: 253},
				{ID: "0xC02C", Name: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Strength: 256, KeyExchange: "ECDHE_ECDSA", Group: "x25519", GroupBits: 253},
			}),
			checks.TLSv13: checks.KnownFact([]checks.Suite{
				{ID: "0x1301", Name: "TLS_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "TLS13", Group: "x25519", GroupBits: 253},
				{ID: "0x1302", Name: "TLS_AES_256_GCM_SHA384", Strength: 256, KeyExchange: "TLS13", Group: "x25519", GroupBits: 253},
			}),
		},
		Preference: map[checks.Protocol]checks.Fact[checks.Preference]{
			checks.SSLv2: none, checks.SSLv3: none, checks.TLSv10: none, checks.TLSv11: none,
			checks.TLSv12: checks.KnownFact(checks.ServerPreference), checks.TLSv13: checks.KnownFact(checks.ServerPreference),
		},
		PrefersChaCha20: checks.KnownFact(false),
		Groups: checks.KnownFact([]checks.Group{
			{ID: "0x11EC", Name: "X25519MLKEM768", Bits: 253, PostQuantum: true}, x25519,
		}),
		LegacyGroups:    checks.KnownFact([]checks.Group{x25519, {ID: "0x0017", Name: "secp256r1", Bits: 256}}),
		GroupPreference: checks.KnownFact(checks.ServerPreference),
		PostQuantum:     checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: true}),
		DHReuse:         checks.AbsentFact[bool](""), ECDHEReuse: checks.KnownFact(false),
		SignatureSchemes: map[checks.Protocol]checks.Fact[[]string]{
			checks.TLSv12: checks.KnownFact([]string{"ecdsa_secp256r1_sha256"}), checks.TLSv13: checks.KnownFact([]string{"ecdsa_secp256r1_sha256"}),
		},
	}
}

func healthyFeatures() checks.Features {
	yes, no := checks.KnownFact(true), checks.KnownFact(false)
	return checks.Features{
		SecureRenegotiation: yes, ClientRenegotiation: no, Compression: checks.KnownFact("NULL"),
		SessionIDs: checks.KnownFact(checks.Resumed),
		Tickets:    checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 7200, Resumed: true}),
		PSK:        checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 7200, Resumed: true}),
		EarlyData:  checks.KnownFact(checks.EarlyData{}), ALPN: checks.KnownFact([]string{"h2", "http/1.1"}),
		OCSPStapling: yes, SCTs: checks.KnownFact([]string{"certificate"}),
		ExtendedMasterSecret: yes, EncryptThenMAC: yes, MaxFragmentLength: no, RecordSizeLimit: no, Heartbeat: no,
		DowngradeSentinel: yes, FallbackSCSV: yes, ClientCertificate: checks.KnownFact(checks.ClientCertificateNone),
		ClockSkewMinutes: checks.AbsentFact[int](""),
		Intolerances: checks.Intolerances{
			Versions: checks.KnownFact([]string{}), Extension: no, LongHandshake: no, LargeHello: no, GREASE: no, ManySuites: no,
		},
	}
}

func healthyFindings(of []checks.Vulnerability) checks.Vulnerabilities {
	findings := checks.Vulnerabilities{}
	for _, vulnerability := range of {
		findings[vulnerability] = checks.Finding{Result: checks.NotVulnerable}
		switch vulnerability {
		case checks.SWEET32, checks.BEAST, checks.LUCKY13, checks.RC4:
			findings[vulnerability] = checks.Finding{Result: checks.NotExposed}
		}
	}
	return findings
}

func healthyAppraisal(address netip.Addr, at time.Time) checks.AddressAppraisal {
	chain := checks.ChainAppraisal{
		SNI: true, Served: []checks.Fingerprint{"1f", "2f"}, Path: []checks.Fingerprint{"1f", "2f", "3f"},
		Leaf: checks.LeafAppraisal{
			SHA256: "1f", Key: "ECDSA", KeyBits: 256, Curve: "secp256r1", RSABits: 3072, Signature: "ECDSA-SHA256",
			NotBefore: at.AddDate(0, 0, -30), NotAfter: at.AddDate(0, 0, 60), Lifetime: 90 * 24 * time.Hour,
			RenewalDue: at.AddDate(0, 0, 30), PathNotAfter: at.AddDate(0, 0, 60),
		},
		Findings: map[checks.Question]checks.ChainFinding{}, Stores: map[string]bool{"mozilla": true},
	}
	for _, question := range checks.Questions() {
		chain.Findings[question] = checks.ChainFinding{Answer: checks.FaultNotFound, Cause: checks.CauseCertificate}
	}
	return checks.AddressAppraisal{Address: address, Port: 443, Chains: []checks.ChainAppraisal{chain}}
}
