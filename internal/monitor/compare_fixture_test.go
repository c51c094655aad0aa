package monitor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// keys are made once: two of one kind, and one of another.
var keys = sync.OnceValue(func() (made struct{ first, second, rsa any }) {
	first, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	second, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	third, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	made.first, made.second, made.rsa = first, second, third
	return made
})

// issued is what a certificate of a test says.
type issued struct {
	names        []string
	common       string
	organization string // of the issuer
	intermediate string // its common name
	from, until  string // days
	key          any
}

// shop is the certificate of app.example before anything changes.
func shop() issued {
	return issued{
		names: []string{"app.example", "www.app.example"}, common: "app.example", organization: "Let's Encrypt", intermediate: "E5",
		from: "2026-09-01", until: "2026-11-30", key: keys().first,
	}
}

func (i issued) make(t testing.TB) checks.Certificate {
	t.Helper()
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return at
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: i.common}, DNSNames: i.names, NotBefore: day(i.from), NotAfter: day(i.until),
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: i.intermediate}}
	if i.organization != "" {
		issuer.Subject.Organization = []string{i.organization}
	}
	var public any
	switch key := i.key.(type) {
	case *ecdsa.PrivateKey:
		public = key.Public()
	case *rsa.PrivateKey:
		public = key.Public()
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public, keys().second)
	require.NoError(t, err)
	return checks.NewCertificate(der)
}

// looked is one look that a test changes: its observation, and what its first
// address shows.
type looked struct {
	testing.TB
	s *monitor.Snapshot
	o *checks.Observation
	a *checks.AddressObservation
	f *checks.FullTLS
	h *checks.HTTP
	r *checks.Response
}

// lookAt is a full look with leave at a healthy endpoint: one address, a chain of
// two certificates, one page.
func lookAt(t testing.TB, leaf, intermediate checks.Certificate) *looked {
	t.Helper()
	s := snapshot()
	o := &s.Observation
	o.Depth, o.Certificates = checks.Full, []checks.Certificate{leaf, intermediate}
	a := &o.Addresses[0]
	chain := []checks.Fingerprint{leaf.SHA256, intermediate.SHA256}
	a.TLS.Chain = checks.KnownFact(chain)
	for _, protocol := range []checks.Protocol{checks.SSLv2, checks.SSLv3, checks.TLSv11, checks.TLSv13} {
		a.TLS.Protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
	}
	a.Full = checktest.FullFacts(chain, true)
	a.Full.Stapled.OCSP = checks.KnownFact(checks.Staple{Leaf: leaf.SHA256, Status: checks.RevocationStatus{State: checks.RevocationGood}})
	a.Full.Versions = checks.HTTPVersions{checks.HTTP11: checks.KnownFact(200), checks.HTTP2: checks.AbsentFact[int]("")}
	a.Full.ScriptCookies = checks.KnownFact([]checks.Cookie{{Name: "consent", Path: "/"}})
	a.HTTP.Preflight = checks.KnownFact(checks.Preflight{Status: 204})
	a.HTTP.Provoked = checks.KnownFact(checks.Response{Status: 400, Content: checks.KnownFact(checks.Content{MediaType: "text/html"})})
	a.HTTP.Posted = checks.KnownFact(checks.Response{Status: 405})
	a.HTTP.SignIn = checks.KnownFact(checks.SignIn{
		Host: "online.superoffice.com", ClientID: "abc", Scope: "openid", ResponseType: "code", State: true, FreshState: checks.KnownFact(true),
	})
	r := &a.HTTP.Hops[0].Answer.Value
	r.HSTS = checks.KnownFact([]string{"max-age=31536000; includeSubDomains"})
	r.PublicKeyPins = checks.AbsentFact[[]string]("")
	r.Server = "nginx"
	r.Fields = map[string][]string{
		"content-security-policy": {"default-src 'self'; script-src 'self' https://cdn.example"},
		"x-content-type-options":  {"nosniff"}, "x-frame-options": {"DENY"}, "retry-after": {"7"}, "server": {"nginx/1.27.1"},
	}
	r.Content = checks.KnownFact(checks.Content{MediaType: "text/html", Look: checks.LookSignIn})
	o.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{leaf.SHA256: {CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}}
	o.Records = checks.Records{
		Aliases: checks.KnownFact([]string{"edge.provider.example", "pool-17.provider.example"}),
		CAA:     checks.KnownFact(checks.CAA{Domain: "app.example", Records: []checks.CAARecord{{Tag: "issue", Value: "letsencrypt.org"}}}),
		TLSA:    checks.KnownFact([]checks.TLSA{{Usage: 3, Selector: 1, MatchingType: 1, Data: "ab12"}}),
		DNSSEC:  checks.KnownFact(true), Registered: checks.KnownFact(true),
	}
	return &looked{TB: t, s: &s, o: o, a: a, f: &a.Full, h: &a.HTTP, r: r}
}

// sends gives the look another leaf.
func (l *looked) sends(change func(*issued)) {
	l.Helper()
	of := shop()
	change(&of)
	l.leaf(of.make(l))
}

func (l *looked) leaf(leaf checks.Certificate) {
	l.o.Certificates[0] = leaf
	l.a.TLS.Chain.Value = []checks.Fingerprint{leaf.SHA256, l.o.Certificates[1].SHA256}
	l.f.Chains.Served.Value = []checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: l.a.TLS.Chain.Value}, {Key: "ECDSA", Certificates: l.a.TLS.Chain.Value}}
}

// also adds a certificate to the chain.
func (l *looked) also(common string) checks.Fingerprint {
	l.Helper()
	more := issued{common: common, intermediate: "Root", from: "2020-01-01", until: "2030-01-01", key: keys().first}.make(l)
	l.o.Certificates = append(l.o.Certificates, more)
	return more.SHA256
}

func (l *looked) suites(protocol checks.Protocol) []checks.Suite {
	return slices.Clone(l.f.Suites.Accepted[protocol].Value)
}

// spread gives the look more addresses that show the same.
func (l *looked) spread(count int) {
	for i := range count {
		copied := *l.a
		copied.Address = netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + i)})
		if i == 0 {
			l.o.Addresses, l.o.DNS.Addresses.Value = nil, nil
		}
		l.o.Addresses = append(l.o.Addresses, copied)
		l.o.DNS.Addresses.Value = append(l.o.DNS.Addresses.Value, copied.Address)
	}
	l.a = &l.o.Addresses[0]
	l.f, l.h = &l.a.Full, &l.a.HTTP
}

// told reads changes: class, weight and cause, then the sentence.
func told(changes []monitor.Change) []string {
	var list []string
	for _, change := range changes {
		list = append(list, fmt.Sprintf("%s %s %s: %s", change.Class, change.Weight, change.Cause, change.Sentence))
	}
	return list
}

// whole are the certificates of every look before anything changes.
var whole = sync.OnceValue(func() (made struct{ leaf, intermediate checks.Certificate }) {
	made.leaf = shop().make(&testing.B{})
	made.intermediate = issued{common: "E5", intermediate: "ISRG Root X1", from: "2024-01-01", until: "2027-01-01", key: keys().second}.make(&testing.B{})
	return made
})

// comparison is one row of a table: what changes, and what is said of it, there
// and back.
type comparison struct {
	change     func(*looked)
	want, back []string // class, weight, cause: sentence
}

func compared(t *testing.T, rows map[string]comparison) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
			row.change(after)
			require.Equal(t, row.want, told(monitor.Compare(*before.s, *after.s)))
			require.Equal(t, row.back, told(monitor.Compare(*after.s, *before.s)))
		})
	}
}
