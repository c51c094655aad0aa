package policy_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/policy"
)

var (
	first  = netip.MustParseAddr("192.0.2.1")
	second = netip.MustParseAddr("2001:db8::1")
	at     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

const host = "app.example.com"

// world is a healthy endpoint on two addresses; tests break it.
type world struct {
	observation checks.Observation
	subject     policy.Subject
	at          time.Time
	trust       *appraisal.Trust
}

func healthy(t testing.TB) *world {
	t.Helper()
	ca, err := pki.NewRoot(pki.Authority{Name: "Test root", NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(9, 0, 0)})
	require.NoError(t, err)
	w := &world{
		at: at,
		subject: policy.Subject{
			ApplicationType: policy.Standard, Kind: policy.Redirect, ValueKind: policy.Literal,
			Environment: policy.Production, Value: "https://" + host + "/callback",
		},
		observation: checks.Observation{
			Depth:        checks.Quick,
			DNS:          checks.DNS{Host: host, Addresses: checks.KnownFact([]netip.Addr{first, second})},
			Connectivity: checks.KnownFact(true),
		},
	}
	w.trust, err = appraisal.NewTrust(appraisal.Config{Public: []chain.Anchor{}, PrivateRoots: ca.PEM()})
	require.NoError(t, err)
	for _, address := range []netip.Addr{first, second} {
		w.observation.Addresses = append(w.observation.Addresses, checks.AddressObservation{
			Address: address, Port: 443,
			TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
				checks.SSLv2: checks.AbsentFact[checks.Accepted](""), checks.SSLv3: checks.AbsentFact[checks.Accepted](""),
				checks.TLSv10: checks.AbsentFact[checks.Accepted](""), checks.TLSv11: checks.AbsentFact[checks.Accepted](""),
				checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F"}), checks.TLSv13: checks.KnownFact(checks.Accepted{Suite: "0x1301"}),
			}},
			HTTP: checks.HTTP{
				Hops:      []checks.Hop{hop(host, 200, checks.Cookie{Name: "sid", HttpOnly: true, Secure: true})},
				End:       checks.KnownFact(200),
				PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true}),
				Provoked:  checks.KnownFact(checks.Response{Status: 400}),
			},
		})
	}
	w.serve(t, ca, pki.Leaf{Names: []string{host}, NotBefore: at.AddDate(0, -1, 0), NotAfter: at.AddDate(0, 1, 0)})
	return w
}

func (w *world) serve(t testing.TB, ca *pki.CA, leaf pki.Leaf) {
	t.Helper()
	issued, err := ca.Issue(leaf)
	require.NoError(t, err)
	certificate := checks.NewCertificate(issued.Certificate.Certificate[0])
	w.observation.Certificates = []checks.Certificate{certificate}
	w.observation.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{certificate.SHA256: {
		CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood, URL: "http://crl.example.com/1.crl"}),
	}}
	for i := range w.observation.Addresses {
		w.observation.Addresses[i].TLS.Chain = checks.KnownFact([]checks.Fingerprint{certificate.SHA256})
	}
}

func hop(host string, status int, cookies ...checks.Cookie) checks.Hop {
	return checks.Hop{
		URL: "https://" + host + "/callback", Scheme: "https", Host: host, SameSite: strings.HasSuffix(host, "example.com"),
		Answer: checks.KnownFact(checks.Response{Status: status, TLS: checks.TLSv13, Cookies: cookies}),
	}
}

func unanswered(host string, reason checks.Reason) checks.Hop {
	h := hop(host, 0)
	h.Answer = checks.InconclusiveFact[checks.Response](reason)
	return h
}

func (w *world) protocol(i int, protocol checks.Protocol, fact checks.Fact[checks.Accepted]) {
	w.observation.Addresses[i].TLS.Protocols[protocol] = fact
}

func (w *world) hops(i int, hops ...checks.Hop) { w.observation.Addresses[i].HTTP.Hops = hops }

func (w *world) plain(fact checks.Fact[checks.PlainHTTP]) {
	w.observation.Addresses[0].HTTP.PlainHTTP = fact
}

