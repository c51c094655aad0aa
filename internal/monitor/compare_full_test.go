package monitor_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// fully is snapshot after a full look with leave.
func fully() monitor.Snapshot {
	s := snapshot()
	s.Observation.Depth = checks.Full
	s.Observation.Addresses[0].Full = checktest.FullFacts([]checks.Fingerprint{s.Observation.Certificates[0].SHA256}, true)
	return s
}

func TestCompareWhatFullLooksKnow(t *testing.T) {
	t.Parallel()
	type fullTLS = *checks.FullTLS
	suites := func(f fullTLS, protocol checks.Protocol) []checks.Suite {
		return slices.Clone(f.Suites.Accepted[protocol].Value)
	}
	for name, test := range map[string]struct {
		change func(fullTLS)
		want   []string // class: sentence
		back   []string // class: sentence, when it is undone
	}{
		"nothing": {func(fullTLS) {}, nil, nil},
		"a suite more": {
			func(f fullTLS) {
				f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(append(suites(f, checks.TLSv12), checks.Suite{ID: "0x0001", Name: "TLS_RSA_WITH_NULL_MD5"}))
			},
			[]string{"drift: In TLS 1.2 192.0.2.1 now also accepts TLS_RSA_WITH_NULL_MD5."},
			[]string{"drift: In TLS 1.2 192.0.2.1 no longer accepts TLS_RSA_WITH_NULL_MD5."},
		},
		"another order of the server's": {
			func(f fullTLS) {
				list := suites(f, checks.TLSv12)
				slices.Reverse(list)
				f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(list)
			},
			[]string{"drift: In TLS 1.2 192.0.2.1 now prefers TLS_RSA_WITH_RC4_128_SHA, and has another order of the same suites."},
			[]string{"drift: In TLS 1.2 192.0.2.1 now prefers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, and has another order of the same suites."},
		},
		"another order where the client decides": {func(f fullTLS) {
			list := suites(f, checks.TLSv13)
			slices.Reverse(list)
			f.Suites.Accepted[checks.TLSv13] = checks.KnownFact(list)
		}, nil, nil},
		"suites that could not be told": {func(f fullTLS) {
			f.Suites.Accepted[checks.TLSv12] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded)
		}, nil, nil},
		"the client decides": {
			func(f fullTLS) {
				f.Suites.Preference[checks.TLSv12] = checks.KnownFact(checks.ClientPreference)
			},
			[]string{"drift: In TLS 1.2 192.0.2.1 now decides by the client's order of suites, before by its own."},
			[]string{"drift: In TLS 1.2 192.0.2.1 now decides by its own order of suites, before by the client's."},
		},
		"no post-quantum group": {func(f fullTLS) {
			f.Suites.Groups = checks.KnownFact(f.Suites.Groups.Value[1:])
		}, []string{
			"drift: In TLS 1.3 192.0.2.1 no longer takes X25519MLKEM768.",
			"regression: 192.0.2.1 no longer takes any post-quantum group (before: X25519MLKEM768).",
		}, []string{
			"drift: In TLS 1.3 192.0.2.1 now also takes X25519MLKEM768.",
			"recovery: 192.0.2.1 now takes post-quantum groups: X25519MLKEM768.",
		}},
		"groups that could not be told": {func(f fullTLS) {
			f.Suites.Groups = checks.InconclusiveFact[[]checks.Group](checks.ReasonTimeout)
		}, nil, nil},
		"a second chain": {func(f fullTLS) {
			f.Chains.Served.Value = append(slices.Clone(f.Chains.Served.Value), checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{"aa"}})
		}, []string{"drift: 192.0.2.1 now also serves a certificate of type RSA."}, []string{"drift: 192.0.2.1 no longer serves a certificate of type RSA."}},
		"another chain without SNI": {func(f fullTLS) {
			f.Chains.Served.Value = slices.Clone(f.Chains.Served.Value)
			f.Chains.Served.Value[1].Certificates = []checks.Fingerprint{"bb"}
		}, []string{"drift: 192.0.2.1 serves another chain of type ECDSA without SNI."}, []string{"drift: 192.0.2.1 serves another chain of type ECDSA without SNI."}},
		"SNI required": {
			func(f fullTLS) { f.Chains.SNIRequired = checks.KnownFact(true) },
			[]string{"drift: 192.0.2.1 now requires SNI."},
			[]string{"drift: 192.0.2.1 no longer requires SNI."},
		},
		"features": {func(f fullTLS) {
			f.Features.EarlyData = checks.KnownFact(checks.EarlyData{Offered: true, Accepted: true, MaxBytes: 100})
			f.Features.ALPN = checks.KnownFact([]string{})
			f.Features.Intolerances.LargeHello = checks.KnownFact(false)
			f.Features.Heartbeat = checks.InconclusiveFact[bool](checks.ReasonTimeout)
			f.Features.OCSPStapling = checks.Fact[bool]{}
		}, []string{
			"drift: 0-RTT data of 192.0.2.1 changed: accepted, before not offered.",
			"drift: ALPN of 192.0.2.1 changed: none, before h2, http/1.1.",
			"drift: How 192.0.2.1 bears a ClientHello of more than one packet changed: it works, before it fails.",
		}, []string{
			"drift: 0-RTT data of 192.0.2.1 changed: not offered, before accepted.",
			"drift: ALPN of 192.0.2.1 changed: h2, http/1.1, before none.",
			"drift: How 192.0.2.1 bears a ClientHello of more than one packet changed: it fails, before it works.",
		}},
		"vulnerabilities": {func(f fullTLS) {
			f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable}
			f.Vulnerabilities[checks.DROWN] = checks.Finding{Result: checks.NotVulnerable}
			f.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.Vulnerable} // could not be told before
			f.Vulnerabilities[checks.SWEET32] = checks.Finding{Result: checks.VulnerabilityInapplicable}
			f.Vulnerabilities[checks.LOGJAM] = checks.Finding{Result: checks.VulnerabilityInconclusive}
			f.Intrusive[checks.Heartbleed] = checks.Finding{Result: checks.Vulnerable}
		}, []string{
			"regression: 192.0.2.1 is now vulnerable to FREAK.",
			"recovery: 192.0.2.1 is no longer exposed to SWEET32.",
			"regression: 192.0.2.1 is now vulnerable to Heartbleed.",
		}, []string{
			"recovery: 192.0.2.1 is no longer vulnerable to FREAK.",
			"regression: 192.0.2.1 is now exposed to SWEET32.",
			"recovery: 192.0.2.1 is no longer vulnerable to Heartbleed.",
		}},
		"no leave any more": {func(f fullTLS) { f.Intrusive = nil }, nil, nil},
		"clients": {func(f fullTLS) {
			f.Simulations.Clients = slices.Clone(f.Simulations.Clients)
			f.Simulations.Clients[0].Handshake.Value.ForwardSecrecy = false
			f.Simulations.Clients[1].Handshake = checks.AbsentFact[checks.SimulatedHandshake]("")
			f.Simulations.Clients[2].Handshake = checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonTimeout)
		}, []string{
			"regression: Chrome 130 on Windows 11 no longer gets forward secrecy with 192.0.2.1: TLS_AES_256_GCM_SHA384.",
			"regression: Java 8u161 no longer gets a handshake with 192.0.2.1.",
		}, []string{
			"recovery: Chrome 130 on Windows 11 now gets forward secrecy with 192.0.2.1: TLS_AES_256_GCM_SHA384.",
			"recovery: Java 8u161 now gets a handshake with 192.0.2.1: TLS_RSA_WITH_3DES_EDE_CBC_SHA.",
		}},
		"everything could not be told": {func(f fullTLS) { *f = checktest.FullUnknown() }, nil, nil},
		"nothing was asked":            {func(f fullTLS) { *f = checks.FullTLS{} }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := fully(), fully()
			test.change(&after.Observation.Addresses[0].Full)
			require.Equal(t, test.want, sentences(monitor.Compare(before, after)))
			require.Equal(t, test.back, sentences(monitor.Compare(after, before)))
		})
	}
}

