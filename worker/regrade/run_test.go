package regrade_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

// seen reads host and version off an observation, from the parts that tell them.
func seen(observation *checks.Observation) (host, version int) {
	suites := observation.Addresses[0].Full.Suites.Accepted[checks.TLSv12].Value
	if _, err := fmt.Sscanf(suites[len(suites)-1].Name, "%d/%d", &host, &version); err != nil {
		panic(err)
	}
	leaf := observation.Certificates[0]
	parsed, err := x509.ParseCertificate(leaf.DER)
	if err != nil || observation.Certificates[0].SHA256 != observation.Addresses[0].TLS.Chain.Value[0] {
		panic(fmt.Sprintf("the certificate of another host, or none: %v", err))
	}
	if want := fmt.Sprintf("h%d.example", host); observation.DNS.Host != want || parsed.DNSNames[0] != want {
		panic("parts of two observations were mixed up")
	}
	return host, version
}

// turns is when the certificate of every host ends: in the middle of the looks
// at version 1, and once more in those at version 2.
func turns(s size) []time.Time {
	half := time.Duration(s.assessments) * time.Hour / 2
	version := time.Duration(s.assessments) * time.Hour
	return []time.Time{instant.Add(version + half), instant.Add(2*version + half)}
}

// judgeAt gives a letter by host, version and how many turns are over.
func judgeAt(s size) regrade.Grader {
	return func(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
		host, version := seen(observation)
		over := 0
		for _, turn := range turns(s) {
			if !at.Before(turn) {
				over++
			}
		}
		letter := checks.Letters()[(host+version+3*over)%7]
		return checks.Grade{Letter: letter, TrustIgnored: letter, Rules: []checks.GradeRule{{ID: fmt.Sprintf("R-%d", over)}}}, turns(s)
	}
}

// want is the report by hand: every assessment judged by itself.
func want(s size) (counts map[string]int64, changed int64) {
	counts = map[string]int64{}
	for host := 1; host <= s.endpoints; host++ {
		for version := range s.versions {
			for i := range s.assessments {
				at := instant.Add(time.Duration(version*s.assessments+i)*time.Hour + time.Second)
				over := 0
				for _, turn := range turns(s) {
					if !at.Before(turn) {
						over++
					}
				}
				before := []string{"A", "B", ""}[version%3]
				after := string(checks.Letters()[(host+version+3*over)%7])
				counts[before+" "+after]++
				if version == s.versions-1 && i == s.assessments-1 && before != after {
					changed++
				}
			}
		}
	}
	return counts, changed
}

func (s *stored) requireReport(id int64) {
	s.Helper()
	report := s.report(id, store.RegradePage{All: true})
	counts, changed := want(s.size)
	got := map[string]int64{}
	for _, count := range report.Counts {
		require.False(s, count.Fault)
		got[string(count.Before)+" "+string(count.After)] += count.Assessments
	}
	require.Equal(s, counts, got)
	require.Equal(s, changed, report.ChangedEndpoints)
	require.EqualValues(s, s.size.manifests(), report.Manifests)
	require.EqualValues(s, s.size.manifests(), report.Cursor)
	require.EqualValues(s, s.size.total(), report.Assessments)
	require.EqualValues(s, s.size.total(), report.Covered)
	require.EqualValues(s, s.size.manifests()+2*s.size.endpoints, report.Judged, "two versions of each have two times")
	require.Len(s, report.Endpoints, s.size.endpoints)
	require.False(s, report.FinishedAt.IsZero())
	require.Equal(s, s.size.manifests()+2*s.size.endpoints, one[int](s, `SELECT count(*) FROM regrade_results WHERE regrade_id = $1`, id))
}

func TestReportSaysWhatWouldChange(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 7, versions: 4, assessments: 6}
	s := seed(t, size)
	stands := one[string](s, `SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM assessments a`)
	id := s.ask()
	finished, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: judgeAt(size), TrustData: "roots 1", Engine: "2", Batch: 5, Cache: 10_000})
	require.NoError(t, err)
	require.True(t, finished)
	s.requireReport(id)
	require.Equal(t, stands, one[string](s, `SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM assessments a`), "no stored grade is rewritten")

	report := s.report(id, store.RegradePage{})
	for _, endpoint := range report.Endpoints {
		require.NotEqual(t, endpoint.Before, endpoint.After)
	}
	first := s.report(id, store.RegradePage{All: true, Limit: 3}).Endpoints
	second := s.report(id, store.RegradePage{All: true, Limit: 3, After: first[2].EndpointID}).Endpoints
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, []int64{
		first[0].EndpointID, first[1].EndpointID, first[2].EndpointID, second[0].EndpointID, second[1].EndpointID, second[2].EndpointID,
	})
	require.Equal(t, "Partner", first[0].TeamName)
	require.Equal(t, "R-2", first[0].Rule)
	require.Equal(t, "2009q", first[0].BeforeCriteria)

	finished, err = regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: judgeAt(size), TrustData: "roots 1", Engine: "2"})
	require.NoError(t, err)
	require.True(t, finished, "nothing is done again")
	s.requireReport(id)
}

func TestRegradeGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 6, versions: 4, assessments: 4}
	s := seed(t, size)
	id := s.ask()
	config := regrade.Config{Batch: 5, Parallel: 2, Engine: "2"}
	for kills := 1; ; kills++ {
		ctx, kill := context.WithCancel(t.Context())
		var judged atomic.Int64
		config.Grader = func(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
			if judged.Add(1) == 11 { // in the second batch: none has more than nine
				kill()
			}
			return judgeAt(size)(observation, at)
		}
		finished, err := regrade.Run(ctx, s.Store, id, config)
		kill()
		if finished {
			require.NoError(t, err)
			require.Greater(t, kills, 2)
			break
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, kills, 30, "each goes further")
	}
	s.requireReport(id)
}

