package hsts_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

func TestParse(t *testing.T) {
	t.Parallel()
	valid := func(age int64, sub, preload bool, faults ...hsts.Fault) hsts.Policy {
		return hsts.Policy{MaxAge: age, IncludeSubDomains: sub, Preload: preload, Valid: true, Faults: faults}
	}
	invalid := func(age int64, faults ...hsts.Fault) hsts.Policy { return hsts.Policy{MaxAge: age, Faults: faults} }
	for _, test := range []struct {
		values []string
		want   hsts.Policy
	}{
		{nil, hsts.Policy{}},
		{[]string{"max-age=31536000"}, valid(31536000, false, false)},
		{[]string{"max-age=31536000; includeSubDomains; preload"}, valid(31536000, true, true)},
		{[]string{"PRELOAD;INCLUDESUBDOMAINS;MAX-AGE=1"}, valid(1, true, true)},
		{[]string{`max-age="31536000"`}, valid(31536000, false, false)},
		{[]string{`max-age="3\1536000" ; a="b;c\"d"`}, valid(31536000, false, false)},
		{[]string{" \tmax-age = 5 ;; ; unknown=1; other "}, valid(5, false, false)},
		{[]string{"max-age=0"}, valid(0, false, false)},
		{[]string{"max-age=99999999999999999999999"}, valid(math.MaxInt64, false, false)},
		{[]string{"max-age=1", "max-age=2"}, valid(1, false, false, hsts.SeveralFields)},
		{[]string{"", "max-age=2"}, invalid(0, hsts.MaxAgeMissing, hsts.SeveralFields)},
		{[]string{""}, invalid(0, hsts.MaxAgeMissing)},
		{[]string{"includeSubDomains"}, hsts.Policy{IncludeSubDomains: true, Faults: []hsts.Fault{hsts.MaxAgeMissing}}},
		{[]string{"max-age"}, invalid(0, hsts.MaxAgeInvalid)},
		{[]string{"max-age="}, invalid(0, hsts.BrokenSyntax, hsts.MaxAgeMissing)},
		{[]string{"max-age=-1"}, invalid(0, hsts.MaxAgeInvalid)},
		{[]string{"max-age=1.5"}, invalid(0, hsts.MaxAgeInvalid)},
		{[]string{"max-age=1 2"}, invalid(0, hsts.BrokenSyntax, hsts.MaxAgeMissing)},
		{[]string{"max-age=1, max-age=1"}, invalid(0, hsts.BrokenSyntax, hsts.MaxAgeMissing)},
		{[]string{"max-age=1; max-age=2"}, invalid(1, hsts.RepeatedDirective)},
		{[]string{"max-age=1; x; X"}, invalid(1, hsts.RepeatedDirective)},
		{[]string{`max-age="1`}, invalid(0, hsts.BrokenSyntax, hsts.MaxAgeMissing)},
		{[]string{"max-age=1; " + strings.Repeat("a", 500) + "…"}, invalid(0, hsts.TooLong)},
	} {
		require.Equal(t, test.want, hsts.Parse(test.values), "%q", test.values)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "max-age=1", `max-age="1\"`, "max-age=1; includeSubDomains; preload", ";;=;\"", "a=\"b;c\"; max-age=07"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		policy := hsts.Parse([]string{value})
		require.Equal(t, policy.Valid, len(policy.Faults) == 0)
		require.GreaterOrEqual(t, policy.MaxAge, int64(0))
		again := hsts.Parse([]string{value, "max-age=7"})
		require.Equal(t, policy.Valid, again.Valid, "the first field counts")
		require.Equal(t, policy.MaxAge, again.MaxAge)
	})
}
