package policy_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

// The worked example of docs/checks.md is a profile that needs no Go code.
func TestProfileOfTheDocuments(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/checks.md")
	require.NoError(t, err)
	block := func(name string) []byte {
		found := regexp.MustCompile("(?s)```yaml " + name + "\n(.*?)```").FindSubmatch(page)
		require.NotNil(t, found, name)
		return found[1]
	}
	profile, err := policy.Load(block("profile"))
	require.NoError(t, err)
	file, err := cases.Read(block("cases"))
	require.NoError(t, err)
	require.Equal(t, profile.ID, file.Profile)
	seen := map[string]map[checks.Result]bool{}
	for _, one := range file.Tests {
		require.NoError(t, one.Run(profile), one.Title())
		if seen[one.Requirement] == nil {
			seen[one.Requirement] = map[checks.Result]bool{}
		}
		seen[one.Requirement][one.Want] = true
	}
	for _, requirement := range profile.Requirements {
		require.Len(t, seen[requirement.ID], 3, requirement.ID)
	}
	broken := file.Tests[0]
	broken.Want, broken.Says = checks.Fail, "something else"
	require.ErrorContains(t, broken.Run(profile), `result: want "fail", got "pass"`)
	for _, odd := range []cases.Case{
		{Requirement: "HO-99"},
		{Requirement: "HO-01", Set: map[string]any{"observation": 1}},
		{Requirement: "HO-01", Set: map[string]any{"/observation/adresses": []any{}}},
		{Requirement: "HO-01", Set: map[string]any{"/observation/addresses/9": map[string]any{}}},
		{Requirement: "HO-01", Set: map[string]any{"/at/x": 1}},
	} {
		require.Error(t, odd.Run(profile))
	}
}
