package chain_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

const host = "app.example.test"

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func day(offset int) time.Time { return now.AddDate(0, 0, offset) }

// world is a root, an intermediate and the roots that trust it.
type world struct {
	t      *testing.T
	root   *pki.CA
	middle *pki.CA
	roots  *chain.Roots
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{t: t}
	w.root = must(pki.NewRoot(pki.Authority{Name: "Root", NotBefore: day(-1000), NotAfter: day(1000)}))(t)
	w.middle = must(w.root.NewIntermediate(pki.Authority{Name: "Middle", NotBefore: day(-500), NotAfter: day(500)}))(t)
	w.roots = must((&chain.Roots{}).WithPrivate(w.root.PEM()))(t)
	return w
}

func (w world) leaf(change func(*pki.Leaf)) [][]byte { return w.issue(w.middle, change) }

func (w world) issue(ca *pki.CA, change func(*pki.Leaf)) [][]byte {
	w.t.Helper()
	return must(ca.Issue(leafWith(change)))(w.t).Certificate.Certificate
}

func leafWith(change func(*pki.Leaf)) pki.Leaf {
	leaf := pki.Leaf{Names: []string{host}, NotBefore: day(-10), NotAfter: day(80)}
	if change != nil {
		change(&leaf)
	}
	return leaf
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return value
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	type want struct {
		path, name, dates chain.Answer
		codes             []chain.Code
	}
	good := want{path: chain.Yes, name: chain.Yes, dates: chain.Yes}
	tests := map[string]struct {
		chain func(world) [][]byte
		host  string
		want  want
	}{
		"good": {chain: func(w world) [][]byte { return w.leaf(nil) }, want: good},
		"issued by the root": {
			chain: func(w world) [][]byte { return w.issue(w.root, nil) }, want: good,
		},
		"root sent too": {
			chain: func(w world) [][]byte { return append(w.leaf(nil), w.root.Certificate.Raw) }, want: good,
		},
		"wrong order": {
			chain: func(w world) [][]byte {
				sent := append(w.leaf(nil), w.root.Certificate.Raw)
				sent[1], sent[2] = sent[2], sent[1]
				return sent
			},
			want: good,
		},
		"garbage after a good path": {
			chain: func(w world) [][]byte { return append(w.leaf(nil), []byte("no certificate")) }, want: good,
		},
		"an RSA key": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Key = pki.RSA }) }, want: good,
		},
		"self-signed": {
			chain: func(w world) [][]byte {
				return must(pki.SelfSigned(leafWith(nil)))(w.t).Certificate.Certificate
			},
			want: want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.SelfSigned}},
		},
		"expired, with a trusted issuer": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.NotAfter = day(-1) }) },
			want:  want{chain.Yes, chain.Yes, chain.No, []chain.Code{chain.Expired}},
		},
		"not yet valid": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.NotBefore = day(1) }) },
			want:  want{chain.Yes, chain.Yes, chain.No, []chain.Code{chain.NotYetValid}},
		},
		"expires at this very second": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.NotAfter = now }) }, want: good,
		},
		"expired a second ago": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.NotAfter = now.Add(-time.Second) }) },
			want:  want{chain.Yes, chain.Yes, chain.No, []chain.Code{chain.Expired}},
		},
		"wrong name": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Names = []string{"other.test"} }) },
			want:  want{chain.Yes, chain.No, chain.Yes, []chain.Code{chain.NameMismatch}},
		},
		"common name only": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.OnlyCommonName = true }) },
			want:  want{chain.Yes, chain.No, chain.Yes, []chain.Code{chain.NameMismatch}},
		},
		"wildcard": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Names = []string{"*.example.test"} }) },
			want:  good,
		},
		"a wildcard covers one label": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Names = []string{"*.test"} }) },
			want:  want{chain.Yes, chain.No, chain.Yes, []chain.Code{chain.NameMismatch}},
		},
		"upper case and a final dot": {
			chain: func(w world) [][]byte { return w.leaf(nil) }, host: "APP.Example.test.", want: good,
		},
		"an IPv4 address": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Names = []string{"192.0.2.7"} }) },
			host:  "192.0.2.7", want: good,
		},
		"an IPv6 address": {
			chain: func(w world) [][]byte { return w.leaf(func(l *pki.Leaf) { l.Names = []string{"2001:db8::7"} }) },
			host:  "2001:db8:0::7", want: good,
		},
		"an address that is not named": {
			chain: func(w world) [][]byte { return w.leaf(nil) }, host: "192.0.2.7",
			want: want{chain.Yes, chain.No, chain.Yes, []chain.Code{chain.NameMismatch}},
		},
		"intermediate missing": {
			chain: func(w world) [][]byte { return w.leaf(nil)[:1] },
			want:  want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.IncompleteChain}},
		},
		"unknown root, sent": {
			chain: func(w world) [][]byte {
				other := must(pki.NewRoot(pki.Authority{Name: "Other", NotBefore: day(-9)}))(w.t)
				return append(w.issue(other, nil), other.Certificate.Raw)
			},
			want: want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.UntrustedRoot}},
		},
		"unknown root behind an intermediate": {
			chain: func(w world) [][]byte {
				other := must(pki.NewCA("Other"))(w.t)
				return w.issue(must(other.Intermediate("Other middle"))(w.t), nil)
			},
			want: want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.UntrustedRoot}},
		},
		"a root of the same name with another key": {
			chain: func(w world) [][]byte { return w.issue(must(pki.NewCA("Root"))(w.t), nil) },
			want:  want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.UntrustedRoot}},
		},
		"intermediate expired": {
			chain: func(w world) [][]byte {
				return w.issue(must(w.root.NewIntermediate(pki.Authority{Name: "Old", NotBefore: day(-500), NotAfter: day(-5)}))(w.t), nil)
			},
			want: want{chain.Yes, chain.Yes, chain.No, []chain.Code{chain.Expired}},
		},
		"intermediate expired before the leaf began": {
			chain: func(w world) [][]byte {
				return w.issue(must(w.root.NewIntermediate(pki.Authority{Name: "Old", NotBefore: day(-500), NotAfter: day(-400)}))(w.t), nil)
			},
			want: want{chain.Yes, chain.Yes, chain.No, []chain.Code{chain.Expired}},
		},
		"SHA-1": {
			chain: func(w world) [][]byte {
				middle := must(w.root.NewIntermediate(pki.Authority{Name: "RSA middle", Key: pki.RSA}))(w.t)
				return w.issue(middle, func(l *pki.Leaf) { l.Signature = x509.SHA1WithRSA })
			},
			want: want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.WeakSignature}},
		},
		"a leaf that signs": {
			chain: func(w world) [][]byte { return forged(w) },
			want:  want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.UntrustedRoot}},
		},
		"a client's certificate": {
			chain: func(w world) [][]byte { return clientOnly(w) },
			want:  want{chain.No, chain.Yes, chain.Yes, []chain.Code{chain.NotAuthorized}},
		},
		"everything wrong at once": {
			chain: func(w world) [][]byte {
				return must(pki.SelfSigned(leafWith(func(l *pki.Leaf) {
					l.Names, l.NotBefore, l.NotAfter = []string{"other.test"}, day(-20), day(-1)
				})))(w.t).Certificate.Certificate
			},
			want: want{chain.No, chain.No, chain.No, []chain.Code{chain.SelfSigned, chain.NameMismatch, chain.Expired}},
		},
		"empty": {
			chain: func(world) [][]byte { return nil },
			want:  want{chain.Unknown, chain.Unknown, chain.Unknown, []chain.Code{chain.NoCertificate}},
		},
		"garbage": {
			chain: func(world) [][]byte { return [][]byte{[]byte("no certificate")} },
			want:  want{chain.Unknown, chain.Unknown, chain.Unknown, []chain.Code{chain.Malformed}},
		},
		"an empty certificate": {
			chain: func(world) [][]byte { return [][]byte{{}} },
			want:  want{chain.Unknown, chain.Unknown, chain.Unknown, []chain.Code{chain.Malformed}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.host == "" {
				test.host = host
			}
			result := chain.Verify(test.chain(w), test.host, now, w.roots)
			trusted := result.Trusted()
			var codes []chain.Code
			for _, fault := range trusted.Faults {
				codes = append(codes, fault.Code)
				require.NotEmpty(t, fault.Text)
			}
			got := want{result.Path.Answer, result.Name.Answer, result.Dates.Answer, codes}
			require.Equal(t, test.want, got, "%+v", trusted.Faults)
			require.Equal(t, test.want.codes == nil, trusted.Answer == chain.Yes)
			require.Equal(t, result.Path.Answer == chain.Yes, result.PrivateRoot, "every root here is private")
		})
	}
}