// down makes an address give no HTTP answer and no TLS facts.
func (w *world) down(i int, reason checks.Reason) {
	a := &w.observation.Addresses[i]
	for _, protocol := range checks.Protocols() {
		a.TLS.Protocols[protocol] = checks.InconclusiveFact[checks.Accepted](reason)
	}
	a.TLS.Chain = checks.InconclusiveFact[[]checks.Fingerprint](reason)
	a.HTTP = checks.HTTP{
		Hops: []checks.Hop{unanswered(host, reason)}, End: checks.InconclusiveFact[int](reason),
		PlainHTTP: checks.InconclusiveFact[checks.PlainHTTP](reason), Provoked: checks.InconclusiveFact[checks.Response](reason),
	}
}

func (w *world) nowhere(fact checks.Fact[[]netip.Addr]) {
	w.observation.DNS.Addresses = fact
	w.observation.Addresses, w.observation.Certificates = nil, nil
}

func (w *world) verdicts() []checks.Verdict {
	return policy.Judge(policy.Evidence{
		Observation: &w.observation, Appraisal: appraisal.Appraise(&w.observation, w.at, w.trust), Subject: w.subject, At: w.at,
	}, policy.SuperOffice())
}

func (w *world) judge(t *testing.T, id string) checks.Verdict {
	t.Helper()
	verdicts := w.verdicts()
	i := slices.IndexFunc(verdicts, func(v checks.Verdict) bool { return v.Requirement == id })
	require.GreaterOrEqual(t, i, 0)
	return verdicts[i]
}

const (
	pass         = checks.Pass
	fail         = checks.Fail
	inconclusive = checks.ResultInconclusive
	notForThis   = checks.NotApplicable
)

type row struct {
	name     string
	id       string
	change   func(*world)
	want     checks.Result
	fact     string       // of the first proof
	value    string       // of the first proof
	contains string       // in the text of the first proof
	cause    checks.Cause // of the first proof
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, rows := range [][]row{transportRows, secureRows, certificateRows, cookieRows, answerRows, lintRows} {
		for _, test := range rows {
			t.Run(test.id+" "+test.name, func(t *testing.T) {
				t.Parallel()
				w := healthy(t)
				if test.change != nil {
					test.change(w)
				}
				got := w.judge(t, test.id)
				require.Equal(t, test.want, got.Result, "%+v", got)
				require.NotEmpty(t, got.Proof)
				if test.fact != "" {
					require.Equal(t, test.fact, got.Proof[0].Fact)
				}
				if test.value != "" {
					require.Equal(t, test.value, got.Proof[0].Value)
				}
				require.Contains(t, got.Proof[0].Text, test.contains)
				if test.cause != "" {
					require.Equal(t, test.cause, got.Proof[0].Cause)
				}
				require.Equal(t, test.want == fail || test.want == inconclusive, got.Remedy != "", "remedy %q", got.Remedy)
			})
		}
	}
}

func native(w *world) {
	w.subject.ValueKind, w.subject.Value = policy.NativeLoopback, "http://127.0.0.1:{port}/callback"
	w.observation = checks.Observation{}
}

func plainURL(w *world) { w.subject.Value = "http://" + host + "/callback" }

var accepted = checks.KnownFact(checks.Accepted{Suite: "0x0005"})

