package matrix

import (
	"crypto/tls"
	"net/netip"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func golang(name, key string, more []string, config checktest.GoServerConfig) definition {
	return definition{name: name, start: func(t testing.TB) netip.AddrPort {
		config := config
		config.Certificate, config.More = pair(t, key, more)
		return checktest.StartGoServer(t, config)
	}}
}

// goServers are Go's crypto/tls, which has an order of its own, with ChaCha20
// first for clients that put it before AES-GCM, and knows hybrid groups.
func goServers() []definition {
	return []definition{
		golang("Go, every suite, RSA and ECDSA", "", []string{"P-256"}, checktest.GoServerConfig{MinVersion: tls.VersionTLS10}).beyondNmap("Go puts ChaCha20 first for some of its hellos"),
		golang("Go, default suites", "", nil, checktest.GoServerConfig{Suites: []uint16{
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		}}).beyondNmap("Go puts ChaCha20 first for some of its hellos"),
		golang("Go, RC4 and 3DES alone", "", nil, checktest.GoServerConfig{
			MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12,
			Suites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA},
		}),
		golang("Go, TLS 1.3 alone, secp384r1", "P-384", nil, checktest.GoServerConfig{
			MinVersion: tls.VersionTLS13, Groups: []tls.CurveID{tls.CurveP384},
		}),
		golang("Go, hybrid groups alone", "P-256", nil, checktest.GoServerConfig{
			MinVersion: tls.VersionTLS13, Groups: []tls.CurveID{tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024},
		}).beyondNmap("it knows no hybrid groups"),
		golang("Go, classical groups alone", "", nil, checktest.GoServerConfig{
			Suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, Groups: []tls.CurveID{tls.X25519, tls.CurveP256},
		}),
		golang("Go, client certificate required", "", nil, checktest.GoServerConfig{
			ClientAuth: tls.RequireAnyClientCert, Suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		}),
		golang("Go, name required, tickets off", "", nil, checktest.GoServerConfig{
			RequireSNI: true, NoTickets: true, Suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
		}),
		golang("Go, Ed25519", "Ed25519", nil, checktest.GoServerConfig{}).beyondNmap("it offers no EdDSA"),
		golang("Go, TLS 1.2 alone, RSA 4096", "rsa4096", nil, checktest.GoServerConfig{
			MaxVersion: tls.VersionTLS12, Suites: []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA256},
		}),
	}
}
