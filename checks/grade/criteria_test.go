package grade_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

func TestCriteriaAt(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]string{
		{}:                              "2009q",
		day(2020, 1, 30):                "2009q",
		day(2020, 1, 31):                "2009q",
		day(2025, 5, 15):                "2009q",
		day(2025, 5, 16):                "2009r",
		day(2030, 1, 1):                 "2009r",
		day(2025, 5, 16).Add(-1):        "2009q",
		day(2025, 5, 16).Add(time.Hour): "2009r",
	} {
		require.Equal(t, want, grade.CriteriaAt(at).Version, at)
	}
}

func TestAllCriteria(t *testing.T) {
	t.Parallel()
	rules := map[string][]string{}
	for _, criteria := range grade.AllCriteria() {
		again, err := grade.CriteriaByVersion(criteria.Version)
		require.NoError(t, err)
		require.Equal(t, criteria.Effective, again.Effective)
		for _, rule := range criteria.Rules() {
			rules[criteria.Version] = append(rules[criteria.Version], rule.ID)
		}
	}
	require.Len(t, rules, 2)
	_, err := grade.CriteriaByVersion("2009z")
	require.ErrorContains(t, err, "2009z")
	for _, id := range []string{"W-NO-TLS13", "W-HSTS-DISABLED", "W-HSTS-INVALID"} {
		require.NotContains(t, rules["2009q"], id)
		require.Contains(t, rules["2009r"], id)
	}
	require.Contains(t, rules["2009q"], "BONUS-FALLBACK-SCSV")
	require.NotContains(t, rules["2009r"], "BONUS-FALLBACK-SCSV")
}

// The zero criteria are those of the time.
func TestCriteriaOfTheTime(t *testing.T) {
	t.Parallel()
	s := serving()
	require.Equal(t, "2009q", grade.Address(s.observed, s.appraised, day(2021, 1, 1), grade.Criteria{}).Criteria)
	require.Equal(t, "2009r", grade.Address(s.observed, s.appraised, now, grade.Criteria{}).Criteria)
}

// Between announcement and effect a grade says what it will be.
func TestFuture(t *testing.T) {
	t.Parallel()
	noTLS13 := serving(refuses(v13))
	for at, want := range map[time.Time]checks.Letter{
		day(2025, 2, 25): "", // not announced
		day(2025, 2, 26): "A-",
		day(2025, 5, 15): "A-",
		day(2025, 5, 16): "", // in force: an old report by old criteria stays as it is
	} {
		got := noTLS13.gradeBy(at, "2009q")
		require.Equal(t, checks.GradeA, got.Letter)
		require.Equal(t, want, got.Future, at)
	}
	require.Empty(t, serving().gradeBy(day(2025, 3, 1), "2009q").Future, "equal")
	require.Empty(t, noTLS13.gradeBy(day(2025, 3, 1), "2009r").Future, "nothing follows")
}

func TestParseCriteriaSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := string(grade.CriteriaData())
	replace := func(old, other string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, other, 1)
	}
	for want, data := range map[string]string{
		"EOF":                              "",
		"field threshold not found":        replace("trusted_only: true", "threshold: 1"),
		"something follows":                good + "\n---\nrules: []\n",
		"B-TLS10 stands twice":             replace("id: B-TLS11", "id: B-TLS10"),
		"rule B-TLS11 is missing":          replace("id: B-TLS11", "id: B-TLS10"),
		`rule "B-TLS12" has no condition`:  replace("id: B-TLS11", "id: B-TLS12"),
		`does not lead to "A"`:             replace("id: B-TLS11, effect: cap, letter: B", "id: B-TLS11, effect: cap, letter: A"),
		`the effect "ban"`:                 replace("id: B-TLS11, effect: cap", "id: B-TLS11, effect: ban"),
		"needs a text and a fix":           replace(`text: "TLS 1.1 is accepted"`, `text: ""`),
		"parsing time":                     replace("from: 2025-05-16", "from: soon"),
		"ends before it begins":            replace("from: 2025-05-16", "to: 2025-05-16, from: 2026-01-01"),
		"take effect before they are":      replace("announced: 2025-02-26", "announced: 2026-02-26"),
		"must take effect after":           replace("effective: 2020-01-31", "effective: 2026-01-31"),
		"need a version":                   replace("version: 2009r", `version: ""`),
		"there must be criteria and rules": "criteria: []\nrules: []\n",
	} {
		_, err := grade.ParseCriteria([]byte(data))
		require.ErrorContains(t, err, want)
	}
	_, err := grade.ParseCriteria([]byte(good))
	require.NoError(t, err)
}

// Whether an oracle counts that nobody can observe is a line of data (section 13,
// row 5).
func TestValuesAreData(t *testing.T) {
	t.Parallel()
	strict, err := grade.ParseCriteria([]byte(strings.Replace(string(grade.CriteriaData()), "values: [3], text: \"Zombie", "values: [2, 3], text: \"Zombie", 1)))
	require.NoError(t, err)
	s := serving(found(checks.ZombiePOODLE, checks.Vulnerable, 2))
	require.Equal(t, checks.GradeA, s.grade().Letter)
	require.Equal(t, checks.GradeF, grade.Address(s.observed, s.appraised, now, strict[1]).Letter)
}