var transportRows = []row{
	{"refused everywhere", "T-01", nil, pass, "addresses[192.0.2.1].protocols.SSLv2", "refused", "refuses SSL 2.0", checks.CauseConfiguration},
	{"accepted at one", "T-01", func(w *world) { w.protocol(1, checks.SSLv2, accepted) }, fail, "addresses[2001:db8::1].protocols.SSLv2", "accepted", "suite 0x0005", ""},
	{"accepted without suites", "T-01", func(w *world) {
		w.protocol(0, checks.SSLv2, checks.KnownFact(checks.Accepted{WithoutSuites: true}))
	}, fail, "", "accepted", "CVE-2015-3197", ""},
	{"open at one", "T-01", func(w *world) {
		w.protocol(0, checks.SSLv2, checks.InconclusiveFact[checks.Accepted](checks.ReasonControlFailed))
	}, inconclusive, "addresses[192.0.2.1].protocols.SSLv2", "control_hello_failed", "control", ""},
	{"failing beats open", "T-01", func(w *world) {
		w.protocol(0, checks.SSLv2, checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout))
		w.protocol(1, checks.SSLv2, accepted)
	}, fail, "addresses[2001:db8::1].protocols.SSLv2", "", "", ""},
	{"not asked", "T-01", func(w *world) { delete(w.observation.Addresses[0].TLS.Protocols, checks.SSLv2) }, inconclusive, "", "not_asked", "", ""},
	{"native", "T-01", native, notForThis, "", "native_loopback", "", ""},
	{"plain http", "T-01", plainURL, notForThis, "url", "http", "", ""},
	{"name gone", "T-01", func(w *world) { w.nowhere(checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)) }, inconclusive, "dns.addresses", "name_not_found", "does not exist", ""},
	{"more addresses than looked at", "T-01", func(w *world) {
		w.observation.DNS.Addresses.Value = append(w.observation.DNS.Addresses.Value, netip.MustParseAddr("2001:db8::2"))
	}, inconclusive, "dns.addresses", "budget_exhausted", "3 addresses; 2", ""},
	{"down", "T-01", func(w *world) { w.down(0, checks.ReasonTimeout); w.down(1, checks.ReasonTimeout) }, inconclusive, "", "timeout", "", ""},
	{"refused", "T-02", nil, pass, "addresses[192.0.2.1].protocols.SSLv3", "refused", "", ""},
	{"accepted", "T-02", func(w *world) { w.protocol(0, checks.SSLv3, accepted) }, fail, "", "accepted", "192.0.2.1 accepts SSL 3.0", ""},
	{"accepted", "T-03", nil, pass, "addresses[192.0.2.1].protocols.TLSv1.2", "accepted", "", ""},
	{"TLS 1.3 only", "T-03", func(w *world) { w.protocol(1, checks.TLSv12, checks.AbsentFact[checks.Accepted]("")) }, fail, "addresses[2001:db8::1].protocols.TLSv1.2", "refused", "refuses TLS 1.2", ""},
	{"open", "T-03", func(w *world) {
		w.protocol(1, checks.TLSv12, checks.InconclusiveFact[checks.Accepted](checks.ReasonReset))
	}, inconclusive, "", "connection_reset", "", ""},
	{"custom scheme", "T-03", func(w *world) { w.subject.ValueKind, w.subject.Value = policy.CustomScheme, "myapp://cb" }, notForThis, "", "", "", ""},
}

var secureRows = []row{
	{"redirects", "T-07", nil, pass, "http[192.0.2.1].hops", "", "", ""},
	{"closed", "T-07", func(w *world) { w.plain(checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused)) }, pass, "", "", "", ""},
	{"http URL", "T-07", plainURL, fail, "url", "http", "uses http", checks.CauseConfiguration},
	{"http URL, nothing seen", "T-07", func(w *world) { plainURL(w); w.observation = checks.Observation{} }, fail, "url", "", "", ""},
	{"port 80 serves", "T-07", func(w *world) { w.plain(checks.KnownFact(checks.PlainHTTP{Status: 200})) }, fail, "http[192.0.2.1].plain_http", "200", "Port 80", ""},
	{"port 80 open question", "T-07", func(w *world) { w.plain(checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonBudget)) }, inconclusive, "http[192.0.2.1].plain_http", "budget_exhausted", "", ""},
	{"port 80 not asked", "T-07", func(w *world) { w.plain(checks.Fact[checks.PlainHTTP]{}) }, inconclusive, "", "not_asked", "", ""},
	{"downgrade", "T-07", func(w *world) {
		down := hop(host, 200)
		down.Scheme, down.URL = "http", "http://app.example.com/x"
		w.hops(1, hop(host, 302), down)
	}, fail, "http[2001:db8::1].hops[1].scheme", "http", "http://app.example.com/x", ""},
	{"walk not finished", "T-07", func(w *world) { w.hops(0, hop(host, 302), unanswered(host, checks.ReasonTimeout)) }, inconclusive, "http[192.0.2.1].hops[1].answer", "timeout", "", ""},
	{"native", "T-07", native, notForThis, "", "", "", ""},
}

