package attestations_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
)

func TestEveryStatementOfTheReferenceIsThere(t *testing.T) {
	t.Parallel()
	catalog := attestations.SuperOffice()
	require.Equal(t, "superoffice-attestations@2026-07", catalog.Name())
	require.Len(t, catalog.Statements, 29)
	for i, statement := range catalog.Statements {
		require.Equal(t, fmt.Sprintf("A-%02d", i+1), statement.ID)
		require.NotContains(t, statement.Text, "must", "a statement says what is, not what has to be")
		require.NotEmpty(t, statement.Group.Title())
	}
	_, found := catalog.Statement("A-30")
	require.False(t, found)
}

// As the table of superoffice.md section 2 has it.
func TestWhoItAppliesToAndWhenItIsRenewed(t *testing.T) {
	t.Parallel()
	standard := []string{"A-01", "A-02", "A-03", "A-05", "A-22", "A-23", "A-26", "A-28", "A-29"}
	months := map[string]int{
		"A-02": 12, "A-03": 12, "A-06": 12, "A-07": 12, "A-08": 12, "A-09": 6, "A-12": 12, "A-13": 12, "A-14": 6,
		"A-15": 12, "A-24": 12, "A-27": 6, "A-29": 12,
	}
	concerned := []string{"A-11", "A-18", "A-19", "A-20", "A-21"}
	for _, statement := range attestations.SuperOffice().Statements {
		id := statement.ID
		require.Equal(t, id != "A-04", statement.AppliesTo(policy.Standard), id)
		require.Equal(t, !contains(standard, id), statement.AppliesTo(policy.Custom), id)
		require.Equal(t, months[id], statement.Renewal.Months, id)
		require.Equal(t, contains(concerned, id), statement.Concerns != "", id)
		want := checks.Must
		if id == "A-21" {
			want = checks.Recommended
		}
		require.Equal(t, want, statement.Severity, id)
	}
}

func contains(ids []string, id string) bool { return strings.Contains(strings.Join(ids, " "), id) }

func TestDayOfRenewal(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		parsed, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return parsed
	}
	for _, one := range []struct {
		months       int
		stated, want string
	}{
		{12, "2026-11-22", "2027-11-22"},
		{6, "2026-08-31", "2027-02-28"},
		{12, "2028-02-29", "2029-02-28"},
		{6, "2027-08-31", "2028-02-29"},
		{1, "2026-12-31", "2027-01-31"},
	} {
		require.Equal(t, day(one.want), attestations.Renewal{Months: one.months}.By(day(one.stated)), one.stated)
	}
	require.Zero(t, attestations.Renewal{On: []attestations.Trigger{attestations.OnRelease}}.By(day("2026-11-22")))
	late := time.Date(2026, 11, 22, 23, 30, 0, 0, time.FixedZone("", -3600))
	require.Equal(t, day("2027-11-23"), attestations.Renewal{Months: 12}.By(late), "days are those of UTC")
}

func TestFaultsOfACatalogAreNamed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("superoffice.yaml")
	require.NoError(t, err)
	for name, one := range map[string]struct{ from, to, says string }{
		"unknown field":       {"group: approval", "grouping: approval", "field grouping not found"},
		"unknown group":       {"group: approval", "group: other", "A-01: it has no group"},
		"no sentence":         {"certified the application.", "certified the application", "A-01: what is stated is a sentence"},
		"no severity":         {"severity: must", "severity: advice", "A-01: it is neither required nor recommended"},
		"unknown type":        {"types: [standard]", "types: [native]", "A-01: there is no such type"},
		"unknown trigger":     {"on: [version, recertification]", "on: [full_moon]", "A-01: nobody knows what renews it"},
		"never renewed":       {"{on: [version, recertification]}", "{}", "A-01: nothing says when it is renewed"},
		"too late":            {"{months: 12, on: [major_change]}", "{months: 37}", "A-02: renewal is after 0 to 36 months"},
		"twice":               {"id: A-02", "id: A-01", "A-01 stands after A-01"},
		"no version":          {"version: 2026-07", "version: ''", "id, version"},
		"something follows":   {"id: superoffice-attestations", "id: x\n---\nid: y", "read attestations"},
		"a source is missing": {`source: "SuperOffice developer portal: new certificate"`, `source: ""`, "A-11: it has no source"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(string(data), one.from, one.to, 1)
			require.NotEqual(t, string(data), changed)
			_, err := attestations.Load([]byte(changed))
			require.ErrorContains(t, err, one.says)
		})
	}
}
