package monitor_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// verdicts reads "T-03:fail E-01:pass:record". A waived one is a fail.
func verdicts(t *testing.T, results string) []checks.Verdict {
	t.Helper()
	var list []checks.Verdict
	for word := range strings.FieldsSeq(results) {
		parts := strings.Split(word, ":")
		require.GreaterOrEqual(t, len(parts), 2)
		verdict := checks.Verdict{
			Requirement: parts[0], Result: checks.Result(parts[1]), Severity: checks.Must,
			Proof: []checks.Proof{{Text: "because"}},
		}
		if parts[1] == "waived" {
			verdict.Result, verdict.Waived = checks.Fail, &checks.Waiver{Owner: "Kim", Reason: "new host", Until: start.AddDate(1, 0, 0)}
		}
		if len(parts) == 3 {
			verdict.Severity = checks.Severity(parts[2])
		}
		list = append(list, verdict)
	}
	return list
}

// snapshot is a healthy endpoint at 192.0.2.1.
func snapshot() monitor.Snapshot {
	address := netip.MustParseAddr("192.0.2.1")
	leaf := checks.NewCertificate([]byte("leaf"))
	return monitor.Snapshot{
		At: start, Engine: "1", Profile: "superoffice@2026-07", TrustData: "2026-10-30",
		Observation: checks.Observation{
			Depth:        checks.Quick,
			DNS:          checks.DNS{Host: "app.example", Addresses: checks.KnownFact([]netip.Addr{address})},
			Certificates: []checks.Certificate{leaf},
			Addresses: []checks.AddressObservation{{
				Address: address, Port: 443,
				TLS: checks.TLS{
					Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
						checks.TLSv10: checks.AbsentFact[checks.Accepted](""),
						checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F"}),
					},
					Chain: checks.KnownFact([]checks.Fingerprint{leaf.SHA256}),
				},
				HTTP: checks.HTTP{
					Hops: []checks.Hop{{URL: "https://app.example/cb", Answer: checks.KnownFact(checks.Response{
						Status: 200, Cookies: []checks.Cookie{{Name: "session", HttpOnly: true, Secure: true, Path: "/"}},
					})}},
					End:       checks.KnownFact(200),
					PlainHTTP: checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused),
				},
			}},
		},
	}
}

