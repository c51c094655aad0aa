package tlsparameters

import (
	"crypto/tls"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// assigned returns how many rows of a registry assign one value.
func assigned(t *testing.T, name string) int {
	t.Helper()
	file, err := os.Open("registry/" + name)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // opened for reading
	records, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	count := 0
	for _, record := range records[1:] {
		if !strings.HasPrefix(record[1], "Unassigned") && !strings.HasPrefix(record[1], "Reserved") {
			count++
		}
	}
	return count
}

func TestSuiteCounts(t *testing.T) {
	t.Parallel()
	unassigned := 0
	for _, suite := range Suites() {
		if suite.Unassigned {
			unassigned++
		}
	}
	require.Equal(t, 20, unassigned)
	require.Equal(t, assigned(t, "tls-parameters-4.csv")-2, len(suites)-unassigned, "all but the two signaling values")
	require.Equal(t, 354, len(suites)-unassigned)
}

func TestSuitesAreSound(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	last := -1
	for _, suite := range Suites() {
		require.Greater(t, int(suite.Value), last, "sorted, no value twice")
		last = int(suite.Value)
		require.False(t, names[suite.Name], "%s twice", suite.Name)
		names[suite.Name] = true
		null := strings.Contains(suite.Name, "NULL") || suite.Name == "TLS_SHA256_SHA256" || suite.Name == "TLS_SHA384_SHA384"
		require.Equal(t, null, suite.Bits == 0, suite.Name)
		require.Equal(t, null, suite.Cipher == "NULL", suite.Name)
		require.NotEmpty(t, suite.KeyExchange, suite.Name)
		require.NotEqual(t, suite.Export(), suite.Bits > 56 || suite.Bits == 0 || !strings.Contains(suite.Name, "EXPORT"), suite.Name)
		require.False(t, suite.AEAD() && suite.CBC(), suite.Name)
		if suite.Hash == "" {
			require.True(t, suite.AEAD(), suite.Name)
		}
		if strings.Contains(suite.Name, "_WITH_") && !strings.Contains(suite.Name, "_MGM_") && strings.HasPrefix(suite.Name, "TLS_") {
			require.True(t, strings.HasPrefix(suite.Name, "TLS_"+suite.KeyExchange+"_WITH_"+suite.Cipher), suite.Name)
		}
		found, known := SuiteByValue(suite.Value)
		require.True(t, known)
		require.Equal(t, suite, found)
	}
}

// The standard library names the suites that it has as IANA does, but leaves
// the hash of ChaCha20's out in some.
func TestSuitesOfTheLibrary(t *testing.T) {
	t.Parallel()
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		require.Equal(t, strings.TrimSuffix(suite.Name, "_SHA256"), strings.TrimSuffix(SuiteName(suite.ID), "_SHA256"))
		found, known := SuiteByValue(suite.ID)
		require.True(t, known)
		for _, version := range suite.SupportedVersions {
			require.True(t, found.ValidFor(version), "%s in %04X", suite.Name, version)
		}
	}
}

func TestSuitesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	Suites()[0].Name = "changed"
	require.Equal(t, "TLS_NULL_WITH_NULL_NULL", Suites()[0].Name)
}

func TestSuiteNames(t *testing.T) {
	t.Parallel()
	for value, want := range map[uint16]string{
		0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xFEFE: "SSL_RSA_FIPS_WITH_DES_CBC_SHA", 0xC0FF: "0xC0FF",
		0x00FF: "0x00FF", 0x5600: "0x5600", 0x0A0A: "0x0A0A", 0x001C: "0x001C", 0xFFFF: "0xFFFF",
	} {
		require.Equal(t, want, SuiteName(value))
		_, known := SuiteByValue(value)
		require.Equal(t, !strings.HasPrefix(want, "0x"), known, want)
	}
	require.Equal(t, "0x0005", SuiteID(5))
}

