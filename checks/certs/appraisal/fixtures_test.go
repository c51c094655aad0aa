package appraisal_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "keys", name+".pem"))
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	return block.Bytes
}

// Keys that crypto/x509 does not know are described all the same, and the path
// above them is found. Most clients refuse them, which is another question.
func TestKeysThatGoDoesNotKnow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "keys", "ca.pem"))
	require.NoError(t, err)
	trust := newTrust(t, appraisal.Config{Public: []chain.Anchor{}, PrivateRoots: text, WithoutLint: true})
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	weak, unparsable := checks.WeakKey, checks.Unparsable
	for name, test := range map[string]struct {
		key, curve string
		bits, rsa  int
		want       []checks.Question
	}{
		"brainpoolP256r1": {"ECDSA", "brainpoolP256r1", 256, 3072, []checks.Question{unparsable}},
		"brainpoolP384r1": {"ECDSA", "brainpoolP384r1", 384, 7680, []checks.Question{unparsable}},
		"brainpoolP512r1": {"ECDSA", "brainpoolP512r1", 512, 15360, []checks.Question{unparsable}},
		"secp112r1":       {"ECDSA", "secp112r1", 112, 512, []checks.Question{weak, unparsable}},
		"secp160r1":       {"ECDSA", "secp160r1", 160, 1024, []checks.Question{weak, unparsable}},
		"secp192k1":       {"ECDSA", "secp192k1", 192, 1024, []checks.Question{weak, unparsable}},
		"prime192v1":      {"ECDSA", "secp192r1", 192, 1024, []checks.Question{weak, unparsable}},
		"secp256k1":       {"ECDSA", "secp256k1", 256, 3072, []checks.Question{unparsable}},
		"sect283k1":       {"ECDSA", "sect283k1", 283, 3072, []checks.Question{unparsable}},
		"SM2":             {"ECDSA", "curveSM2", 256, 3072, []checks.Question{unparsable}},
		"explicit":        {"ECDSA", "explicit", 256, 3072, []checks.Question{unparsable}},
		"ed448":           {"Ed448", "", 456, 7680, []checks.Question{}},
		"ed25519":         {"Ed25519", "", 256, 3072, []checks.Question{}},
		"rsapss":          {"RSA", "", 2048, 2048, []checks.Question{}},
		"dsa":             {"DSA", "", 1024, 1024, []checks.Question{weak}},
	} {
		got := only(t, observe("app.test", fixture(t, name)), at, trust)
		require.Equal(t, test.want, found(got), "%s: %+v", name, got.Findings)
		require.Equal(t, test.key, got.Leaf.Key, name)
		require.Equal(t, test.curve, got.Leaf.Curve, name)
		require.Equal(t, test.bits, got.Leaf.KeyBits, name)
		require.Equal(t, test.rsa, got.Leaf.RSABits, name)
		require.Len(t, got.Path, 2, name)
		require.True(t, got.PrivateRoot, name)
	}
}

func TestSignaturesThatGoDoesNotKnow(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		signature string
		want      checks.Question
	}{
		"md4":     {"MD4-RSA", checks.MDSignature},
		"psssha1": {"SHA1-RSAPSS", checks.SHA1Signature},
	} {
		got := only(t, observe("app.test", fixture(t, name)), at, trusting(t))
		require.Equal(t, test.signature, got.Leaf.Signature, name)
		require.Contains(t, found(got), checks.SelfSigned, name)
		require.Contains(t, found(got), test.want, name)
	}
}
