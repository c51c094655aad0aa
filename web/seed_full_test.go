package web_test

import (
	"context"
	"net/netip"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// worked writes a judged look at endpoint through the store, as the worker does.
func (s *site) worked(endpoint monitor.Endpoint, depth checks.Depth, at time.Time, full ...checks.FullTLS) {
	s.Helper()
	observation := &checks.Observation{
		Depth:        depth,
		DNS:          checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.10")})},
		Certificates: []checks.Certificate{certificate()},
	}
	for i := range max(len(full), 1) {
		address := checks.AddressObservation{
			Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}), Port: 443,
			TLS:  checks.TLS{Protocols: protocols(false), Chain: checks.KnownFact([]checks.Fingerprint{certificate().SHA256})},
			HTTP: checks.HTTP{End: checks.KnownFact(200)},
		}
		if i < len(full) {
			address.Full = full[i]
		}
		observation.Addresses = append(observation.Addresses, address)
	}
	s.saw(endpoint, observation, at)
}

// saw writes a judged look at endpoint that saw this.
func (s *site) saw(endpoint monitor.Endpoint, observation *checks.Observation, at time.Time) {
	s.Helper()
	s.judged(endpoint, observation, checks.Judgement{Verdicts: []checks.Verdict{verdict("T-02", checks.Pass, checks.Must, "192.0.2.10 refuses SSL 3.0.")}}, at)
}

// judged writes a look at endpoint that saw this, and what it was judged to be.
func (s *site) judged(endpoint monitor.Endpoint, observation *checks.Observation, judgement checks.Judgement, at time.Time) (assessed int64) {
	s.Helper()
	depth := observation.Depth
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		assessment, err := tx.RequestAssessment(ctx, endpoint.ID, monitor.Scheduled, depth, at, at)
		if err != nil {
			return err
		}
		assessed = assessment.ID
		seen, err := tx.SaveSeen(ctx, store.Judged{Look: observation, Judgement: judgement}, at)
		if err != nil {
			return err
		}
		err = tx.FinishAssessment(ctx, assessment, store.Finished{
			At: at, Seen: seen, Profile: "p", Engine: "1", TrustData: "t", Grade: judgement.Grade,
			Look: &store.HostLook{Host: "app.example.com", Port: 443, Vantage: "local", Depth: depth, StartedAt: at},
		})
		if err != nil {
			return err
		}
		settlement := store.Settlement{
			Assessment: assessment, At: at, Observation: observation, Seen: seen,
			Lease: store.Lease{EndpointID: endpoint.ID, AssessmentID: assessment.ID},
		}
		if judgement.Grade != nil {
			settlement.Grade = monitor.GradeState{Graded: true, Letter: judgement.Grade.Letter, Provisional: judgement.Grade.Provisional}
		}
		if depth == checks.Full {
			settlement.Full.DueAt = at.Add(monitor.FullInterval)
		}
		return tx.Settle(ctx, settlement, at)
	}))
	return assessed
}

// scan reads one text as the service.
func (s *site) scan(query string, arguments ...any) (text string) {
	s.Helper()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query, arguments...).Scan(&text)
	}))
	return text
}
