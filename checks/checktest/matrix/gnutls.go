package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func gnutls(name, key string, more []string, dh string, config checktest.GnuTLSConfig) definition {
	return definition{name: name, start: func(t testing.TB) netip.AddrPort {
		config := config
		config.Certificate, config.More = pair(t, key, more)
		if dh != "" {
			config.DHParameters = dhParameters(t, dh)
		}
		return checktest.StartGnuTLS(t, config)
	}}
}

// gnutlsServers are gnutls-serv 3.7 (Debian 12). The client's order decides
// but with %SERVER_PRECEDENCE.
func gnutlsServers() []definition {
	everything := "NORMAL:+ARCFOUR-128:+3DES-CBC:+NULL:+CAMELLIA-128-GCM:+CAMELLIA-256-GCM:+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:" +
		"+AES-128-CCM-8:+AES-256-CCM-8:+MD5:+SHA256:+SHA384:+ANON-DH:+ANON-ECDH"
	return []definition{
		gnutls("GnuTLS, default", "", nil, "", checktest.GnuTLSConfig{}),
		gnutls("GnuTLS, SECURE256, server order, P-384", "P-384", nil, "", checktest.GnuTLSConfig{Priority: "SECURE256:%SERVER_PRECEDENCE"}).beyondNmap("it answers no HelloRetryRequest"),
		gnutls("GnuTLS, everything, RSA and ECDSA", "", []string{"P-256"}, "2048", checktest.GnuTLSConfig{Priority: everything}),
		gnutls("GnuTLS, everything, server order, RSA 1024", "rsa1024", nil, "1024", checktest.GnuTLSConfig{Priority: everything + ":%SERVER_PRECEDENCE"}),
		gnutls("GnuTLS, TLS 1.3 alone, X448, CCM", "P-256", nil, "", checktest.GnuTLSConfig{
			Priority: "NONE:+VERS-TLS1.3:+AES-128-CCM:+AES-128-CCM-8:+AEAD:+GROUP-X448:+GROUP-SECP521R1:+SIGN-ALL:%SERVER_PRECEDENCE",
		}),
		gnutls("GnuTLS, Camellia GCM alone", "", nil, "2048", checktest.GnuTLSConfig{
			Priority: "NONE:+VERS-TLS1.2:+CAMELLIA-128-GCM:+CAMELLIA-256-GCM:+AEAD:+ECDHE-RSA:+DHE-RSA:+RSA:+SIGN-ALL:+GROUP-SECP256R1:+GROUP-FFDHE2048:%SERVER_PRECEDENCE",
		}),
		gnutls("GnuTLS, RC4 and 3DES", "", nil, "", checktest.GnuTLSConfig{
			Priority: "NONE:+VERS-TLS1.0:+VERS-TLS1.1:+VERS-TLS1.2:+ARCFOUR-128:+3DES-CBC:+SHA1:+MD5:+ECDHE-RSA:+RSA:+SIGN-ALL:+SIGN-RSA-SHA1:+GROUP-SECP384R1:%SERVER_PRECEDENCE",
		}),
		gnutls("GnuTLS, anonymous alone", "", nil, "2048", checktest.GnuTLSConfig{
			Priority: "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-DH:+ANON-ECDH:-CIPHER-ALL:+AES-128-GCM:+AES-256-CBC:-GROUP-ALL:+GROUP-SECP256R1:+GROUP-FFDHE2048:%SERVER_PRECEDENCE",
		}),
		gnutls("GnuTLS, PSK", "", nil, "", checktest.GnuTLSConfig{
			Priority: "NONE:+VERS-TLS1.2:+AES-128-GCM:+AES-128-CBC:+AEAD:+SHA1:+SHA256:+PSK:+ECDHE-PSK:+RSA-PSK:+GROUP-SECP256R1:+SIGN-ALL:%SERVER_PRECEDENCE", PSK: "client:00112233445566778899aabbccddeeff",
		}),
		gnutls("GnuTLS, client certificate required, Ed25519", "Ed25519", nil, "", checktest.GnuTLSConfig{
			Priority: "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3", Arguments: []string{"--require-client-cert", "--noticket"},
		}).beyondNmap("it offers no EdDSA"),
		gnutls("GnuTLS, GOST", "GOST", nil, "", checktest.GnuTLSConfig{
			Priority: "NONE:+VERS-TLS1.2:+GOST28147-TC26Z-CNT:+GOST28147-TC26Z-IMIT:+VKO-GOST-12:+SIGN-GOSTR341012-256:+GROUP-GC256B:+CTYPE-X.509:+COMP-NULL",
		}).beyondNmap("it does not know the suite; gnutls-cli takes it"),
	}
}
