package certs_test

import (
	"crypto/x509"
	"math/big"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	statusFact = checks.Fact[checks.RevocationStatus]
	ledFact    = checks.Fact[[]checks.Fingerprint]
	windowFact = checks.Fact[checks.RenewalInfo]
)

// world is a root, an intermediate below it, and what the intermediate runs.
type world struct {
	root, ca  *pki.CA
	authority *authority.Authority
	clock     *clock
}

// clock is a time that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

func newWorld(t testing.TB) *world {
	t.Helper()
	root, err := pki.NewCA("Root")
	require.NoError(t, err)
	ca, err := root.Intermediate("Intermediate")
	require.NoError(t, err)
	return &world{root: root, ca: ca, authority: authority.Start(t, ca), clock: &clock{}}
}

// collector knows the root, and asks at the world's ACME directory.
func (w *world) collector() *certs.Collector {
	return &certs.Collector{Config: certs.Config{
		Anchors:     certs.AnchorsOf([]*x509.Certificate{w.root.Certificate}),
		Directories: []certs.Directory{{CommonName: "Intermediate", URL: w.authority.DirectoryURL()}},
		RootCAs:     w.authority.Roots(), Now: w.clock.now,
	}}
}

// issue issues a leaf of the intermediate and returns its chain.
func (w *world) issue(t testing.TB, leaf pki.Leaf) [][]byte {
	t.Helper()
	if leaf.Names == nil {
		leaf.Names = []string{"a.example"}
	}
	issued, err := w.ca.Issue(leaf)
	require.NoError(t, err)
	return issued.Certificate.Certificate
}

// seen is the observation of one address that serves chain.
func seen(chains ...[][]byte) *checks.Observation {
	observation := &checks.Observation{}
	for i, chain := range chains {
		var fingerprints []checks.Fingerprint
		for _, der := range chain {
			certificate := checks.NewCertificate(der)
			fingerprints = append(fingerprints, certificate.SHA256)
			observation.Certificates = append(observation.Certificates, certificate)
		}
		observation.Addresses = append(observation.Addresses, checks.AddressObservation{
			Address: netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}), Port: 443,
			TLS: checks.TLS{Chain: checks.KnownFact(fingerprints)},
		})
	}
	return observation
}

func quick() checks.Target {
	return checks.Target{URL: "https://a.example/", Host: "a.example", Port: 443, Depth: checks.Quick}
}

func print(der []byte) checks.Fingerprint { return checks.NewCertificate(der).SHA256 }

func serial(t testing.TB, der []byte) *big.Int {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate.SerialNumber
}

func TestGoodAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := w.issue(t, w.authority.Leaf(pki.Leaf{})), w.issue(t, w.authority.Leaf(pki.Leaf{}))
	w.authority.Revoke(serial(t, bad[0]), 1)
	got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(good, bad))

	require.Empty(t, got.PKI.Issuers, "the root is known")
	require.Equal(t, checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood, URL: w.authority.CRLURL()}), got.PKI.Revocation[print(good[0])].CRL)
	require.Equal(t, statusFact{}, got.PKI.Revocation[print(good[0])].OCSP, "the list has answered")
	revoked := got.PKI.Revocation[print(bad[0])].CRL
	require.Equal(t, checks.RevocationRevoked, revoked.Value.State)
	require.Equal(t, "keyCompromise", revoked.Value.Cause)
	require.WithinDuration(t, time.Now().Add(-time.Hour), revoked.Value.RevokedAt, time.Minute)
	require.Equal(t, checks.Revocation{CRL: checks.AbsentFact[checks.RevocationStatus](""), OCSP: checks.AbsentFact[checks.RevocationStatus]("")},
		got.PKI.Revocation[print(good[1])], "the intermediate names neither")
	require.Equal(t, 1, w.authority.Requests(authority.CRL), "one list for both")
	require.Zero(t, w.authority.Requests(authority.OCSP))
	require.Nil(t, got.Stapled)
	require.Empty(t, got.Certificates)
}
