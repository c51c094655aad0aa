package remedies

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

func TestApacheLines(t *testing.T) {
	t.Parallel()
	files := material(t)
	apache := checktest.StartApache(t, checktest.ApacheConfig{Files: files})
	at := server{tls: apache.Addr, plain: apache.PlainAddr}
	tested := 0
	for id, configuration := range linesOf("apache", "apache") {
		lines := usable(t, configuration)
		if strings.Contains(configuration.File, "outside of every VirtualHost") || strings.HasPrefix(lines, "Listen ") {
			apacheTakes(t, lines, files)
			continue
		}
		check := effects()[id]
		if check != nil && visible(id) {
			tested++
			apache.Reconfigure(apacheWith(id, "", files))
			require.Error(t, check(t, at), "%s: it works without the lines", id)
		}
		apache.Reconfigure(apacheWith(id, lines, files))
		if check != nil {
			require.NoError(t, check(t, at), "%s: %s", id, lines)
		} else {
			answer(t, at)
		}
	}
	require.GreaterOrEqual(t, tested, 11)
}

// visible says whether a server that is weak where it can be shows that the
// remedy is needed: parameters have 2048 bits by default, and nobody
// renegotiates insecurely any more.
func visible(id string) bool { return id != "dh-strong" && id != "renegotiation-secure" }

// apacheWith is a server that is weak in all that lines do not set.
func apacheWith(id, lines string, files map[string][]byte) checktest.ApacheConfig {
	config := checktest.ApacheConfig{Files: files, Protocols: strings.Fields(weakProtocols(id)), Ciphers: "ALL:@SECLEVEL=0"}
	if id == "renegotiation-secure" {
		config.Protocols = []string{"TLSv1.2", "TLSv1.3"}
	}
	if id == "https-only" {
		config.Plain = lines
		return config
	}
	config.Server = `
  Header add Set-Cookie "bare=1; Path=/"
  Header add Set-Cookie "full=2; Path=/; HttpOnly; Secure"
  Header add Set-Cookie "only=3; HttpOnly"
  Header add Set-Cookie "httponly=secure; Path=/"
  Header always add Set-Cookie "always=4"
  Header set X-Frame-Options DENY
  Header set Public-Key-Pins max-age=1
` + lines
	return config
}

// apacheTakes runs Apache's own check on a configuration whose lines with a
// colon of a cache or a port stand outside of the virtual host.
func apacheTakes(t *testing.T, lines string, files map[string][]byte) {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, files)
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "logs"), 0o700))
	var outside, inside []string
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "SSLStaplingCache") || strings.HasPrefix(line, "Listen") || strings.HasPrefix(line, "ServerTokens") {
			outside = append(outside, line)
		} else {
			inside = append(inside, line)
		}
	}
	config := "ServerRoot " + folder + "\nServerName localhost\n"
	for _, module := range []string{"mpm_event", "authz_core", "socache_shmcb", "ssl", "headers"} {
		config += "LoadModule " + module + "_module /usr/lib/apache2/modules/mod_" + module + ".so\n"
	}
	config += strings.Join(outside, "") + "<VirtualHost *:443>\nSSLEngine on\nSSLCertificateFile fullchain.pem\nSSLCertificateKeyFile privkey.pem\n" +
		strings.Join(inside, "") + "</VirtualHost>\n"
	write(t, folder, map[string][]byte{"apache.conf": []byte(config)})
	text, err := exec.CommandContext(t.Context(), "apache2", "-t", "-f", filepath.Join(folder, "apache.conf")).CombinedOutput()
	require.NoError(t, err, "%s\n%s", config, text)
}
