package certs_test

import (
	"crypto/x509"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// The example of RFC 9773 section 4.1.
func TestRenewalID(t *testing.T) {
	t.Parallel()
	leaf := &x509.Certificate{
		AuthorityKeyId: []byte{0x69, 0x88, 0x5B, 0x6B, 0x87, 0x46, 0x40, 0x41, 0xE1, 0xB3, 0x7B, 0x84, 0x7B, 0xA0, 0xAE, 0x2C, 0xDE, 0x01, 0xC8, 0xD4},
		SerialNumber:   new(big.Int).SetBytes([]byte{0x87, 0x65, 0x43, 0x21}),
	}
	got, ok := certs.RenewalID(leaf)
	require.True(t, ok)
	require.Equal(t, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", got)
	_, ok = certs.RenewalID(&x509.Certificate{SerialNumber: big.NewInt(1)})
	require.False(t, ok)
}

func TestBuiltInDirectories(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, certs.BuiltIn())
	for _, directory := range certs.BuiltIn() {
		require.True(t, strings.HasPrefix(directory.URL, "https://"), directory.URL)
		require.NotEmpty(t, directory.Organization)
		require.NotEmpty(t, directory.Source)
	}
}

func (w *world) renewalOf(t *testing.T, collector *certs.Collector, chain [][]byte) windowFact {
	t.Helper()
	return collector.Look(t.Context(), checktest.Loopback(t), quick(), seen(chain)).PKI.RenewalInfo[print(chain[0])]
}

func TestRenewalInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	collector := w.collector()
	start := time.Now().Add(5 * 24 * time.Hour).Truncate(time.Second).UTC()
	w.authority.SuggestWindow(start, start.Add(48*time.Hour), "https://example.com/why", "3600")
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
	want := checks.KnownFact(checks.RenewalInfo{Start: start, End: start.Add(48 * time.Hour), ExplanationURL: "https://example.com/why"})
	require.Equal(t, want, w.renewalOf(t, collector, chain))
	leaf, err := x509.ParseCertificate(chain[0])
	require.NoError(t, err)
	identifier, _ := certs.RenewalID(leaf)
	require.Equal(t, 1, w.authority.Asked(identifier))

	w.authority.SuggestWindow(start, start.Add(time.Hour), "javascript:alert(1)", "1")
	w.clock.advance(30 * time.Minute)
	require.Equal(t, want, w.renewalOf(t, collector, chain), "not before Retry-After")
	w.clock.advance(time.Hour)
	require.Equal(t, checks.KnownFact(checks.RenewalInfo{Start: start, End: start.Add(time.Hour)}), w.renewalOf(t, collector, chain))
	require.Equal(t, 1, w.authority.Requests(authority.Directory), "a directory is kept for a day")
	require.Equal(t, 2, w.authority.Requests(authority.ARI))
	require.Equal(t, checks.AbsentFact[checks.RenewalInfo](""), w.renewalOf(t, collector, [][]byte{chain[1]}), "a CA's certificate has another issuer")
}

// 'At once' is another window at each look; it must not be another component.
func TestRenewalAtOnceIsStable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 15, 16, 17, 0, time.UTC)
	read := func(now time.Time) checks.RenewalInfo {
		start := now.Add(-time.Hour)
		info, err := certs.ReadWindow([]byte(`{"suggestedWindow":{"start":"`+start.Format(time.RFC3339)+`","end":"`+start.Add(30*time.Minute).Format(time.RFC3339)+`"}}`), now)
		require.NoError(t, err)
		return info
	}
	require.Equal(t, read(now), read(now.Add(6*time.Hour)))
	require.False(t, read(now).End.After(now))
	require.False(t, read(now).End.Before(read(now).Start))
}

func TestRenewalFaults(t *testing.T) {
	t.Parallel()
	absent, inconclusive := checks.AbsentFact[checks.RenewalInfo], checks.InconclusiveFact[checks.RenewalInfo]
	for name, test := range map[string]struct {
		service authority.Service
		fault   authority.Fault
		want    windowFact
	}{
		"none offered":      {authority.Directory, authority.NoRenewalInfo, absent("")},
		"plain address":     {authority.Directory, authority.PlainRenewal, inconclusive(checks.ReasonUnsupportedScheme)},
		"broken directory":  {authority.Directory, authority.Broken, inconclusive(checks.ReasonHTTPStatus)},
		"no directory":      {authority.Directory, authority.HTML, inconclusive(checks.ReasonMalformed)},
		"endless directory": {authority.Directory, authority.Endless, inconclusive(checks.ReasonTooLarge)},
		"not known":         {authority.ARI, authority.NotFound, absent(checks.ReasonHTTPStatus)},
		"broken":            {authority.ARI, authority.Broken, inconclusive(checks.ReasonHTTPStatus)},
		"a page":            {authority.ARI, authority.HTML, inconclusive(checks.ReasonMalformed)},
		"reversed":          {authority.ARI, authority.WindowReverse, inconclusive(checks.ReasonMalformed)},
		"downgraded":        {authority.ARI, authority.Redirected, inconclusive(checks.ReasonUnsupportedScheme)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.authority.Misbehave(test.service, test.fault)
			chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
			require.Equal(t, test.want, w.renewalOf(t, w.collector(), chain))
		})
	}
}

func TestWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expired := w.issue(t, w.authority.Leaf(pki.Leaf{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-time.Hour)}))
	require.Equal(t, windowFact{}, w.renewalOf(t, w.collector(), expired))
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{}))
	none := checks.AbsentFact[checks.RenewalInfo]("")
	require.Equal(t, none, w.renewalOf(t, new(certs.Collector), chain), "an issuer whose directory nobody knows")
	muted := w.collector()
	muted.Config.Directories = append([]certs.Directory{{Organization: "Gradewatch test authority"}}, muted.Config.Directories...)
	require.Equal(t, none, w.renewalOf(t, muted, chain), "an issuer that is not to be asked")
	untrusting := w.collector()
	untrusting.Config.RootCAs = w.ca.Pool()
	require.Equal(t, checks.InconclusiveFact[checks.RenewalInfo](checks.ReasonHandshakeFailed), w.renewalOf(t, untrusting, chain))
	require.Zero(t, w.authority.Requests(authority.Directory))
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 15, 16, 17, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 6 * time.Hour, "nonsense": 6 * time.Hour, "-1": 6 * time.Hour, "0": time.Minute, "3600": time.Hour,
		"999999": 24 * time.Hour, "99999999999999999999": 6 * time.Hour,
		now.Add(2 * time.Hour).Format(http.TimeFormat):  2 * time.Hour,
		now.Add(-2 * time.Hour).Format(http.TimeFormat): time.Minute,
	} {
		require.Equal(t, want, certs.RetryAfter(value, now), value)
	}
}

func FuzzWindow(f *testing.F) {
	f.Add(`{"suggestedWindow":{"start":"2026-01-02T04:00:00Z","end":"2026-01-03T04:00:00Z"},"explanationURL":"https://example.com"}`)
	f.Add(`{"suggestedWindow":{"start":"9999-12-31T23:59:59-23:00","end":"9999-12-31T23:59:59-23:59"}}`)
	f.Add(`{"suggestedWindow":{"start":"0000-01-01T00:00:00+23:00","end":"2026-01-03T04:00:00Z"}}`)
	f.Add(`{"suggestedWindow":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		info, err := certs.ReadWindow([]byte(body), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return
		}
		require.False(t, info.End.Before(info.Start))
		_, _, err = checks.Canonical(info)
		require.NoError(t, err)
	})
}
