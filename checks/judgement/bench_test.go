package judgement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// BenchmarkJudge is all that a look of two addresses costs after it was made.
func BenchmarkJudge(b *testing.B) {
	w := newWorld(b)
	observation := w.observation(w.address("192.0.2.1"), w.address("192.0.2.2"))
	of := subject(policy.Literal, "https://app.test/")
	b.ReportAllocs()
	for b.Loop() {
		require.NotNil(b, w.judge.Judge(observation, of, now).Grade)
	}
}

// BenchmarkGrade is what a regrade costs for each distinct observation.
func BenchmarkGrade(b *testing.B) {
	w := newWorld(b)
	observation := w.observation(w.address("192.0.2.1"), w.address("192.0.2.2"))
	b.ReportAllocs()
	for b.Loop() {
		given, _ := w.judge.Grade(observation, now)
		require.NotEmpty(b, given.Letter)
	}
}
