package certificates

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// alone serves the leaf without its issuer.
func alone(issued *pki.Issued) Served { return chain(issued, issued.Certificate.Certificate[0]) }

// fetched is a leaf whose issuer is to be had at address, if at all.
func fetched(address func(*Issuer) string) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.ownIssuer(nil)
		return alone(m.leafOf(func(l *leaf) { l.issuer, l.AIA = issuer, []string{address(issuer)} }))
	}
}

// unfetched is the same where the address leads nowhere: with no list, since
// nobody could tell who has to sign it.
func unfetched(fault authority.Fault) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.faulty(authority.AIA, fault)
		return alone(m.leafOf(sixDays, func(l *leaf) { l.issuer = issuer }))
	}
}

// closedPort returns an http URL at which nobody listens.
func closedPort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String() + "/issuer.cer"
}

func untrusted(letter checks.Letter, questions ...checks.Question) Want {
	return Want{Yes: questions, Path: Nobody, Letter: letter}
}

// issuerless is a chain whose leaf's issuer nobody has. What logs signed holds
// the issuer's key (RFC 6962 section 3.2): it cannot be checked.
func issuerless(questions ...checks.Question) Want {
	want := untrusted(checks.GradeT, questions...)
	want.NotAsked = yes(checks.InvalidSCT)
	return want
}

func issuerCases() []Case {
	incomplete := Want{Yes: yes(checks.IncompleteChain)}
	unknown := issuerless(checks.UnknownIssuer)
	return []Case{
		{Name: "intermediate to be fetched", Why: "B-CHAIN: AIA completes it", Make: fetched(func(i *Issuer) string { return i.Services.AIAURL() }), Want: incomplete},
		{Name: "intermediate to be fetched in PKCS #7", Why: "RFC 5280 section 4.2.2.1 allows a certs-only message", Make: fetched(func(i *Issuer) string { return i.Services.PKCS7URL() }), Want: incomplete},
		{
			Name: "intermediate to be fetched behind a redirect", Why: "B-CHAIN: AIA completes it",
			Make: func(m *Maker) Served {
				issuer := m.faulty(authority.AIA, authority.RedirectTo)
				return alone(m.leafOf(func(l *leaf) { l.issuer = issuer }))
			},
			Want: incomplete,
		},
		{
			Name: "two intermediates to be fetched", Why: "B-CHAIN: the first one fetched names where the second is",
			Make: func(m *Maker) Served {
				upper := m.ownIssuer(longer)
				lower := m.issuerBelow(upper, func(a *pki.Authority) { a.Name += " below" })
				return alone(m.leafOf(func(l *leaf) { l.issuer = lower }))
			},
			Want: incomplete,
		},
		{
			Name: "upper of two intermediates to be fetched", Why: "B-CHAIN: AIA of what was sent completes it",
			Make: func(m *Maker) Served {
				upper := m.ownIssuer(longer)
				lower := m.issuerBelow(upper, func(a *pki.Authority) { a.Name += " below" })
				issued := m.leafOf(func(l *leaf) { l.issuer = lower })
				return chain(issued, issued.Certificate.Certificate[:2]...)
			},
			Want: incomplete,
		},
		{Name: "a stranger of the same name to be fetched", Why: "T-UNKNOWN: its key did not sign the certificate", Make: unfetched(authority.OtherIssuer), Want: unknown},
		{Name: "nothing to be fetched", Why: "T-UNKNOWN: the authority has no certificate there", Make: unfetched(authority.NotFound), Want: unknown},
		{Name: "a page to be fetched", Why: "T-UNKNOWN: what is there is no certificate", Make: unfetched(authority.HTML), Want: unknown},
		{
			Name: "nobody to fetch from", Why: "whether AIA would complete it nobody can tell while its server is down: no effect on the grade",
			Make: func(m *Maker) Served {
				address := closedPort(m.t)
				return alone(m.leafOf(sixDays, func(l *leaf) { l.AIA = []string{address} }))
			},
			Want: Want{Inconclusive: yes(checks.UnknownIssuer, checks.IncompleteChain), NotAsked: yes(checks.InvalidSCT), Path: Nobody},
		},
		{
			Name: "intermediate missing, and no address", Why: "T-UNKNOWN: no path can be built",
			Make: func(m *Maker) Served {
				return alone(m.leafOf(sixDays, func(l *leaf) { l.AIA = []string{} }))
			},
			Want: unknown,
		},
		{
			Name: "a stranger of the same name sent", Why: "T-UNKNOWN: its key did not sign the certificate, which makes it of no use",
			Make: func(m *Maker) Served {
				stranger := m.issuerBelow(m.Root, func(a *pki.Authority) { a.Name = "Example Issuer" })
				issued := m.leafOf(sixDays, func(l *leaf) { l.AIA = []string{} })
				return chain(issued, issued.Certificate.Certificate[0], stranger.Certificate.Raw)
			},
			Want: issuerless(checks.UnknownIssuer, checks.Superfluous),
		},
		{
			Name: "another intermediate sent", Why: "B-CHAIN: AIA leads to the right one; the one that was sent is of no use",
			Make: func(m *Maker) Served {
				issued := m.leafOf()
				return chain(issued, issued.Certificate.Certificate[0], m.RSAIssuer.Certificate.Raw)
			},
			Want: Want{Yes: yes(checks.IncompleteChain, checks.Superfluous)},
		},
	}
}

// longer allows one more intermediate below.
func longer(a *pki.Authority) { a.Template = pathLength(1) }
