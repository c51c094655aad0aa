package appraisal_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
)

func publicChain(t testing.TB, name string) (ders [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "public", name+".pem"))
	require.NoError(t, err)
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return ders
		}
		ders, text = append(ders, block.Bytes), rest
	}
}

// Mozilla's store as built in, the built-in lists and all lints, on a chain
// that a public server sent.
func TestPublicChain(t *testing.T) {
	t.Parallel()
	trust := newTrust(t, appraisal.Config{})
	at := time.Unix(1677615892, 0)
	observation := observe("www.google.com", publicChain(t, "google")...)
	observation.Records.CAA = checks.KnownFact(checks.CAA{Domain: "google.com", Records: []checks.CAARecord{{Tag: "issue", Value: "pki.goog"}}})
	got := only(t, observation, at, trust)
	require.Empty(t, found(got), "%+v", got.Findings)
	require.True(t, got.Stores[appraisal.StoreMozilla])
	require.Len(t, got.Path, 3)
	require.Equal(t, checks.FaultNotFound, got.Findings[checks.CAAForbids].Answer)
	late := only(t, observation, now, trust)
	require.Equal(t, []checks.Question{checks.Expired, checks.RenewalOverdue}, found(late))
	missing := only(t, observe("www.google.com", publicChain(t, "google")[0]), at, trust)
	require.Equal(t, checks.FaultNotAsked, missing.Findings[checks.UnknownIssuer].Answer, "AIA was not asked")
}

func TestSystemRootsCanBeRead(t *testing.T) {
	t.Parallel()
	text, err := appraisal.SystemRoots()
	require.NoError(t, err)
	if text != nil {
		newTrust(t, appraisal.Config{Stores: map[string][]byte{appraisal.StoreSystem: text}, WithoutLint: true})
	}
}
