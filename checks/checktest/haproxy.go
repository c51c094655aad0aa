package checktest

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// HAProxyConfig is what an HAProxy serves. The zero value is a healthy server.
type HAProxyConfig struct {
	Certificate *pki.Issued   // default: one for localhost of a CA nobody knows
	More        []*pki.Issued // served beside Certificate; each of another key type
	Global      string        // extra lines of the section 'global': ssl-dh-param-file
	Bind        string        // extra words of the TLS 'bind' line: ssl-min-ver, ciphers, curves
	// Files are written where Global and Bind find them by name alone.
	Files map[string][]byte
}

// StartHAProxy runs an HAProxy that answers every request with 200 until the
// end of the test, and returns its address (Debian: haproxy).
func StartHAProxy(t testing.TB, config HAProxyConfig) netip.AddrPort {
	t.Helper()
	binary := program(t, "haproxy", "haproxy", "/usr/sbin/haproxy")
	if config.Certificate == nil {
		config.Certificate = localhost(t)
	}
	folder := t.TempDir()
	files, certificates := map[string][]byte{}, ""
	for index, issued := range append([]*pki.Issued{config.Certificate}, config.More...) {
		name := fmt.Sprintf("pair%d.pem", index) // HAProxy wants chain and key in one file
		files[name] = append(append([]byte(nil), issued.CertPEM...), issued.KeyPEM...)
		certificates += " crt " + name
	}
	for name, content := range config.Files {
		files[name] = content
	}
	return startOnFreePort(t, loopback, func(port, plain uint16) (netip.AddrPort, error) {
		address, token := netip.AddrPortFrom(loopback, port), newToken()
		files["haproxy.cfg"] = []byte(strings.NewReplacer(
			"@tls@", address.String()+" ssl"+certificates+" "+config.Bind, "@global@", config.Global,
			"@plain@", netip.AddrPortFrom(loopback, plain).String(), "@header@", versionHeader, "@token@", token,
		).Replace(haproxyTemplate))
		for name, content := range files {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
		}
		process := startProcess(t, binary, "-db", "-C", folder, "-f", "haproxy.cfg")
		return address, process.until("HAProxy serves", func() bool {
			return versionServed(netip.AddrPortFrom(loopback, plain), token)
		})
	})
}

const haproxyTemplate = `global
  maxconn 256
  nbthread 1
  @global@
defaults
  mode http
  timeout client 30s
  timeout connect 5s
  timeout server 30s
frontend tls
  bind @tls@
  http-request return status 200 content-type text/plain string ok
frontend status
  bind @plain@
  http-request return status 200 content-type text/plain string ok hdr @header@ @token@
`