func sentences(changes []monitor.Change) []string {
	var list []string
	for _, change := range changes {
		list = append(list, fmt.Sprintf("%s: %s", change.Class, change.Sentence))
	}
	return list
}

func TestQuickLooksCompareOnlyWhatTheyCarry(t *testing.T) {
	t.Parallel()
	require.Empty(t, monitor.Compare(fully(), snapshot()))
	require.Empty(t, monitor.Compare(snapshot(), fully()))
	quick := snapshot()
	quick.Observation.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("")
	require.Equal(t, []string{"drift: 192.0.2.1 no longer accepts TLS 1.2."}, sentences(monitor.Compare(fully(), quick)))
}

// What only a full look makes a server send is no other certificate to a quick
// one, nor is an address that only a full look knew another address: a verdict
// that turns between them turned by the passing of time.
func TestFullFactsAreNoCauseOfAQuickLooksVerdict(t *testing.T) {
	t.Parallel()
	before, after := fully(), snapshot()
	other := checks.NewCertificate([]byte("the RSA one"))
	before.Observation.Certificates = append(before.Observation.Certificates, other)
	served := &before.Observation.Addresses[0].Full.Chains.Served
	served.Value = append(served.Value, checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{other.SHA256}})
	gone := checks.AddressObservation{Address: netip.MustParseAddr("192.0.2.9"), Port: 443, Full: before.Observation.Addresses[0].Full}
	before.Observation.Addresses = append(before.Observation.Addresses, gone)
	before.Verdicts, after.Verdicts = verdicts(t, "C-01:pass T-02:pass"), verdicts(t, "C-01:fail T-02:fail")
	after.Verdicts[0].Proof[0].Fact = "certificates"
	after.Verdicts[1].Proof[0].Fact = "protocols"
	after.Profile = "superoffice@2027-01"
	var causes []string
	for _, change := range monitor.Compare(before, after) {
		causes = append(causes, string(change.Cause))
	}
	require.Equal(t, "criteria criteria", strings.Join(causes, " "))
}
