package certificates

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Hierarchy is the authorities and logs that the cases share.
type Hierarchy struct {
	// Root is public: it stands for the roots of Mozilla's store.
	Root *Issuer
	// ExpiredRoot is public too.
	ExpiredRoot *Issuer
	// SHA1Root and MD5Root are public; their own signatures are weak.
	SHA1Root, MD5Root *Issuer
	// DistrustedRoot was public once: the store trusts it for nothing that was
	// issued on DistrustedAfter or later.
	DistrustedRoot *Issuer
	// PrivateRoot is added by whoever runs this; StrangerRoot is known to nobody.
	PrivateRoot, StrangerRoot *Issuer

	// Issuer is an intermediate of Root, with an ECDSA key; RSAIssuer has an RSA
	// one. OldIssuer is as old as the roots, for what was issued at a fixed time.
	Issuer, RSAIssuer, OldIssuer *Issuer

	Windows Windows
	Logs    Logs
}

// Issuer is an authority and the servers it runs: lists, responder, certificate.
type Issuer struct {
	*pki.CA
	Services *authority.Authority
}

// PublicRoots are those that are trusted for everything.
func (h *Hierarchy) PublicRoots() []*x509.Certificate {
	return []*x509.Certificate{h.Root.Certificate, h.ExpiredRoot.Certificate, h.SHA1Root.Certificate, h.MD5Root.Certificate}
}

// founded is when all roots were made: before every certificate below them.
func founded() time.Time { return time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC) }

// dissolved is when they end: after every certificate below them.
func dissolved() time.Time { return time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC) }

// DistrustedAfter is when DistrustedRoot lost its trust.
func DistrustedAfter() time.Time { return time.Date(2024, 11, 12, 0, 0, 0, 0, time.UTC) }

// NewHierarchy makes the authorities and starts their servers, until the end of t.
func NewHierarchy(t testing.TB) *Hierarchy {
	t.Helper()
	h := &Hierarchy{
		Root:           newRoot(t, pki.Authority{Name: "Example Root"}),
		ExpiredRoot:    newRoot(t, pki.Authority{Name: "Example Root of Old", NotAfter: time.Now().Add(-30 * day)}),
		SHA1Root:       newRoot(t, pki.Authority{Name: "Example SHA-1 Root", PrivateKey: privateKey(t, "rsa2048"), Signature: x509.SHA1WithRSA}),
		MD5Root:        newRoot(t, pki.Authority{Name: "Example MD5 Root", PrivateKey: privateKey(t, "rsa2048"), Signature: x509.MD5WithRSA}),
		DistrustedRoot: newRoot(t, pki.Authority{Name: "Example Distrusted Root"}),
		PrivateRoot:    newRoot(t, pki.Authority{Name: "Example Company Root"}),
		StrangerRoot:   newRoot(t, pki.Authority{Name: "Example Stranger Root"}),
		Logs:           newLogs(t),
	}
	h.Issuer = h.Root.below(t, pki.Authority{Name: "Example Issuer"})
	h.OldIssuer = h.Root.below(t, pki.Authority{Name: "Example Issuer of Old", NotBefore: founded(), NotAfter: dissolved()})
	h.RSAIssuer = h.Root.below(t, pki.Authority{Name: "Example RSA Issuer", PrivateKey: privateKey(t, "rsa2048_issuer")})
	h.Windows = newWindows(t, h.Root)
	return h
}

func newRoot(t testing.TB, wanted pki.Authority) *Issuer {
	t.Helper()
	wanted.NotBefore = founded()
	if wanted.NotAfter.IsZero() {
		wanted.NotAfter = dissolved()
	}
	wanted.Template = inCountry
	root, err := pki.NewRoot(wanted)
	require.NoError(t, err)
	return &Issuer{CA: root, Services: authority.Start(t, root)}
}

// below makes an intermediate of issuer as the Baseline Requirements want it
// (sections 7.1.2.6 and 7.1.2.10), as far as wanted says nothing else.
func (i *Issuer) below(t testing.TB, wanted pki.Authority) *Issuer {
	t.Helper()
	if wanted.NotBefore.IsZero() {
		wanted.NotBefore = time.Now().Add(-400 * day)
	}
	if wanted.NotAfter.IsZero() {
		wanted.NotAfter = time.Now().Add(1400 * day)
	}
	if wanted.CRL == nil {
		wanted.CRL = []string{i.Services.CRLURL()}
	}
	if wanted.AIA == nil {
		wanted.AIA = []string{i.Services.AIAURL()}
	}
	change := wanted.Template
	wanted.Template = func(template *x509.Certificate) {
		inCountry(template)
		template.MaxPathLen, template.MaxPathLenZero = 0, true
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.Policies = []x509.OID{domainValidated()}
		template.SubjectKeyId = randomSerial(t).Bytes()
		if change != nil {
			change(template)
		}
	}
	intermediate, err := i.NewIntermediate(wanted)
	require.NoError(t, err)
	return &Issuer{CA: intermediate, Services: authority.Start(t, intermediate)}
}

func inCountry(template *x509.Certificate) { template.Subject.Country = []string{"SE"} }

// domainValidated is the policy of certificates whose domain alone was
// validated (Baseline Requirements section 7.1.6.1).
func domainValidated() x509.OID {
	oid, err := x509.OIDFromInts([]uint64{2, 23, 140, 1, 2, 1})
	if err != nil {
		panic(err) // cannot be: it is a constant
	}
	return oid
}

const day = 24 * time.Hour
