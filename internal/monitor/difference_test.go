package monitor_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func graded(letter checks.Letter, provisional bool) *checks.Grade {
	return &checks.Grade{Letter: letter, Provisional: provisional, Criteria: "2009r"}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		right      func(*looked)
		want, back []string
	}{
		"nothing": {func(*looked) {}, nil, nil},
		"a protocol": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("") },
			[]string{"Left accepts TLS 1.2, right does not."},
			[]string{"Right accepts TLS 1.2, left does not."},
		},
		"a protocol that one could not tell": {func(l *looked) {
			l.a.TLS.Protocols[checks.TLSv12] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
		}, nil, nil},
		"suites": {
			func(l *looked) {
				l.f.Suites.Accepted[checks.TLSv13] = checks.KnownFact([]checks.Suite{{ID: "0x1301", Name: "TLS_AES_128_GCM_SHA256"}, l.suites(checks.TLSv13)[0]})
			},
			[]string{"In TLS 1.3, only left accepts TLS_CHACHA20_POLY1305_SHA256, and only right accepts TLS_AES_128_GCM_SHA256."},
			[]string{"In TLS 1.3, only left accepts TLS_AES_128_GCM_SHA256, and only right accepts TLS_CHACHA20_POLY1305_SHA256."},
		},
		"the order of suites": {
			func(l *looked) {
				list := l.suites(checks.TLSv12)
				slices.Reverse(list)
				l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(list)
			},
			[]string{"Suites of TLS 1.2: left prefers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and right TLS_RSA_WITH_RC4_128_SHA, with the same suites."},
			[]string{"Suites of TLS 1.2: left prefers TLS_RSA_WITH_RC4_128_SHA and right TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, with the same suites."},
		},
		"a certificate": {
			func(l *looked) {
				l.sends(func(i *issued) {
					i.organization, i.names, i.until = "DigiCert Inc", []string{"app.example", "shop.example"}, "2027-01-01"
				})
			},
			[]string{
				"Left and right send different certificates: left one of Let's Encrypt, valid until 2026-11-30, right one of DigiCert Inc, valid until 2027-01-01.",
				"The certificate covers www.app.example on the left only, and shop.example on the right only.",
				"The lifetime of the certificate: 90 days on the left, 122 days on the right.",
			},
			[]string{
				"Left and right send different certificates: left one of DigiCert Inc, valid until 2027-01-01, right one of Let's Encrypt, valid until 2026-11-30.",
				"The certificate covers shop.example on the left only, and www.app.example on the right only.",
				"The lifetime of the certificate: 122 days on the left, 90 days on the right.",
			},
		},
		"an intermediate": {
			func(l *looked) { l.a.TLS.Chain.Value = l.a.TLS.Chain.Value[:1] },
			[]string{"Left and right send the same certificate with other intermediates."},
			[]string{"Left and right send the same certificate with other intermediates."},
		},
		"a feature": {
			func(l *looked) { l.f.Features.Heartbeat = checks.KnownFact(true) },
			[]string{"Right supports the heartbeat extension, left does not."},
			[]string{"Left supports the heartbeat extension, right does not."},
		},
		"a value": {
			func(l *looked) { l.f.Features.Compression = checks.KnownFact("DEFLATE") },
			[]string{"TLS compression: NULL on the left, DEFLATE on the right."},
			[]string{"TLS compression: DEFLATE on the left, NULL on the right."},
		},
		"a vulnerability": {
			func(l *looked) { l.f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable} },
			[]string{"Right is vulnerable to FREAK, left is not."},
			[]string{"Left is vulnerable to FREAK, right is not."},
		},
		"a cookie": {
			func(l *looked) {
				l.r.Cookies = []checks.Cookie{{Name: "session", Secure: true, SameSite: "Lax", Path: "/"}}
			},
			[]string{"The cookie session has HttpOnly on the left only, and SameSite=Lax on the right only."},
			[]string{"The cookie session has SameSite=Lax on the left only, and HttpOnly on the right only."},
		},
		"a header": {
			func(l *looked) { delete(l.r.Fields, "x-frame-options") },
			[]string{"Left sends X-Frame-Options, right does not."},
			[]string{"Right sends X-Frame-Options, left does not."},
		},
		"another host, path and pool": {
			func(l *looked) {
				l.o.DNS.Host = "www.app.example"
				l.h.Hops[0].URL = "https://www.app.example/other"
				l.spread(2)
			},
			[]string{"Redirects: https://app.example/cb on the left, https://www.app.example/other on the right.", "Only right resolves to 192.0.2.2."},
			[]string{"Redirects: https://www.app.example/other on the left, https://app.example/cb on the right.", "Only left resolves to 192.0.2.2."},
		},
		"some addresses": {
			func(l *looked) {
				l.spread(3)
				accepts(1)(l)
				l.o.DNS.Addresses.Value = l.o.DNS.Addresses.Value[:1]
				delete(l.o.Addresses[1].TLS.Protocols, checks.TLSv12)
			},
			[]string{"TLS 1.0: refused on the left, refused on 2 of 3 addresses, accepted on 1 of 3 addresses on the right."},
			[]string{"TLS 1.0: refused on 2 of 3 addresses, accepted on 1 of 3 addresses on the left, refused on the right."},
		},
		"grades": {
			func(l *looked) { l.s.Grade = graded(checks.GradeB, false) },
			[]string{"Left has grade A, right has B."},
			[]string{"Left has grade B, right has A."},
		},
		"a grade that may be another": {func(l *looked) { l.s.Grade = graded(checks.GradeB, true) }, nil, nil},
		"a verdict": {
			func(l *looked) { l.s.Verdicts[0].Result = checks.Fail },
			[]string{"T-01 passes on the left and fails on the right: because"},
			[]string{"T-01 fails on the left and passes on the right: because"},
		},
		"a verdict that nobody can tell": {func(l *looked) { l.s.Verdicts[0].Result = checks.ResultInconclusive }, nil, nil},
		"versions": {
			func(l *looked) { l.s.Engine, l.s.TrustData = "2", "later" },
			[]string{"Left and right were not judged by the same versions: trust data and engine."},
			[]string{"Left and right were not judged by the same versions: trust data and engine."},
		},
		"an address that both have": {func(l *looked) { l.o.Addresses[0].Address = netip.MustParseAddr("192.0.2.9") }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left, right := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
			for _, l := range []*looked{left, right} {
				l.s.Grade, l.s.Verdicts = graded(checks.GradeA, false), verdicts(t, "T-01:pass T-02:fail")
			}
			test.right(right)
			require.Equal(t, test.want, monitor.Diff(*left.s, *right.s).Sentences)
			require.Equal(t, test.back, monitor.Diff(*right.s, *left.s).Sentences)
		})
	}
}

