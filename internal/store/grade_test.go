package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// told is what others than the server say of leaf, which issuer issued.
func told(leaf, issuer checks.Certificate) checks.PKI {
	return checks.PKI{
		Issuers:    map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{leaf.SHA256: checks.KnownFact([]checks.Fingerprint{issuer.SHA256})},
		Revocation: map[checks.Fingerprint]checks.Revocation{leaf.SHA256: {CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}},
		RenewalInfo: map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{
			leaf.SHA256: checks.AbsentFact[checks.RenewalInfo](""),
		},
	}
}

func TestWhatOthersSayIsStoredAndPutTogetherAgain(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf, issuer := checks.NewCertificate([]byte("leaf")), checks.NewCertificate([]byte("issuer"))
	full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, false)
	full.Stapled = checks.Stapled{OCSP: checks.KnownFact(checks.Staple{Leaf: leaf.SHA256, Status: checks.RevocationStatus{State: checks.RevocationGood}})}
	seen := observed(checks.Full, full, leaf, issuer)
	seen.PKI = told(leaf, issuer)
	seen.Records = checks.Records{
		CAA:    checks.KnownFact(checks.CAA{Domain: "app.example", Records: []checks.CAARecord{{Tag: "issue", Value: "ca.example"}}}),
		DNSSEC: checks.KnownFact(false),
	}
	w.look(instant, seen)
	asTeam, together, compared := w.newest(checks.Full)
	for name, got := range map[string]checks.Observation{"team": together, "worker": compared} {
		require.Equal(t, seen.PKI, got.PKI, name)
		require.Equal(t, seen.Records, got.Records, name)
		require.Equal(t, full.Stapled, got.Addresses[0].Full.Stapled, name)
	}
	require.Len(t, asTeam.ObservedAt, 12, "all but intrusive")

	// A quick look asks issuers too, and nothing else of it.
	quick := observed(checks.Quick, checks.FullTLS{}, leaf)
	quick.PKI = told(leaf, issuer)
	quick.PKI.Revocation[leaf.SHA256] = checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationRevoked})}
	w.look(instant.Add(time.Hour), quick)
	asTeam, together, compared = w.newest(checks.Quick)
	require.Equal(t, quick.PKI, together.PKI)
	require.Equal(t, quick.PKI, compared.PKI)
	require.Zero(t, compared.Records)
	require.Equal(t, seen.Records, together.Records)
	require.True(t, instant.Add(time.Hour).Equal(asTeam.ObservedAt[store.FamilyPKI]))
	require.True(t, instant.Equal(asTeam.ObservedAt[store.FamilyRecords]))

	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		known, err := tx.FullAnswers(ctx, w.endpoint, store.CarriedFamilies(checks.Quick, false))
		require.Equal(t, full, known.Addresses[0].Full)
		require.Equal(t, seen.PKI, known.PKI, "what the full look was told")
		require.Equal(t, seen.Records, known.Records)
		require.Len(t, known.Certificates, 2, "each once")
		return err
	})
}

// judge writes a look that was judged on carried facts, and came to a grade.
func (w *watch) judge(at time.Time, seen, whole checks.Observation, grade *checks.Grade) monitor.Assessment {
	w.Helper()
	var assessment monitor.Assessment
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		if assessment, err = tx.RequestAssessment(ctx, w.endpoint, monitor.Scheduled, seen.Depth, at, at); err != nil {
			return err
		}
		standing, err := tx.LockStanding(ctx, w.endpoint, seen.Depth, "local", at)
		if err != nil {
			return err
		}
		judgement := checks.Judgement{Grade: grade}
		if grade != nil {
			judgement.Grades = []checks.Grade{*grade}
		}
		kept, err := tx.SaveSeen(ctx, store.Judged{Look: &seen, Whole: &whole, Judgement: judgement}, at)
		if err != nil {
			return err
		}
		err = tx.FinishAssessment(ctx, assessment, store.Finished{
			At: at, Seen: kept, Grade: grade, Criteria: "2009r", Look: &store.HostLook{Host: "app.example", Port: 443, Depth: seen.Depth, StartedAt: at},
		})
		if err != nil {
			return err
		}
		return tx.Settle(ctx, store.Settlement{
			Assessment: assessment, Lease: store.Lease{EndpointID: w.endpoint}, At: at, Observation: &seen, Seen: kept,
			GradeBefore: standing.Grade, Grade: standing.Grade.Next(grade, seen.Connectivity, at),
		}, at)
	})
	return assessment
}