func unknownRoots(w *world) {
	var err error
	if w.trust, err = appraisal.NewTrust(appraisal.Config{Public: []chain.Anchor{}}); err != nil {
		panic(err)
	}
}

var certificateRows = []row{
	{"private root", "T-09", nil, pass, "addresses[192.0.2.1].certificates", "private root", "valid until 2026-12-21", checks.CauseCertificate},
	{"untrusted", "T-09", unknownRoots, fail, "addresses[192.0.2.1].certificates", "", "192.0.2.1", checks.CauseTrustData},
	{"expired", "T-09", func(w *world) { w.at = at.AddDate(0, 2, 0) }, fail, "", "expired", "2026-12-21", checks.CauseTime},
	{"not yet valid", "T-09", func(w *world) { w.at = at.AddDate(0, -2, 0) }, fail, "", "not_yet_valid", "", checks.CauseTime},
	{"wrong name", "T-09", func(w *world) { w.observation.DNS.Host = "other.example.com" }, fail, "", "name_mismatch", "", checks.CauseCertificate},
	{"not seen", "T-09", func(w *world) {
		w.observation.Addresses[0].TLS.Chain = checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout)
	}, inconclusive, "", "timeout", "", ""},
	{"not at hand", "T-09", func(w *world) { w.observation.Certificates = nil }, inconclusive, "", "malformed_answer", "", ""},
	{"cannot be parsed", "T-09", func(w *world) {
		odd := checks.NewCertificate([]byte("odd"))
		w.observation.Certificates = []checks.Certificate{odd}
		w.observation.Addresses[0].TLS.Chain = checks.KnownFact([]checks.Fingerprint{odd.SHA256})
	}, inconclusive, "", "malformed_answer", "", ""},
	{"http URL", "T-09", plainURL, notForThis, "", "", "", ""},
	{"native", "T-09", native, notForThis, "", "", "", ""},
}

func cookies(cookies ...checks.Cookie) func(*world) {
	return func(w *world) { w.hops(0, hop(host, 200, cookies...)) }
}

var cookieRows = []row{
	{"all", "C-01", nil, pass, "http[192.0.2.1].hops", "1 of 1", "HttpOnly", ""},
	{"none set", "C-01", cookies(), pass, "", "no cookies", "sets no cookie", ""},
	{"one without", "C-01", cookies(checks.Cookie{Name: "a", HttpOnly: true}, checks.Cookie{Name: "b", Secure: true}), fail, "http[192.0.2.1].hops[0].cookies[b].http_only", "false", "cookie b without HttpOnly", checks.CauseConfiguration},
	{"without a name", "C-01", cookies(checks.Cookie{}), fail, "", "", "without a name", ""},
	{"dropped by browsers", "C-01", cookies(checks.Cookie{Name: "__Host-a", Invalid: true}), pass, "", "no cookies", "", ""},
	{"later hop of the site", "C-01", func(w *world) { w.hops(0, hop(host, 302), hop("login.example.com", 200, checks.Cookie{Name: "x"})) }, fail, "http[192.0.2.1].hops[1].cookies[x].http_only", "", "", ""},
	{"another site's cookie", "C-01", func(w *world) { w.hops(0, hop(host, 302), hop("idp.example.net", 200, checks.Cookie{Name: "x"})) }, pass, "", "", "", ""},
	{"hop not seen", "C-01", func(w *world) { w.hops(0, hop(host, 302), unanswered(host, checks.ReasonBudget)) }, inconclusive, "http[192.0.2.1].hops[1].answer", "budget_exhausted", "", ""},
	{"other site silent", "C-01", func(w *world) { w.hops(0, hop(host, 302), unanswered("idp.example.net", checks.ReasonTimeout)) }, inconclusive, "", "timeout", "", ""},
	{"other site nowhere", "C-01", func(w *world) { w.hops(0, hop(host, 302), unanswered("idp.example.net", checks.ReasonNameNotFound)) }, pass, "", "", "", ""},
	{"failing beats hop not seen", "C-01", func(w *world) {
		w.hops(0, hop(host, 302, checks.Cookie{Name: "x"}), unanswered(host, checks.ReasonBudget))
	}, fail, "", "", "", ""},
	{"nothing seen", "C-01", func(w *world) { w.observation.Addresses[0].HTTP = checks.HTTP{} }, inconclusive, "http[192.0.2.1].end", "not_asked", "", ""},
	{"native", "C-01", native, notForThis, "", "", "", ""},
	{"http URL", "C-01", plainURL, pass, "", "", "", ""},
	{"all", "C-02", nil, pass, "", "1 of 1", "Secure", ""},
	{"one without", "C-02", cookies(checks.Cookie{Name: "a", HttpOnly: true}), fail, "http[192.0.2.1].hops[0].cookies[a].secure", "false", "without Secure", ""},
	{"down", "C-02", func(w *world) { w.down(0, checks.ReasonRefused) }, inconclusive, "", "connection_refused", "", ""},
}

