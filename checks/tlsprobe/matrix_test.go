package tlsprobe_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/matrix"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// TestMatrix looks at every server of the matrix and wants all of its
// protocols, suites, orders and groups, to the letter, and the grade that they
// are worth.
func TestMatrix(t *testing.T) {
	t.Parallel()
	servers, trust := 0, matrixTrust(t)
	for _, group := range matrix.Groups(t) {
		servers += len(group.Servers)
		t.Run(group.Name, func(t *testing.T) {
			t.Parallel()
			addresses := group.Start(t)
			for index, server := range group.Servers {
				t.Run(server.Name, func(t *testing.T) {
					t.Parallel()
					look := fullLook(t, addresses[index])
					requireExpectation(t, server.Want, look)
					requireGrade(t, server.Grade, look, addresses[index], trust)
				})
			}
		})
	}
	require.GreaterOrEqual(t, servers, 60)
}

func fullLook(t *testing.T, address netip.AddrPort) checks.FullLook {
	t.Helper()
	limits := checks.LimitsFor(checks.Full, false)
	limits.ConnectionsPerAddress = 600 // some take more suites in all than the default has room for
	target := checks.Target{Host: matrix.Host, Port: address.Port(), Depth: checks.Full, Limits: limits}
	return tlsprobe.Full(t.Context(), checktest.Loopback(t), target, address, func(string) {})
}

func requireExpectation(t *testing.T, want matrix.Expectation, look checks.FullLook) {
	t.Helper()
	expected := map[checks.Protocol]matrix.Expected{}
	for protocol, answer := range want.Protocols {
		expected[protocol] = comparable(answer)
	}
	if difference := cmp.Diff(expected, found(t, look)); difference != "" {
		t.Errorf("-expected +found:\n%s", difference)
	}
	requireGroups(t, want, look.Full.Suites)
	requireChains(t, want, look.Full.Chains)
	for protocol, accepted := range look.Full.Suites.Accepted {
		for _, suite := range accepted.Value {
			requireExchange(t, want, protocol, suite)
		}
	}
}

// comparable sorts what has no order by name: our lists sort by ID then, which
// requireSorted holds.
func comparable(answer matrix.Expected) matrix.Expected {
	answer.Suites = append([]string{}, answer.Suites...)
	if answer.Preference != checks.ServerPreference {
		slices.Sort(answer.Suites)
	}
	return answer
}

// found turns what was found into the form of the expectations. Nothing may be
// inconclusive.
func found(t *testing.T, look checks.FullLook) map[checks.Protocol]matrix.Expected {
	t.Helper()
	all := map[checks.Protocol]matrix.Expected{}
	suites := look.Full.Suites
	for _, protocol := range checks.Protocols() {
		version, accepted, preference := look.TLS.Protocols[protocol], suites.Accepted[protocol], suites.Preference[protocol]
		require.True(t, version.Conclusive(), "%s: %+v", protocol, version)
		require.NotEqual(t, checks.Inconclusive, accepted.State, "suites of %s: %+v", protocol, accepted)
		require.NotEqual(t, checks.Inconclusive, preference.State, "preference of %s: %+v", protocol, preference)
		if version.State == checks.Absent {
			require.NotEqual(t, checks.Known, accepted.State, "%s is refused", protocol)
			continue
		}
		answer := matrix.Expected{Preference: preference.Value, WithoutSuites: version.Value.WithoutSuites}
		if answer.Preference != checks.ServerPreference {
			require.True(t, slices.IsSortedFunc(accepted.Value, bySuiteID), "%s: %+v", protocol, accepted.Value)
		}
		for _, suite := range accepted.Value {
			answer.Suites = append(answer.Suites, suite.Name)
		}
		all[protocol] = comparable(answer)
	}
	return all
}

func bySuiteID(a, b checks.Suite) int { return strings.Compare(a.ID, b.ID) }

func requireChains(t *testing.T, want matrix.Expectation, chains checks.Chains) {
	t.Helper()
	require.Equal(t, want.SNIRequired, chains.SNIRequired.State == checks.Known && chains.SNIRequired.Value, "SNI required: %+v", chains.SNIRequired)
	if len(want.Keys) == 0 { // nothing that we could see, or nothing at all
		require.False(t, chains.Served.State == checks.Known && len(chains.Served.Value) == 0, "chains: %+v", chains.Served)
		return
	}
	require.Equal(t, checks.Known, chains.Served.State, "chains: %+v", chains.Served)
	require.Equal(t, checks.Known, chains.SNIRequired.State, "SNI required: %+v", chains.SNIRequired)
	var keys []string
	for _, served := range chains.Served.Value {
		if served.SNI {
			keys = append(keys, served.Key)
		}
	}
	require.Equal(t, want.Keys, keys)
}

func requireGroups(t *testing.T, want matrix.Expectation, suites checks.Suites) {
	t.Helper()
	compare := func(what string, names []string, fact checks.Fact[[]checks.Group], state checks.State, inOrder bool) {
		if len(names) == 0 {
			return
		}
		require.Equal(t, state, fact.State, "%s: %+v", what, fact)
		expected, got := slices.Clone(names), []string{}
		for _, group := range fact.Value {
			got = append(got, group.Name)
		}
		if !inOrder {
			slices.Sort(expected)
			slices.Sort(got)
		}
		if difference := cmp.Diff(expected, got); difference != "" {
			t.Errorf("%s, -expected +found:\n%s", what, difference)
		}
	}
	compare("groups of TLS 1.3", want.Groups, suites.Groups, checks.Known, want.GroupPreference == checks.ServerPreference)
	legacy := checks.Known
	if want.LegacyGroupsOpen {
		legacy = checks.Inconclusive
	}
	compare("groups up to TLS 1.2", want.LegacyGroups, suites.LegacyGroups, legacy, false)
	if want.GroupPreference != "" {
		require.Equal(t, checks.KnownFact(want.GroupPreference), suites.GroupPreference)
	}
}

// requireExchange holds what a suite's key exchange used.
func requireExchange(t *testing.T, want matrix.Expectation, protocol checks.Protocol, suite checks.Suite) {
	t.Helper()
	finite := strings.HasPrefix(suite.KeyExchange, "DHE_") || strings.HasPrefix(suite.KeyExchange, "DH_anon")
	switch {
	case finite && want.DHBits > 0 && !strings.Contains(suite.KeyExchange, "EXPORT"):
		require.Equal(t, want.DHBits, suite.GroupBits, "%s in %s", suite.Name, protocol)
	case finite:
		require.Positive(t, suite.GroupBits, "%s in %s", suite.Name, protocol)
	case strings.HasPrefix(suite.KeyExchange, "ECDHE_") && len(want.LegacyGroups) > 0:
		require.Contains(t, want.LegacyGroups, suite.Group, "%s in %s", suite.Name, protocol)
	case suite.KeyExchange == "TLS13" && len(want.Groups) > 0:
		require.Contains(t, want.Groups, suite.Group, "%s in %s", suite.Name, protocol)
	case suite.KeyExchange == "RSA":
		require.Empty(t, suite.Group, "%s in %s", suite.Name, protocol)
	}
}
