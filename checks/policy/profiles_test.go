package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

func casesOf(t *testing.T, id string) cases.File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("profiles", id+"_test.yaml"))
	require.NoError(t, err)
	file, err := cases.Read(data)
	require.NoError(t, err)
	require.Equal(t, id, file.Profile)
	return file
}

// Every profile's cases hold.
func TestProfileCases(t *testing.T) {
	t.Parallel()
	for _, profile := range policy.Embedded() {
		for _, one := range casesOf(t, profile.ID).Tests {
			t.Run(profile.ID+" "+one.Title(), func(t *testing.T) {
				t.Parallel()
				require.NoError(t, one.Run(profile))
			})
		}
	}
}

// Every requirement has a case that passes, one that fails and one that cannot
// be told, where those exist; records and lints that always know say so here.
func TestProfileCasesAreComplete(t *testing.T) {
	t.Parallel()
	for _, profile := range policy.Embedded() {
		seen := map[string]map[checks.Result]bool{}
		for _, one := range casesOf(t, profile.ID).Tests {
			if seen[one.Requirement] == nil {
				seen[one.Requirement] = map[checks.Result]bool{}
			}
			seen[one.Requirement][one.Want] = true
		}
		for _, requirement := range profile.Requirements {
			wanted := []checks.Result{checks.Pass, checks.Fail, checks.ResultInconclusive}
			if requirement.Each == policy.EachEndpoint && !strings.Contains(requirement.Pass, "dns.") {
				wanted = wanted[:2] // the text of a URL is always known
			}
			for _, want := range wanted {
				require.True(t, seen[requirement.ID][want], "%s %s has no case that is %s", profile.ID, requirement.ID, want)
			}
			delete(seen, requirement.ID)
		}
		require.Empty(t, seen, "%s: cases of requirements that are not there", profile.ID)
	}
}

// Before any change, no profile has anything against the healthy endpoint, but
// for second opinions that contradict others: TLS 1.3 alone, no X25519, the
// client's order of suites, HSTS for two years.
func TestHealthyEndpointFailsNothing(t *testing.T) {
	t.Parallel()
	against := map[string][]string{
		"bsi-tr-02102-2":       {"BSI-07", "BSI-08"},
		"mozilla-intermediate": {"MI-12", "MI-13"},
		"mozilla-modern":       {"MM-01", "MM-08", "MM-09"},
	}
	for _, profile := range policy.Embedded() {
		var failed []string
		for _, verdict := range policy.Judge(cases.Healthy(), profile) {
			require.NotEmpty(t, verdict.Proof)
			if verdict.Result == checks.Fail {
				failed = append(failed, verdict.Requirement)
				continue
			}
			require.Contains(t, []checks.Result{checks.Pass, checks.NotApplicable}, verdict.Result, "%+v", verdict)
		}
		require.Equal(t, against[profile.ID], failed, profile.ID)
	}
}

func TestRequirementIDsAreUnique(t *testing.T) {
	t.Parallel()
	owners := map[string]string{}
	for _, profile := range policy.Embedded() {
		for _, requirement := range profile.Requirements {
			require.Empty(t, owners[requirement.ID], "%s stands in %s too", requirement.ID, profile.ID)
			owners[requirement.ID] = profile.ID
		}
	}
}

func TestProfilesFollowTheirSchema(t *testing.T) {
	t.Parallel()
	compiled, err := jsonschema.NewCompiler().Compile("../../docs/profile.schema.json")
	require.NoError(t, err)
	files, err := filepath.Glob("profiles/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.yaml") {
			continue
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var tree any
		require.NoError(t, yaml.Unmarshal(data, &tree))
		require.NoError(t, compiled.Validate(tree), file)
		profile, err := policy.Load(data)
		require.NoError(t, err, file)
		require.Equal(t, profile.ID+".yaml", filepath.Base(file))
	}
}

// What is advice of ours stands apart from what an owner requires.
func TestOurOwnProfileGivesAdviceOnly(t *testing.T) {
	t.Parallel()
	for _, profile := range policy.Embedded() {
		if profile.Owner != "Gradewatch" {
			continue
		}
		for _, requirement := range profile.Requirements {
			for _, rule := range requirement.Rules {
				require.Contains(t, []checks.Severity{checks.Advice, checks.Record}, rule.Severity, requirement.ID)
			}
		}
	}
}