func bothDown(reason checks.Reason) func(*world) {
	return func(w *world) { w.down(0, reason); w.down(1, reason) }
}

func unproven(change func(*world)) func(*world) {
	return func(w *world) { change(w); w.observation.Connectivity = checks.Fact[bool]{} }
}

func cutOff(change func(*world)) func(*world) {
	return func(w *world) { change(w); w.observation.Connectivity = checks.KnownFact(false) }
}

func gone(fact checks.Fact[[]netip.Addr]) func(*world) { return func(w *world) { w.nowhere(fact) } }

var answerRows = []row{
	{"200", "E-01", nil, pass, "http[192.0.2.1].hops[0].answer.status", "200", "", ""},
	{"404", "E-01", func(w *world) { w.hops(0, hop(host, 404)) }, pass, "", "404", "", ""},
	{"499", "E-01", func(w *world) { w.hops(0, hop(host, 499)) }, pass, "", "499", "", ""},
	{"500", "E-01", func(w *world) { w.hops(1, hop(host, 500)) }, fail, "http[2001:db8::1].hops[0].answer.status", "500", "status 500", ""},
	{"503 without connectivity", "E-01", unproven(func(w *world) { w.hops(0, hop(host, 503)) }), fail, "", "503", "", ""},
	{"500 after a redirect", "E-01", func(w *world) { w.hops(0, hop(host, 302), hop(host, 500)) }, fail, "http[192.0.2.1].hops[1].answer.status", "500", "", ""},
	{"500 of another host", "E-01", func(w *world) { w.hops(0, hop(host, 302), hop("idp.example.net", 500)) }, pass, "", "302", "", ""},
	{"refused everywhere", "E-01", bothDown(checks.ReasonRefused), fail, "http[192.0.2.1].hops[0].answer", "connection_refused", "refused", checks.CauseConfiguration},
	{"timeout everywhere", "E-01", bothDown(checks.ReasonTimeout), fail, "", "timeout", "", ""},
	{"reset", "E-01", bothDown(checks.ReasonReset), fail, "", "", "", ""},
	{"closed", "E-01", bothDown(checks.ReasonClosed), fail, "", "", "", ""},
	{"unreachable", "E-01", bothDown(checks.ReasonUnreachable), fail, "", "", "", ""},
	{"not TLS", "E-01", bothDown(checks.ReasonNotTLS), fail, "", "", "", ""},
	{"not HTTP", "E-01", bothDown(checks.ReasonMalformed), fail, "", "", "", ""},
	{"TLS does not come up", "E-01", bothDown(checks.ReasonHandshakeFailed), fail, "", "", "", ""},
	{"only our handshake fails", "E-01", func(w *world) { w.hops(0, unanswered(host, checks.ReasonHandshakeFailed)) }, inconclusive, "", "handshake_failed", "", ""},
	{"one of two refuses", "E-01", func(w *world) { w.down(1, checks.ReasonRefused) }, fail, "http[2001:db8::1].hops[0].answer", "", "2001:db8::1", ""},
	{"refused, not proven", "E-01", unproven(bothDown(checks.ReasonRefused)), inconclusive, "", "connection_refused", "Nothing proves", ""},
	{"one refuses, not proven", "E-01", unproven(func(w *world) { w.down(1, checks.ReasonRefused) }), inconclusive, "", "", "", ""},
	{"refused, own network down", "E-01", cutOff(bothDown(checks.ReasonTimeout)), inconclusive, "", "timeout", "did not work", ""},
	{"special purpose", "E-01", bothDown(checks.ReasonSpecialPurpose), inconclusive, "", "special_purpose", "not a public address", ""},
	{"budget", "E-01", bothDown(checks.ReasonBudget), inconclusive, "", "", "", ""},
	{"canceled", "E-01", bothDown(checks.ReasonCanceled), inconclusive, "", "", "", ""},
	{"our fault", "E-01", bothDown(checks.ReasonInternal), inconclusive, "", "", "", ""},
	{"never asked", "E-01", func(w *world) {
		w.observation.Addresses[0].HTTP = checks.HTTP{End: checks.InconclusiveFact[int](checks.ReasonTimeout)}
	}, inconclusive, "http[192.0.2.1].end", "timeout", "", ""},
	{"name gone", "E-01", gone(checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)), fail, "dns.addresses", "name_not_found", "app.example.com does not exist", ""},
	{"no address", "E-01", gone(checks.AbsentFact[[]netip.Addr](checks.ReasonNoAddress)), fail, "", "no_address", "", ""},
	{"SERVFAIL", "E-01", gone(checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed)), fail, "", "resolver_failed", "does not resolve", ""},
	{"SERVFAIL, not proven", "E-01", unproven(gone(checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed))), inconclusive, "", "", "", ""},
	{"name gone, not proven", "E-01", unproven(gone(checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound))), inconclusive, "", "", "", ""},
	{"name gone, own network down", "E-01", cutOff(gone(checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound))), inconclusive, "", "", "", ""},
	{"look-up ran out of time", "E-01", gone(checks.InconclusiveFact[[]netip.Addr](checks.ReasonTimeout)), inconclusive, "", "", "", ""},
	{"not looked up", "E-01", gone(checks.Fact[[]netip.Addr]{}), inconclusive, "", "not_asked", "", ""},
	{"native", "E-01", native, notForThis, "", "", "", ""},
}