func TestVerifyTellsWhatIsOdd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.leaf(nil)
	require.Len(t, sent, 2)
	swapped := [][]byte{sent[0], w.root.Certificate.Raw, sent[1], sent[1]}

	result := chain.Verify(sent, host, now, w.roots)
	require.False(t, result.OutOfOrder || result.RootSent || result.Superfluous > 0)
	require.Len(t, result.Trust, 3)
	require.Equal(t, "CN="+host, result.Subject)
	require.Contains(t, result.Issuer, "CN=Middle")
	require.Equal(t, []string{host}, result.Names)
	require.Equal(t, day(80), result.NotAfter)
	require.Equal(t, day(80), result.PathNotAfter)

	result = chain.Verify(swapped, host, now, w.roots)
	require.Equal(t, chain.Yes, result.Trusted().Answer)
	require.True(t, result.OutOfOrder)
	require.True(t, result.RootSent)
	require.Equal(t, 1, result.Superfluous)
}

func TestPathEndsWhenItsFirstCertificateDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	short := must(w.root.NewIntermediate(pki.Authority{Name: "Short", NotBefore: day(-50), NotAfter: day(20)}))(t)
	result := chain.Verify(w.issue(short, nil), host, now, w.roots)
	require.Equal(t, day(20), result.PathNotAfter)
	require.Equal(t, day(80), result.NotAfter)
}