func TestSlicesFollowEachOther(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 4, versions: 4, assessments: 4}
	s := seed(t, size)
	id := s.ask()
	slices := 0
	for finished := false; !finished; slices++ {
		var err error
		finished, err = regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: judgeAt(size), Batch: 5, Slice: time.Nanosecond})
		require.NoError(t, err)
	}
	require.Equal(t, 5, slices, "four batches, and the end")
	s.requireReport(id)
}

func TestTwoWorkersJudgeNothingTwice(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 6, versions: 4, assessments: 4}
	s := seed(t, size)
	id := s.ask()
	// The second takes the regrade over while the first judges.
	var taken atomic.Bool
	first := func(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
		if taken.CompareAndSwap(false, true) {
			finished, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: judgeAt(size), Batch: 7})
			if err != nil || !finished {
				t.Errorf("the second: %v", err)
			}
		}
		return judgeAt(size)(observation, at)
	}
	_, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: first, Batch: 5})
	require.ErrorIs(t, err, store.ErrFenced)
	require.True(t, regrade.Stopped(err))
	s.requireReport(id)
}

func TestOtherVersionsBeginAnew(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 4, versions: 4, assessments: 4}
	s := seed(t, size)
	id := s.ask()
	finished, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: letterOfVersion, Batch: 5, Slice: 1, TrustData: "roots 1"})
	require.NoError(t, err)
	require.False(t, finished)
	finished, err = regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: judgeAt(size), TrustData: "roots 2"})
	require.NoError(t, err)
	require.True(t, finished)
	s.requireReport(id)
	require.Equal(t, "roots 2", s.report(id, store.RegradePage{}).TrustData)
}

func TestCanceledRegradeStops(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 4, versions: 4, assessments: 4}
	s := seed(t, size)
	id := s.ask()
	cancel := func() error {
		return s.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.CancelRegrade(ctx, id, instant) })
	}
	var once atomic.Bool
	grader := func(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
		if once.CompareAndSwap(false, true) {
			if err := cancel(); err != nil {
				t.Errorf("cancel: %v", err)
			}
		}
		return judgeAt(size)(observation, at)
	}
	for range 2 { // in the middle, and at the beginning
		_, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: grader, Batch: 5})
		require.ErrorIs(t, err, store.ErrCanceled)
	}
	require.Zero(t, one[int](s, `SELECT count(*) FROM regrade_results`))
	require.ErrorIs(t, cancel(), store.ErrNotFound)
}

func TestWhatCannotBeJudgedIsCounted(t *testing.T) {
	t.Parallel()
	size := size{endpoints: 3, versions: 2, assessments: 3}
	s := seed(t, size)
	s.exec(`UPDATE components SET body = '{"accepted": 1}' WHERE sha256 = (SELECT component_sha256 FROM manifest_entries
		WHERE kind = 'suites' AND manifest_sha256 = sha256('manifest1/0'::bytea))`)
	s.exec(`DELETE FROM manifests WHERE sha256 = sha256('manifest2/1'::bytea)`)
	id := s.ask()
	hostile := func(observation *checks.Observation, at time.Time) (checks.Grade, []time.Time) {
		host, version := seen(observation)
		if host == 3 && version == 0 {
			panic("no grader should")
		}
		var boundaries []time.Time
		if host == 3 { // as many as somebody likes
			for i := range 10_000 {
				boundaries = append(boundaries, at.Add(time.Duration(i)*time.Second))
			}
		}
		return checks.Grade{Letter: checks.GradeB}, boundaries
	}
	finished, err := regrade.Run(t.Context(), s.Store, id, regrade.Config{Grader: hostile, Batch: 2})
	require.NoError(t, err)
	require.True(t, finished)
	report := s.report(id, store.RegradePage{All: true})
	require.EqualValues(t, 4, report.Unreadable)
	faults := int64(0)
	for _, count := range report.Counts {
		if count.Fault {
			require.Empty(t, count.After)
			faults += count.Assessments
		}
	}
	require.EqualValues(t, 3+3+3+2, faults, "of the last, the first is judged and the others come after too many times")
	require.EqualValues(t, size.total(), report.Covered)
	require.Equal(t, "its facts are stored no longer", report.Endpoints[1].Fault)
}

func TestOnlyOperatorsAskForRegrades(t *testing.T) {
	t.Parallel()
	s := seed(t, size{endpoints: 1, versions: 1, assessments: 1})
	id := s.ask()
	ask := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RequestRegrade(ctx, store.Regrade{Criteria: "2009r", FromSlot: instant, ToSlot: instant.Add(1), RequestedBy: "x", RequestedAt: instant})
		return err
	}
	read := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RegradeReport(ctx, id, store.RegradePage{})
		return err
	}
	require.ErrorContains(t, s.Store.AsTeam(t.Context(), 1, ask), "42501")
	require.ErrorContains(t, s.Store.AsTeam(t.Context(), 1, read), "42501")
	require.ErrorContains(t, s.Store.AsWorker(t.Context(), ask), "42501")
	require.NoError(t, s.Store.AsOperator(t.Context(), read))
	for _, statement := range []string{
		`UPDATE regrades SET finished_at = '2026-11-22'`, `DELETE FROM regrades`, `DELETE FROM regrade_results`,
		`UPDATE regrade_counts SET assessments = 0`, `INSERT INTO regrade_results SELECT FROM regrade_results`,
	} {
		err := s.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		require.ErrorContains(t, err, "42501", statement)
	}
}
