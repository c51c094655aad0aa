package certs_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func TestIssuersAreFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for form, url := range map[string]string{"DER": w.authority.AIAURL(), "PKCS7": w.authority.PKCS7URL(), "PEM": w.authority.PEMURL()} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			chain := w.issue(t, w.authority.Leaf(pki.Leaf{AIA: []string{"ldap://127.0.0.1/x", url}}))
			got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain[:1]))
			require.Equal(t, map[checks.Fingerprint]ledFact{print(chain[0]): checks.KnownFact([]checks.Fingerprint{print(chain[1])})}, got.PKI.Issuers)
			require.Equal(t, []checks.Certificate{checks.NewCertificate(chain[1])}, got.Certificates)
			require.Equal(t, checks.RevocationGood, got.PKI.Revocation[print(chain[0])].CRL.Value.State, "the issuer is at hand now")
		})
	}
}

// tower is a root and intermediates below it, each naming the one above.
func tower(t *testing.T, height int) (top *pki.CA, leaf []byte) {
	t.Helper()
	root, err := pki.NewCA("Root")
	require.NoError(t, err)
	at := root
	for range height {
		above := authority.Start(t, at)
		at, err = at.NewIntermediate(pki.Authority{Name: "Level", AIA: []string{above.AIAURL()}})
		require.NoError(t, err)
	}
	issued, err := at.Issue(pki.Leaf{Names: []string{"a.example"}, AIA: []string{authority.Start(t, at).AIAURL()}})
	require.NoError(t, err)
	return root, issued.Certificate.Certificate[0]
}

func TestStepsUpAreBounded(t *testing.T) {
	t.Parallel()
	for height, want := range map[int]int{0: 1, 2: 3, 3: 4, 6: 4} {
		_, leaf := tower(t, height)
		got := new(certs.Collector).Look(t.Context(), checktest.Loopback(t), quick(), seen([][]byte{leaf}))
		require.Len(t, got.PKI.Issuers[print(leaf)].Value, want, "%d above the leaf, the root included", height+1)
		require.Len(t, got.Certificates, want)
	}
	root, leaf := tower(t, 2)
	knows := &certs.Collector{Config: certs.Config{Anchors: certs.AnchorsOf([]*x509.Certificate{root.Certificate})}}
	got := knows.Look(t.Context(), checktest.Loopback(t), quick(), seen([][]byte{leaf}))
	require.Len(t, got.PKI.Issuers[print(leaf)].Value, 2, "nobody asks for a root that is known")
}

func TestIssuerFaults(t *testing.T) {
	t.Parallel()
	absent, inconclusive := checks.AbsentFact[[]checks.Fingerprint], checks.InconclusiveFact[[]checks.Fingerprint]
	for fault, want := range map[authority.Fault]ledFact{
		authority.NotFound:    absent(checks.ReasonHTTPStatus),
		authority.HTML:        absent(checks.ReasonMalformed),
		authority.NoBody:      absent(checks.ReasonMalformed),
		authority.Truncated:   absent(checks.ReasonMalformed),
		authority.OtherIssuer: absent(checks.ReasonOutOfScope),
		authority.Broken:      inconclusive(checks.ReasonHTTPStatus),
		authority.Oversized:   inconclusive(checks.ReasonTooLarge),
		authority.Endless:     inconclusive(checks.ReasonTooLarge),
		authority.Redirected:  inconclusive(checks.ReasonSpecialPurpose),
	} {
		t.Run(string("issuer "+fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.authority.Misbehave(authority.AIA, fault)
			chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
			got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain[:1]))
			require.Equal(t, want, got.PKI.Issuers[print(chain[0])])
			require.Empty(t, got.Certificates)
		})
	}
}

func TestChainsThatNeedNoIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{CRL: []string{}, OCSP: []string{}}))
	root, stranger := w.root.Certificate.Raw, newWorld(t).root.Certificate.Raw
	selfSigned, err := pki.SelfSigned(pki.Leaf{Names: []string{"a.example"}, AIA: []string{w.authority.AIAURL()}})
	require.NoError(t, err)
	for name, sent := range map[string][][]byte{
		"complete":         chain,
		"with the root":    {chain[0], chain[1], root},
		"in another order": {chain[0], root, chain[1]},
		"with a stranger":  {chain[0], stranger, chain[1]},
		"self-signed":      selfSigned.Certificate.Certificate,
	} {
		got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(sent))
		require.Empty(t, got.PKI.Issuers, name)
	}
	require.Zero(t, w.authority.Requests(authority.AIA))
	got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(selfSigned.Certificate.Certificate))
	require.Empty(t, got.PKI.Revocation)
}

// A certificate that names itself as its issuer's address goes round in no circle.
func TestIssuersInACircle(t *testing.T) {
	t.Parallel()
	root, err := pki.NewCA("A")
	require.NoError(t, err)
	a := authority.Start(t, root)
	again, err := root.NewIntermediate(pki.Authority{Name: "A", AIA: []string{a.AIAURL()}})
	require.NoError(t, err)
	leaf, err := again.Issue(pki.Leaf{Names: []string{"a.example"}, AIA: []string{authority.Start(t, again).AIAURL()}})
	require.NoError(t, err)
	got := new(certs.Collector).Look(t.Context(), checktest.Loopback(t), quick(), seen(leaf.Certificate.Certificate[:1]))
	require.Equal(t, checks.KnownFact([]checks.Fingerprint{print(again.Certificate.Raw), print(root.Certificate.Raw)}),
		got.PKI.Issuers[print(leaf.Certificate.Certificate[0])])
}

func FuzzIssuers(f *testing.F) {
	root, err := pki.NewCA("Root")
	require.NoError(f, err)
	f.Add(root.Certificate.Raw)
	f.Add(root.PEM())
	f.Add(authority.PKCS7(root.Certificate.Raw, root.Certificate.Raw))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: authority.PKCS7(root.Certificate.Raw)}))
	f.Add([]byte("<!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := certs.ReadCertificates(body)
		require.Equal(t, err != nil, len(found) == 0)
		require.LessOrEqual(t, len(found), 16)
	})
}
