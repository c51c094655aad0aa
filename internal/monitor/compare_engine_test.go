package monitor_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// What a newer engine reports in fields that the one before never filled was
// there before, as far as anybody knows: it is no change, and no cause.
func TestANewEngineChangesNothing(t *testing.T) {
	t.Parallel()
	for name, older := range map[string]func(*looked){
		"no headers":        func(l *looked) { l.r.Fields = nil },
		"no product":        func(l *looked) { l.r.Server = "" },
		"no content":        func(l *looked) { l.r.Content = checks.Fact[checks.Content]{} },
		"no HSTS":           func(l *looked) { l.r.HSTS, l.r.PublicKeyPins = checks.Fact[[]string]{}, checks.Fact[[]string]{} },
		"no SameSite":       func(l *looked) { l.r.Cookies[0].SameSite = "" },
		"no lifetime":       func(l *looked) { l.r.Cookies[0].Lifetime = "" },
		"no records":        func(l *looked) { l.o.Records = checks.Records{} },
		"no CAA":            func(l *looked) { l.o.Records.CAA = checks.Fact[checks.CAA]{} },
		"no HTTP/2":         func(l *looked) { delete(l.f.Versions, checks.HTTP2) },
		"no versions":       func(l *looked) { l.f.Versions = nil },
		"no script cookies": func(l *looked) { l.f.ScriptCookies = checks.Fact[[]checks.Cookie]{} },
		"no staple":         func(l *looked) { l.f.Stapled = checks.Stapled{} },
		"no SSL 2.0":        func(l *looked) { delete(l.a.TLS.Protocols, checks.SSLv2) },
		"no primes":         func(l *looked) { l.f.Suites.Primes = nil },
		"no schemes":        func(l *looked) { l.f.Suites.SignatureSchemes = nil },
		"no groups":         func(l *looked) { l.f.Suites.Groups = checks.Fact[[]checks.Group]{} },
		"no early data":     func(l *looked) { l.f.Features.EarlyData = checks.Fact[checks.EarlyData]{} },
		"no GREASE":         func(l *looked) { l.f.Features.Intolerances.GREASE = checks.Fact[bool]{} },
		"no BEAST":          func(l *looked) { delete(l.f.Vulnerabilities, checks.BEAST) },
		"no Heartbleed":     func(l *looked) { l.f.Intrusive = nil },
		"no such client":    func(l *looked) { l.f.Simulations.Clients = l.f.Simulations.Clients[:1] },
		"no clients":        func(l *looked) { l.f.Simulations = checks.Simulations{} },
		"no preflight":      func(l *looked) { l.h.Preflight = checks.Fact[checks.Preflight]{} },
		"no POST":           func(l *looked) { l.h.Posted = checks.Fact[checks.Response]{} },
		"no error":          func(l *looked) { l.h.Provoked = checks.Fact[checks.Response]{} },
		"no sign-in":        func(l *looked) { l.h.SignIn = checks.Fact[checks.SignIn]{} },
		"no mixed content":  func(l *looked) { l.r.Content.Value.Mixed = nil },
		"no debug pages":    func(l *looked) { l.r.Content.Value.Signatures = nil },
		"no revocation":     func(l *looked) { l.o.PKI = checks.PKI{} },
		"no full look":      func(l *looked) { *l.f = checks.FullTLS{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := filledLook(t), filledLook(t)
			older(before)
			before.s.Engine, after.s.Engine = "2", "3"
			before.s.Verdicts, after.s.Verdicts = verdicts(t, "H-01:pass T-02:pass"), verdicts(t, "H-01:fail T-02:fail")
			after.s.Verdicts[0].Proof[0].Fact = "http[192.0.2.1].hops[0].answer"
			after.s.Verdicts[1].Proof[0].Fact = "addresses[192.0.2.1].features.grease"
			require.Equal(t, []string{
				"regression low engine: H-01 fails now: because", "regression low engine: T-02 fails now: because",
			}, told(monitor.Compare(*before.s, *after.s)))
			for _, sentence := range monitor.Diff(*before.s, *after.s).Sentences {
				judged := strings.HasPrefix(sentence, "H-01") || strings.HasPrefix(sentence, "T-02") || strings.Contains(sentence, "versions: engine")
				require.True(t, judged, sentence)
			}
		})
	}
}

// filledLook has something in every field.
func filledLook(t *testing.T) *looked {
	t.Helper()
	l := lookAt(t, whole().leaf, whole().intermediate)
	l.r.Cookies = []checks.Cookie{{Name: "session", HttpOnly: true, Secure: true, SameSite: "Lax", Lifetime: checks.LifetimeOverLong, Path: "/"}}
	l.r.Content.Value.Mixed = []checks.MixedContent{{Origin: "http://img.example"}}
	l.r.Content.Value.Signatures = []string{"django_debug"}
	return l
}

