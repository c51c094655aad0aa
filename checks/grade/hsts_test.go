package grade_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

// RFC 6797 section 6.1 and the rating guide, section 7.
func TestParseHSTS(t *testing.T) {
	t.Parallel()
	const invalid, present, disabled = grade.HSTSInvalid, grade.HSTSPresent, grade.HSTSDisabled
	for _, test := range []struct {
		values []string
		status grade.HSTSStatus
		age    int64
	}{
		{nil, grade.HSTSAbsent, 0},
		{[]string{"max-age=31536000"}, present, 31536000},
		{[]string{"MAX-AGE=31536000"}, present, 31536000},
		{[]string{`max-age="31536000"`}, present, 31536000},
		{[]string{" max-age = 1 ; includeSubDomains ; preload "}, present, 1},
		{[]string{";; max-age=1;"}, present, 1},
		{[]string{`max-age=1; other="a;b=c\";max-age=2"`}, present, 1},
		{[]string{"max-age=1; unknown"}, present, 1},
		{[]string{"max-age=9223372036854775807"}, present, math.MaxInt64},
		{[]string{"max-age=9223372036854775808"}, present, math.MaxInt64},
		{[]string{"max-age=" + strings.Repeat("9", 100)}, present, math.MaxInt64},
		{[]string{"max-age=000"}, disabled, 0},
		{[]string{"max-age=0; includeSubDomains"}, disabled, 0},
		{[]string{"max-age=1", "max-age=1"}, present, 1},
		{[]string{"max-age=1", "max-age=2"}, invalid, 0},
		{[]string{""}, invalid, 0},
		{[]string{"includeSubDomains"}, invalid, 0},
		{[]string{"max-age"}, invalid, 0},
		{[]string{"max-age="}, invalid, 0},
		{[]string{`max-age=""`}, invalid, 0},
		{[]string{"max-age=-1"}, invalid, 0},
		{[]string{"max-age=+1"}, invalid, 0},
		{[]string{"max-age=1.5"}, invalid, 0},
		{[]string{"max-age=1e9"}, invalid, 0},
		{[]string{"max-age=1 year"}, invalid, 0},
		{[]string{"max-age=1; max-age=1"}, invalid, 0},
		{[]string{"max-age=1; preload; preload"}, invalid, 0},
		{[]string{"max-age=1, includeSubDomains"}, invalid, 0},
		{[]string{`max-age="1`}, invalid, 0},
		{[]string{`max-age="1"2`}, invalid, 0},
		{[]string{`max-age="1\`}, invalid, 0},
		{[]string{"max-age=1; a b"}, invalid, 0},
		{[]string{"max-age=1; \ufffd"}, invalid, 0},
		{[]string{"max-age=1; x=" + strings.Repeat("a", 490) + "…"}, grade.HSTSUnknown, 0},
	} {
		got := grade.ParseHSTS(test.values)
		require.Equal(t, test.status, got.Status, "%q", test.values)
		require.Equal(t, test.age, got.MaxAge, "%q", test.values)
		require.Equal(t, test.status == invalid, got.Fault != "", "%q", test.values)
	}
	got := grade.ParseHSTS([]string{"max-age=1; includeSubdomains; PRELOAD"})
	require.True(t, got.IncludeSubDomains)
	require.True(t, got.Preload)
}

// An answer that was not seen makes A+ and the warnings uncertain, nothing worse.
func TestHeaderNotSeen(t *testing.T) {
	t.Parallel()
	own := hop("https", "app.example.com", 302)
	silent := checks.Hop{URL: own.URL, Host: own.Host, Scheme: "https", Answer: checks.InconclusiveFact[checks.Response](checks.ReasonTimeout)}
	long := hop("https", "app.example.com", 200)
	long.Answer.Value.HSTS = checks.KnownFact([]string{"max-age=1; x=" + strings.Repeat("a", 490) + "…"})
	old := hop("https", "app.example.com", 200)
	old.Answer.Value.HSTS = checks.Fact[[]string]{}
	for name, hops := range map[string][]checks.Hop{
		"no walk":                   nil,
		"no answer":                 {silent},
		"a later hop is silent":     {own, silent},
		"a header that was cut off": {long},
		"a header not asked for":    {old},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(func(s *server) { s.observed.HTTP.Hops = hops }).grade()
			require.Equal(t, checks.GradeA, got.Letter)
			require.True(t, got.Provisional)
			require.Contains(t, got.Missing[0].Text, "Strict-Transport-Security")
		})
	}
	capped := serving(accepts(v10, suite(0xC013)), func(s *server) { s.observed.HTTP.Hops = nil }).grade()
	require.False(t, capped.Provisional, "a header changes nothing about B")
}

func FuzzParseHSTS(f *testing.F) {
	for _, seed := range []string{"max-age=1", `max-age="1"; x="a;\""`, ";;", "max-age", `"`, `a="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := grade.ParseHSTS([]string{value})
		require.Equal(t, got.Status == grade.HSTSInvalid, got.Fault != "")
		require.Equal(t, got.Status == grade.HSTSPresent, got.MaxAge > 0 && got.Fault == "")
		require.GreaterOrEqual(t, got.MaxAge, int64(0))
	})
}
