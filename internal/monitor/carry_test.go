package monitor_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestCarry(t *testing.T) {
	t.Parallel()
	leaf, other := snapshot().Observation.Certificates[0], checks.NewCertificate([]byte("other"))
	issuer, stranger := checks.NewCertificate([]byte("issuer")), checks.NewCertificate([]byte("stranger"))
	good := checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}
	revoked := checks.Revocation{CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationRevoked})}
	unsure := checks.Revocation{CRL: checks.InconclusiveFact[checks.RevocationStatus](checks.ReasonTimeout)}
	full := func() checks.FullTLS {
		full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, true)
		full.Chains.Served.Value = append(full.Chains.Served.Value, checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{other.SHA256}})
		full.Stapled.OCSP = checks.KnownFact(checks.Staple{Leaf: leaf.SHA256})
		full.Suites.Accepted[checks.TLSv10] = checks.AbsentFact[[]checks.Suite]("")
		return full
	}
	known := func() checks.Observation {
		return checks.Observation{
			Addresses:    []checks.AddressObservation{{Address: netip.MustParseAddr("192.0.2.1"), Port: 443, Full: full()}},
			Certificates: []checks.Certificate{issuer, leaf, other, stranger},
			Records:      checks.Records{DNSSEC: checks.KnownFact(true)},
			PKI: checks.PKI{
				Issuers: map[checks.Fingerprint]checks.Fact[[]checks.Fingerprint]{
					other.SHA256: checks.KnownFact([]checks.Fingerprint{issuer.SHA256}), stranger.SHA256: checks.KnownFact([]checks.Fingerprint{stranger.SHA256}),
				},
				Revocation: map[checks.Fingerprint]checks.Revocation{leaf.SHA256: good, other.SHA256: revoked, stranger.SHA256: good},
			},
		}
	}

	t.Run("all that a quick look does not ask", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		whole := monitor.Carry(fresh, known())
		require.Equal(t, full(), whole.Addresses[0].Full)
		require.Equal(t, known().Records, whole.Records)
		require.Equal(t, fresh.Addresses[0].TLS, whole.Addresses[0].TLS)
		require.Len(t, whole.Certificates, 3, "those that something names, each once")
		require.Nil(t, whole.Certificate(stranger.SHA256))
		require.Equal(t, map[checks.Fingerprint]checks.Revocation{leaf.SHA256: good, other.SHA256: revoked}, whole.PKI.Revocation)
		require.Len(t, whole.PKI.Issuers, 1)
		require.Equal(t, checks.Quick, whole.Depth)
		require.Equal(t, snapshot().Observation, fresh, "what was seen stays what it is")
	})
	t.Run("nothing that is known of another address", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		fresh.Addresses[0].Address = netip.MustParseAddr("192.0.2.9")
		require.Zero(t, monitor.Carry(fresh, known()).Addresses[0].Full)
	})
	t.Run("no chain that is served no longer", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		renewed := checks.NewCertificate([]byte("renewed"))
		fresh.Certificates, fresh.Addresses[0].TLS.Chain = []checks.Certificate{renewed}, checks.KnownFact([]checks.Fingerprint{renewed.SHA256})
		whole := monitor.Carry(fresh, known())
		require.Zero(t, whole.Addresses[0].Full.Chains)
		require.Zero(t, whole.Addresses[0].Full.Stapled)
		require.Equal(t, full().Suites, whole.Addresses[0].Full.Suites)
		require.Equal(t, []checks.Certificate{renewed}, whole.Certificates)
		require.Empty(t, whole.PKI.Revocation, "the old certificate may be revoked as much as it likes")
	})
	t.Run("no suites of a version that turned", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		fresh.Addresses[0].TLS.Protocols = map[checks.Protocol]checks.Fact[checks.Accepted]{
			checks.TLSv10: checks.KnownFact(checks.Accepted{}), checks.TLSv12: checks.AbsentFact[checks.Accepted](""),
			checks.TLSv13: checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout),
		}
		before := known()
		suites := monitor.Carry(fresh, before).Addresses[0].Full.Suites
		require.NotContains(t, suites.Accepted, checks.TLSv10)
		require.NotContains(t, suites.Accepted, checks.TLSv12)
		require.NotContains(t, suites.Preference, checks.TLSv12)
		require.Contains(t, suites.Accepted, checks.TLSv13)
		require.Equal(t, known(), before)
	})
	t.Run("what issuers say now", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		fresh.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{leaf.SHA256: revoked, other.SHA256: unsure}
		whole := monitor.Carry(fresh, known())
		require.Equal(t, map[checks.Fingerprint]checks.Revocation{leaf.SHA256: revoked, other.SHA256: revoked}, whole.PKI.Revocation)
		require.Equal(t, unsure, fresh.PKI.Revocation[other.SHA256])

		older := known()
		older.PKI.Revocation = map[checks.Fingerprint]checks.Revocation{other.SHA256: {CRL: checks.KnownFact(checks.RevocationStatus{State: checks.RevocationGood})}}
		require.Equal(t, unsure, monitor.Carry(fresh, older).PKI.Revocation[other.SHA256], "a revocation may have been seen since")
	})
	t.Run("a full look asks by itself", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		fresh.Depth, fresh.Addresses[0].Full = checks.Full, checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, false)
		intrusive := checks.Observation{Addresses: []checks.AddressObservation{{
			Address: fresh.Addresses[0].Address, Port: 443, Full: checks.FullTLS{Intrusive: full().Intrusive},
		}}}
		want := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, true)
		require.Equal(t, want, monitor.Carry(fresh, intrusive).Addresses[0].Full)
	})
	t.Run("nothing is known", func(t *testing.T) {
		t.Parallel()
		fresh := snapshot().Observation
		require.Equal(t, fresh, monitor.Carry(fresh, checks.Observation{}))
	})
}

func TestGradeStateKeepsTheLastSureLetter(t *testing.T) {
	t.Parallel()
	works, broken := checks.KnownFact(true), checks.KnownFact(false)
	grade := &checks.Grade{Letter: checks.GradeB}
	state := monitor.GradeState{}.Next(grade, works, start)
	require.True(t, state.Same(monitor.GradeState{Graded: true, Letter: checks.GradeB, Conclusive: checks.GradeB, ConclusiveSince: start, Last: grade}))
	require.Equal(t, state, state.Next(&checks.Grade{Letter: checks.GradeF}, broken, start.Add(1)))
	require.Equal(t, state, state.Next(nil, works, start.Add(1)))
	unsure := state.Next(&checks.Grade{Letter: checks.GradeA, Provisional: true}, works, start.Add(1))
	require.Equal(t, checks.GradeA, unsure.Letter)
	require.Equal(t, checks.GradeB, unsure.Conclusive)
	unseen := unsure.Next(&checks.Grade{}, works, start.Add(2))
	require.Empty(t, unseen.Letter)
	require.Equal(t, grade, unseen.Last)
	again := unseen.Next(&checks.Grade{Letter: checks.GradeB, HasWarnings: true}, works, start.Add(3))
	require.Equal(t, start, again.ConclusiveSince, "the same letter since then")
	require.False(t, again.Same(state), "the proof is another one")
}
