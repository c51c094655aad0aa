package policy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/behavior"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Every server of the farm is looked at and gets the verdict that its row names:
// of the requirement itself and of those that split it, such as E-07-STATE.
func TestBehaviorIsJudged(t *testing.T) {
	t.Parallel()
	certificate := checktest.Issue(t, checktest.NewCA(t, "Test root"), pki.Leaf{Names: []string{behavior.Host}})
	seen := map[string]map[checks.Result]bool{}
	for _, row := range behavior.Rows() {
		if seen[row.Requirement] == nil {
			seen[row.Requirement] = map[checks.Result]bool{}
		}
		seen[row.Requirement][row.Want] = true
		t.Run(row.Requirement+" "+row.Name, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartGoServer(t, checktest.GoServerConfig{Handler: row.Handler, Certificate: certificate})
			evidence := lookedAt(t, row, address)
			result, verdicts := checks.NotApplicable, policy.Judge(evidence, splitOf(row.Requirement))
			for _, verdict := range verdicts {
				if worse(verdict.Result, result) {
					result = verdict.Result
				}
			}
			require.Equal(t, row.Want, result, "%+v", verdicts)
		})
	}
	for _, id := range []string{"E-01", "E-02", "E-03", "E-04", "E-05", "E-06", "E-07", "E-09", "E-11", "E-12", "E-13", "E-14"} {
		require.True(t, seen[id][checks.Pass] && seen[id][checks.Fail], "%s has no server that does right, or none that does wrong", id)
	}
}

func worse(result, than checks.Result) bool {
	ranks := map[checks.Result]int{checks.NotApplicable: 0, checks.Pass: 1, checks.ResultInconclusive: 2, checks.Fail: 3}
	return ranks[result] > ranks[than]
}

// splitOf is the profile of a requirement and of its parts.
func splitOf(id string) *policy.Profile {
	ids := []string{id}
	for _, requirement := range policy.SuperOffice().Requirements {
		if strings.HasPrefix(requirement.ID, id+"-") {
			ids = append(ids, requirement.ID)
		}
	}
	return policy.SuperOffice().Only(ids...)
}

// lookedAt is a look at the row's server, by who registers what the row says.
func lookedAt(t *testing.T, row behavior.Row, address netip.AddrPort) policy.Evidence {
	t.Helper()
	network := checktest.Loopback(t)
	network.Names[behavior.Host] = []netip.Addr{address.Addr()}
	target, err := checks.ParseTarget(fmt.Sprintf("https://%s:%d%s", behavior.Host, address.Port(), row.Path), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	row.Ask(&target)
	subject := policy.Subject{
		ApplicationType: policy.Standard, Environment: policy.SOD, Kind: row.Kind, ValueKind: policy.Literal, Value: target.URL,
		Siblings: []policy.Sibling{},
	}
	for _, registered := range row.Registered {
		subject.Siblings = append(subject.Siblings, policy.Sibling{
			Environment: policy.SOD, Kind: policy.Redirect, ValueKind: policy.Literal, Value: registered, Host: behavior.Host,
		})
	}
	look := httpsec.Walk(t.Context(), network, target, address)
	return policy.Evidence{Subject: subject, At: at, Observation: &checks.Observation{
		Depth: checks.Quick, DNS: checks.DNS{Host: behavior.Host, Addresses: checks.KnownFact([]netip.Addr{address.Addr()})},
		Addresses: []checks.AddressObservation{{Address: address.Addr(), Port: address.Port(), HTTP: look.HTTP}},
	}}
}
