package monitor_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestProblemKeys(t *testing.T) {
	t.Parallel()
	observation := &checks.Observation{Addresses: []checks.AddressObservation{
		{Address: netip.MustParseAddr("192.0.2.1"), Port: 8443, TLS: checks.TLS{Chain: checks.KnownFact([]checks.Fingerprint{"aa", "ff"})}},
		{Address: netip.MustParseAddr("2001:db8::1"), Port: 8443, TLS: checks.TLS{Chain: checks.KnownFact([]checks.Fingerprint{"bb"})}},
	}}
	endpoint := monitor.Endpoint{ID: 7, ApplicationID: 3, ValueKind: policy.Literal, Value: "https://App.example:8443/callback"}
	versions := monitor.Versions{TrustData: "2026-10", Engine: "2"}
	for name, test := range map[string]struct {
		requirement string
		facts       string
		cause       checks.Cause
		want        string
	}{
		"a protocol at one address": {"T-02", "addresses[192.0.2.1].protocols.SSLv3", checks.CauseConfiguration, "T-02@address:192.0.2.1:8443 T-02@host:app.example:8443"},
		"at both": {
			"T-02", "addresses[192.0.2.1].protocols.SSLv3 addresses[2001:db8::1].protocols.SSLv3", "",
			"T-02@address:192.0.2.1:8443 T-02@address:[2001:db8::1]:8443 T-02@host:app.example:8443",
		},
		"a vulnerability":          {"V-01", "addresses[192.0.2.1].vulnerabilities.robot", "", "V-01@address:192.0.2.1:8443 V-01@host:app.example:8443"},
		"an address nobody saw":    {"T-02", "addresses[192.0.2.9].protocols.SSLv3", "", "T-02@address:192.0.2.9:8443 T-02@host:app.example:8443"},
		"certificates":             {"T-09", "addresses[192.0.2.1].certificates addresses[2001:db8::1].certificates", checks.CauseTime, "T-09@host:app.example:8443 certificate:aa certificate:bb"},
		"whom browsers trust":      {"T-09", "addresses[192.0.2.1].certificates", checks.CauseTrustData, "T-09@host:app.example:8443 certificate:aa trust:2026-10"},
		"nothing answers":          {"E-01", "http[192.0.2.1].hops[0].answer", "", "E-01@host:app.example:8443 unreachable@address:192.0.2.1:8443"},
		"an error answers":         {"E-01", "http[192.0.2.1].hops[0].answer.status", "", "E-01@host:app.example:8443"},
		"the name is gone":         {"L-08", "dns.addresses", "", "L-08@host:app.example:8443 unresolved@domain:app.example"},
		"a cookie":                 {"C-01", "http[192.0.2.1].hops[1].answer.cookies[sid].http_only", "", "C-01@host:app.example:8443"},
		"a header of the server":   {"G-40", "http[192.0.2.1].hops[0].answer.hsts", "", "G-40@address:192.0.2.1:8443 G-40@host:app.example:8443"},
		"DNS records":              {"R-01", "records.caa", "", "R-01@host:app.example:8443"},
		"what is registered":       {"L-05", "url environment", "", "L-05@application:3"},
		"the network and the kind": {"C-03", "kind http[192.0.2.1].hops[0].answer.cookies[sid].same_site", "", "C-03@host:app.example:8443"},
		"without a proof":          {"T-02", "", "", "T-02@host:app.example:8443"},
		"the requirements changed": {"T-02", "addresses[192.0.2.1].protocols.SSLv3", checks.CauseCriteria, "criteria:superoffice@2026-07"},
		"we check otherwise":       {"T-02", "addresses[192.0.2.1].protocols.SSLv3", checks.CauseEngine, "engine:2"},
		"a path that is none":      {"T-02", "addresses[192.0.2.1 addresses[x].protocols http[].end", "", "T-02@host:app.example:8443"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict := checks.Verdict{Requirement: test.requirement, Profile: "superoffice@2026-07", Result: checks.Fail}
			for fact := range strings.FieldsSeq(test.facts) {
				verdict.Proof = append(verdict.Proof, checks.Proof{Fact: fact})
			}
			require.Equal(t, strings.Fields(test.want), monitor.ProblemKeys(endpoint, verdict, observation, test.cause, versions))
		})
	}
	t.Run("nothing on the network", func(t *testing.T) {
		t.Parallel()
		verdict := checks.Verdict{Requirement: "L-03", Result: checks.Fail, Proof: []checks.Proof{{Fact: "loopback"}}}
		require.Equal(t, []string{"L-03@application:3"}, monitor.ProblemKeys(endpoint, verdict, nil, "", versions))
		native := monitor.Endpoint{ApplicationID: 3, ValueKind: policy.CustomScheme, Value: "app:/callback"}
		require.Equal(t, []string{"L-03@application:3"}, monitor.ProblemKeys(native, verdict, observation, "", versions))
	})
	t.Run("bounded", func(t *testing.T) {
		t.Parallel()
		verdict := checks.Verdict{Requirement: "T-02", Result: checks.Fail}
		for i := range 200 {
			verdict.Proof = append(verdict.Proof, checks.Proof{Fact: fmt.Sprintf("addresses[192.0.2.%d].protocols.SSLv3", i)})
		}
		keys := monitor.ProblemKeys(endpoint, verdict, observation, "", versions)
		require.Len(t, keys, 16)
		require.Contains(t, keys, "T-02@host:app.example:8443", "what all its endpoints have in common is kept")
	})
}

