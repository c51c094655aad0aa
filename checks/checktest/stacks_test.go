package checktest_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// negotiate connects as name and returns what was negotiated.
func negotiate(t *testing.T, address netip.AddrPort, settings *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	settings.InsecureSkipVerify = true
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address.String(), settings)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState(), nil
}

func TestOtherStacks(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root")
	first := checktest.Issue(t, ca, pki.Leaf{Names: []string{"app.test"}, Key: pki.RSA})
	second := checktest.Issue(t, ca, pki.Leaf{Names: []string{"app.test"}, Key: pki.ECDSAP384})
	for name, start := range map[string]func(*testing.T) netip.AddrPort{
		"nginx": func(t *testing.T) netip.AddrPort {
			return checktest.StartNginx(t, checktest.NginxConfig{Certificate: first, More: []*pki.Issued{second}}).Addr
		},
		"Apache": func(t *testing.T) netip.AddrPort {
			return checktest.StartApache(t, checktest.ApacheConfig{Certificate: first, More: []*pki.Issued{second}}).Addr
		},
		"HAProxy": func(t *testing.T) netip.AddrPort {
			return checktest.StartHAProxy(t, checktest.HAProxyConfig{Certificate: first, More: []*pki.Issued{second}})
		},
		"GnuTLS": func(t *testing.T) netip.AddrPort {
			return checktest.StartGnuTLS(t, checktest.GnuTLSConfig{Certificate: first, More: []*pki.Issued{second}})
		},
		"Java": func(t *testing.T) netip.AddrPort {
			addresses := checktest.StartJava(t, nil, checktest.JavaConfig{},
				checktest.JavaConfig{Certificate: first, More: []*pki.Issued{second}})
			return addresses[1]
		},
		"Node": func(t *testing.T) netip.AddrPort {
			addresses := checktest.StartNode(t, checktest.Node12, checktest.NodeConfig{},
				checktest.NodeConfig{Certificate: first, More: []*pki.Issued{second}})
			return addresses[1]
		},
		"Go": func(t *testing.T) netip.AddrPort {
			return checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: first, More: []*pki.Issued{second}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := start(t)
			for suite, issued := range map[uint16]*pki.Issued{
				tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:   first,
				tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: second,
			} {
				state, err := negotiate(t, address, &tls.Config{ServerName: "app.test", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
				require.NoError(t, err)
				require.Equal(t, issued.Certificate.Certificate[0], state.PeerCertificates[0].Raw)
			}
		})
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	for version, want := range map[checktest.NodeVersion]uint16{
		checktest.Node010: tls.VersionTLS12, checktest.Node011: tls.VersionTLS12, checktest.Node8: tls.VersionTLS12,
		checktest.Node12: tls.VersionTLS13, checktest.Node24: tls.VersionTLS13,
	} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			address := checktest.StartNode(t, version, checktest.NodeConfig{})[0]
			state, err := negotiate(t, address, &tls.Config{ServerName: "localhost", CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, MinVersion: tls.VersionTLS10})
			require.NoError(t, err)
			require.Equal(t, want, state.Version)
		})
	}
}

func TestPostQuantumNode(t *testing.T) {
	t.Parallel()
	address := checktest.StartNode(t, checktest.Node24, checktest.NodeConfig{Options: map[string]any{"ecdhCurve": "X25519MLKEM768"}})[0]
	state, err := negotiate(t, address, &tls.Config{ServerName: "localhost"})
	require.NoError(t, err)
	require.Equal(t, tls.X25519MLKEM768, state.CurveID)
}

// Names that a server does not know are refused, and so is none.
func TestNamesAreRequired(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{"app.test"}})
	for name, address := range map[string]netip.AddrPort{
		"nginx":   checktest.StartNginx(t, checktest.NginxConfig{Certificate: issued, Names: []string{"app.test"}}).Addr,
		"Go":      checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issued, RequireSNI: true}),
		"HAProxy": checktest.StartHAProxy(t, checktest.HAProxyConfig{Certificate: issued, Bind: "strict-sni"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := negotiate(t, address, &tls.Config{ServerName: "app.test"})
			require.NoError(t, err)
			_, err = negotiate(t, address, &tls.Config{ServerName: "other.test"})
			require.Error(t, err)
			_, err = negotiate(t, address, &tls.Config{})
			require.Error(t, err)
		})
	}
}
