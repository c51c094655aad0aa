package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func haproxy(name, key string, more []string, dh string, config checktest.HAProxyConfig) definition {
	return definition{name: name, start: func(t testing.TB) netip.AddrPort {
		config := config
		config.Certificate, config.More = pair(t, key, more)
		config.Files = map[string][]byte{"ca.pem": config.Certificate.CertPEM}
		if dh != "" {
			config.Files["dh.pem"] = dhParameters(t, dh)
			config.Global += "\n  ssl-dh-param-file dh.pem"
		}
		return checktest.StartHAProxy(t, config)
	}}
}

// haproxyServers are HAProxy 2.6 with OpenSSL 3.0 (Debian 12), whose own order
// decides where nothing else is said.
func haproxyServers() []definition {
	return []definition{
		haproxy("HAProxy, default", "", nil, "", checktest.HAProxyConfig{}).beyondNmap("it takes an order that makes way for ChaCha20 for the client's"),
		haproxy("HAProxy, TLS 1.0 to 1.3", "", nil, "2048", checktest.HAProxyConfig{
			Bind: "ssl-min-ver TLSv1.0 ciphers DEFAULT:@SECLEVEL=0",
		}).beyondNmap("it takes an order that makes way for ChaCha20 for the client's"),
		haproxy("HAProxy, client order", "", nil, "", checktest.HAProxyConfig{
			Bind: "prefer-client-ciphers ciphers " + mozillaIntermediate,
		}),
		haproxy("HAProxy, name required, RSA and ECDSA", "", []string{"P-256"}, "", checktest.HAProxyConfig{
			Bind: "strict-sni no-tls-tickets ciphers ECDHE+AESGCM",
		}).beyondNmap("HAProxy refuses suites of RSA beside those of ECDSA"),
		haproxy("HAProxy, client certificate required", "P-256", nil, "", checktest.HAProxyConfig{
			Bind: "verify required ca-file ca.pem ciphers ECDHE+CHACHA20:ECDHE+AESGCM",
		}).beyondNmap("it takes an order that makes way for ChaCha20 for the client's"),
		haproxy("HAProxy, TLS 1.3 alone, own order of suites and groups", "", nil, "", checktest.HAProxyConfig{
			Bind: "ssl-min-ver TLSv1.3 ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384 curves P-521:P-384:X25519",
		}),
		haproxy("HAProxy, TLS 1.2 alone, DHE 2048", "", nil, "2048", checktest.HAProxyConfig{
			Bind: "ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2 ciphers DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:@SECLEVEL=0",
		}),
	}
}
