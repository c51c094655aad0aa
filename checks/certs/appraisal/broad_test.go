package appraisal_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// askName returns whether the names of a leaf of a trusted root fit.
func askName(t *testing.T, host string, leaf pki.Leaf) checks.ChainFinding {
	t.Helper()
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	issued, err := ca.Issue(leaf)
	require.NoError(t, err)
	trust := newTrust(t, appraisal.Config{Public: []chain.Anchor{{Certificate: ca.Certificate}}})
	return only(t, observe(host, issued.Certificate.Certificate...), time.Now(), trust).Findings[checks.NameMismatch]
}

// Firefox and Chrome take no wildcard for a whole top-level domain.
func TestBroadWildcardsFitNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]checks.FaultAnswer{
		"*":             checks.FaultFound,
		"*.com":         checks.FaultFound,
		"*.example.com": checks.FaultFound, // a label too many
		"example.com":   checks.FaultNotFound,
	} {
		got := askName(t, "example.com", pki.Leaf{Names: []string{name}})
		require.Equal(t, answer, got.Answer, name)
	}
	require.Equal(t, checks.FaultNotFound, askName(t, "example.com", pki.Leaf{Names: []string{"*.com", "example.com"}}).Answer)
}

// No library parses a certificate whose key is of a curve that it does not
// know. Its names are there all the same.
func TestNamesAreReadBesideAnUnknownCurve(t *testing.T) {
	t.Parallel()
	unknown := func(tbs *pki.TBS) { tbs.SetPublicKey(brainpoolKey(t)) }
	for host, answer := range map[string]checks.FaultAnswer{
		"app.test": checks.FaultNotFound, "192.0.2.1": checks.FaultNotFound, "other.test": checks.FaultFound, "192.0.2.2": checks.FaultFound,
	} {
		got := askName(t, host, pki.Leaf{Names: []string{"app.test", "192.0.2.1"}, Rewrite: unknown})
		require.Equal(t, answer, got.Answer, host)
	}
	got := askName(t, "app.test", pki.Leaf{Names: []string{"app.test"}, OnlyCommonName: true, Rewrite: unknown})
	require.Equal(t, checks.FaultFound, got.Answer)
	require.Contains(t, got.Details[0].Text, "no subject alternative name")
}

// brainpoolKey is a SubjectPublicKeyInfo of brainpoolP256r1 whose point nobody
// checks.
func brainpoolKey(t *testing.T) []byte {
	t.Helper()
	oid, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7})
	require.NoError(t, err)
	point := elliptic.Marshal(elliptic.P256(), elliptic.P256().Params().Gx, elliptic.P256().Params().Gy) //nolint:staticcheck // any 65 bytes
	der, err := asn1.Marshal(struct {
		Algorithm struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue
		}
		PublicKey asn1.BitString
	}{
		Algorithm: struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue
		}{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.RawValue{FullBytes: oid}},
		PublicKey: asn1.BitString{Bytes: point, BitLength: 8 * len(point)},
	})
	require.NoError(t, err)
	_, err = x509.ParsePKIXPublicKey(der)
	require.Error(t, err)
	return der
}
