package remedies_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

func TestEveryRemedyIsReferenced(t *testing.T) {
	t.Parallel()
	// What no requirement asks for yet, and operators ask all the same.
	spare := []string{
		"automate-renewal", "caa", "chain-order", "cookie-same-site-none", "dangling-dns", "development-leftovers",
		"endpoint-answers", "environments-separate", "error-pages", "framing", "full-url", "must-staple", "native-loopback",
		"not-on-superoffice", "pattern-anchors", "port-443", "renewal-information", "renewal-reload", "require-sni", "sign-in",
		"stapling", "tlsa", "tolerance", "web-panel-template", "webhook-answer",
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