func TestGradeIsStoredWithItsProof(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf := checks.NewCertificate([]byte("leaf"))
	seen := observed(checks.Quick, checks.FullTLS{}, leaf)
	grade := &checks.Grade{Letter: checks.GradeB, TrustIgnored: checks.GradeB, Criteria: "2009r", Next: []checks.GradeStep{}, Rules: []checks.GradeRule{
		{ID: "B-TLS10", Effect: checks.EffectCap, Letter: checks.GradeB, Text: "TLS 1.0 is accepted", Proof: []checks.Proof{{Fact: "f", Value: "v", Text: "t"}}},
	}}
	assessment := w.judge(instant, seen, seen, grade)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		record, err := tx.AssessmentRecord(ctx, w.endpoint, assessment.ID)
		require.NoError(t, err)
		require.Equal(t, checks.GradeB, record.Letter)
		require.Equal(t, "2009r", record.Criteria)
		require.False(t, record.Provisional)
		require.Equal(t, *grade, record.Grade.Endpoint)
		require.Equal(t, seen.Addresses[0].Address, record.Grade.Addresses[0].Address)
		require.Equal(t, *grade, record.Grade.Addresses[0].Grade)
		state, err := tx.GradeState(ctx, w.endpoint)
		require.Equal(t, monitor.GradeState{
			Graded: true, Letter: checks.GradeB, Conclusive: checks.GradeB, ConclusiveSince: state.ConclusiveSince, Last: grade,
		}, state)
		require.True(t, instant.Equal(state.ConclusiveSince))
		return err
	})

	// A provisional letter hides the last that was sure no more than an inconclusive verdict does.
	w.judge(instant.Add(time.Hour), seen, seen, &checks.Grade{Letter: checks.GradeA, Provisional: true})
	w.judge(instant.Add(2*time.Hour), seen, seen, nil)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		state, err := tx.GradeState(ctx, w.endpoint)
		require.Equal(t, checks.GradeA, state.Letter)
		require.True(t, state.Provisional)
		require.Equal(t, checks.GradeB, state.Conclusive)
		require.Equal(t, grade, state.Last)
		record, missing := tx.NewestAssessment(ctx, w.endpoint)
		require.NoError(t, missing)
		require.Nil(t, record.Grade)
		require.Empty(t, record.Letter)
		return err
	})
}

func TestWhatIsCarriedIsJudgedAndNotTakenForSeen(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf, other := checks.NewCertificate([]byte("ecdsa")), checks.NewCertificate([]byte("rsa"))
	full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, true)
	full.Chains.Served.Value = append(full.Chains.Served.Value, checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{other.SHA256}})
	w.look(instant, observed(checks.Full, full, leaf, other))

	quick := observed(checks.Quick, checks.FullTLS{}, leaf)
	var known checks.Observation
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		known, err = tx.FullAnswers(ctx, w.endpoint, store.CarriedFamilies(checks.Quick, false))
		return err
	})
	whole := monitor.Carry(quick, known)
	assessment := w.judge(instant.Add(time.Hour), quick, whole, nil)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		record, err := tx.AssessmentRecord(ctx, w.endpoint, assessment.ID)
		require.NoError(t, err)
		components, err := tx.ObservedComponents(ctx, record.ManifestSHA256)
		require.NoError(t, err)
		together, err := store.Together(components)
		together.Depth = checks.Quick
		require.Equal(t, whole, together, "it can be judged again by itself")
		return err
	})
	newest, _, _ := w.newest(checks.Quick)
	require.True(t, instant.Equal(newest.ObservedAt[store.FamilySuites]), "a quick look makes no full answer younger")
	var kinds []string
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT array_agg(DISTINCT m.kind ORDER BY m.kind) FROM endpoint_status s JOIN manifest_entries m USING (manifest_sha256)
			WHERE s.depth = 'quick'`).Scan(&kinds)
	})
	require.Equal(t, []string{"certificate", "dns", "http", "tls"}, kinds)
}
