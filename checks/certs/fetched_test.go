package certs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// An issuer that was not sent may be revoked like one that was.
func TestFetchedIssuersAreAskedAbout(t *testing.T) {
	t.Parallel()
	root, err := pki.NewCA("Root")
	require.NoError(t, err)
	above := authority.Start(t, root)
	ca, err := root.NewIntermediate(pki.Authority{Name: "Intermediate", CRL: []string{above.CRLURL()}})
	require.NoError(t, err)
	above.Revoke(ca.Certificate.SerialNumber, 1)
	world := &world{root: root, ca: ca, authority: authority.Start(t, ca), clock: &clock{}}
	chain := world.issue(t, world.authority.Leaf(pki.Leaf{Names: []string{"app.test"}}))

	got := world.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain[:1]))
	intermediate := print(ca.Certificate.Raw)
	require.Equal(t, checks.KnownFact([]checks.Fingerprint{intermediate}), got.PKI.Issuers[print(chain[0])])
	require.Equal(t, checks.RevocationRevoked, got.PKI.Revocation[intermediate].CRL.Value.State)
	require.Len(t, got.PKI.Revocation, 2)
}
