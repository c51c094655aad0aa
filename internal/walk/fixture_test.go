package walk_test

import (
	"context"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// host is the name of the server that is watched.
const host = "app.gradewatch.test"

// secureCookie is a cookie that nothing can be said against.
const secureCookie = `add_header Set-Cookie "session=1; Path=/; Secure; HttpOnly" always;`

// build builds the program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "gradewatch-walk")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "gradewatch")
	command := exec.Command("go", "build", "-o", binary, "github.com/gradewatch/gradewatch/cmd/gradewatch")
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), err
	}
	return binary, os.Chmod(folder, 0o755) //nolint:gosec // another user runs it
})

// world is what surrounds the service: the watched server, names, receivers.
type world struct {
	t      *testing.T
	binary string
	nginx  *checktest.Nginx
	issued *pki.Issued
	mail   *alerttest.SMTPServer
	hook   *alerttest.WebhookServer
	env    []string
}

// newWorld serves host at address. Further names, of the same domain, have the
// addresses that others gives them, and nothing serves them yet.
func newWorld(t *testing.T, address string, others ...map[string][]string) *world {
	t.Helper()
	binary, err := build()
	require.NoError(t, err, binary)
	ca := checktest.NewCA(t, "Walk authority")
	w := &world{t: t, binary: binary, issued: checktest.Issue(t, ca, pki.Leaf{Names: []string{host, "*." + strings.SplitN(host, ".", 2)[1]}})}
	w.nginx = checktest.StartNginx(t, w.config(netip.MustParseAddr(address), nil, secureCookie))
	addresses := map[string][]string{host: {address}}
	for _, more := range others {
		maps.Copy(addresses, more)
	}
	names := dnsserver.Start(t, dnsserver.Map(addresses))
	w.mail = alerttest.StartSMTP(t, alerttest.SMTPOptions{})
	w.hook = alerttest.StartWebhook(t, "whsec_bm90IHRoZSByZWFsIHNlY3JldCB5ZXQgISEhISE=")

	roots := filepath.Join(t.TempDir(), "roots.pem")
	hookRoots, err := os.ReadFile(w.hook.CAFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(roots, append(ca.PEM(), hookRoots...), 0o600))
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(),
		"GRADEWATCH_LISTEN=127.0.0.1:0",
		"GRADEWATCH_ALLOW_NETWORKS=127.0.0.0/8",
		"GRADEWATCH_RESOLVER=" + names.Address(),
		"GRADEWATCH_EXTRA_ROOTS=" + roots,
		"GRADEWATCH_REFERENCES=" + w.nginx.PlainAddr.String(),
		"GRADEWATCH_SMTP_URL=" + w.mail.URL(),
		"GRADEWATCH_MAIL_FROM=Gradewatch <gradewatch@example.com>",
		"GRADEWATCH_CONFIRM_AFTER=1s",
		"GRADEWATCH_GATHER_FOR=1s",
		"GRADEWATCH_CLAIM_EVERY=1s",
		"GRADEWATCH_LOOK_TIMEOUT=10s",
	}
	return w
}

func (w *world) config(address netip.Addr, protocols []string, lines string) checktest.NginxConfig {
	return checktest.NginxConfig{Address: address, Certificate: w.issued, Protocols: protocols, Server: lines, Plain: ""}
}

// serve reconfigures the watched server.
func (w *world) serve(protocols []string, lines string) {
	w.t.Helper()
	w.nginx.Reconfigure(w.config(w.nginx.Addr.Addr(), protocols, lines))
}

func (w *world) url(path string) string { return w.nginx.URL(host, path) }

// eventually waits until ready says yes, and fails with what after limit.
func eventually(t *testing.T, limit time.Duration, what string, ready func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", "%s, within %s", what, limit)
		}
	}
}
