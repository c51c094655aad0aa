package checks_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// walked is an address whose walk leads to another host, and what it asked.
func walked(address, other string, firstByte time.Duration) (checks.AddressObservation, []checks.RequestRecord) {
	own := netip.MustParseAddr(address)
	hop := func(url string) checks.Hop {
		return checks.Hop{URL: url, Scheme: "https", Answer: checks.KnownFact(checks.Response{Status: 200})}
	}
	return checks.AddressObservation{Address: own, HTTP: checks.HTTP{
		Hops: []checks.Hop{hop("https://app.example.com/"), hop("https://login.example.net/")}, End: checks.KnownFact(200),
	}}, []checks.RequestRecord{
		{Address: own, Hop: 0, FirstByte: firstByte},
		{Address: own, Hop: -1, FirstByte: time.Second},
		{Address: netip.MustParseAddr("203.0.113.8"), Hop: 1, FirstByte: time.Minute}, // did not answer
		{Address: netip.MustParseAddr(other), Hop: 1, FirstByte: 2 * firstByte},
	}
}

// Every hop has the address that answered and its own time, also on another
// host, and also where several addresses were walked.
func TestReportHopsHaveAddressAndTime(t *testing.T) {
	t.Parallel()
	first, asked := walked("192.0.2.1", "203.0.113.9", time.Millisecond)
	second, more := walked("192.0.2.2", "203.0.113.10", 10*time.Millisecond)
	report := checks.NewReport(checks.ReportConfig{
		Observation:  &checks.Observation{Addresses: []checks.AddressObservation{first, second}},
		Measurements: checks.Measurements{Requests: append(asked, more...)},
		Judgement:    checks.Judgement{HTTPScores: []*checks.HTTPScore{{Score: 50}, {Score: 20}}},
	})
	require.Len(t, report.HTTP.Hops, 2)
	require.Equal(t, "192.0.2.2", report.HTTP.Hops[0].Address.String())
	require.Equal(t, 10.0, report.HTTP.Hops[0].Timing.FirstByte) //nolint:testifylint // whole milliseconds
	require.Equal(t, "203.0.113.10", report.HTTP.Hops[1].Address.String())
	require.Equal(t, 20.0, report.HTTP.Hops[1].Timing.FirstByte) //nolint:testifylint // whole milliseconds
}

// A look that saw nothing promises lists, and keeps to it.
func TestReportOfAFailedLookHasItsLists(t *testing.T) {
	t.Parallel()
	for name, observation := range map[string]*checks.Observation{
		"no address": {Depth: checks.Quick, DNS: checks.DNS{Addresses: checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)}},
		"no answer": {Depth: checks.Quick, Addresses: []checks.AddressObservation{{
			Address: netip.MustParseAddr("192.0.2.1"), Port: 443, HTTP: checks.HTTP{End: checks.InconclusiveFact[int](checks.ReasonTimeout)},
		}}},
	} {
		text, err := json.Marshal(checks.NewReport(checks.ReportConfig{
			URL: "https://app.example.com/", Engine: "gradewatch/test", Observation: observation,
			Measurements: checks.Measurements{StartedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)},
		}))
		require.NoError(t, err)
		var report struct {
			HTTP struct {
				Hops, Cookies []any
				Headers       map[string]any
			} `json:"http"`
		}
		require.NoError(t, json.Unmarshal(text, &report))
		require.NotNil(t, report.HTTP.Hops, name)
		require.NotNil(t, report.HTTP.Cookies, name)
		require.NotNil(t, report.HTTP.Headers, name)
		validReport(t, text)
	}
}
