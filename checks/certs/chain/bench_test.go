package chain

import (
	"crypto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// BenchmarkVerify judges a chain against Mozilla's roots: one of a private
// root, and the slowest that we know to make.
func BenchmarkVerify(b *testing.B) {
	ca, err := pki.NewCA("Root")
	require.NoError(b, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(b, err)
	mozilla, err := MozillaRoots()
	require.NoError(b, err)
	roots, err := mozilla.WithPrivate(ca.PEM())
	require.NoError(b, err)
	b.Run("private root", func(b *testing.B) {
		for b.Loop() {
			require.Equal(b, Yes, Verify(issued.Certificate.Certificate, "app.test", time.Now(), roots).Path.Answer)
		}
	})
	b.Run("hostile", func(b *testing.B) {
		sent := crossSigned(b, maxCertificates-1, func(int) crypto.PublicKey { return hugeKey(b, maxIssuerRSABits, maxIssuerExponent) })
		sent[0] = signedWith(b, sent[0], maxIssuerRSABits)
		for b.Loop() {
			require.Equal(b, No, Verify(sent, "app.test", time.Now(), mozilla).Path.Answer)
		}
	})
}
