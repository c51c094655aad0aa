package renewal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
)

// window of a certificate of 90 days (due after 60, overdue after 70), from
// and to in days after notBefore.
func window(from, to float64) checks.RenewalInfo {
	after := func(days float64) time.Time { return issued.Add(time.Duration(days * float64(day))) }
	return checks.RenewalInfo{Start: after(from), End: after(to)}
}

func explained(info checks.RenewalInfo, page string) checks.RenewalInfo {
	info.ExplanationURL = page
	return info
}

func TestIssuersWindow(t *testing.T) {
	t.Parallel()
	const page = "https://issuer.example/incident"
	notAfter := until(90 * day)
	tests := []struct {
		name           string
		info           checks.RenewalInfo
		overdue, asked float64 // days after notBefore; asked 0: never
		moved          bool
	}{
		{"the usual one, of Let's Encrypt", window(59.1, 60.9), 70, 70, false},
		{"later than a good renewal", window(70, 73), 73, 73, false},
		{"as late as it may", window(70, 75), 75, 75, false},
		{"so late that no time is left", window(80, 89.9), 75, 75, false},
		{"to the very end of the certificate", checks.RenewalInfo{Start: issued.Add(89 * day), End: notAfter}, 75, 75, false},
		{"a little early", window(50, 55), 70, 70, false},
		{"a little early, with an explanation", explained(window(50, 55), page), 70, 55, false},
		{"over, with an explanation, though it was due anyway", explained(window(61, 62), page), 70, 62, false},
		{"moved to now in a young certificate", window(10, 10.02), 70, 10, true},
		{"moved, still open", window(20, 30), 70, 20, true},
		{"moved before the certificate began", window(-5, -4), 70, 0.0001, true},
		{"ends as it begins", window(60, 60), 70, 0, false},
		{"ends before it begins", window(61, 60), 70, 0, false},
		{"ends after the certificate", window(60, 91), 70, 0, false},
		{"ends a second after the certificate", checks.RenewalInfo{Start: issued, End: notAfter.Add(time.Second)}, 70, 0, false},
		{"empty", checks.RenewalInfo{}, 70, 0, false},
		{"no beginning", checks.RenewalInfo{End: issued.Add(day)}, 70, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.WithinDuration(t, issued.Add(time.Duration(test.overdue*float64(day))), renewal.OverdueFromWithin(test.info, issued, notAfter), time.Minute)
			require.Equal(t, test.moved, renewal.Moved(test.info, issued, notAfter))
			from, possible := renewal.AskedFrom(test.info, issued, notAfter)
			require.Equal(t, test.asked > 0, possible)
			if !possible {
				asked, because := renewal.Asked(test.info, issued, notAfter, notAfter)
				require.False(t, asked)
				require.Empty(t, because)
				return
			}
			require.WithinDuration(t, issued.Add(time.Duration(test.asked*float64(day))), from, time.Minute)
			asked, _ := renewal.Asked(test.info, issued, notAfter, from.Add(-time.Second))
			require.False(t, asked, "a second before")
			asked, because := renewal.Asked(test.info, issued, notAfter, from)
			require.True(t, asked)
			require.Equal(t, test.info.ExplanationURL != "", strings.HasSuffix(because, page))
			require.Contains(t, renewal.Boundaries(&test.info, issued, notAfter), from)
		})
	}
}

func TestMovedWindowIsToldWithoutItsTimes(t *testing.T) {
	t.Parallel()
	_, first := renewal.Asked(window(10, 10.02), issued, until(90*day), issued.Add(11*day))
	_, second := renewal.Asked(window(10.5, 10.52), issued, until(90*day), issued.Add(11*day))
	require.Equal(t, first, second)
	require.Equal(t, "Its issuer asks for its renewal at once, long before it is due, as issuers do before they revoke certificates.", first)
	_, usual := renewal.Asked(window(59, 61), issued, until(90*day), issued.Add(80*day))
	require.Equal(t, "Its issuer asked for its renewal from 2027-01-20 05:17 UTC to 2027-01-22 05:17 UTC.", usual)
}

func TestExplanationIsALinkOrNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://issuer.example/why?id=1":                    "https://issuer.example/why?id=1",
		"http://issuer.example/":                             "http://issuer.example/",
		"":                                                   "",
		"javascript:alert(1)":                                "",
		"https:///nohost":                                    "",
		"https://user:secret@issuer.example/":                "",
		"https://issuer.example/\u202egnp.exe":               "",
		"https://issuer.example/\nInjected: yes":             "",
		"https://issuer.example/" + strings.Repeat("a", 600): "",
	} {
		require.Equal(t, want, renewal.Explanation(checks.RenewalInfo{ExplanationURL: text}), text)
	}
}

func TestBoundariesWithoutAWindow(t *testing.T) {
	t.Parallel()
	require.Equal(t, []time.Time{issued.Add(70 * day)}, renewal.Boundaries(nil, issued, until(90*day)))
}

// FuzzWindow feeds dates as a hostile certificate and a hostile issuer would.
func FuzzWindow(f *testing.F) {
	f.Add(int64(0), int64(90*86400), int64(59*86400), int64(61*86400), int64(70*86400))
	f.Add(int64(-62135596800), int64(253402300799), int64(-1), int64(1), int64(0))
	f.Add(int64(10), int64(0), int64(0), int64(5), int64(7))
	f.Fuzz(func(t *testing.T, begin, end, start, stop, now int64) {
		const farthest = 300_000_000_000 // past the year 9999, both ways
		begin, end, start, stop, now = begin%farthest, end%farthest, start%farthest, stop%farthest, now%farthest
		at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
		info := checks.RenewalInfo{Start: at(start), End: at(stop)}
		due, from := renewal.Due(at(begin), at(end)), renewal.OverdueFrom(at(begin), at(end))
		within := renewal.OverdueFromWithin(info, at(begin), at(end))
		if begin <= end {
			require.False(t, due.Before(at(begin)))
			require.False(t, from.Before(due))
			require.False(t, from.After(at(end+1)))
			require.False(t, within.Before(from), "a window never makes a renewal overdue earlier")
			require.False(t, within.After(at(end+1)), "nor only after the expiry")
		}
		asked, because := renewal.Asked(info, at(begin), at(end), at(now))
		require.Equal(t, asked, because != "")
		if asked {
			require.Less(t, start, stop)
			require.LessOrEqual(t, stop, end)
		}
	})
}
