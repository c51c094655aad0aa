package matrix

import (
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func openssl(name, key string, arguments ...string) definition {
	return definition{name: name, start: func(t testing.TB) netip.AddrPort {
		return checktest.StartOpenSSL(t, issue(t, key), arguments...)
	}}
}

// opensslServers are s_server of OpenSSL 3.0, for what no web server offers.
// Each takes one connection at a time.
func opensslServers() []definition {
	return []definition{
		openssl("s_server, default", "rsa2048"),
		openssl("s_server, PSK", "rsa2048", "-psk", "00112233", "-no_tls1_3", "-cipher", "PSK:!SRP:!NULL:@SECLEVEL=0", "-serverpref"),
		openssl("s_server, TLS 1.3 in finite fields", "P-256", "-tls1_3", "-groups", "ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192"),
		openssl("s_server, TLS 1.3, NULL up to 1.2", "rsa2048", "-cipher", "NULL-SHA256:@SECLEVEL=0"),
	}
}
