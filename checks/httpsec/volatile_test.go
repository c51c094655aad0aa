package httpsec_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// An unchanged server that makes everything anew that servers make anew gives
// equal facts at every look.
func TestNothingVolatileInFacts(t *testing.T) {
	t.Parallel()
	// A digit within: a token of letters alone may pass for a word, if seldom.
	upper := func() string { text := rand.Text(); return text[:8] + "7" + text[8:] }
	lower := func() string { return strings.ToLower(upper()) }
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		nonce, now := upper(), time.Now()
		set := w.Header().Set
		for _, cookie := range []string{
			".AspNetCore.Correlation." + upper() + "=N; Path=/; HttpOnly", "session=" + nonce + "; Expires=" + now.Add(time.Hour).Format(http.TimeFormat),
			"a=1; Path=/" + lower() + "/", "affinity-" + lower() + "=1", "__Host-" + lower() + "=1; Secure; Path=/",
		} {
			w.Header().Add("Set-Cookie", cookie)
		}
		if r.URL.Path == "/callback" {
			http.Redirect(w, r, "/"+lower()+"/page;jsessionid="+lower()+"?state="+nonce+"&"+lower()+"=1#"+nonce, http.StatusFound)
			return
		}
		set("Content-Type", "text/html; charset=utf-8; boundary="+nonce)
		set("Content-Security-Policy", "script-src 'nonce-"+nonce+"' 'sha256-"+nonce+"' https://"+lower()+".cdn.example.net; report-uri /report/"+lower()+"?n="+nonce)
		set("Content-Security-Policy-Report-Only", "default-src 'self'; report-uri https://o1.ingest.example.net/api/?sentry_key="+lower())
		set("Retry-After", fmt.Sprint(now.UnixNano()%1000))
		set("WWW-Authenticate", `Digest realm="app", nonce="`+nonce+`", opaque="`+nonce+`"`)
		set("X-Powered-By", "app/"+lower())
		set("Server", "nginx/1."+nonce)
		set("Alt-Svc", `h3="`+lower()+`.example.net:443"; ma=86400`)
		set("X-Generator", "built "+lower())
		_, _ = fmt.Fprintf(w, `<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'nonce-%[1]s'">
<meta name="referrer" content="no-referrer"><title>%[1]s</title><meta http-equiv="refresh" content="90;url=/?t=%[1]s">
<script src="https://%[2]s.cdn.example.net/%[1]s.js"></script><script nonce="%[1]s">var t="%[1]s"</script>
<img src="http://%[2]s.images.example.net/%[1]s.png"><p>%[3]s, request %[1]s</p>`, nonce, lower(), now.Format(time.RFC3339Nano))
	})
	first := walk(t, network(t), address, "/callback", checks.Limits{})
	require.Len(t, first.Hops, 2)
	for range 5 {
		require.Equal(t, form(first), form(walk(t, network(t), address, "/callback", checks.Limits{})))
	}
}
