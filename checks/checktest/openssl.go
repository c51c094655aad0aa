package checktest

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// StartOpenSSL runs 'openssl s_server' with extra arguments (-tls1_3, -cipher)
// until the end of the test and returns its address. It serves one connection
// at a time and answers HTTP with a status page.
func StartOpenSSL(t testing.TB, certificate *pki.Issued, arguments ...string) netip.AddrPort {
	t.Helper()
	binary := program(t, "openssl", "openssl")
	if certificate == nil {
		certificate = localhost(t)
	}
	cert, key := writePair(t, certificate)
	pair := []string{"-cert", cert, "-key", key}
	if sent := certificate.Certificate.Certificate; len(sent) > 1 { // -cert_chain is what follows the leaf
		above, _ := writePair(t, certificate.WithChain(sent[1:]...))
		pair = append(pair, "-cert_chain", above)
	}
	return startOnFreePort(t, loopback, func(port, _ uint16) (netip.AddrPort, error) {
		address := netip.AddrPortFrom(loopback, port)
		process := startProcess(t, binary,
			slices.Concat([]string{"s_server", "-accept", address.String(), "-www"}, pair, arguments)...)
		return address, process.until("s_server accepts", func() bool {
			return strings.Contains(process.printed(), "ACCEPT") && accepts(address)
		})
	})
}

// writePair writes a chain and its key where only this test finds them.
func writePair(t testing.TB, issued *pki.Issued) (cert, key string) {
	t.Helper()
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(cert, issued.CertPEM, 0o600))
	require.NoError(t, os.WriteFile(key, issued.KeyPEM, 0o600))
	return cert, key
}

func accepts(address netip.AddrPort) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address.String())
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
