package policy_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

// BenchmarkJudge judges a full look at a healthy endpoint on two addresses by
// every requirement of each profile. A profile should cost under 2 ms.
func BenchmarkJudge(b *testing.B) {
	evidence := cases.Healthy()
	for _, profile := range policy.Embedded() {
		b.Run(profile.ID, func(b *testing.B) {
			for b.Loop() {
				require.Len(b, policy.Judge(evidence, profile), len(profile.Requirements))
			}
		})
	}
}

// BenchmarkJudgeMostCookies judges the worst that servers can make of a look:
// 200 cookies without attributes at each of 10 hops on 16 addresses.
func BenchmarkJudgeMostCookies(b *testing.B) {
	evidence := cases.Healthy()
	one := evidence.Observation.Addresses[0]
	hop := one.HTTP.Hops[0]
	hop.Answer.Value.Cookies = nil
	for i := range 200 {
		hop.Answer.Value.Cookies = append(hop.Answer.Value.Cookies, checks.Cookie{Name: fmt.Sprint("c", i)})
	}
	one.HTTP.Hops = slices.Repeat([]checks.Hop{hop}, 10)
	evidence.Observation.Addresses = slices.Repeat([]checks.AddressObservation{one}, 16)
	for _, profile := range policy.Base() {
		b.Run(profile.ID, func(b *testing.B) {
			for b.Loop() {
				require.Len(b, policy.Judge(evidence, profile), len(profile.Requirements))
			}
		})
	}
}

// BenchmarkLoad compiles a profile, as a program does once.
func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile("profiles/superoffice.yaml")
	require.NoError(b, err)
	for b.Loop() {
		_, err := policy.Load(data)
		require.NoError(b, err)
	}
}

// BenchmarkCanonical is what is hashed after every look.
func BenchmarkCanonical(b *testing.B) {
	w := healthy(b)
	for b.Loop() {
		for _, address := range w.observation.Addresses {
			for _, component := range []any{address.TLS, address.HTTP} {
				if _, _, err := checks.Canonical(component); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