func value(kind policy.ValueKind, text string) func(*world) {
	return func(w *world) { w.subject.ValueKind, w.subject.Value = kind, text }
}

func pattern(text, probe string) func(*world) {
	return func(w *world) {
		w.subject.ValueKind, w.subject.Value, w.subject.ProbeURL = policy.Pattern, text, probe
	}
}

const probeURL = "https://app.example.com/cb"

var lintRows = []row{
	{"full", "L-01", nil, pass, "value", "https://app.example.com/callback", "", ""},
	{"empty", "L-01", value(policy.Literal, ""), fail, "", "", "is empty", ""},
	{"no scheme", "L-01", value(policy.Literal, "app.example.com/cb"), fail, "", "", "no scheme", ""},
	{"no host", "L-01", value(policy.Literal, "https:///cb"), fail, "", "", "no host", ""},
	{"two in a line", "L-01", value(policy.Literal, "https://a.example https://b.example"), fail, "", "", "more than one", ""},
	{"not a URL", "L-01", value(policy.Literal, "https://[::1"), fail, "", "", "is not a URL", ""},
	{"custom scheme", "L-01", value(policy.CustomScheme, "com.example.app:/redirect"), pass, "", "", "", ""},
	{"native template", "L-01", value(policy.NativeLoopback, `^http://127.0.0.1\:\d{4,10}$`), pass, "", "", "", ""},
	{"pattern", "L-01", pattern(`^https://app\.example\.com/.*$`, probeURL), pass, "", "", "", ""},
	{"pattern, other probe", "L-01", pattern(`^https://other\.example\.com/.*$`, probeURL), fail, "probe_url", "", "does not match", ""},
	{"pattern, no probe", "L-01", pattern(`^https://.*$`, ""), fail, "probe_url", "", "is empty", ""},
	{"pattern with look-ahead", "L-01", pattern(`^https://(?=app).*$`, probeURL), inconclusive, "value", "", "cannot be analyzed", ""},
	{"pattern too long", "L-01", pattern(strings.Repeat("a", 5000), probeURL), inconclusive, "", "", "", ""},
	{"own domain", "L-02", nil, pass, "url", host, "", ""},
	{"SuperOffice", "L-02", value(policy.Literal, "https://devnet-tools.SuperOffice.com/openid/callback"), fail, "", "devnet-tools.superoffice.com", "", ""},
	{"SuperOffice itself", "L-02", value(policy.Literal, "https://superoffice.com./x"), fail, "", "", "", ""},
	{"only looks like it", "L-02", value(policy.Literal, "https://notsuperoffice.com/"), pass, "", "", "", ""},
	{"below another", "L-02", value(policy.Literal, "https://superoffice.com.example.net/"), pass, "", "", "", ""},
	{"probe of a pattern", "L-02", pattern("x", "https://x.superoffice.com/"), fail, "", "", "", ""},
	{"unreadable", "L-02", value(policy.Literal, "https://[::1"), inconclusive, "", "", "", ""},
	{"native", "L-02", native, pass, "", "", "", ""},
	{"custom scheme", "L-02", value(policy.CustomScheme, "vscode://superoffice.x/auth"), notForThis, "", "", "", ""},
	{"web", "L-03", nil, notForThis, "", "literal", "", ""},
	{"template", "L-03", value(policy.NativeLoopback, "http://127.0.0.1:{port}/"), pass, "", "", "", ""},
	{"literal", "L-03", value(policy.NativeLoopback, "http://127.0.0.1:7890/desktop-callback/"), pass, "", "", "", ""},
	{"no path", "L-03", value(policy.NativeLoopback, "http://127.0.0.1:65499"), pass, "", "", "", ""},
	{"IPv6", "L-03", value(policy.NativeLoopback, "http://[::1]:{port}/cb"), pass, "", "", "", ""},
	{"portal pattern", "L-03", value(policy.NativeLoopback, `^http://127.0.0.1\:\d{4,10}$`), pass, "", "", "", ""},
	{"escaped pattern", "L-03", value(policy.NativeLoopback, `^http://127\.0\.0\.1:\d{4,5}/callback$`), pass, "", "", "", ""},
	{"localhost", "L-03", value(policy.NativeLoopback, "http://localhost:4200/cb"), fail, "", "", "localhost", ""},
	{"https", "L-03", value(policy.NativeLoopback, "https://127.0.0.1:4200/cb"), fail, "", "", "", ""},
	{"no port", "L-03", value(policy.NativeLoopback, "http://127.0.0.1/cb"), fail, "", "", "", ""},
	{"port too high", "L-03", value(policy.NativeLoopback, "http://127.0.0.1:70000/cb"), fail, "", "", "", ""},
	{"another host behind it", "L-03", value(policy.NativeLoopback, "http://127.0.0.1:80@evil.example/"), fail, "", "", "", ""},
	{"longer name", "L-03", value(policy.NativeLoopback, "http://127.0.0.1.evil.example:80/"), fail, "", "", "", ""},
	{"custom scheme", "L-03", value(policy.CustomScheme, "vscode://superoffice.x/auth"), fail, "", "", "private-use scheme", ""},
}

