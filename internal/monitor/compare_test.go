package monitor_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestCompareFacts(t *testing.T) {
	t.Parallel()
	const address = "addresses[192.0.2.1]"
	second := netip.MustParseAddr("192.0.2.2")
	for name, test := range map[string]struct {
		change func(*checks.Observation)
		want   []string // subject: before → after (cause)
	}{
		"nothing": {func(*checks.Observation) {}, nil},
		"TLS 1.2 off": {func(o *checks.Observation) {
			o.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("")
		}, []string{address + ".protocols.TLSv1.2: accepted → refused (configuration)"}},
		"TLS 1.0 on": {func(o *checks.Observation) {
			o.Addresses[0].TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{Suite: "0x002F"})
		}, []string{address + ".protocols.TLSv1.0: refused → accepted (configuration)"}},
		"a protocol that nobody can tell": {func(o *checks.Observation) {
			o.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
		}, nil},
		"another suite": {func(o *checks.Observation) {
			o.Addresses[0].TLS.Protocols[checks.TLSv12] = checks.KnownFact(checks.Accepted{Suite: "0xC030"})
		}, nil},
		"another certificate": {func(o *checks.Observation) {
			leaf := checks.NewCertificate([]byte("new"))
			o.Certificates = []checks.Certificate{leaf}
			o.Addresses[0].TLS.Chain.Value = []checks.Fingerprint{leaf.SHA256}
		}, []string{address + ".certificates: " + string(checks.NewCertificate([]byte("leaf")).SHA256) + " → " +
			string(checks.NewCertificate([]byte("new")).SHA256) + " (certificate)"}},
		"another address": {func(o *checks.Observation) {
			o.DNS.Addresses.Value = append(o.DNS.Addresses.Value, second)
		}, []string{"dns.addresses: 192.0.2.1 → 192.0.2.1, 192.0.2.2 (configuration)"}},
		"no address": {func(o *checks.Observation) {
			o.DNS.Addresses = checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)
			o.Addresses = nil
		}, []string{"dns.addresses: 192.0.2.1 →  (configuration)"}},
		"a resolver that does not answer": {func(o *checks.Observation) {
			o.DNS.Addresses = checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed)
			o.Addresses = nil
		}, nil},
		"a cookie without HttpOnly": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.Hops[0].Answer.Value.Cookies[0].HttpOnly = false
		}, []string{address + ".http.cookies[session]: HttpOnly, Secure → without HttpOnly, Secure (configuration)"}},
		"a cookie more": {func(o *checks.Observation) {
			answer := &o.Addresses[0].HTTP.Hops[0].Answer.Value
			answer.Cookies = append(answer.Cookies, checks.Cookie{Name: "theme", SameSite: "Lax"})
		}, []string{address + ".http.cookies[theme]:  → without HttpOnly, without Secure, SameSite=Lax (configuration)"}},
		"a cookie less": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.Hops[0].Answer.Value.Cookies = nil
		}, []string{address + ".http.cookies[session]: HttpOnly, Secure →  (configuration)"}},
		"no answer takes no cookie away": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.Hops[0].Answer = checks.InconclusiveFact[checks.Response](checks.ReasonTimeout)
			o.Addresses[0].HTTP.End = checks.InconclusiveFact[int](checks.ReasonTimeout)
		}, nil},
		"another way": {func(o *checks.Observation) {
			hops := &o.Addresses[0].HTTP.Hops
			*hops = append(*hops, checks.Hop{URL: "https://app.example/login", Answer: checks.KnownFact(checks.Response{Status: 200})})
		}, []string{address + ".http.hops: https://app.example/cb → https://app.example/cb → https://app.example/login (configuration)"}},
		"another status": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.End = checks.KnownFact(503)
		}, []string{address + ".http.end: 200 → 503 (configuration)"}},
		"port 80 opens": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 200})
		}, []string{address + ".http.plain_http: closed → answers with status 200 (configuration)"}},
		"port 80 redirects": {func(o *checks.Observation) {
			o.Addresses[0].HTTP.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true})
		}, []string{address + ".http.plain_http: closed → redirects to https (configuration)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := snapshot()
			test.change(&next.Observation)
			var got []string
			for _, change := range monitor.Compare(snapshot(), next) {
				require.Equal(t, monitor.Drift, change.Class)
				require.NotEmpty(t, change.Sentence)
				require.Equal(t, start, change.OccurredAt)
				got = append(got, change.Subject+": "+change.Before+" → "+change.After+" ("+string(change.Cause)+")")
			}
			require.Empty(t, cmp.Diff(test.want, got))
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
				return c.Class == monitor.Drift
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
		})
	}
}
