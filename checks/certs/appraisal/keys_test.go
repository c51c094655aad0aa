package appraisal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// modulus is an odd number of so many bits, which nobody knows the factors of.
func modulus(t testing.TB, bits int) *big.Int {
	t.Helper()
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	require.NoError(t, err)
	return number.SetBit(number, 0, 1).SetBit(number, bits-1, 1)
}

// rocaModulus has the form of the keys of CVE-2017-15361.
func rocaModulus(t testing.TB) *big.Int {
	t.Helper()
	primorial := big.NewInt(1)
	for candidate := int64(2); candidate <= 167; candidate++ {
		if big.NewInt(candidate).ProbablyPrime(20) {
			primorial.Mul(primorial, big.NewInt(candidate))
		}
	}
	power := new(big.Int).Exp(big.NewInt(65537), big.NewInt(123456789), primorial)
	number := new(big.Int).Mul(primorial, modulus(t, 2048-primorial.BitLen()+1))
	return number.Add(number, power)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	published, weak := modulus(t, 2048), modulus(t, 2048)
	publishedKey, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: published, E: 65537})
	require.NoError(t, err)
	sum := sha256.Sum256(publishedKey)
	digest := sha1.Sum(fmt.Appendf(nil, "Modulus=%X\n", weak))
	trust := newTrust(t, appraisal.Config{
		Public: []chain.Anchor{{Certificate: root.Certificate}}, WithoutLint: true,
		CompromisedKeys: [][]byte{fmt.Appendf(nil, "# comment\n%x example.pem\n", sum)},
		DebianKeys:      map[int][]byte{2048: []byte("# comment\n" + hex.EncodeToString(digest[10:]) + "\n")},
	})
	rsaOf := func(n *big.Int, e int) any { return &rsa.PublicKey{N: n, E: e} }
	for name, test := range map[string]struct {
		public any
		bits   int
		rsa    int
		want   []checks.Question
	}{
		"RSA of 2048 bits":    {rsaOf(modulus(t, 2048), 65537), 2048, 2048, []checks.Question{}},
		"RSA of 1024 bits":    {rsaOf(modulus(t, 1024), 65537), 1024, 1024, []checks.Question{checks.WeakKey}},
		"RSA of 512 bits":     {rsaOf(modulus(t, 512), 3), 512, 512, []checks.Question{checks.WeakKey}},
		"RSA with exponent 1": {rsaOf(modulus(t, 2048), 1), 2048, 2048, []checks.Question{checks.ExponentOne}},
		"ROCA":                {rsaOf(rocaModulus(t), 65537), 0, 0, []checks.Question{checks.ROCA}},
		"published":           {rsaOf(published, 65537), 2048, 2048, []checks.Question{checks.Blacklisted}},
		"Debian":              {rsaOf(weak, 65537), 2048, 2048, []checks.Question{checks.DebianWeakKey}},
		"P-224":               {p224.Public(), 224, 2048, []checks.Question{}},
		"P-521":               {p521.Public(), 521, 15360, []checks.Question{}},
	} {
		certificate := leaf(t, root, withKey{public: test.public}, nil)
		got := only(t, observe("app.test", certificate.Raw), now, trust)
		require.Equal(t, test.want, found(got), name)
		if test.bits > 0 {
			require.Equal(t, test.bits, got.Leaf.KeyBits, name)
			require.Equal(t, test.rsa, got.Leaf.RSABits, name)
		}
	}
}

// Without a list nobody can tell of a private certificate; public authorities
// refuse such keys.
func TestDebianKeysWithoutAList(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	trust := trusting(t, root)
	public := only(t, observe("app.test", leaf(t, root, rsaKey(), nil).Raw), now, trust).Findings[checks.DebianWeakKey]
	require.Equal(t, checks.FaultNotFound, public.Answer)
	require.Len(t, public.Details, 1)
	require.Equal(t, checks.FaultNotAsked, only(t, observe("app.test", leaf(t, nil, rsaKey(), nil).Raw), now, trust).Findings[checks.DebianWeakKey].Answer)
	require.Equal(t, checks.FaultNotFound, only(t, observe("app.test", leaf(t, nil, newKey(t), nil).Raw), now, trust).Findings[checks.DebianWeakKey].Answer)
}

func TestLifetimeAndLint(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	trust := newTrust(t, appraisal.Config{Public: []chain.Anchor{{Certificate: root.Certificate}}})
	days := func(days int) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, days).Add(-1e9) }
	}
	require.NotContains(t, found(only(t, observe("app.test", leaf(t, root, newKey(t), days(200)).Raw), now, trust)), checks.LifetimeTooLong)
	got := only(t, observe("app.test", leaf(t, root, newKey(t), days(201)).Raw), now, trust)
	require.Contains(t, found(got), checks.LifetimeTooLong)
	// .test is no public top-level domain, which the Baseline Requirements want.
	var lints []string
	for _, detail := range got.Findings[checks.LintError].Details {
		lints = append(lints, detail.Value)
	}
	require.Contains(t, lints, "e_dnsname_not_valid_tld")
}
