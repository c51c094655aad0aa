package remedies

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

// Lines of the section global reach every 'bind' line, those of a frontend are
// run as they stand, on other ports.
func TestHAProxyLines(t *testing.T) {
	t.Parallel()
	version := haproxyVersion(t)
	files, behind := material(t), application(t)
	tested := 0
	for id, configuration := range linesOf("haproxy", "haproxy") {
		t.Run(id, func(t *testing.T) {
			lines := usable(t, configuration)
			if needed := regexp.MustCompile(`needs HAProxy (\d+\.\d+)`).FindStringSubmatch(configuration.Note); needed != nil && !newer(version, needed[1]) {
				require.Error(t, haproxyTakes(t, lines, files, behind), "the note says that HAProxy %s cannot do this", version)
				return
			}
			require.NoError(t, haproxyTakes(t, lines, files, behind))
			check := effects()[id]
			if check == nil {
				return
			}
			tested++
			if visible(id) {
				require.Error(t, check(t, haproxyWith(t, id, "", files, behind)), "it works without the lines")
			}
			require.NoError(t, check(t, haproxyWith(t, id, lines, files, behind)), lines)
		})
	}
	require.GreaterOrEqual(t, tested, 11)
}

func haproxyVersion(t *testing.T) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "haproxy", "-v").Output()
	require.NoError(t, err)
	version := regexp.MustCompile(`version (\d+\.\d+)`).FindStringSubmatch(string(text))
	require.NotNil(t, version, string(text))
	return version[1]
}

const haproxyDefaults = `
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 5s
`

// haproxyTakes runs HAProxy's own check.
func haproxyTakes(t *testing.T, lines string, files map[string][]byte, behind string) error {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, files)
	lines = strings.ReplaceAll(lines, "/etc/haproxy/certs/", folder+"/certs/")
	config := lines + haproxyDefaults + "frontend other\n    bind :8443 ssl crt app.pem\n"
	if strings.HasPrefix(lines, "frontend") {
		config = haproxyDefaults + lines + "    default_backend application\n" + backend(behind)
	}
	require.NoError(t, exec.CommandContext(t.Context(), "mkdir", "-p", folder+"/certs").Run())
	write(t, filepath.Join(folder, "certs"), map[string][]byte{"app.pem": files["app.pem"]})
	write(t, folder, map[string][]byte{"haproxy.cfg": []byte(config)})
	if text, err := exec.CommandContext(t.Context(), "haproxy", "-c", "-C", folder, "-f", "haproxy.cfg").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s\n%s", err, text, config)
	}
	return nil
}

func backend(behind string) string {
	return "backend application\n    server a " + strings.TrimPrefix(behind, "http://") + "\n"
}

// haproxyWith runs an HAProxy that is weak in all that lines do not set.
func haproxyWith(t *testing.T, id, lines string, files map[string][]byte, behind string) server {
	t.Helper()
	if frontend := strings.HasPrefix(lines, "frontend"); frontend || lines == "" && isFrontend(id) {
		return haproxyFrontend(t, lines, files, behind)
	}
	global := strings.TrimPrefix(lines, "global\n")
	oldest := map[string]string{"tls12-on": "TLSv1.3", "tls13-on": "TLSv1.2"}[id]
	if !strings.Contains(global, "bind-options") {
		global += "\n    ssl-default-bind-options ssl-min-ver " + map[bool]string{true: "TLSv1.0", false: oldest}[oldest == ""]
		if id == "tls13-on" {
			global += " ssl-max-ver TLSv1.2"
		}
	}
	if !strings.Contains(global, "bind-ciphers ") {
		global += "\n    ssl-default-bind-ciphers ALL:@SECLEVEL=0"
	}
	return server{tls: checktest.StartHAProxy(t, checktest.HAProxyConfig{Global: global, Files: files})}
}

func isFrontend(id string) bool {
	return strings.HasPrefix(linesOf("haproxy", "haproxy")[id].Lines, "frontend")
}

// haproxyFrontend runs lines, which begin a frontend, or one without them.
func haproxyFrontend(t *testing.T, lines string, files map[string][]byte, behind string) server {
	t.Helper()
	folder, secure, plain := t.TempDir(), loopbackPort(freePort(t)), loopbackPort(freePort(t))
	write(t, folder, files)
	config := haproxyDefaults
	replaced := strings.NewReplacer("bind :443 ", "bind "+secure.String()+" ", "bind :80\n", "bind "+plain.String()+"\n").Replace(lines)
	config += replaced
	if replaced != "" {
		config += "    default_backend application\n"
	}
	if !strings.Contains(replaced, secure.String()) {
		config += "frontend other\n    bind " + secure.String() + " ssl crt app.pem\n    default_backend application\n"
	}
	if !strings.Contains(replaced, plain.String()) {
		config += "frontend unsecured\n    bind " + plain.String() + "\n    default_backend application\n"
	}
	write(t, folder, map[string][]byte{"haproxy.cfg": []byte(config + backend(behind))})
	run(t, folder, secure, "haproxy", "-db", "-C", folder, "-f", "haproxy.cfg")
	return server{tls: secure, plain: plain}
}

func loopbackPort(port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)) //nolint:gosec // a port
}

// run starts a program in folder until the end of the test, and returns when
// address accepts connections.
func run(t *testing.T, folder string, address netip.AddrPort, name string, arguments ...string) {
	t.Helper()
	var printed strings.Builder
	command := exec.CommandContext(t.Context(), name, arguments...) // killed when the test ends
	command.Dir, command.Stdout, command.Stderr = folder, &printed, &printed
	command.WaitDelay = time.Second
	require.NoError(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address.String())
		if err == nil {
			require.NoError(t, connection.Close())
			return
		}
		select {
		case err := <-ended:
			ended <- err
			require.FailNow(t, name+" ended", "%v: %s", err, printed.String())
		case <-time.After(10 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "%s does not listen", name)
	}
}
