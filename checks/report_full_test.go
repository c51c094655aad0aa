package checks_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// validReport holds a report's JSON against the published schema.
func validReport(t *testing.T, text []byte) {
	t.Helper()
	published, err := os.ReadFile("../docs/report.schema.json")
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(published)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource(checks.ReportSchema, schema))
	compiled, err := compiler.Compile(checks.ReportSchema)
	require.NoError(t, err)
	report, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(report))
}

// fullFacts are of a server that has some of everything.
func fullFacts(leaf checks.Fingerprint) checks.FullTLS {
	heartbleed := 2
	ecdhe := checks.Suite{ID: "0xC02F", Name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "ECDHE_RSA", Group: "x25519", GroupBits: 253}
	dhe := checks.Suite{ID: "0x009E", Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA", Group: "modp2048", GroupBits: 2048, Prime: "ab"}
	x25519 := checks.Group{ID: "0x001D", Name: "x25519", Bits: 253}
	hybrid := checks.Group{ID: "0x11EC", Name: "X25519MLKEM768", Bits: 253, PostQuantum: true}
	p384 := checks.Group{ID: "0x0018", Name: "secp384r1", Bits: 384}
	return checks.FullTLS{
		Suites: checks.Suites{
			Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{
				checks.SSLv3:  checks.AbsentFact[[]checks.Suite](""),
				checks.TLSv11: checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded),
				checks.TLSv12: checks.KnownFact([]checks.Suite{ecdhe, dhe}),
				checks.TLSv13: checks.KnownFact([]checks.Suite{{ID: "0x1301", Name: "TLS_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "TLS13", Group: "X25519MLKEM768", GroupBits: 253}}),
			},
			Preference: map[checks.Protocol]checks.Fact[checks.Preference]{
				checks.TLSv11: checks.InconclusiveFact[checks.Preference](checks.ReasonDegraded),
				checks.TLSv12: checks.KnownFact(checks.ServerPreference),
				checks.TLSv13: checks.AbsentFact[checks.Preference](""),
			},
			PrefersChaCha20: checks.KnownFact(false),
			Groups:          checks.KnownFact([]checks.Group{hybrid, x25519}),
			LegacyGroups:    checks.KnownFact([]checks.Group{x25519, p384}),
			GroupPreference: checks.KnownFact(checks.ClientPreference),
			PostQuantum:     checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: true}),
			Primes:          []checks.Prime{{SHA256: "ab", Bits: 2048, P: "ff", Generator: "2", Known: "RFC 3526 group 14"}},
			DHReuse:         checks.KnownFact(true),
			ECDHEReuse:      checks.InconclusiveFact[bool](checks.ReasonBudget),
			SignatureSchemes: map[checks.Protocol]checks.Fact[[]string]{
				checks.TLSv12: checks.KnownFact([]string{"rsa_pkcs1_sha256"}),
				checks.TLSv13: checks.InconclusiveFact[[]string](checks.ReasonTimeout),
			},
		},
		Chains: checks.Chains{
			Served:      checks.KnownFact([]checks.ServedChain{{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{leaf}}, {Key: "RSA", Certificates: []checks.Fingerprint{leaf}}}),
			SNIRequired: checks.KnownFact(false),
		},
		Features: checks.Features{
			SecureRenegotiation: checks.KnownFact(true),
			ClientRenegotiation: checks.KnownFact(false),
			Tickets:             checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}),
			ALPN:                checks.KnownFact([]string(nil)),
			ClockSkewMinutes:    checks.KnownFact(0),
			FallbackSCSV:        checks.InconclusiveFact[bool](checks.ReasonTimeout),
			Intolerances:        checks.Intolerances{Extension: checks.KnownFact(true), GREASE: checks.InconclusiveFact[bool](checks.ReasonReset)},
		},
		Vulnerabilities: checks.Vulnerabilities{
			checks.SWEET32: {Result: checks.NotExposed},
			checks.DROWN:   {Result: checks.VulnerabilityInapplicable},
			checks.ROBOT:   {Result: checks.NotVulnerable}, // what leave found out goes before this
		},
		Intrusive: checks.Vulnerabilities{
			checks.Heartbleed: {Result: checks.Vulnerable, SSLLabsValue: &heartbleed, Proof: []string{"heartbeat answered with 16384 bytes"}},
			checks.ROBOT:      {Result: checks.VulnerabilityInconclusive, Reason: checks.ReasonDisagreement},
		},
		Simulations: checks.Simulations{Clients: []checks.Simulation{
			{Client: "Chrome 131", Reference: true, Handshake: checks.KnownFact(checks.SimulatedHandshake{Protocol: checks.TLSv13, Suite: "0x1301", SuiteName: "TLS_AES_128_GCM_SHA256", Group: "X25519MLKEM768", GroupBits: 253, ForwardSecrecy: true})},
			{Client: "IE 6 on Windows XP", Handshake: checks.AbsentFact[checks.SimulatedHandshake]("")},
		}},
	}
}

