package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// BenchmarkJudge judges a healthy endpoint on two addresses: every requirement,
// with the chains' paths built.
func BenchmarkJudge(b *testing.B) {
	w := healthy(b)
	profile := policy.SuperOffice()
	for b.Loop() {
		verdicts := policy.Judge(&w.observation, w.subject, w.at, profile, w.roots)
		require.Len(b, verdicts, len(profile.Requirements))
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
