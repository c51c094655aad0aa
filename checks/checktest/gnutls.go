package checktest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// GnuTLSConfig is what a gnutls-serv serves. The zero value is GnuTLS's default.
type GnuTLSConfig struct {
	Priority     string        // --priority; default NORMAL
	Certificate  *pki.Issued   // default: one for localhost of a CA nobody knows
	More         []*pki.Issued // served beside Certificate; each of another key type
	DHParameters []byte        // PEM; default: the group of RFC 7919 that fits
	PSK          string        // "name:key in hex", for the suites that want one
	Arguments    []string      // extra: --require-client-cert, --noticket
}

// StartGnuTLS runs gnutls-serv until the end of the test and returns its
// address (Debian: gnutls-bin). It answers HTTP with a page about the session.
// It has no option for an address and listens on every one of the machine.
func StartGnuTLS(t testing.TB, config GnuTLSConfig) netip.AddrPort {
	t.Helper()
	binary := program(t, "gnutls-bin", "gnutls-serv")
	if config.Priority == "" {
		config.Priority = "NORMAL"
	}
	if config.Certificate == nil {
		config.Certificate = localhost(t)
	}
	arguments := append([]string{"--http", "--priority", config.Priority}, config.Arguments...)
	for _, issued := range append([]*pki.Issued{config.Certificate}, config.More...) {
		cert, key := writePair(t, issued)
		arguments = append(arguments, "--x509certfile", cert, "--x509keyfile", key)
	}
	if config.DHParameters != nil {
		file := filepath.Join(t.TempDir(), "dh.pem")
		require.NoError(t, os.WriteFile(file, config.DHParameters, 0o600))
		arguments = append(arguments, "--dhparams", file)
	}
	if config.PSK != "" {
		file := filepath.Join(t.TempDir(), "psk.txt")
		require.NoError(t, os.WriteFile(file, []byte(config.PSK+"\n"), 0o600))
		arguments = append(arguments, "--pskpasswd", file)
	}
	return startOnFreePort(t, loopback, func(port, _ uint16) (netip.AddrPort, error) {
		address := netip.AddrPortFrom(loopback, port)
		process := startProcess(t, binary, append(arguments, "--port", strconv.Itoa(int(port)))...)
		return address, process.until("gnutls-serv listens", func() bool {
			return strings.Contains(process.printed(), "listening on IPv4") && accepts(address)
		})
	})
}
