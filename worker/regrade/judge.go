package regrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// maxSegments bounds into how many times the certificates of one observation
// may divide the time of its assessments: servers choose their certificates.
const maxSegments = 64

var (
	// errGone says that facts outlived their retention since they were listed.
	errGone = errors.New("its facts are stored no longer")
	// errDivided says that what comes after maxSegments was not judged.
	errDivided = fmt.Errorf("its certificates divide the time of its assessments more than %d times", maxSegments)
)

// judgeAll judges observations, as many at a time as there are processors for,
// and returns their results in order.
func (r *run) judgeAll(ctx context.Context, batch *batch) ([]store.RegradeResult, error) {
	results := make([][]store.RegradeResult, len(batch.observations))
	var next atomic.Int64
	var group sync.WaitGroup
	for range r.config.Parallel {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(results) && ctx.Err() == nil; i = next.Add(1) - 1 {
				results[i] = judge(&batch.observations[i], r.config.Grader)
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("judge %d observations: %w", len(results), err)
	}
	return slices.Concat(results...), nil
}

// judge gives one result for each time that the certificates of an observation
// divide the time of its assessments into. What cannot be judged has one result
// that says why.
func judge(stored *stored, grader Grader) (results []store.RegradeResult) {
	manifest := stored.manifest
	end := manifest.LastAt.Add(time.Microsecond)
	defer func() {
		if fault := recover(); fault != nil { // our own fault, about one observation of many
			results = unreadable(manifest, 0, fmt.Errorf("panic: %v", fault))
		}
	}()
	observation, err := stored.assemble()
	if err != nil {
		return unreadable(manifest, 0, err)
	}
	for from := manifest.FirstAt; from.Before(end); {
		if len(results) == maxSegments {
			rest := manifest
			rest.FirstAt = from
			return append(results, unreadable(rest, len(results), errDivided)...)
		}
		grade, boundaries := grader(&observation, from)
		until := nextBoundary(boundaries, from, end)
		results = append(results, resultOf(manifest, len(results), from, until, grade))
		from = until
	}
	return results
}

// nextBoundary is the first boundary after from and before end, or end. The
// database keeps microseconds.
func nextBoundary(boundaries []time.Time, from, end time.Time) time.Time {
	next := end
	for _, boundary := range boundaries {
		at := boundary.UTC().Truncate(time.Microsecond)
		if at.Before(boundary) {
			at = at.Add(time.Microsecond)
		}
		if at.After(from) && at.Before(next) {
			next = at
		}
	}
	return next
}

func resultOf(manifest store.RegradeManifest, segment int, from, until time.Time, grade checks.Grade) store.RegradeResult {
	result := store.RegradeResult{
		ManifestSHA256: manifest.ManifestSHA256, Segment: segment, FromAt: from, UntilAt: until,
		Letter: grade.Letter, TrustIgnored: grade.TrustIgnored, Provisional: grade.Provisional,
	}
	if len(grade.Rules) > 0 {
		result.Rule = grade.Rules[0].ID
	}
	return result
}

// unreadable is the result of what cannot be judged from FirstAt on.
func unreadable(manifest store.RegradeManifest, segment int, err error) []store.RegradeResult {
	return []store.RegradeResult{{
		ManifestSHA256: manifest.ManifestSHA256, Segment: segment, FromAt: manifest.FirstAt, UntilAt: manifest.LastAt.Add(time.Microsecond),
		Fault: checks.Clean(err.Error(), maxFaultBytes),
	}}
}

// maxFaultBytes bounds the text of a fault.
const maxFaultBytes = 300