// fullReport is exampleReport as a full look would have it.
func fullReport(t *testing.T) checks.Report {
	t.Helper()
	text, err := os.ReadFile("testdata/certificate.base64")
	require.NoError(t, err)
	leaf := checks.NewCertificate(fromBase64(t, string(text)))
	address := netip.MustParseAddr("192.0.2.1")
	return checks.NewReport(checks.ReportConfig{
		URL: "https://app.example.com/", Engine: "gradewatch/test",
		Observation: &checks.Observation{
			Depth: checks.Full, DNS: checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{address})},
			Addresses: []checks.AddressObservation{{
				Address: address, Port: 443, Full: fullFacts(leaf.SHA256),
				TLS: checks.TLS{
					Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
						checks.SSLv2:  checks.KnownFact(checks.Accepted{WithoutSuites: true}),
						checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F", Mixed: true}),
					},
					Chain: checks.KnownFact([]checks.Fingerprint{leaf.SHA256}),
				},
			}},
			Certificates: []checks.Certificate{leaf},
		},
		Measurements: checks.Measurements{Shares: []checks.Share{
			{Address: address, What: "TLSv1.2", Seen: 2, Of: 3}, {Address: netip.MustParseAddr("192.0.2.9"), What: "TLSv1.2", Seen: 1, Of: 3},
		}},
	})
}

func TestFullReport(t *testing.T) {
	t.Parallel()
	report := fullReport(t)
	text, err := json.MarshalIndent(report, "", "  ")
	require.NoError(t, err)
	validReport(t, text)
	golden(t, "testdata/report_full.golden.json", append(text, '\n'))
	var again checks.Report
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, report, again)

	address := report.Addresses[0]
	require.Equal(t, []string{"X25519MLKEM768", "x25519", "secp384r1"}, address.Groups, "those of TLS 1.3, then older ones")
	require.Equal(t, checks.VulnerabilityInconclusive, address.Vulnerabilities[checks.ROBOT].Result)
	require.Equal(t, checks.VulnerabilityNotAsked, address.Vulnerabilities[checks.CRIME].Result)
	require.Len(t, address.Vulnerabilities, len(checks.AllVulnerabilities()))
	require.NotContains(t, address.Suites, checks.TLSv11, "what could not be told is no empty list")
	require.NotNil(t, address.Suites[checks.SSLv3], "what is refused is one")
	require.Len(t, address.Shares, 1)
}

// Machines meet the same fields at every depth.
func TestQuickReportHasTheFieldsOfAFullOne(t *testing.T) {
	t.Parallel()
	quick := exampleReport(t)
	text, err := json.Marshal(quick)
	require.NoError(t, err)
	validReport(t, text)
	fields := func(report checks.Report) []string {
		text, err := json.Marshal(report.Addresses[0])
		require.NoError(t, err)
		var read map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &read))
		var names []string
		for name := range read {
			if !strings.HasSuffix(name, "_reason") && !strings.HasSuffix(name, "_reasons") && name != "protocols_mixed" && name != "sslv2_without_suites" {
				names = append(names, name)
			}
		}
		return names
	}
	require.ElementsMatch(t, fields(fullReport(t)), fields(quick))
	for _, finding := range quick.Addresses[0].Vulnerabilities {
		require.Equal(t, checks.VulnerabilityNotAsked, finding.Result)
	}
	require.Empty(t, quick.Addresses[0].Suites)
	require.Equal(t, checks.UnknownPreference, quick.Addresses[0].Preference[checks.TLSv12])
}

// Whatever stands in the database, a report of it can be written and read.
func FuzzFullReport(f *testing.F) {
	seed, err := json.Marshal(fullFacts("ab"))
	require.NoError(f, err)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, form []byte) {
		var full checks.FullTLS
		if json.Unmarshal(form, &full) != nil {
			return
		}
		report := checks.NewReport(checks.ReportConfig{Observation: &checks.Observation{
			Addresses: []checks.AddressObservation{{Address: netip.MustParseAddr("192.0.2.1"), Full: full}},
		}})
		text, err := json.Marshal(report)
		if err != nil {
			t.Fatalf("the report cannot be written: %v", err)
		}
		var again checks.Report
		if err := json.Unmarshal(text, &again); err != nil {
			t.Errorf("the report cannot be read: %v", err)
		}
	})
}