func TestDiffRows(t *testing.T) {
	t.Parallel()
	left, right := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
	left.s.Grade, right.s.Grade = graded(checks.GradeA, false), graded(checks.GradeB, true)
	left.s.Verdicts, right.s.Verdicts = verdicts(t, "T-01:pass T-02:waived T-03:not_applicable"), verdicts(t, "T-01:fail T-02:pass T-03:pass T-04:pass")
	right.a.TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("")
	right.a.TLS.Protocols[checks.SSLv2] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
	right.r.Cookies = []checks.Cookie{{Name: "session", Secure: true, Path: "/"}}
	right.f.Features.Tickets = checks.KnownFact(checks.Tickets{Issued: true})
	rows := monitor.Diff(*left.s, *right.s).Rows
	for _, want := range []monitor.Row{
		{Section: "Grade", What: "Grade", Left: "A", Right: "B (provisional)"},
		{Section: "Requirements", What: "T-01", Left: "passes", Right: "fails", Differs: true},
		{Section: "Requirements", What: "T-02", Left: "fails, waived", Right: "passes", Differs: true},
		{Section: "Requirements", What: "T-03", Left: "does not apply", Right: "passes", Differs: true},
		{Section: "Requirements", What: "T-04", Left: monitor.Untold, Right: "passes"},
		{Section: "Protocols", What: "SSL 2.0", Left: "refused", Right: monitor.Untold},
		{Section: "Protocols", What: "TLS 1.0", Left: "refused", Right: "refused"},
		{Section: "Protocols", What: "TLS 1.2", Left: "accepted", Right: "refused", Differs: true},
		{Section: "Certificate", What: "Names", Left: "app.example, www.app.example", Right: "app.example, www.app.example"},
		{Section: "Certificate", What: "Key", Left: "ECDSA key on P-256", Right: "ECDSA key on P-256"},
		{Section: "TLS features", What: "Session tickets", Left: "issued and taken back", Right: "issued and not taken back", Differs: true},
		{Section: "Cookies", What: "Cookie session", Left: "HttpOnly, Secure", Right: "without HttpOnly, Secure", Differs: true},
		{Section: "DNS", What: "Addresses", Left: "192.0.2.1", Right: "192.0.2.1"},
		{Section: "How it was judged", What: "Engine", Left: "1", Right: "1"},
	} {
		require.Contains(t, rows, want)
	}
	var sections []string
	seen := map[string]bool{}
	for _, row := range rows {
		if len(sections) == 0 || sections[len(sections)-1] != row.Section {
			sections = append(sections, row.Section)
		}
		require.False(t, seen[row.Section+row.What], "%s: %s twice", row.Section, row.What)
		seen[row.Section+row.What] = true
	}
	require.Equal(t, []string{
		"Grade", "Requirements", "Protocols", "Certificate", "Cipher suites and groups", "TLS features", "Known vulnerabilities",
		"Clients", "HTTP", "Cookies", "DNS", "How it was judged",
	}, sections)
	require.Empty(t, monitor.Diff(monitor.Snapshot{}, monitor.Snapshot{}))
}
