package remedies_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/remedies"
)

// referenced returns who names each remedy: requirements and rules of grades.
func referenced() map[string][]string {
	names := map[string][]string{}
	for _, profile := range policy.Embedded() {
		for _, requirement := range profile.Requirements {
			if requirement.RemedyID != "" {
				names[requirement.RemedyID] = append(names[requirement.RemedyID], requirement.ID)
			}
			for _, other := range requirement.Remedies {
				if other.RemedyID != "" {
					names[other.RemedyID] = append(names[other.RemedyID], requirement.ID)
				}
			}
		}
	}
	for _, rule := range remedies.GradeRules() {
		remedy, _ := remedies.ForGradeRule(rule)
		names[remedy.ID] = append(names[remedy.ID], rule)
	}
	return names
}

func TestEveryReferenceLeadsToARemedy(t *testing.T) {
	t.Parallel()
	for id, by := range referenced() {
		_, found := remedies.ByID(id)
		require.True(t, found, "%s: there is no remedy %q", strings.Join(by, ", "), id)
	}
}

// Every rule that a grade can have fired has a remedy, but for those that state
// something without a fault.
func TestEveryRuleOfAGradeHasARemedy(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../grade/criteria.yaml")
	require.NoError(t, err)
	var criteria struct {
		Rules []struct{ ID string } `yaml:"rules"`
	}
	require.NoError(t, yaml.Unmarshal(data, &criteria))
	require.NotEmpty(t, criteria.Rules)
	known := map[string]bool{}
	for _, rule := range criteria.Rules {
		known[rule.ID] = true
		_, found := remedies.ForGradeRule(rule.ID)
		require.Equal(t, rule.ID != "N-PRIVATE-ROOT", found, rule.ID)
	}
	for _, rule := range remedies.GradeRules() {
		require.True(t, known[rule], "no grade has the rule %s", rule)
	}
}

func TestEveryRemedyIsReferenced(t *testing.T) {
	t.Parallel()
	// What no requirement asks for yet, and operators ask all the same.
	spare := []string{
		"renewal-reload", "require-sni", "tolerance",
	}
	names := referenced()
	for _, remedy := range remedies.All() {
		if len(names[remedy.ID]) == 0 {
			require.True(t, slices.Contains(spare, remedy.ID), "nothing names the remedy %s", remedy.ID)
		}
	}
	for _, id := range spare {
		_, found := remedies.ByID(id)
		require.True(t, found, id)
	}
}
