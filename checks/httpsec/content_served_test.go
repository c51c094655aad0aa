package httpsec_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
)

// sample is a page of the signatures' and walls' test data.
type sample struct {
	ID     string              `yaml:"id"`
	Status int                 `yaml:"status"`
	Type   string              `yaml:"type"`
	Fields map[string][]string `yaml:"fields"`
	Body   string              `yaml:"body"`
}

// serveSamples answers /0, /1, ... with the samples of a file.
func serveSamples(t *testing.T, file string, status int) ([]sample, netip.AddrPort) {
	t.Helper()
	text, err := os.ReadFile("content/testdata/" + file)
	require.NoError(t, err)
	var all []sample
	require.NoError(t, yaml.Unmarshal(text, &all))
	return all, serve(t, func(w http.ResponseWriter, r *http.Request) {
		at, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || at >= len(all) {
			http.NotFound(w, r)
			return
		}
		for name, values := range all[at].Fields {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		w.Header().Set("Content-Type", cmp.Or(all[at].Type, "text/html; charset=utf-8"))
		w.WriteHeader(cmp.Or(all[at].Status, status))
		_, _ = w.Write([]byte(all[at].Body)) //nolint:gosec // a page that is to be recognized
	})
}

func TestWalkRecognizesDebugPages(t *testing.T) {
	t.Parallel()
	all, address := serveSamples(t, "signatures.yaml", http.StatusInternalServerError)
	n := network(t)
	for at, s := range all {
		got := walk(t, n, address, fmt.Sprintf("/%d", at), checks.Limits{})
		require.Len(t, got.Hops, 1, s.ID)
		answer := got.Hops[0].Answer
		require.Equal(t, checks.Known, answer.State, s.ID)
		require.Contains(t, answer.Value.Content.Value.Signatures, s.ID)
		again := walk(t, n, address, fmt.Sprintf("/%d", at), checks.Limits{})
		require.Equal(t, got, again, "%s: two looks", s.ID)
	}
}

// A wall says nothing about the application: the answer is inconclusive, with
// the reason why, and so is the end.
func TestWalkStopsAtWalls(t *testing.T) {
	t.Parallel()
	all, address := serveSamples(t, "walls.yaml", http.StatusForbidden)
	n := network(t)
	reasons := map[checks.Reason]int{}
	for at, s := range all {
		if s.ID == "siteground-captcha" {
			continue // it leads on to another page, by a refresh
		}
		got := walk(t, n, address, fmt.Sprintf("/%d", at), checks.Limits{})
		require.Len(t, got.Hops, 1, s.ID)
		require.Equal(t, checks.Inconclusive, got.Hops[0].Answer.State, s.ID)
		require.Equal(t, got.Hops[0].Answer.Reason, got.End.Reason, s.ID)
		reasons[got.End.Reason]++
	}
	require.Len(t, reasons, 3, "bot walls, captchas and maintenance")
}
