package authority_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func read(t *testing.T, response *http.Response, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return body
}

func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	return &http.Client{Transport: transport}
}

func TestServices(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Authority")
	require.NoError(t, err)
	a := authority.Start(t, ca)
	issued, err := ca.Issue(a.Leaf(pki.Leaf{Names: []string{"a.example"}, MustStaple: true}))
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	require.Equal(t, []string{a.CRLURL()}, leaf.CRLDistributionPoints)
	a.Revoke(leaf.SerialNumber, 4)

	response, err := client(t).Get(a.CRLURL())
	list, err := x509.ParseRevocationList(read(t, response, err))
	require.NoError(t, err)
	require.NoError(t, list.CheckSignatureFrom(ca.Certificate))
	require.Len(t, list.RevokedCertificateEntries, 1)
	require.Equal(t, 4, list.RevokedCertificateEntries[0].ReasonCode)

	request, err := ocsp.CreateRequest(leaf, ca.Certificate, nil)
	require.NoError(t, err)
	response, err = client(t).Post(a.OCSPURL(), "application/ocsp-request", bytes.NewReader(request))
	status, err := ocsp.ParseResponseForCert(read(t, response, err), leaf, ca.Certificate)
	require.NoError(t, err)
	require.Equal(t, ocsp.Revoked, status.Status)

	response, err = client(t).Get(a.AIAURL())
	require.Equal(t, ca.Certificate.Raw, read(t, response, err))
	require.Equal(t, 1, a.Requests(authority.AIA))
}

func TestFaultsOfLists(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Authority")
	require.NoError(t, err)
	a := authority.Start(t, ca)
	a.Revoke(big.NewInt(7), 0)
	for _, fault := range []authority.Fault{
		authority.Expired, authority.NotYetValid, authority.BadSignature, authority.OtherIssuer, authority.OtherShard,
		authority.OnlyCA, authority.OnlyUser, authority.SomeReasons, authority.Indirect, authority.UnknownCritical, authority.Delta,
	} {
		a.Misbehave(authority.CRL, fault)
		response, err := client(t).Get(a.ShardURL(3))
		list, err := x509.ParseRevocationList(read(t, response, err))
		require.NoError(t, err, fault)
		require.Len(t, list.RevokedCertificateEntries, 1, fault)
		refused := fault == authority.BadSignature || fault == authority.OtherIssuer
		require.Equal(t, refused, list.CheckSignatureFrom(ca.Certificate) != nil, fault)
	}
}
