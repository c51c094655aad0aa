package remedies

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every Caddyfile is checked by Caddy; those about TLS and headers are served,
// with a certificate of ours.
func TestCaddyLines(t *testing.T) {
	t.Parallel()
	text, err := exec.CommandContext(t.Context(), "caddy", "version").Output()
	require.NoError(t, err, "Caddy is not installed: install the package caddy, or run make deps.")
	version := regexp.MustCompile(`(\d+\.\d+)`).FindString(string(text))
	files := material(t)
	tested := 0
	for id, configuration := range linesOf("caddy", "caddyfile") {
		t.Run(id, func(t *testing.T) {
			if needed := regexp.MustCompile(`needs Caddy (\d+\.\d+)`).FindStringSubmatch(configuration.Note); needed != nil && !newer(version, needed[1]) {
				require.Error(t, caddyTakes(t, configuration.Lines, files), "the note says that Caddy %s cannot do this", version)
				return
			}
			require.NoError(t, caddyTakes(t, configuration.Lines, files))
			if check := effects()[id]; check != nil {
				tested++
				require.NoError(t, check(t, caddyWith(t, configuration.Lines, files)))
			}
		})
	}
	require.GreaterOrEqual(t, tested, 4)
}

func caddyTakes(t *testing.T, lines string, files map[string][]byte) error {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, files)
	write(t, folder, map[string][]byte{"Caddyfile": []byte(lines)})
	command := exec.CommandContext(t.Context(), "caddy", "validate", "--adapter", "caddyfile", "--config", "Caddyfile")
	command.Dir, command.Env = folder, append(command.Environ(), "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// caddyWith runs lines at a free port, with files as certificate.
func caddyWith(t *testing.T, lines string, files map[string][]byte) server {
	t.Helper()
	folder, address := t.TempDir(), loopbackPort(freePort(t))
	write(t, folder, files)
	lines = strings.Replace(lines, "app.example.com {", "https://"+address.String()+" {", 1)
	if strings.Contains(lines, "tls {") {
		lines = strings.Replace(lines, "tls {", "tls fullchain.pem privkey.pem {", 1)
	} else {
		lines = strings.Replace(lines, " {\n", " {\n    tls fullchain.pem privkey.pem\n", 1)
	}
	lines = "{\n    admin off\n    auto_https off\n    default_sni localhost\n    storage file_system " + filepath.Join(folder, "data") + "\n}\n" +
		strings.Replace(lines, "https://"+address.String(), "https://localhost:"+fmt.Sprint(address.Port())+", https://"+address.String(), 1)
	write(t, folder, map[string][]byte{"Caddyfile": []byte(lines)})
	run(t, folder, address, "caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile")
	return server{tls: address}
}
