package regrade_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/grade"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

// BenchmarkRegrade grades everything that is stored again, on a database of its
// own. It reports the peak of the heap too. 'stored' costs reading, decoding,
// storing and counting alone; 'judged' appraises and grades as a worker does.
func BenchmarkRegrade(b *testing.B) {
	s := seed(b, benchmarkSize())
	trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: s.ca.PEM(), WithoutLint: true})
	require.NoError(b, err)
	criteria, err := grade.CriteriaByVersion("2009r")
	require.NoError(b, err)
	judge := &judgement.Judge{Trust: trust, Criteria: criteria}
	b.Run("stored", func(b *testing.B) { benchmarkRegrade(b, s, letterOfVersion) })
	b.Run("judged", func(b *testing.B) { benchmarkRegrade(b, s, judge.Grade) })
}

func benchmarkRegrade(b *testing.B, s *stored, grader regrade.Grader) {
	runtime.GC()
	stop := watchHeap()
	for b.Loop() {
		id := s.ask()
		finished, err := regrade.Run(b.Context(), s.Store, id, regrade.Config{Grader: grader})
		require.NoError(b, err)
		require.True(b, finished)
		b.StopTimer()
		report := s.report(id, store.RegradePage{})
		require.EqualValues(b, s.size.manifests(), report.Cursor)
		require.EqualValues(b, s.size.total(), report.Covered)
		require.Zero(b, report.Unreadable)
		b.StartTimer()
	}
	peak := stop()
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(s.size.manifests()*b.N)/seconds, "observations/s")
	b.ReportMetric(float64(s.size.total()*b.N)/seconds, "assessments/s")
	b.ReportMetric(float64(peak)/(1<<20), "peak-heap-MiB")
	require.Less(b, peak, uint64(512<<20), "memory does not grow with what is stored")
}

// letterOfVersion gives a letter by the version of the configuration.
func letterOfVersion(observation *checks.Observation, _ time.Time) (checks.Grade, []time.Time) {
	_, version := seen(observation)
	return checks.Grade{
		Letter: []checks.Letter{checks.GradeA, checks.GradeC, checks.GradeB}[version%3], Rules: []checks.GradeRule{{ID: "TEST"}},
	}, nil
}

// watchHeap notes the largest heap until its result is called.
func watchHeap() (stop func() uint64) {
	done, peak := make(chan struct{}), uint64(0)
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		var memory runtime.MemStats
		for {
			runtime.ReadMemStats(&memory)
			peak = max(peak, memory.HeapInuse)
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
	})
	return func() uint64 {
		close(done)
		group.Wait()
		return peak
	}
}
