package appraisal_test

import (
	"slices"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// requireWhole checks what holds of every appraisal.
func requireWhole(t testing.TB, got checks.Appraisal) {
	t.Helper()
	require.True(t, slices.IsSortedFunc(got.Boundaries, time.Time.Compare))
	for _, address := range got.Addresses {
		for _, chain := range address.Chains {
			require.Len(t, chain.Findings, len(checks.Questions()))
			for question, finding := range chain.Findings {
				requireFinding(t, question, finding)
			}
		}
	}
}

func requireFinding(t testing.TB, question checks.Question, finding checks.ChainFinding) {
	t.Helper()
	require.NotEmpty(t, finding.Answer, question)
	require.NotEmpty(t, finding.Cause, question)
	if finding.Answer == checks.FaultFound {
		require.NotEmpty(t, finding.Details, question)
	}
	require.Equal(t, finding.Answer == checks.FaultInconclusive, finding.Reason != "", "%s: %+v", question, finding)
	for _, detail := range finding.Details {
		require.NotEmpty(t, detail.Text, question)
		require.True(t, utf8.ValidString(detail.Text+detail.Value), question)
		for _, r := range detail.Text + detail.Value {
			require.False(t, unicode.IsControl(r), "%s: %q", question, detail.Text)
		}
	}
}

func TestGoodChainHasNoFault(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	issuer := authority(t, "Issuer", root, newKey(t), nil)
	certificate := leaf(t, issuer, newKey(t), nil)
	got := only(t, observe("app.test", raws(certificate, issuer)...), now, trusting(t, root))
	require.Empty(t, found(got))
	require.Equal(t, []checks.Fingerprint{fingerprint(certificate.Raw), fingerprint(issuer.Raw), fingerprint(root.Raw)}, got.Path)
	require.True(t, got.SNI)
	require.Equal(t, map[string]bool{appraisal.StoreMozilla: true}, got.Stores)
	require.False(t, got.PrivateRoot)
	require.Equal(t, checks.LeafAppraisal{
		SHA256: fingerprint(certificate.Raw), Key: "ECDSA", KeyBits: 256, Curve: "secp256r1", RSABits: 3072, Signature: "ECDSA-SHA256",
		NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter, Lifetime: 90*24*time.Hour + time.Second,
		RenewalDue: got.Leaf.RenewalDue, PathNotAfter: certificate.NotAfter,
	}, got.Leaf)
	require.Equal(t, now.AddDate(0, 0, 50), got.Leaf.RenewalDue)
}

// Chains: the quick look's first, then others with SNI, then without; none twice.
func TestChainsOfAnAddress(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	first, second := leaf(t, root, newKey(t), nil), leaf(t, root, rsaKey(), nil)
	other := leaf(t, root, newKey(t), nil)
	observation := observe("app.test", first.Raw)
	add(observation, second.Raw, other.Raw)
	served := func(sni bool, of *identity) checks.ServedChain {
		return checks.ServedChain{SNI: sni, Certificates: []checks.Fingerprint{fingerprint(of.Raw)}}
	}
	observation.Addresses[0].Full.Chains.Served = checks.KnownFact([]checks.ServedChain{
		served(true, first), served(false, first), served(false, other), served(true, second),
	})
	got := appraisal.Appraise(observation, now, trusting(t, root)).Addresses[0].Chains
	require.Len(t, got, 3)
	for index, want := range []struct {
		of  *identity
		sni bool
	}{{first, true}, {second, true}, {other, false}} {
		require.Equal(t, []checks.Fingerprint{fingerprint(want.of.Raw)}, got[index].Served)
		require.Equal(t, want.sni, got[index].SNI)
	}
}

func TestNoChainSaysWhy(t *testing.T) {
	t.Parallel()
	observation := observe("app.test")
	observation.Addresses[0].TLS.Chain = checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonTimeout)
	got := appraisal.Appraise(observation, now, trusting(t))
	require.Empty(t, got.Addresses[0].Chains)
	require.NotNil(t, got.Addresses[0].Chains)
	require.Equal(t, checks.ReasonTimeout, got.Addresses[0].Reason)
}

func TestPrivateRootsAndFurtherStores(t *testing.T) {
	t.Parallel()
	root := authority(t, "Private root", nil, newKey(t), nil)
	certificate := leaf(t, root, newKey(t), func(c *x509Certificate) { c.NotAfter = now.AddDate(20, 0, 0) })
	trust := newTrust(t, appraisal.Config{
		Public: []chain.Anchor{}, PrivateRoots: inPEM(root), WithoutLint: true,
		Stores: map[string][]byte{appraisal.StoreSystem: inPEM(root), "other": inPEM(authority(t, "Other", nil, newKey(t), nil))},
	})
	got := only(t, observe("app.test", certificate.Raw), now, trust)
	require.Equal(t, []checks.Question{}, found(got))
	require.True(t, got.PrivateRoot)
	require.Equal(t, map[string]bool{appraisal.StoreMozilla: false, appraisal.StoreSystem: true, "other": false}, got.Stores)
	for _, question := range []checks.Question{checks.LifetimeTooLong, checks.TooFewSCTs} {
		require.Equal(t, checks.FaultNotApplicable, got.Findings[question].Answer)
	}
}

// The version changes with every part of the trust data, and only then.
func TestVersionNamesAllTrustData(t *testing.T) {
	t.Parallel()
	root, other := authority(t, "Root", nil, newKey(t), nil), authority(t, "Other", nil, newKey(t), nil)
	base := appraisal.Config{Public: []chain.Anchor{{Certificate: root.Certificate}}, WithoutLint: true}
	seen := map[string]bool{}
	for _, change := range []func(c *appraisal.Config){
		func(*appraisal.Config) {},
		func(c *appraisal.Config) { c.Public = []chain.Anchor{{Certificate: other.Certificate}} },
		func(c *appraisal.Config) { c.PrivateRoots = inPEM(other) },
		func(c *appraisal.Config) { c.Stores = map[string][]byte{"system": inPEM(other)} },
		func(c *appraisal.Config) { c.Logs = newLog(t, "A").list("usable") },
		func(c *appraisal.Config) { c.DebianKeys = map[int][]byte{2048: []byte("0123456789abcdef0123\n")} },
		func(c *appraisal.Config) { c.CompromisedKeys = [][]byte{[]byte(hex64 + " here\n")} },
		func(c *appraisal.Config) { c.WithoutLint = false },
	} {
		config := base
		change(&config)
		version := newTrust(t, config).Version()
		require.Equal(t, version, newTrust(t, config).Version())
		require.False(t, seen[version], version)
		seen[version] = true
	}
}

func TestBrokenTrustDataIsRefused(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]appraisal.Config{
		"private roots": {PrivateRoots: []byte("no PEM")},
		"store":         {Stores: map[string][]byte{"system": []byte("no PEM")}},
		"logs":          {Logs: []byte("{}")},
		"keys":          {CompromisedKeys: [][]byte{[]byte("no hash")}},
		"debian":        {DebianKeys: map[int][]byte{1024: []byte("no hash")}},
	} {
		config.WithoutLint = true
		_, err := appraisal.NewTrust(config)
		require.Error(t, err, name)
	}
}
