package tlsprobe_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// Every hello that can name a host names the one that the caller asked for.
func TestQuickNamesTheHostItIsTold(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	var mu sync.Mutex
	named := map[string]bool{}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{ //nolint:gosec // old versions are asked for too
		MinVersion: tls.VersionTLS10,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			mu.Lock()
			defer mu.Unlock()
			named[hello.ServerName] = true
			return &issued.Certificate, nil
		},
	})
	require.NoError(t, err)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer func(c net.Conn) { _ = c.Close() }(connection)
				_ = connection.(*tls.Conn).HandshakeContext(t.Context())
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	address := netip.MustParseAddrPort(listener.Addr().String())
	component, _ := tlsprobe.Quick(t.Context(), checktest.Loopback(t), checks.Target{Host: host, SNI: "named.test", Port: address.Port()}, address)
	require.Equal(t, checks.Known, component.Protocols[checks.TLSv12].State)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]bool{"named.test": true}, named)
}
