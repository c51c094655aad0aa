package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// BenchmarkJudge judges a healthy endpoint on two addresses: every requirement,
// with the chains' paths built.
func BenchmarkJudge(b *testing.B) {
	w := healthy(b)
	profile := policy.SuperOffice()
	evidence := policy.Evidence{Observation: &w.observation, Appraisal: chain.Appraise(&w.observation, w.at, w.roots), Subject: w.subject, At: w.at}
	for b.Loop() {
		verdicts := policy.Judge(evidence, profile)
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
