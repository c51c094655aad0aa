package chain

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// A constraint sees the real dates, although paths are built without any.
func TestConstraintDistrustsByDateOfIssue(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Falling")
	require.NoError(t, err)
	line := time.Now().Add(-30 * time.Minute)
	roots := &Roots{public: []anchor{{certificate: ca.Certificate, constraint: func(path []*x509.Certificate) error {
		if path[0].NotBefore.After(line) {
			return errors.New("issued too late")
		}
		return nil
	}}}}
	for name, test := range map[string]struct {
		notBefore time.Time
		want      Answer
	}{
		"issued before": {notBefore: line.Add(-time.Minute), want: Yes},
		"issued after":  {notBefore: line.Add(time.Minute), want: No},
	} {
		issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test"}, NotBefore: test.notBefore})
		require.NoError(t, err)
		result := Verify(issued.Certificate.Certificate, "app.test", time.Now(), roots)
		require.Equal(t, test.want, result.Path.Answer, name)
		require.Equal(t, test.want == No, result.Path.Has(Distrusted), name)
		require.False(t, result.PrivateRoot)
	}
}

// A longer-lived path wins, and one in date wins over all others.
func TestCrossSignedChainTakesThePathInDate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old, err := pki.NewRoot(pki.Authority{Name: "Old", NotBefore: now.AddDate(-20, 0, 0), NotAfter: now.AddDate(0, 0, -1)})
	require.NoError(t, err)
	fresh, err := pki.NewCA("Fresh")
	require.NoError(t, err)
	issued, err := fresh.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	roots := &Roots{public: []anchor{{certificate: old.Certificate}, {certificate: fresh.Certificate}}}
	result := Verify(issued.Certificate.Certificate, "app.test", now, roots)
	require.Equal(t, Yes, result.Trusted().Answer)

	stale := &Roots{public: []anchor{{certificate: old.Certificate}}, private: []anchor{{certificate: fresh.Certificate}}}
	require.True(t, Verify(issued.Certificate.Certificate, "app.test", now, stale).PrivateRoot)
	expiredRoot, err := old.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	result = Verify(expiredRoot.Certificate.Certificate, "app.test", now, stale)
	require.Equal(t, Yes, result.Path.Answer)
	require.True(t, result.Dates.Has(Expired), "a path ends with its root")
}

func FuzzVerify(f *testing.F) {
	ca, err := pki.NewCA("Root")
	require.NoError(f, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(f, err)
	roots, err := (&Roots{}).WithPrivate(ca.PEM())
	require.NoError(f, err)
	f.Add(issued.Certificate.Certificate[0], ca.Certificate.Raw)
	f.Fuzz(func(t *testing.T, leaf, other []byte) {
		result := Verify([][]byte{leaf, other, leaf}, "app.test", time.Unix(1_800_000_000, 0), roots)
		if result.Trusted().Answer == No && len(result.Trusted().Faults) == 0 {
			t.Fatal("refused without a fault")
		}
	})
}