func TestJudgeSeverityAndOrder(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	verdicts := w.verdicts()
	var ids []string
	for _, verdict := range verdicts {
		ids = append(ids, verdict.Requirement)
		require.Equal(t, "superoffice@2026-07", verdict.Profile)
	}
	require.Equal(t, []string{
		"C-01", "C-02", "C-03", "C-04", "E-01", "E-02", "E-03", "E-04", "E-05", "E-06", "E-07", "E-07-NONCE", "E-07-STATE", "E-08", "E-09",
		"E-10", "E-11", "E-11-LIST", "E-11-TOKEN", "E-12", "E-13", "E-14", "L-01", "L-02", "L-03", "L-04", "L-05", "L-06", "L-07", "L-08", "L-09",
		"T-01", "T-02", "T-03", "T-04", "T-05", "T-06", "T-07", "T-08", "T-09", "T-10", "T-11",
	}, ids)
	require.Equal(t, verdicts, w.verdicts())
	require.Equal(t, checks.Must, w.judge(t, "C-02").Severity)
	require.Equal(t, checks.Advice, w.judge(t, "T-09").Severity)
	w.subject.ApplicationType, w.subject.Kind = policy.Custom, policy.Webhook
	require.Equal(t, checks.Recommended, w.judge(t, "C-02").Severity)
	require.Equal(t, checks.Must, w.judge(t, "T-09").Severity)
}

