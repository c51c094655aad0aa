package certs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func TestListsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	collector := w.collector()
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{OCSP: []string{}}))
	ask := func() statusFact {
		return collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
	}
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	w.clock.advance(3 * time.Hour)
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	require.Equal(t, 1, w.authority.Requests(authority.CRL))

	w.clock.advance(2 * time.Hour)
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	require.Equal(t, 1, w.authority.NotModified(), "what is at hand is named")

	w.authority.Revoke(serial(t, chain[0]), 0)
	w.clock.advance(5 * time.Hour)
	require.Equal(t, checks.RevocationRevoked, ask().Value.State)

	w.authority.Misbehave(authority.CRL, authority.Broken)
	w.clock.advance(5 * time.Hour)
	require.Equal(t, checks.RevocationRevoked, ask().Value.State, "the list at hand still is current")
	w.clock.advance(24 * time.Hour)
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonHTTPStatus), ask(), "now it is not")
}

func TestFailuresAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	collector := w.collector()
	w.authority.Misbehave(authority.OCSP, authority.Broken)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{CRL: []string{}}))
	ask := func() statusFact {
		return collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].OCSP
	}
	for range 3 {
		require.Equal(t, checks.ReasonHTTPStatus, ask().Reason)
	}
	require.Equal(t, 1, w.authority.Requests(authority.OCSP))
	w.authority.Misbehave(authority.OCSP, authority.Healthy)
	w.clock.advance(2 * time.Minute)
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	require.Equal(t, 2, w.authority.Requests(authority.OCSP))
	w.clock.advance(2 * time.Hour)
	require.Equal(t, checks.RevocationGood, ask().Value.State)
	require.Equal(t, 3, w.authority.Requests(authority.OCSP))
}

// One look that is given up takes nothing from those that wait for it.
func TestLooksShareAndOutliveEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	collector := w.collector()
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{OCSP: []string{}}))
	w.authority.Misbehave(authority.CRL, authority.Silent)
	given, giveUp := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		got := collector.Look(given, checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
		require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonCanceled), got)
	})
	require.Eventually(t, func() bool { return w.authority.Requests(authority.CRL) == 1 }, 10*time.Second, time.Millisecond)
	w.authority.Misbehave(authority.CRL, authority.Healthy)
	for range 8 {
		wait.Go(func() {
			got := collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
			require.Equal(t, checks.RevocationGood, got.Value.State)
		})
	}
	giveUp()
	wait.Wait()
	require.Equal(t, 2, w.authority.Requests(authority.CRL))
}

// A responder and an issuer's address that fail for a while change nothing.
func TestWhatIsAtHandOutlivesFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	collector := w.collector()
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{CRL: []string{}}))
	ask := func() checks.PKI {
		return collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chain[:1])).PKI
	}
	first := ask()
	require.Equal(t, checks.Known, first.Issuers[print(chain[0])].State)
	require.Equal(t, checks.RevocationGood, first.Revocation[print(chain[0])].OCSP.Value.State)
	w.authority.Misbehave(authority.OCSP, authority.Broken)
	w.clock.advance(2 * time.Hour)
	require.Equal(t, first.Revocation, ask().Revocation, "it holds for a day")
	require.Equal(t, 2, w.authority.Requests(authority.OCSP))
	w.authority.Misbehave(authority.AIA, authority.Broken)
	w.clock.advance(25 * time.Hour)
	later := ask()
	require.Equal(t, first.Issuers, later.Issuers)
	require.Equal(t, checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonHTTPStatus), later.Revocation[print(chain[0])].OCSP)
	w.authority.Misbehave(authority.AIA, authority.NotFound)
	w.clock.advance(time.Hour)
	require.Equal(t, checks.AbsentFact[[]checks.Fingerprint](checks.ReasonHTTPStatus), ask().Issuers[print(chain[0])])
}