// What decides by subjects, such as PlanFull, goes on finding what it looks for.
func TestSubjectsAreStable(t *testing.T) {
	t.Parallel()
	const address = "addresses[192.0.2.1]."
	for name, test := range map[string]struct {
		change func(*looked)
		want   []string
	}{
		"a protocol":        {func(l *looked) { l.a.TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{}) }, []string{address + "protocols.TLSv1.0"}},
		"a protocol of all": {func(l *looked) { l.a.TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{}); l.spread(2) }, []string{"dns.addresses", address + "protocols.TLSv1.0"}},
		"a certificate":     {func(l *looked) { l.leaf(checks.NewCertificate([]byte("x"))) }, []string{address + "certificates"}},
		"a suite":           {func(l *looked) { l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(l.suites(checks.TLSv12)[:3]) }, []string{address + "suites.TLSv1.2"}},
		"a feature":         {func(l *looked) { l.f.Features.Heartbeat = checks.KnownFact(true) }, []string{address + "features.heartbeat"}},
		"a vulnerability":   {func(l *looked) { l.f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable} }, []string{address + "vulnerabilities.freak"}},
		"the end of a walk": {func(l *looked) { l.h.End.Value = 500 }, []string{address + "http.end"}},
		"a cookie":          {func(l *looked) { l.r.Cookies = nil }, []string{address + "http.hops[https://app.example/cb].cookies[session]"}},
		"the addresses":     {func(l *looked) { l.o.DNS.Addresses.Value = []netip.Addr{netip.MustParseAddr("192.0.2.7")} }, []string{"dns.addresses"}},
		"a record of DNS":   {func(l *looked) { l.o.Records.DNSSEC = checks.KnownFact(false) }, []string{"records.dnssec"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
			test.change(after)
			var got []string
			for _, change := range monitor.Compare(*before.s, *after.s) {
				got = append(got, change.Subject)
				require.Equal(t, start, change.OccurredAt)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestCompareVerdicts(t *testing.T) {
	t.Parallel()
	rest := func(fact string) func(*monitor.Snapshot) {
		return func(next *monitor.Snapshot) { next.Verdicts[0].Proof[0].Fact = fact }
	}
	newLeaf := func(next *monitor.Snapshot) {
		leaf := checks.NewCertificate([]byte("new"))
		next.Observation.Certificates = []checks.Certificate{leaf}
		next.Observation.Addresses[0].TLS.Chain.Value = []checks.Fingerprint{leaf.SHA256}
	}
	noTLS12 := func(next *monitor.Snapshot) {
		next.Observation.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("")
	}
	const certificates, protocols = "addresses[192.0.2.1].certificates", "addresses[192.0.2.1].protocols.TLSv1.2"
	for name, test := range map[string]struct {
		before, after string
		changes       []func(*monitor.Snapshot)
		class         monitor.ChangeClass // empty: no change
		cause         checks.Cause
	}{
		"same":                          {"T-09:pass", "T-09:pass", nil, "", ""},
		"never judged":                  {"", "T-09:fail", nil, "", ""},
		"from inconclusive":             {"T-09:inconclusive", "T-09:fail", nil, "", ""},
		"to inconclusive":               {"T-09:pass", "T-09:inconclusive", nil, "", ""},
		"expired":                       {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){rest(certificates)}, monitor.Regression, checks.CauseTime},
		"began to be valid":             {"T-09:fail", "T-09:pass", []func(*monitor.Snapshot){rest(certificates)}, monitor.Recovery, checks.CauseTime},
		"answers again":                 {"E-01:fail", "E-01:pass", []func(*monitor.Snapshot){rest("http[192.0.2.1].hops[0].answer")}, monitor.Recovery, checks.CauseConfiguration},
		"new certificate":               {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){rest(certificates), newLeaf}, monitor.Regression, checks.CauseCertificate},
		"other facts differ":            {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){rest(certificates), noTLS12}, monitor.Regression, checks.CauseTime},
		"protocol off":                  {"T-03:pass", "T-03:fail", []func(*monitor.Snapshot){rest(protocols), noTLS12, newLeaf}, monitor.Regression, checks.CauseConfiguration},
		"no path: any difference":       {"T-03:pass", "T-03:fail", []func(*monitor.Snapshot){noTLS12}, monitor.Regression, checks.CauseConfiguration},
		"other criteria":                {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){func(s *monitor.Snapshot) { s.Profile = "superoffice@2027-01" }}, monitor.Regression, checks.CauseCriteria},
		"other roots":                   {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){func(s *monitor.Snapshot) { s.TrustData = "later" }}, monitor.Regression, checks.CauseTrustData},
		"other engine":                  {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){func(s *monitor.Snapshot) { s.Engine = "2" }}, monitor.Regression, checks.CauseEngine},
		"another engine sees otherwise": {"T-03:pass", "T-03:fail", []func(*monitor.Snapshot){noTLS12, func(s *monitor.Snapshot) { s.Engine = "2" }}, monitor.Regression, checks.CauseEngine},
		"the same chain at another share of the addresses": {"T-09:pass", "T-09:fail", []func(*monitor.Snapshot){rest(certificates), func(s *monitor.Snapshot) {
			s.Observation.Addresses[0].Address = netip.MustParseAddr("192.0.2.9")
		}}, monitor.Regression, checks.CauseTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			previous, next := snapshot(), snapshot()
			previous.Verdicts, next.Verdicts = verdicts(t, test.before), verdicts(t, test.after)
			for _, change := range test.changes {
				change(&next)
			}
			changes := slices.DeleteFunc(monitor.Compare(previous, next), func(c monitor.Change) bool {
				return !strings.HasPrefix(c.Subject, monitor.VerdictSubject(""))
			})
			if test.class == "" {
				require.Empty(t, changes)
				return
			}
			require.Len(t, changes, 1)
			require.Equal(t, test.class, changes[0].Class)
			require.Equal(t, test.cause, changes[0].Cause)
			require.Equal(t, monitor.VerdictSubject(next.Verdicts[0].Requirement), changes[0].Subject)
			require.Contains(t, changes[0].Sentence, "because")
			require.Equal(t, map[string]checks.Cause{next.Verdicts[0].Requirement: test.cause}, monitor.CausesOf(monitor.Compare(previous, next)))
		})
	}
}