// No later look can tell what we refuse to connect to: the remedy says so.
func TestJudgeTellsWhatToDoAboutPrivateAddresses(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"E-01", "T-01", "T-03", "T-07", "T-09", "C-01"} {
		w := healthy(t)
		bothDown(checks.ReasonSpecialPurpose)(w)
		require.Contains(t, w.judge(t, id).Remedy, "on a public address", id)
		w = healthy(t)
		bothDown(checks.ReasonBudget)(w)
		require.NotContains(t, w.judge(t, id).Remedy, "on a public address", id)
	}
}

// Whether a certificate was revoked leaves its validity open exactly where
// nothing else decides it.
func TestJudgeNeedsRevocationOnlyWhereItDecides(t *testing.T) {
	t.Parallel()
	judge := func(w *world) checks.Verdict {
		appraised := appraisal.Appraise(&w.observation, w.at, w.trust)
		for _, address := range appraised.Addresses {
			address.Chains[0].Findings[checks.Revoked] = checks.ChainFinding{Answer: checks.FaultNotAsked}
		}
		return policy.Judge(policy.Evidence{Observation: &w.observation, Appraisal: appraised, Subject: w.subject, At: w.at}, policy.SuperOffice().Only("T-09"))[0]
	}
	open := judge(healthy(t))
	require.Equal(t, inconclusive, open.Result)
	require.Equal(t, "revocation", open.Proof[0].Fact)
	require.Equal(t, "not_asked", open.Proof[0].Value)
	w := healthy(t)
	unknownRoots(w)
	require.Equal(t, fail, judge(w).Result)
}

// An observation that saw nothing never passes or fails what needs the network.
func TestJudgeOfNothingIsOpen(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	empty := []*checks.Observation{
		nil,
		{},
		{DNS: checks.DNS{Host: host}},
		{Connectivity: checks.KnownFact(true)},
		{Connectivity: checks.KnownFact(false)},
		{Addresses: []checks.AddressObservation{{}}, Connectivity: checks.KnownFact(true)},
		{Addresses: []checks.AddressObservation{{HTTP: checks.HTTP{Hops: []checks.Hop{{}}}}}, Connectivity: checks.KnownFact(true)},
	}
	for _, observation := range empty {
		for _, kind := range policy.Kinds() {
			for _, valueKind := range []policy.ValueKind{policy.Literal, policy.Pattern, policy.NativeLoopback, policy.CustomScheme} {
				subject := w.subject
				subject.Kind, subject.ValueKind, subject.ProbeURL = kind, valueKind, probeURL
				for _, verdict := range policy.Judge(policy.Evidence{Observation: observation, Appraisal: appraisalOf(observation, w), Subject: subject, At: at}, policy.SuperOffice()) {
					if !strings.HasPrefix(verdict.Requirement, "L-") && verdict.Requirement != "T-11" && verdict.Requirement != "E-10" { // those read the value alone
						require.False(t, verdict.Result.Conclusive(), "%+v", verdict)
					}
				}
			}
		}
	}
}

// appraisalOf is empty where there is no observation.
func appraisalOf(observation *checks.Observation, w *world) checks.Appraisal {
	if observation == nil {
		return checks.Appraisal{}
	}
	return appraisal.Appraise(observation, at, w.trust)
}
