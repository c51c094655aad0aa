package tlsprobe_test

import (
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// The built-in parameters of mod_ssl 2.2, and what openssl dhparam made once.
const (
	modSSL1024 = "d67de440cbbbdc1936d693d34afd0ad50c84d239a45f520bb88174cb98bce951849f912e639c72fb13b4b4d7177e16d55ac179ba420b2a29fe324a467a635e81" +
		"ff5901377beddcfd33168a461aad3b72dae8860078045b07a7dbca7874087d1510ea9fcc9ddd330507dd62db88aeaa747de0f4d6e2bd68b0e7393e0f24218eb3"
	homeMade512 = "d4bcd52406f69b35994b88de5db89682c8157f62d8f33633ee5772f11f05ab22d6b5145b9f241e5acc31ff090a4bc71148976f76795094e71e7903529f5a824b"
)

// Primes are told by name, and the weak ones from the others.
func TestPrimes(t *testing.T) {
	t.Parallel()
	composite := new(big.Int).Add(number(t, homeMade512), big.NewInt(2)).Text(16)
	tests := []struct {
		name, p, known, group string
		weak                  bool
	}{
		{"mod_ssl", modSSL1024, "Apache mod_ssl 1024-bit", "dh", true},
		{"home-made", homeMade512, "", "dh", false},
		{"no prime", composite, "", "dh", true},
	}
	var configs []checktest.NodeConfig
	for _, test := range tests {
		configs = append(configs, checktest.NodeConfig{
			SecureProtocol: "TLSv1_server_method", Ciphers: "DHE-RSA-AES128-SHA", DHParameters: parametersOf(t, number(t, test.p)),
		})
	}
	addresses := checktest.StartNode(t, checktest.Node011, configs...)
	for at, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target := checks.Target{Host: "localhost", Limits: checks.Limits{ConnectionsPerAddress: 200}}
			found := tlsprobe.Full(t.Context(), checktest.Loopback(t), target, addresses[at], nil).Full.Suites
			require.Len(t, found.Primes, 1)
			require.Equal(t, test.p, found.Primes[0].P)
			require.Equal(t, "2", found.Primes[0].Generator)
			require.Equal(t, test.known, found.Primes[0].Known)
			require.Equal(t, test.weak, found.Primes[0].Weak)
			require.Len(t, found.Accepted[checks.TLSv10].Value, 1)
			require.Equal(t, test.group, found.Accepted[checks.TLSv10].Value[0].Group)
			require.Equal(t, found.Primes[0].SHA256, found.Accepted[checks.TLSv10].Value[0].Prime)
		})
	}
}

// Groups of RFCs have their names: what OpenSSL picks by itself, and what
// 'openssl dhparam -out group ffdhe2048' would give.
func TestPrimesOfRFCs(t *testing.T) {
	t.Parallel()
	for group, test := range map[string]struct {
		known     string
		arguments []string
	}{
		"modp2048":  {"RFC 3526 group 14", nil},
		"ffdhe2048": {"ffdhe2048", []string{"-dhparam", "../checktest/matrix/keys/dh2048.pem"}},
	} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartOpenSSL(t, nil, append([]string{"-cipher", "DHE-RSA-AES128-GCM-SHA256", "-tls1_2"}, test.arguments...)...)
			target := checks.Target{Host: "localhost", Limits: checks.Limits{ConnectionsPerAddress: 200}}
			found := tlsprobe.Full(t.Context(), checktest.Loopback(t), target, address, nil).Full.Suites
			require.Len(t, found.Accepted[checks.TLSv12].Value, 1)
			require.Equal(t, group, found.Accepted[checks.TLSv12].Value[0].Group)
			require.Equal(t, 2048, found.Accepted[checks.TLSv12].Value[0].GroupBits)
			require.Len(t, found.Primes, 1)
			require.Equal(t, test.known, found.Primes[0].Known)
			require.False(t, found.Primes[0].Weak)
		})
	}
}

// A server that follows RFC 7919 gives other parameters to clients that name
// none of its groups; both are seen, and suites are listed with the first.
func TestPrimesBesideRFC7919(t *testing.T) {
	t.Parallel()
	address := checktest.StartGnuTLS(t, checktest.GnuTLSConfig{
		Priority: "NORMAL:-KX-ALL:+DHE-RSA:-VERS-ALL:+VERS-TLS1.2", DHParameters: parametersOf(t, number(t, modSSL1024)),
	})
	target := checks.Target{Host: "localhost", Limits: checks.Limits{ConnectionsPerAddress: 200}}
	found := tlsprobe.Full(t.Context(), checktest.Loopback(t), target, address, nil).Full.Suites
	var names []string
	for _, prime := range found.Primes {
		names = append(names, prime.Known)
	}
	require.ElementsMatch(t, []string{"ffdhe2048", "Apache mod_ssl 1024-bit"}, names)
	for _, suite := range found.Accepted[checks.TLSv12].Value {
		require.Equal(t, "ffdhe2048", suite.Group, suite.Name)
	}
}

func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	value, ok := new(big.Int).SetString(digits, 16)
	require.True(t, ok)
	return value
}

// parametersOf is DHParameter of PKCS #3 in PEM.
func parametersOf(t *testing.T, p *big.Int) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct{ P, G *big.Int }{p, big.NewInt(2)})
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der})
}
