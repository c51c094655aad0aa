package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func apache(name, key string, more []string, dh string, config checktest.ApacheConfig) definition {
	return definition{name: name, start: func(t testing.TB) netip.AddrPort {
		config := config
		config.Certificate, config.More = pair(t, key, more)
		if dh != "" {
			config.DHParameters = dhParameters(t, dh)
		}
		return checktest.StartApache(t, config).Addr
	}}
}

// apacheServers are Apache 2.4 with OpenSSL 3.0 (Debian 12), which makes DH
// parameters of the size of its RSA key where it is given none.
func apacheServers() []definition {
	return []definition{
		apache("Apache, default suites", "", nil, "", checktest.ApacheConfig{Ciphers: "DEFAULT"}),
		apache("Apache, Mozilla intermediate, server order", "", []string{"P-384"}, "", checktest.ApacheConfig{
			Protocols: []string{"TLSv1.2"}, Ciphers: mozillaIntermediate, Server: "SSLHonorCipherOrder on",
		}),
		apache("Apache, TLS 1.0 and 1.1, RSA 1024", "rsa1024", nil, "", checktest.ApacheConfig{Protocols: []string{"TLSv1", "TLSv1.1"}}),
		apache("Apache, DHE of its own, RSA 1024", "rsa1024", nil, "", checktest.ApacheConfig{
			Protocols: []string{"TLSv1.2"}, Ciphers: "DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0", Server: "SSLHonorCipherOrder on",
		}),
		apache("Apache, RSA 4096 and P-256", "rsa4096", []string{"P-256"}, "", checktest.ApacheConfig{
			Ciphers: "ECDHE+AESGCM:DHE+AESGCM", Server: "SSLHonorCipherOrder on",
		}),
		apache("Apache, client certificate required", "", nil, "", checktest.ApacheConfig{
			Ciphers: "ECDHE+AESGCM", Server: "SSLVerifyClient require\n  SSLCACertificateFile cert.pem",
		}),
		apache("Apache, TLS 1.3 alone, one suite", "", nil, "", checktest.ApacheConfig{
			Protocols: []string{"TLSv1.3"}, Server: "SSLCipherSuite TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
		}),
		apache("Apache, brainpool and secp256k1", "", nil, "", checktest.ApacheConfig{
			Protocols: []string{"TLSv1.2"}, Ciphers: "ECDHE+AESGCM", Server: "SSLOpenSSLConfCmd Groups brainpoolP256r1:brainpoolP512r1:secp256k1",
		}).beyondNmap("it does not offer these groups"),
	}
}