func TestSameBytesExpireWithoutChanging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.leaf(nil)
	before := chain.Verify(sent, host, day(79), w.roots)
	after := chain.Verify(sent, host, day(81), w.roots)
	later := chain.Verify(sent, host, day(82), w.roots)
	require.Equal(t, chain.Yes, before.Trusted().Answer)
	require.Equal(t, chain.No, after.Trusted().Answer)
	require.Equal(t, "The certificate expired on 2027-02-09 12:00:00 UTC.", after.Dates.Faults[0].Text)
	require.Equal(t, after, later, "a result holds no distance in time")
}

func TestPublicRootComesBeforeAPrivateOne(t *testing.T) {
	t.Parallel()
	mozilla := must(chain.MozillaRoots())(t)
	w := newWorld(t)
	both := must(mozilla.WithPrivate(w.root.PEM()))(t)
	require.Equal(t, chain.No, chain.Verify(w.leaf(nil), host, now, mozilla).Path.Answer)
	require.True(t, chain.Verify(w.leaf(nil), host, now, both).PrivateRoot)

	for root := range bundle.Roots() {
		result := chain.Verify([][]byte{root.Certificate}, host, now, both)
		require.Equal(t, chain.Yes, result.Path.Answer, "%s: %+v", result.Subject, result.Path.Faults)
		require.False(t, result.PrivateRoot)
	}
}

func TestRootsVersion(t *testing.T) {
	t.Parallel()
	first, second := must(chain.MozillaRoots())(t), must(chain.MozillaRoots())(t)
	require.Equal(t, first.Version(), second.Version())
	one, two := must(pki.NewCA("One"))(t).PEM(), must(pki.NewCA("Two"))(t).PEM()
	forward := must(first.WithPrivate(slices.Concat(one, two)))(t)
	backward := must(first.WithPrivate(slices.Concat(two, one)))(t)
	require.Equal(t, forward.Version(), backward.Version())
	require.NotEqual(t, forward.Version(), must(first.WithPrivate(one))(t).Version())
	require.NotEqual(t, forward.Version(), first.Version())
}

func TestWithPrivateRefuses(t *testing.T) {
	t.Parallel()
	issued := must(pki.SelfSigned(pki.Leaf{Names: []string{host}}))(t)
	for name, text := range map[string][]byte{
		"nothing":               nil,
		"a text":                []byte("no PEM at all"),
		"a key":                 issued.KeyPEM,
		"a broken certificate":  []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"a certificate and key": slices.Concat(issued.CertPEM, issued.KeyPEM),
	} {
		_, err := (&chain.Roots{}).WithPrivate(text)
		require.Error(t, err, name)
	}
}

func TestPrivateRootMayBeTheLeafItself(t *testing.T) {
	t.Parallel()
	issued := must(pki.SelfSigned(leafWith(nil)))(t)
	roots := must((&chain.Roots{}).WithPrivate(issued.CertPEM))(t)
	result := chain.Verify(issued.Certificate.Certificate, host, now, roots)
	require.Equal(t, chain.Yes, result.Trusted().Answer)
	require.True(t, result.PrivateRoot)
}

// forged is a leaf signed by another leaf of a good chain.
func forged(w world) [][]byte {
	w.t.Helper()
	signer := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(w.t)
	authorityTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "No authority"},
		NotBefore: day(-5), NotAfter: day(5), BasicConstraintsValid: true,
	}
	authority := must(x509.CreateCertificate(rand.Reader, authorityTemplate, authorityTemplate, signer.Public(), signer))(w.t)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: day(-5), NotAfter: day(5),
	}
	der := must(x509.CreateCertificate(rand.Reader, leaf, must(x509.ParseCertificate(authority))(w.t), signer.Public(), signer))(w.t)
	return [][]byte{der, authority}
}

// clientOnly is a certificate of a trusted path that may only be a client's.
func clientOnly(w world) [][]byte {
	w.t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(w.t)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Clients"}, NotBefore: day(-5), NotAfter: day(50),
		IsCA: true, BasicConstraintsValid: true,
	}
	rootDER := must(x509.CreateCertificate(rand.Reader, root, root, key.Public(), key))(w.t)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: day(-5), NotAfter: day(5),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der := must(x509.CreateCertificate(rand.Reader, leaf, must(x509.ParseCertificate(rootDER))(w.t), key.Public(), key))(w.t)
	extended, err := w.roots.WithPrivate(pemOf(rootDER))
	require.NoError(w.t, err)
	*w.roots = *extended
	return [][]byte{der}
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
