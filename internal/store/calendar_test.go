package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

func (w *watch) served() (served store.ServedCertificates) {
	w.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		served, err = tx.ServedCertificates(ctx)
		return err
	})
	return served
}

func TestServedCertificatesAreThoseOfTheNewestAnswers(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf, renewed, second, nameless := checks.NewCertificate([]byte("leaf")), checks.NewCertificate([]byte("renewed")),
		checks.NewCertificate([]byte("second")), checks.NewCertificate([]byte("nameless"))
	require.Empty(t, w.served().Endpoints[0].Chains, "never looked at")

	window := checks.RenewalInfo{Start: instant, End: instant.Add(time.Hour)}
	full := observed(checks.Full, checks.FullTLS{Chains: checks.Chains{Served: checks.KnownFact([]checks.ServedChain{
		{Key: "ECDSA", SNI: true, Certificates: []checks.Fingerprint{leaf.SHA256}},
		{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{second.SHA256}},
		{Key: "RSA", SNI: false, Certificates: []checks.Fingerprint{nameless.SHA256}},
	})}}, leaf, second, nameless)
	full.PKI.RenewalInfo = map[checks.Fingerprint]checks.Fact[checks.RenewalInfo]{
		leaf.SHA256: checks.KnownFact(window), second.SHA256: checks.InconclusiveFact[checks.RenewalInfo](checks.ReasonTimeout),
	}
	w.look(instant, full)
	served := w.served()
	require.ElementsMatch(t, [][]checks.Fingerprint{{leaf.SHA256}, {second.SHA256}}, served.Endpoints[0].Chains,
		"both that clients get which name the host, each once")
	require.Equal(t, []byte("second"), served.Certificates[second.SHA256])
	require.Equal(t, map[checks.Fingerprint]checks.RenewalInfo{leaf.SHA256: window}, served.RenewalInfo)
	require.Equal(t, "App", served.Endpoints[0].ApplicationName)
	require.Equal(t, "Partner", served.Endpoints[0].TeamName)

	w.look(instant.Add(time.Hour), observed(checks.Quick, checks.FullTLS{}, renewed))
	require.Equal(t, [][]checks.Fingerprint{{renewed.SHA256}, {second.SHA256}}, w.served().Endpoints[0].Chains,
		"the first is replaced, of the second nothing newer is known")
	full.Certificates[0], full.Addresses[0].TLS.Chain = renewed, checks.KnownFact([]checks.Fingerprint{renewed.SHA256})
	full.Addresses[0].Full.Chains.Served = checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: []checks.Fingerprint{renewed.SHA256}}})
	w.look(instant.Add(2*time.Hour), full)
	require.Equal(t, [][]checks.Fingerprint{{renewed.SHA256}}, w.served().Endpoints[0].Chains)
}

func TestServedCertificatesStayInTheirTeam(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	w.look(instant, observed(checks.Quick, checks.FullTLS{}, checks.NewCertificate([]byte("leaf"))))
	var other int64
	require.NoError(t, w.store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		team, err := tx.CreateTeam(ctx, "Other", instant)
		other = team.ID
		return err
	}))
	require.NoError(t, w.store.AsTeam(t.Context(), other, func(ctx context.Context, tx *store.Tx) error {
		served, err := tx.ServedCertificates(ctx)
		require.Empty(t, served.Endpoints)
		require.Empty(t, served.Certificates)
		return err
	}))
	require.Error(t, w.store.AsTeam(t.Context(), other, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ServedCertificatesOfAll(ctx)
		return err
	}), "a team may not read shared rows")
	require.NoError(t, w.store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		served, err := tx.ServedCertificatesOfAll(ctx)
		require.Len(t, served.Endpoints, 1)
		require.Len(t, served.Endpoints[0].Chains, 1)
		require.Len(t, served.Certificates, 1)
		return err
	}))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error { return tx.RemoveEndpoint(ctx, w.endpoint, instant) })
	require.Empty(t, w.served().Endpoints, "removed")
}
