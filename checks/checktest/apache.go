package checktest

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// ApacheConfig is what an Apache serves. The zero value is a healthy server.
type ApacheConfig struct {
	Address     netip.Addr    // default 127.0.0.1; fixed at start
	Protocols   []string      // SSLProtocol; default TLSv1.2 and TLSv1.3
	Ciphers     string        // SSLCipherSuite up to TLS 1.2; default: OpenSSL's
	Certificate *pki.Issued   // default: one for localhost of a CA nobody knows
	More        []*pki.Issued // served beside Certificate; each of another key type
	// DHParameters (PEM) are used in DHE; default: of the size of an RSA key.
	DHParameters []byte
	// Files are written into the folder that relative names in Server mean.
	Files map[string][]byte
	// Server holds extra lines of the TLS virtual host. mod_headers, mod_alias
	// and mod_rewrite are loaded.
	Server string
	// Plain holds extra lines of the virtual host without TLS.
	Plain string
}

// Apache is a running Apache.
type Apache struct {
	Addr      netip.AddrPort // TLS
	PlainAddr netip.AddrPort // plain HTTP

	t       testing.TB
	process *process
	folder  string
	issued  *pki.Issued
}

const apacheModules = "/usr/lib/apache2/modules"

// StartApache runs an Apache until the end of the test (Debian: apache2-bin).
func StartApache(t testing.TB, config ApacheConfig) *Apache {
	t.Helper()
	binary := program(t, "apache2-bin", "apache2", "/usr/sbin/apache2")
	_, err := os.Stat(apacheModules + "/mod_ssl.so")
	require.NoError(t, err, "Apache's modules are not installed: install the package apache2-bin, or run make deps.")
	address := config.Address
	if !address.IsValid() {
		address = loopback
	}
	folder := serverFolder(t)
	issued := config.Certificate
	if issued == nil {
		issued = localhost(t)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "www"), 0o755)) //nolint:gosec // read by the server's own user
	require.NoError(t, os.WriteFile(filepath.Join(folder, "www", "index.html"), []byte("ok\n"), 0o644))
	return startOnFreePort(t, address, func(port, plain uint16) (*Apache, error) {
		server := &Apache{
			Addr: netip.AddrPortFrom(address, port), PlainAddr: netip.AddrPortFrom(address, plain),
			t: t, folder: folder, issued: issued,
		}
		token := newToken()
		server.write(config, token)
		server.process = startProcess(t, binary, "-f", filepath.Join(folder, "apache.conf"), "-D", "FOREGROUND")
		return server, server.process.until("Apache serves", func() bool {
			return versionServed(server.PlainAddr, token)
		})
	})
}

// Reconfigure replaces the configuration and returns when the new one serves
// and no worker of the old one is left. Addresses and ports stay.
func (a *Apache) Reconfigure(config ApacheConfig) {
	a.t.Helper()
	token := newToken()
	a.write(config, token)
	old := children(a.process.pid())
	require.NoError(a.t, syscall.Kill(a.process.pid(), syscall.SIGUSR1)) // graceful restart
	require.NoError(a.t, a.process.until("Apache serves its new configuration", func() bool {
		return !anyOf(old, children(a.process.pid())) && versionServed(a.PlainAddr, token)
	}))
}

// Stop ends the server: its port then refuses connections.
func (a *Apache) Stop() { a.process.stop() }

func (a *Apache) write(config ApacheConfig, token string) {
	a.t.Helper()
	if config.Certificate == nil {
		config.Certificate = a.issued
	}
	if len(config.Protocols) == 0 {
		config.Protocols = []string{"TLSv1.2", "TLSv1.3"}
	}
	if config.Ciphers == "" {
		config.Ciphers = "DEFAULT:@SECLEVEL=0" // OpenSSL 3 refuses TLS 1.0 and 1.1 at its default security level
	}
	server, files := config.Server, map[string][]byte{
		// mod_ssl takes parameters from the end of the first certificate's file.
		"cert.pem": append(slices.Clip(config.Certificate.CertPEM), config.DHParameters...), "key.pem": config.Certificate.KeyPEM,
	}
	for index, more := range config.More {
		server += fmt.Sprintf("\n  SSLCertificateFile cert%d.pem\n  SSLCertificateKeyFile key%d.pem", index, index)
		files[fmt.Sprintf("cert%d.pem", index)], files[fmt.Sprintf("key%d.pem", index)] = more.CertPEM, more.KeyPEM
	}
	maps.Copy(files, config.Files)
	user := ""
	if os.Geteuid() == 0 { // Apache refuses to run its workers as root
		user = "User nobody\nGroup nogroup"
	}
	text := strings.NewReplacer(
		"@user@", user, "@folder@", a.folder, "@modules@", apacheModules, "@token@", token, "@header@", versionHeader,
		"@tls@", a.Addr.String(), "@plain@", a.PlainAddr.String(),
		"@protocols@", "-all +"+strings.Join(config.Protocols, " +"),
		"@ciphers@", config.Ciphers, "@server@", server, "@plainserver@", config.Plain,
	).Replace(apacheTemplate)
	files["apache.conf"] = []byte(text)
	for name, content := range files {
		require.NoError(a.t, os.WriteFile(filepath.Join(a.folder, name), content, 0o600))
	}
}

const apacheTemplate = `ServerRoot @folder@
ServerName localhost
PidFile @folder@/apache.pid
ErrorLog /dev/stderr
LogLevel warn
Mutex posixsem
@user@
LoadModule mpm_event_module @modules@/mod_mpm_event.so
LoadModule authz_core_module @modules@/mod_authz_core.so
LoadModule ssl_module @modules@/mod_ssl.so
LoadModule headers_module @modules@/mod_headers.so
LoadModule alias_module @modules@/mod_alias.so
LoadModule rewrite_module @modules@/mod_rewrite.so
LoadModule dir_module @modules@/mod_dir.so
StartServers 1
ServerLimit 2
ThreadsPerChild 16
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
GracefulShutdownTimeout 1
DocumentRoot @folder@/www
SSLSessionCache none
Listen @plain@
Listen @tls@
<VirtualHost @plain@>
  Header always set @header@ @token@
  @plainserver@
</VirtualHost>
<VirtualHost @tls@>
  SSLEngine on
  SSLCertificateFile @folder@/cert.pem
  SSLCertificateKeyFile @folder@/key.pem
  SSLProtocol @protocols@
  SSLCipherSuite @ciphers@
  @server@
</VirtualHost>
`