// A fact that both engines filled and that differs is a change of the server,
// whoever looked.
func TestANewEngineHidesNoChange(t *testing.T) {
	t.Parallel()
	before, after := filledLook(t), filledLook(t)
	before.s.Engine, after.s.Engine = "2", "3"
	before.f.Versions, before.o.Records.CAA = nil, checks.Fact[checks.CAA]{}
	after.a.TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{})
	after.r.Fields["x-frame-options"] = []string{"SAMEORIGIN"}
	after.r.Cookies = append(after.r.Cookies, checks.Cookie{Name: "theme"})
	before.s.Verdicts, after.s.Verdicts = verdicts(t, "T-02:pass"), verdicts(t, "T-02:fail")
	after.s.Verdicts[0].Proof[0].Fact = "addresses[192.0.2.1].protocols.TLSv1.0"
	require.Equal(t, []string{
		"regression medium configuration: The server now accepts TLS 1.0.",
		"drift low configuration: X-Frame-Options changed from DENY to SAMEORIGIN.",
		"drift low configuration: The server now sets the cookie theme (without HttpOnly, without Secure).",
		"regression low engine: T-02 fails now: because", // the verdict that rests on it may be our own doing
	}, told(monitor.Compare(*before.s, *after.s)))
}

// Where our rules or engine changed and the facts that a verdict rests on did
// not, no other change of the server makes it the partner's. What another engine
// sees otherwise may be its own fault: then it is ours too.
func TestOurOwnChangesAreOurs(t *testing.T) {
	t.Parallel()
	const address = "addresses[192.0.2.1]."
	for name, test := range map[string]struct {
		fact   string // that the verdict rests on
		change func(*looked)
		want   checks.Cause
	}{
		"nothing":           {address + "protocols.TLSv1.0", func(*looked) {}, checks.CauseCriteria},
		"another protocol":  {address + "protocols.TLSv1.0", func(l *looked) { l.a.TLS.Protocols[checks.TLSv13] = checks.KnownFact(checks.Accepted{}) }, checks.CauseCriteria},
		"that protocol":     {address + "protocols.TLSv1.0", func(l *looked) { l.a.TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{}) }, checks.CauseConfiguration},
		"a feature besides": {address + "suites.TLSv1.2", func(l *looked) { l.f.Features.Heartbeat = checks.KnownFact(true) }, checks.CauseCriteria},
		"suites":            {address + "suites.TLSv1.2", func(l *looked) { l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(l.suites(checks.TLSv12)[:2]) }, checks.CauseConfiguration},
		"the proof of a vulnerability": {address + "vulnerabilities.freak", func(l *looked) {
			l.f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.NotVulnerable, Proof: []string{"otherwise"}}
		}, checks.CauseCriteria},
		"a vulnerability":            {address + "vulnerabilities.freak", func(l *looked) { l.f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable} }, checks.CauseConfiguration},
		"a certificate besides":      {"http[192.0.2.1].hops[0].answer", func(l *looked) { l.leaf(checks.NewCertificate([]byte("x"))) }, checks.CauseCriteria},
		"a certificate":              {address + "chains[0].leaf", func(l *looked) { l.leaf(checks.NewCertificate([]byte("x"))) }, checks.CauseCertificate},
		"a record":                   {"records.caa", func(l *looked) { l.o.Records.CAA = checks.AbsentFact[checks.CAA]("") }, checks.CauseConfiguration},
		"a protocol besides records": {"records.caa", accepts(0), checks.CauseCriteria},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for version, want := range map[string]checks.Cause{"criteria": checks.CauseCriteria, "engine": checks.CauseEngine, "trust": checks.CauseTrustData} {
				before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
				switch version {
				case "criteria":
					after.s.Profile = "superoffice@2027-01"
				case "engine":
					after.s.Engine = "2"
				default:
					after.s.TrustData = "later"
				}
				test.change(after)
				before.s.Verdicts, after.s.Verdicts = verdicts(t, "R-01:pass"), verdicts(t, "R-01:fail")
				after.s.Verdicts[0].Proof[0].Fact = test.fact
				eyes := version == "engine" && test.want == checks.CauseConfiguration && strings.HasPrefix(test.fact, address)
				if test.want != checks.CauseCriteria && !eyes {
					want = test.want
				}
				require.Equal(t, map[string]checks.Cause{"R-01": want}, monitor.CausesOf(monitor.Compare(*before.s, *after.s)), version)
			}
		})
	}
}

func TestCausesOfNothing(t *testing.T) {
	t.Parallel()
	require.Empty(t, monitor.CausesOf(nil))
	require.Empty(t, monitor.CausesOf([]monitor.Change{{Subject: monitor.GradeSubject, Cause: checks.CauseTime}}))
}
