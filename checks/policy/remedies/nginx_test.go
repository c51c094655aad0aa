package remedies

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// linesOf returns the configurations of server in language, by remedy: of
// several remedies with the same lines the first.
func linesOf(server, language string) map[string]Configuration {
	found, seen := map[string]Configuration{}, map[string]bool{}
	for _, remedy := range All() {
		for _, configuration := range remedy.Configurations {
			if configuration.Server == server && configuration.Language == language && !seen[configuration.Lines] {
				found[remedy.ID] = configuration
				seen[configuration.Lines] = true
			}
		}
	}
	return found
}

// application is what lines about an application stand in front of: it sets
// cookies without attributes, with all, with one, and refuses frames.
func application(t *testing.T) string {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Set-Cookie"] = []string{
			"bare=1; Path=/", "full=2; Path=/; HttpOnly; Secure", "only=3; HttpOnly", "secure_id=4; Secure", "httponly=secure; Path=/",
		}
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("Public-Key-Pins", "max-age=1")
		w.Header().Set("X-Powered-By", "Test/1.0")
	}))
	t.Cleanup(behind.Close)
	return behind.URL
}

// material are the files that lines name.
func material(t *testing.T) map[string][]byte {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Remedies"), pki.Leaf{Names: []string{"localhost", "app.example.com"}, Key: pki.RSA})
	parameters, err := exec.CommandContext(t.Context(), "openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048").Output()
	require.NoError(t, err)
	return map[string][]byte{
		"fullchain.pem": issued.CertPEM, "privkey.pem": issued.KeyPEM,
		"app.pem": append(append([]byte(nil), issued.CertPEM...), issued.KeyPEM...), "ffdhe2048.pem": parameters,
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// newer says whether version a is at least b: "2.10" is, of "2.8".
func newer(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range right {
		if i >= len(left) {
			return false
		}
		x, errX := strconv.Atoi(left[i])
		y, errY := strconv.Atoi(right[i])
		if errX != nil || errY != nil || x != y {
			return errX == nil && errY == nil && x > y
		}
	}
	return true
}

// postQuantum says whether the servers here can do hybrid groups.
func postQuantum(t *testing.T) bool {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "openssl", "version").Output()
	require.NoError(t, err)
	version := regexp.MustCompile(`OpenSSL (\d+\.\d+)`).FindStringSubmatch(string(text))
	require.NotNil(t, version, string(text))
	return newer(version[1], "3.5")
}

// usable does what the note of configuration says for an older OpenSSL.
func usable(t *testing.T, configuration Configuration) string {
	t.Helper()
	if strings.Contains(configuration.Lines, "X25519MLKEM768") && !postQuantum(t) {
		require.Contains(t, configuration.Note, "leave X25519MLKEM768 out")
		return strings.ReplaceAll(configuration.Lines, "X25519MLKEM768:", "")
	}
	return configuration.Lines
}

func TestNginxLines(t *testing.T) {
	t.Parallel()
	files, behind := material(t), application(t)
	port := freePort(t)
	nginx := checktest.StartNginx(t, checktest.NginxConfig{Files: files})
	at := server{tls: nginx.Addr, plain: nginx.PlainAddr}
	tested := 0
	for id, configuration := range linesOf("nginx", "nginx") {
		lines := strings.ReplaceAll(usable(t, configuration), "listen 443 ssl", fmt.Sprintf("listen 127.0.0.1:%d ssl", port))
		check := effects()[id]
		if check != nil {
			tested++
			nginx.Reconfigure(nginxWith(id, "", files, behind))
			if id != "renegotiation-secure" {
				require.Error(t, check(t, at), "%s: it works without the lines", id)
			}
		}
		nginx.Reconfigure(nginxWith(id, lines, files, behind)) // runs nginx -t
		if check != nil {
			require.NoError(t, check(t, at), "%s: %s", id, lines)
		}
	}
	require.GreaterOrEqual(t, tested, 12)
}

// nginxWith is a server with lines and, for what they do not set, with all that
// is weak.
func nginxWith(id, lines string, files map[string][]byte, behind string) checktest.NginxConfig {
	config := checktest.NginxConfig{Defaults: true, Files: files, Server: "location / { proxy_pass " + behind + "; }\n"}
	if id == "https-only" {
		config.Plain = lines
		return config
	}
	config.Server += lines
	if !strings.Contains(lines, "ssl_protocols") {
		config.Server += "ssl_protocols " + weakProtocols(id) + ";\n"
	}
	if !strings.Contains(lines, "ssl_ciphers") {
		config.Server += "ssl_ciphers ALL:@SECLEVEL=0;\n"
	}
	return config
}

// weakProtocols are on before the remedy with this id.
func weakProtocols(id string) string {
	switch id {
	case "tls12-on":
		return "TLSv1.3"
	case "tls13-on":
		return "TLSv1.2"
	default:
		return "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"
	}
}

func write(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
}
