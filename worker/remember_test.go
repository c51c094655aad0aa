package worker_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// looks is how often an unchanged server is looked at.
const looks = 100

func TestUnchangedServersStoreOneComponentOfEachKind(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(w *world, certificate *pki.Issued) (port uint16){
		"nginx": func(w *world, certificate *pki.Issued) uint16 {
			w.names.point("app.test", "127.0.0.1")
			return checktest.StartNginx(w.t, checktest.NginxConfig{
				Certificate: certificate, Server: `add_header Set-Cookie "session=$request_id; Secure; HttpOnly; Path=/";`,
			}).Addr.Port()
		},
		"apache": func(w *world, certificate *pki.Issued) uint16 {
			w.names.point("app.test", "127.0.0.1")
			return checktest.StartApache(w.t, checktest.ApacheConfig{
				Certificate: certificate, Server: `Header always add Set-Cookie "session=1; Secure; HttpOnly; Path=/"`,
			}).Addr.Port()
		},
		"go": func(w *world, certificate *pki.Issued) uint16 {
			w.names.point("app.test", "127.0.0.1")
			return checktest.StartGoServer(w.t, checktest.GoServerConfig{Certificate: certificate}).Port()
		},
		"go, with everything volatile": func(w *world, certificate *pki.Issued) uint16 {
			addresses := []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}
			w.names.set("app.test", func() dnsserver.Answer {
				shuffled := append([]string{}, addresses...)
				mathrand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				return dnsserver.Addresses(shuffled...)
			})
			return checktest.StartGoServer(w.t, checktest.GoServerConfig{
				Address: netip.IPv4Unspecified(), Certificate: certificate, Handler: http.HandlerFunc(volatileAnswer),
			}).Port()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			port := serve(w, checktest.Issue(t, w.ca, pki.Leaf{Names: []string{"app.test"}}))
			w.start()
			endpoint := w.register(fmt.Sprintf("https://app.test:%d/cb", port))
			for range looks {
				w.look(endpoint)
			}
			w.settle()
			require.Empty(t, cmp.Diff([]string{"certificate 1", "dns 1", "grade 1", "http 1", "pki 1", "tls 1", "verdicts 1"},
				all[string](w, `SELECT kind || ' ' || count(*) FROM components GROUP BY kind ORDER BY kind`)))
			require.Equal(t, 2, one[int](w, `SELECT count(*) FROM manifests`), "one with http, one without")
			require.Equal(t, looks, one[int](w, `SELECT count(*) FROM assessments WHERE outcome = 'judged'`))
			require.Equal(t, looks, one[int](w, `SELECT count(*) FROM measurements`))
			require.Zero(t, one[int](w, `SELECT count(*) FROM changes`))
			require.Equal(t, []string{"T-05 inconclusive", "T-06 inconclusive", "T-10 inconclusive"}, all[string](w,
				`SELECT requirement || ' ' || result FROM requirement_status WHERE result IN ('fail', 'inconclusive') ORDER BY 1`), "what only a full look tells")
		})
	}
}

// volatileAnswer redirects to a sign-in page with a new state, and sets
// cookies whose values and names change from request to request.
func volatileAnswer(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Security-Policy", "script-src 'nonce-"+nonce()+"'")
	w.Header().Set("X-Request-Id", nonce())
	http.SetCookie(w, &http.Cookie{Name: "session", Value: nonce(), Path: "/", HttpOnly: true, Secure: true})
	http.SetCookie(w, &http.Cookie{Name: ".AspNetCore.Correlation." + nonce(), Value: "N", Path: "/cb", HttpOnly: true, Secure: true})
	if request.URL.Path == "/cb" {
		http.Redirect(w, request, "/sign-in?client_id=app&state="+nonce()+"&nonce="+nonce(), http.StatusFound)
		return
	}
	fmt.Fprintln(w, nonce())
}

func nonce() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

func TestCertificateThatExpiresWithoutChanging(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.names.point("app.test", "127.0.0.1")
	issued := checktest.Issue(t, w.ca, pki.Leaf{Names: []string{"app.test"}, NotAfter: time.Now().Add(time.Hour)})
	port := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issued}).Port()
	w.start()
	endpoint := w.register(fmt.Sprintf("https://app.test:%d/cb", port))
	before := w.look(endpoint)
	w.clock.advance(2 * time.Hour)
	after := w.look(endpoint)
	w.settle()

	const manifest = `SELECT encode(manifest_sha256, 'hex') FROM assessments WHERE id = $1`
	require.Equal(t, one[string](w, manifest, before.ID), one[string](w, manifest, after.ID), "both saw the same bytes")
	require.Equal(t, []string{"regression time verdicts.T-09 pass fail"},
		all[string](w, `SELECT concat_ws(' ', class, cause, subject, before, after) FROM changes`))
	require.Equal(t, []string{"open T-06,T-09"}, w.incidents())
	require.Equal(t, "time", one[string](w, `SELECT cause FROM incidents`))
}

func TestOutageHidesNoChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, config := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	w.names.set("app.test", dnsserver.NXDOMAIN)
	w.look(endpoint)
	config.Protocols = []string{"TLSv1.2"}
	server.Reconfigure(config)
	w.names.point("app.test", "127.0.0.1")
	w.look(endpoint)
	require.Contains(t, all[string](w, `SELECT sentence FROM changes`), "The server no longer accepts TLS 1.3.")
}