// TestWeightOf: the proofs are as checks/policy writes them.
func TestWeightOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		requirement string
		severity    checks.Severity
		fact, value string
		want        monitor.Weight
	}{
		"a must":                              {"T-02", checks.Must, "addresses[192.0.2.1].protocols.SSLv3", "accepted", monitor.High},
		"recommended":                         {"T-06", checks.Recommended, "addresses[192.0.2.1].grade", "B", monitor.Medium},
		"advice":                              {"T-05", checks.Advice, "addresses[192.0.2.1].protocols.TLSv1.0", "accepted", monitor.Low},
		"nothing answers":                     {"E-01", checks.Must, "http[192.0.2.1].hops[0].answer", "timeout", monitor.Critical},
		"the name is gone":                    {"E-01", checks.Must, "dns.addresses", "name_not_found", monitor.Critical},
		"an error answers":                    {"E-01", checks.Must, "http[192.0.2.1].hops[0].answer.status", "500", monitor.High},
		"expired, of a webhook":               {"T-09", checks.Must, "addresses[192.0.2.1].certificates", "expired", monitor.Critical},
		"expired, of a redirect URL":          {"T-09", checks.Advice, "addresses[192.0.2.1].certificates", "expired", monitor.Critical},
		"untrusted":                           {"T-09", checks.Advice, "addresses[192.0.2.1].certificates", "unknown_issuer", monitor.Critical},
		"for another name":                    {"T-09", checks.Advice, "addresses[192.0.2.1].certificates", "name_mismatch", monitor.Critical},
		"revoked":                             {"T-09", checks.Advice, "addresses[192.0.2.1].certificates", "revoked", monitor.Critical},
		"kept for the record":                 {"X-01", checks.Record, "addresses[192.0.2.1].certificates", "revoked", monitor.Low},
		"a renewal that is overdue":           {"G-20", checks.Advice, "addresses[192.0.2.1].certificates", "renewal_overdue", monitor.Low},
		"an incomplete chain, demanded":       {"X-01", checks.Must, "addresses[192.0.2.1].certificates", "incomplete_chain", monitor.High},
		"a value that only sounds like fault": {"X-01", checks.Must, "addresses[192.0.2.1].suites", "expired", monitor.High},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, monitor.WeightOf(checks.Verdict{
				Requirement: test.requirement, Severity: test.severity, Result: checks.Fail, Proof: []checks.Proof{{Fact: test.fact, Value: test.value}},
			}))
		})
	}
}

func TestIncidentTitle(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("größer ", 40)
	for want, title := range map[string]string{
		"app.example.com: SSL 3.0 is accepted":                 monitor.IncidentTitle("app.example.com", 1, "SSL 3.0 is accepted"),
		"40 endpoints of app.example.com: SSL 3.0 is accepted": monitor.IncidentTitle("app.example.com", 40, "SSL 3.0 is accepted"),
		"40 endpoints: SSL 3.0 is accepted":                    monitor.IncidentTitle("", 40, "SSL 3.0 is accepted"),
		"SSL 3.0 is accepted":                                  monitor.IncidentTitle("2001:db8::1", 1, "SSL 3.0 is accepted"),
		"2 endpoints: Nothing answers":                         monitor.IncidentTitle("192.0.2.1", 2, "Nothing answers"),
		"CRM Sync 2: Nothing answers":                          monitor.IncidentTitle("CRM\r\nSync: 2", 1, "Nothing\u2028answers"),
	} {
		require.Equal(t, want, title)
	}
	for _, title := range []string{monitor.IncidentTitle(long, 1, long), monitor.IncidentTitle(long, 40, "short"), monitor.IncidentTitle("a", 2, long)} {
		require.LessOrEqual(t, len(title), monitor.MostTitle)
		require.True(t, strings.ToValidUTF8(title, "?") == title, title)
		require.Contains(t, title, "…")
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	fail := func(requirement, profile, fact, value, text string) checks.Verdict {
		return checks.Verdict{Requirement: requirement, Profile: profile, Result: checks.Fail, Proof: []checks.Proof{{Fact: fact, Value: value, Text: text}}}
	}
	for want, verdict := range map[string]checks.Verdict{
		"SSL 3.0 is accepted":                      fail("T-02", "superoffice@2026-07", "addresses[192.0.2.1].protocols.SSLv3", "accepted", "192.0.2.1 accepts SSL 3.0."),
		"The certificate is for another name":      fail("T-09", "superoffice@2026-07", "addresses[192.0.2.1].certificates", "name_mismatch", ""),
		"Nothing answers":                          fail("E-01", "superoffice@2026-07", "http[192.0.2.1].hops[0].answer", "timeout", ""),
		"The application answers with an error":    fail("E-01", "superoffice@2026-07", "http[192.0.2.1].hops[0].answer.status", "500", ""),
		"“The grade is A or better” is not met":    fail("T-06", "superoffice@2026-07", "addresses[192.0.2.1].grade", "B", ""),
		"The server accepts SSL 3.0 at the server": fail("X-1", "theirs@1", "", "", "192.0.2.1 accepts SSL 3.0 at [2001:db8::1]:443."),
		"The server, expired":                      fail("X-1", "theirs@1", "", "", "[2001:db8::1]: expired."),
		"A requirement is not met":                 fail("X-1", "theirs@1", "", "", ""),
	} {
		require.Equal(t, want, monitor.Problem(verdict))
	}
	for _, profile := range policy.Embedded() {
		for _, requirement := range profile.Requirements {
			problem := monitor.Problem(fail(requirement.ID, profile.Name(), "addresses[192.0.2.1].grade", "", ""))
			require.NotEqual(t, "A requirement is not met", problem, requirement.ID)
			require.NotContains(t, problem, ": ", "%s: a title is cut there", requirement.ID)
		}
	}
}
