package checks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestSuiteMark(t *testing.T) {
	t.Parallel()
	none := []string(nil)
	for _, test := range []struct {
		suite          checks.Suite
		protocol       checks.Protocol
		level          checks.SuiteLevel
		insecure, weak []string
	}{
		{checks.Suite{Name: "TLS_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "TLS13"}, checks.TLSv13, "", none, none},
		{checks.Suite{Name: "TLS_SHA256_SHA256", Strength: 0, KeyExchange: "TLS13"}, checks.TLSv13, checks.SuiteInsecure, []string{"no encryption"}, none},
		{checks.Suite{Name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "ECDHE_RSA", GroupBits: 255}, checks.TLSv12, "", none, none},
		{checks.Suite{Name: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Strength: 128, KeyExchange: "ECDHE_RSA", GroupBits: 255}, checks.TLSv12, checks.SuiteWeak, none, []string{"CBC"}},
		{checks.Suite{Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA", GroupBits: 2048}, checks.TLSv12, "", none, none},
		{checks.Suite{Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA", GroupBits: 1024}, checks.TLSv12, checks.SuiteWeak, none, []string{"short DH parameters"}},
		{checks.Suite{Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA", GroupBits: 768}, checks.TLSv12, checks.SuiteInsecure, []string{"short DH parameters"}, none},
		{checks.Suite{Name: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "DHE_RSA"}, checks.TLSv12, "", none, none},
		{checks.Suite{Name: "TLS_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "RSA"}, checks.TLSv12, checks.SuiteWeak, none, []string{"no forward secrecy"}},
		{checks.Suite{Name: "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "ECDH_RSA", GroupBits: 256}, checks.TLSv12, checks.SuiteWeak, none, []string{"no forward secrecy"}},
		{checks.Suite{Name: "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Strength: 112, KeyExchange: "RSA"}, checks.TLSv12, checks.SuiteWeak, none, []string{"3DES", "CBC", "no forward secrecy"}},
		{checks.Suite{Name: "TLS_RSA_WITH_RC4_128_SHA", Strength: 128, KeyExchange: "RSA"}, checks.TLSv12, checks.SuiteInsecure, []string{"RC4"}, []string{"no forward secrecy"}},
		{checks.Suite{Name: "TLS_RSA_EXPORT_WITH_RC4_40_MD5", Strength: 40, KeyExchange: "RSA_EXPORT"}, checks.TLSv10, checks.SuiteInsecure, []string{"export", "RC4", "40 bits"}, []string{"no forward secrecy"}},
		{checks.Suite{Name: "TLS_RSA_WITH_NULL_SHA", Strength: 0, KeyExchange: "RSA"}, checks.TLSv12, checks.SuiteInsecure, []string{"no encryption"}, []string{"no forward secrecy"}},
		{checks.Suite{Name: "TLS_RSA_WITH_DES_CBC_SHA", Strength: 56, KeyExchange: "RSA"}, checks.TLSv12, checks.SuiteInsecure, []string{"56 bits"}, []string{"CBC", "no forward secrecy"}},
		{checks.Suite{Name: "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", Strength: 128, KeyExchange: "ECDH_anon", GroupBits: 255}, checks.TLSv12, checks.SuiteInsecure, []string{"no authentication"}, []string{"CBC"}},
		{checks.Suite{Name: "TLS_NULL_WITH_NULL_NULL", KeyExchange: "NULL"}, checks.TLSv12, checks.SuiteInsecure, []string{"no authentication", "no encryption"}, []string{"no forward secrecy"}},
		{checks.Suite{Name: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Strength: 112, KeyExchange: "RSA"}, checks.SSLv2, checks.SuiteInsecure, []string{"SSL 2.0"}, []string{"3DES", "CBC"}},
		{checks.Suite{Name: "SSL_CK_RC4_128_EXPORT40_WITH_MD5", Strength: 40, KeyExchange: "RSA"}, checks.SSLv2, checks.SuiteInsecure, []string{"SSL 2.0", "export", "RC4", "40 bits"}, none},
	} {
		mark := test.suite.Mark(test.protocol)
		require.Equal(t, checks.SuiteMark{Insecure: test.insecure, Weak: test.weak}, mark, test.suite.Name)
		require.Equal(t, test.level, mark.Level(), test.suite.Name)
	}
}