// traits are written as flags: A AEAD, C CBC, X export, N anonymous, F forward
// secret, E ECDHE, D DHE, S static DH, R RSA key transport, P PSK, W SRP,
// K Kerberos, c needs a certificate, y recommended, u unassigned.
func traits(s Suite) string {
	text := ""
	for _, trait := range []struct {
		has  bool
		flag string
	}{
		{s.AEAD(), "A"},
		{s.CBC(), "C"},
		{s.Export(), "X"},
		{s.Anonymous(), "N"},
		{s.ForwardSecret(), "F"},
		{s.ECDHE(), "E"},
		{s.DHE(), "D"},
		{s.StaticDH(), "S"},
		{s.RSAKeyTransport(), "R"},
		{s.PSK(), "P"},
		{s.SRP(), "W"},
		{s.Kerberos(), "K"},
		{s.NeedsCertificate(), "c"},
		{s.Recommended, "y"},
		{s.Unassigned, "u"},
	} {
		if trait.has {
			text += trait.flag
		}
	}
	return text
}

func TestSuiteAttributes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value                  uint16
		exchange, cipher, hash string
		bits, block            int
		authentication, traits string
		from, to               uint16 // valid versions; 0: none
	}{
		{0x0000, "NULL", "NULL", "NULL", 0, 0, "anon", "N", 0, 0},
		{0x0001, "RSA", "NULL", "MD5", 0, 0, "RSA", "Rc", 0x0300, 0x0303},
		{0x0003, "RSA_EXPORT", "RC4_40", "MD5", 40, 0, "RSA", "XRc", 0x0300, 0x0303},
		{0x0004, "RSA", "RC4_128", "MD5", 128, 0, "RSA", "Rc", 0x0300, 0x0303},
		{0x0006, "RSA_EXPORT", "RC2_CBC_40", "MD5", 40, 64, "RSA", "CXRc", 0x0300, 0x0303},
		{0x0007, "RSA", "IDEA_CBC", "SHA", 128, 64, "RSA", "CRc", 0x0300, 0x0303},
		{0x0009, "RSA", "DES_CBC", "SHA", 56, 64, "RSA", "CRc", 0x0300, 0x0303},
		{0x000A, "RSA", "3DES_EDE_CBC", "SHA", 112, 64, "RSA", "CRc", 0x0300, 0x0303},
		{0x000B, "DH_DSS_EXPORT", "DES40_CBC", "SHA", 40, 64, "DH", "CXSc", 0x0300, 0x0303},
		{0x0011, "DHE_DSS_EXPORT", "DES40_CBC", "SHA", 40, 64, "DSS", "CXFDc", 0x0300, 0x0303},
		{0x0014, "DHE_RSA_EXPORT", "DES40_CBC", "SHA", 40, 64, "RSA", "CXFDc", 0x0300, 0x0303},
		{0x0017, "DH_anon_EXPORT", "RC4_40", "MD5", 40, 0, "anon", "XNFD", 0x0300, 0x0303},
		{0x0018, "DH_anon", "RC4_128", "MD5", 128, 0, "anon", "NFD", 0x0300, 0x0303},
		{0x001E, "KRB5", "DES_CBC", "SHA", 56, 64, "KRB5", "CK", 0x0300, 0x0303},
		{0x0027, "KRB5_EXPORT", "RC2_CBC_40", "SHA", 40, 64, "KRB5", "CXK", 0x0300, 0x0303},
		{0x002C, "PSK", "NULL", "SHA", 0, 0, "PSK", "P", 0x0300, 0x0303},
		{0x002F, "RSA", "AES_128_CBC", "SHA", 128, 128, "RSA", "CRc", 0x0300, 0x0303},
		{0x0032, "DHE_DSS", "AES_128_CBC", "SHA", 128, 128, "DSS", "CFDc", 0x0300, 0x0303},
		{0x003B, "RSA", "NULL", "SHA256", 0, 0, "RSA", "Rc", 0x0303, 0x0303},
		{0x0062, "RSA_EXPORT1024", "DES_CBC", "SHA", 56, 64, "RSA", "CXRcu", 0x0300, 0x0303},
		{0x0065, "DHE_DSS_EXPORT1024", "RC4_56", "SHA", 56, 0, "DSS", "XFDcu", 0x0300, 0x0303},
		{0x006E, "TLS13", "ASCONAEAD128", "ASCONHASH256", 128, 0, "any", "AFc", 0x0304, 0x0304},
		{0x0081, "GOSTR341001", "28147_CNT", "IMIT", 256, 64, "GOST", "cu", 0x0301, 0x0303},
		{0x0088, "DHE_RSA", "CAMELLIA_256_CBC", "SHA", 256, 128, "RSA", "CFDc", 0x0300, 0x0303},
		{0x0092, "RSA_PSK", "RC4_128", "SHA", 128, 0, "RSA", "Pc", 0x0300, 0x0303},
		{0x0096, "RSA", "SEED_CBC", "SHA", 128, 128, "RSA", "CRc", 0x0300, 0x0303},
		{0x009E, "DHE_RSA", "AES_128_GCM", "SHA256", 128, 128, "RSA", "AFDcy", 0x0303, 0x0303},
		{0x00AA, "DHE_PSK", "AES_128_GCM", "SHA256", 128, 128, "PSK", "AFDPy", 0x0303, 0x0303},
		{0x00AF, "PSK", "AES_256_CBC", "SHA384", 256, 128, "PSK", "CP", 0x0301, 0x0303},
		{0x00C6, "TLS13", "SM4_GCM", "SM3", 128, 128, "any", "AFc", 0x0304, 0x0304},
		{0x1301, "TLS13", "AES_128_GCM", "SHA256", 128, 128, "any", "AFcy", 0x0304, 0x0304},
		{0x1303, "TLS13", "CHACHA20_POLY1305", "SHA256", 256, 0, "any", "AFcy", 0x0304, 0x0304},
		{0x1305, "TLS13", "AES_128_CCM_8", "SHA256", 128, 128, "any", "AFc", 0x0304, 0x0304},
		{0x1307, "TLS13", "AEGIS_128L", "SHA256", 128, 0, "any", "AFc", 0x0304, 0x0304},
		{0xC004, "ECDH_ECDSA", "AES_128_CBC", "SHA", 128, 128, "ECDH", "CSc", 0x0300, 0x0303},
		{0xC00E, "ECDH_RSA", "AES_128_CBC", "SHA", 128, 128, "ECDH", "CSc", 0x0300, 0x0303},
		{0xC009, "ECDHE_ECDSA", "AES_128_CBC", "SHA", 128, 128, "ECDSA", "CFEc", 0x0300, 0x0303},
		{0xC010, "ECDHE_RSA", "NULL", "SHA", 0, 0, "RSA", "FEc", 0x0300, 0x0303},
		{0xC018, "ECDH_anon", "AES_128_CBC", "SHA", 128, 128, "anon", "CNFE", 0x0300, 0x0303},
		{0xC01A, "SRP_SHA", "3DES_EDE_CBC", "SHA", 112, 64, "SRP", "CFW", 0x0300, 0x0303},
		{0xC01E, "SRP_SHA_RSA", "AES_128_CBC", "SHA", 128, 128, "RSA", "CFWc", 0x0300, 0x0303},
		{0xC01F, "SRP_SHA_DSS", "AES_128_CBC", "SHA", 128, 128, "DSS", "CFWc", 0x0300, 0x0303},
		{0xC028, "ECDHE_RSA", "AES_256_CBC", "SHA384", 256, 128, "RSA", "CFEc", 0x0303, 0x0303},
		{0xC02F, "ECDHE_RSA", "AES_128_GCM", "SHA256", 128, 128, "RSA", "AFEcy", 0x0303, 0x0303},
		{0xC037, "ECDHE_PSK", "AES_128_CBC", "SHA256", 128, 128, "PSK", "CFEP", 0x0301, 0x0303},
		{0xC061, "ECDHE_RSA", "ARIA_256_GCM", "SHA384", 256, 128, "RSA", "AFEc", 0x0303, 0x0303},
		{0xC09D, "RSA", "AES_256_CCM", "", 256, 128, "RSA", "ARc", 0x0303, 0x0303},
		{0xC0AB, "PSK_DHE", "AES_256_CCM_8", "", 256, 128, "PSK", "AFDP", 0x0303, 0x0303},
		{0xC0AE, "ECDHE_ECDSA", "AES_128_CCM_8", "", 128, 128, "ECDSA", "AFEc", 0x0303, 0x0303},
		{0xC0B0, "ECCPWD", "AES_128_GCM", "SHA256", 128, 128, "PWD", "AF", 0x0303, 0x0303},
		{0xC0B4, "TLS13", "NULL", "SHA256", 0, 0, "any", "Fc", 0x0304, 0x0304},
		{0xC100, "GOSTR341112_256", "KUZNYECHIK_CTR", "OMAC", 256, 128, "GOST", "c", 0x0303, 0x0303},
		{0xC102, "GOSTR341112_256", "28147_CNT", "IMIT", 256, 64, "GOST", "c", 0x0303, 0x0303},
		{0xC103, "TLS13", "KUZNYECHIK_MGM_L", "", 256, 128, "any", "AFc", 0x0304, 0x0304},
		{0xC106, "TLS13", "MAGMA_MGM_S", "", 256, 64, "any", "AFc", 0x0304, 0x0304},
		{0xCC13, "ECDHE_RSA", "CHACHA20_POLY1305", "SHA256", 256, 0, "RSA", "AFEcu", 0x0303, 0x0303},
		{0xCCA9, "ECDHE_ECDSA", "CHACHA20_POLY1305", "SHA256", 256, 0, "ECDSA", "AFEcy", 0x0303, 0x0303},
		{0xCCAE, "RSA_PSK", "CHACHA20_POLY1305", "SHA256", 256, 0, "RSA", "APc", 0x0303, 0x0303},
		{0xD003, "ECDHE_PSK", "AES_128_CCM_8", "SHA256", 128, 128, "PSK", "AFEP", 0x0303, 0x0303},
		{0xFEFF, "RSA_FIPS", "3DES_EDE_CBC", "SHA", 112, 64, "RSA", "CRcu", 0x0300, 0x0303},
		{0xFF85, "GOSTR341112_256", "28147_CNT", "IMIT", 256, 64, "GOST", "cu", 0x0301, 0x0303},
	} {
		suite, known := SuiteByValue(test.value)
		require.True(t, known, "%04X", test.value)
		require.Equal(t, []any{test.exchange, test.cipher, test.hash, test.bits, test.block, test.authentication, test.traits},
			[]any{suite.KeyExchange, suite.Cipher, suite.Hash, suite.Bits, suite.BlockBits(), suite.Authentication(), traits(suite)}, suite.Name)
		for _, version := range []uint16{0x0002, 0x02FF, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305, 0xFEFD} {
			require.Equal(t, version >= test.from && version <= test.to, suite.ValidFor(version), "%s in %04X", suite.Name, version)
		}
	}
}

func BenchmarkSuiteByValue(b *testing.B) {
	values := []uint16{0x0005, 0x009C, 0x1301, 0xC02F, 0xCCA8, 0xC0FF}
	b.ReportAllocs()
	for i := range b.N {
		SuiteByValue(values[i%len(values)])
	}
}

func BenchmarkValidFor(b *testing.B) {
	suite, _ := SuiteByValue(0xC02F)
	b.ReportAllocs()
	for b.Loop() {
		suite.ValidFor(0x0303)
	}
}
