package appraisal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// BenchmarkAppraise appraises observations with one chain of leaf, issuer and
// root: one that was seen before, and ones whose leaf is new every time.
func BenchmarkAppraise(b *testing.B) {
	root := authority(b, "Root", nil, rsaKey(), nil)
	issuer := authority(b, "Issuer", root, rsaKey(), nil)
	first, second := newLog(b, "A"), newLog(b, "B")
	logs := list(first.entry("usable", now.AddDate(-1, 0, 0)), second.entry("usable", now.AddDate(-1, 0, 0)))
	const different = 3 * 2048 // more than the caches keep
	observations := make([]*checks.Observation, different)
	for index := range observations {
		certificate := leaf(b, issuer, rsaKey(), nil)
		observations[index] = observe("app.test", raws(certificate, issuer)...)
	}
	logged := observe("app.test", raws(logged(b, issuer, nil, now.AddDate(0, 0, -1), first, second), issuer)...)
	for _, lint := range []bool{false, true} {
		trust := newTrust(b, appraisal.Config{Public: []chain.Anchor{{Certificate: root.Certificate}}, Logs: logs, WithoutLint: !lint})
		b.Run(fmt.Sprintf("seen before, lint %v", lint), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Len(b, appraisal.Appraise(logged, now, trust).Addresses, 1)
			}
		})
		b.Run(fmt.Sprintf("new leaf, lint %v", lint), func(b *testing.B) {
			b.ReportAllocs()
			next := 0
			for b.Loop() {
				require.Len(b, appraisal.Appraise(observations[next%different], now, trust).Addresses, 1)
				next++
			}
		})
	}
}

// BenchmarkHostile appraises the slowest chain that we know to make, which no
// cache knows.
func BenchmarkHostile(b *testing.B) {
	sent := crossSigned(b, 63, 8192, 65537)
	observation := observe("app.test", sent...)
	for b.Loop() {
		b.StopTimer()
		trust := newTrust(b, appraisal.Config{WithoutLint: true})
		b.StartTimer()
		require.Len(b, appraisal.Appraise(observation, now, trust).Addresses, 1)
	}
}
