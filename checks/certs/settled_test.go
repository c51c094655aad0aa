package certs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// An issuer that wants a certificate renewed at once answers with a window of
// an hour that just ended. What is kept of it still is a window.
func TestWindowOfTodayStaysAWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	w.authority.SuggestWindow(now.Add(-2*time.Second), now.Add(-time.Second), "", "21600")
	leaf := pki.Leaf{NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(80 * 24 * time.Hour)}
	chain := w.issue(t, w.authority.Leaf(leaf))
	got := w.collector().Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.RenewalInfo[print(chain[0])]
	require.True(t, got.Value.Start.Before(got.Value.End), "%+v", got)
	asked, _ := renewal.Asked(got.Value, leaf.NotBefore, leaf.NotAfter, now)
	require.True(t, asked, "%+v", got)
}
