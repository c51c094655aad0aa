// Package checktest runs servers for tests: nginx, Apache, HAProxy, OpenSSL,
// GnuTLS, Java, Nodes of 2013 to today for the OpenSSL within, Go servers, and
// peers that misbehave. Each belongs to the test that started it and ends with
// it. It listens (but for gnutls-serv) and dials on loopback only and must never be linked into the program: what non-test
// code needs too is in checktest/pki.
package checktest

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// NewCA returns a new root, and fails the test where that is not possible.
func NewCA(t testing.TB, name string) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA(name)
	require.NoError(t, err)
	return ca
}

// Issue returns a certificate of ca, and fails the test where that is not possible.
func Issue(t testing.TB, ca *pki.CA, leaf pki.Leaf) *pki.Issued {
	t.Helper()
	issued, err := ca.Issue(leaf)
	require.NoError(t, err)
	return issued
}

// localhost returns a certificate of a new CA for localhost and loopback: what
// a server gets whose test does not care.
func localhost(t testing.TB) *pki.Issued {
	t.Helper()
	return Issue(t, NewCA(t, "Default root"), pki.Leaf{Names: []string{"localhost", "127.0.0.1"}, Key: pki.RSA})
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
