package checktest

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// NginxConfig is what an nginx serves. The zero value is a healthy server.
type NginxConfig struct {
	Address     netip.Addr    // default 127.0.0.1; fixed at start
	Protocols   []string      // ssl_protocols; default TLSv1.2 and TLSv1.3
	Ciphers     string        // ssl_ciphers; default by Protocols
	Certificate *pki.Issued   // default: one for localhost of a CA nobody knows
	More        []*pki.Issued // served beside Certificate; each of another key type
	// Defaults leaves ssl_protocols and ssl_ciphers out: what this nginx does by itself.
	Defaults bool
	// Names are the server's. When given, handshakes for other names and for
	// none are refused (ssl_reject_handshake).
	Names []string
	// Files are written beside the configuration, whose lines name them without
	// a folder: ssl_dhparam, ssl_client_certificate.
	Files map[string][]byte
	// Server holds extra lines of the TLS server block: add_header, location.
	// Without a 'location /' of its own, every path answers 200.
	Server string
	// Plain holds the lines of a second server block without TLS, listening on
	// PlainAddr. Empty: it answers 200.
	Plain string
}

// Nginx is a running nginx.
type Nginx struct {
	Addr      netip.AddrPort // TLS
	PlainAddr netip.AddrPort // plain HTTP

	t       testing.TB
	process *process
	binary  string
	folder  string
	issued  *pki.Issued // the default certificate, kept over reconfigurations
}

// StartNginx runs an nginx until the end of the test (Debian: nginx-light).
func StartNginx(t testing.TB, config NginxConfig) *Nginx {
	t.Helper()
	binary := program(t, "nginx-light", "nginx", "/usr/sbin/nginx")
	address := config.Address
	if !address.IsValid() {
		address = loopback
	}
	folder := serverFolder(t)
	issued := config.Certificate
	if issued == nil {
		issued = localhost(t)
	}
	return startOnFreePort(t, address, func(port, plain uint16) (*Nginx, error) {
		server := &Nginx{
			Addr: netip.AddrPortFrom(address, port), PlainAddr: netip.AddrPortFrom(address, plain),
			t: t, binary: binary, folder: folder, issued: issued,
		}
		token := newToken()
		server.write(config, token)
		server.process = startProcess(t, binary, "-p", folder, "-c", server.path("nginx.conf"), "-e", "stderr")
		return server, server.process.until("nginx serves", func() bool {
			return versionServed(server.PlainAddr, token)
		})
	})
}

// URL returns the https URL of path at host, which should be a name of the
// certificate that resolves to the server's address.
func (n *Nginx) URL(host, path string) string {
	return fmt.Sprintf("https://%s:%d%s", host, n.Addr.Port(), path)
}

// Reconfigure replaces the configuration and returns when the new one serves
// and no worker of the old one is left. Addresses and ports stay.
func (n *Nginx) Reconfigure(config NginxConfig) {
	n.t.Helper()
	token := newToken()
	n.write(config, token)
	check := exec.Command(n.binary, "-t", "-q", "-p", n.folder, "-c", n.path("nginx.conf"), "-e", "stderr")
	text, err := check.CombinedOutput()
	require.NoError(n.t, err, "nginx refuses its new configuration: %s", text)
	old := children(n.process.pid())
	require.NoError(n.t, syscall.Kill(n.process.pid(), syscall.SIGHUP))
	require.NoError(n.t, n.process.until("nginx serves its new configuration", func() bool {
		return !anyOf(old, children(n.process.pid())) && versionServed(n.PlainAddr, token)
	}))
}

// Stop ends the server: its port then refuses connections.
func (n *Nginx) Stop() { n.process.stop() }

func (n *Nginx) path(name string) string { return filepath.Join(n.folder, name) }

func (n *Nginx) write(config NginxConfig, token string) {
	n.t.Helper()
	if config.Certificate == nil {
		config.Certificate = n.issued
	}
	files := map[string][]byte{
		"cert.pem":   config.Certificate.CertPEM,
		"key.pem":    config.Certificate.KeyPEM,
		"nginx.conf": []byte(n.render(config, token)),
	}
	for index, more := range config.More {
		files[fmt.Sprintf("cert%d.pem", index)], files[fmt.Sprintf("key%d.pem", index)] = more.CertPEM, more.KeyPEM
	}
	maps.Copy(files, config.Files)
	for name, content := range files {
		require.NoError(n.t, os.WriteFile(n.path(name), content, 0o600))
	}
}

func (n *Nginx) render(config NginxConfig, token string) string {
	if len(config.Protocols) == 0 {
		config.Protocols = []string{"TLSv1.2", "TLSv1.3"}
	}
	if config.Ciphers == "" {
		// OpenSSL 3 refuses TLS 1.0 and 1.1 at its default security level.
		config.Ciphers = "DEFAULT@SECLEVEL=0"
	}
	server, refusal := config.Server, ""
	for index := range config.More {
		server += fmt.Sprintf("\n    ssl_certificate cert%d.pem;\n    ssl_certificate_key key%d.pem;", index, index)
	}
	if len(config.Names) > 0 {
		server += "\n    server_name " + strings.Join(config.Names, " ") + ";"
		refusal = fmt.Sprintf("server { listen %s ssl default_server; ssl_reject_handshake on; ssl_protocols %s; ssl_ciphers %s; }",
			n.Addr, strings.Join(config.Protocols, " "), config.Ciphers)
	}
	if !strings.Contains(server, "location / ") {
		server += "\n    location / { return 200 \"ok\\n\"; }"
	}
	plain := config.Plain
	if !strings.Contains(plain, "location / ") && !strings.Contains(plain, "return ") {
		plain += "\n    location / { return 200 \"ok\\n\"; }"
	}
	protocols := "ssl_protocols " + strings.Join(config.Protocols, " ") + ";\n    ssl_ciphers " + config.Ciphers + ";"
	if config.Defaults {
		protocols = ""
	}
	return strings.NewReplacer(
		"@user@", userDirective(), "@folder@", n.folder, "@token@", token, "@header@", versionHeader,
		"@tls@", n.Addr.String(), "@plain@", n.PlainAddr.String(),
		"@protocols@", protocols,
		"@server@", server, "@plainserver@", plain, "@refusal@", refusal,
	).Replace(nginxTemplate)
}

// userDirective keeps workers root where nginx is: the folder of a test is
// closed to everybody else. An ordinary user cannot change user at all.
func userDirective() string {
	if os.Geteuid() == 0 {
		return "user root;"
	}
	return ""
}

// worker_shutdown_timeout bounds how long Reconfigure waits for old workers.
const nginxTemplate = `daemon off;
@user@
worker_processes 1;
worker_shutdown_timeout 1s;
pid @folder@/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path @folder@/body;
  proxy_temp_path @folder@/proxy;
  fastcgi_temp_path @folder@/fastcgi;
  uwsgi_temp_path @folder@/uwsgi;
  scgi_temp_path @folder@/scgi;
  default_type text/plain;
  server {
    listen @plain@;
    add_header @header@ @token@ always;
    @plainserver@
  }
  server {
    listen @tls@ ssl;
    ssl_certificate @folder@/cert.pem;
    ssl_certificate_key @folder@/key.pem;
    @protocols@
    @server@
  }
  @refusal@
}
`

// serverFolder returns a folder of the test that other users may read, which
// t.TempDir is not: servers started by root give their privileges up.
func serverFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "checktest-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755)) //nolint:gosec // read by the server's own user
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}
