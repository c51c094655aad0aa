package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
)

// planted is a secret that a server hands out wherever it can.
const planted = "Zq7rT9wXb2KdL5mNp8sVy4"

// planting closes every connection, and plants secrets in cookies, addresses,
// fields and pages on a way of several hops.
func planting(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Add("Set-Cookie", "session="+planted+"; Path=/; Secure; HttpOnly")
	w.Header().Add("Set-Cookie", planted)
	w.Header().Set("Www-Authenticate", `Digest nonce="`+planted+`", opaque=`+planted)
	w.Header().Set("Content-Security-Policy", "script-src 'nonce-"+planted+"'; report-uri /r?key="+planted)
	w.Header().Set("X-Powered-By", planted)
	w.Header().Set("Content-Type", "text/html")
	next := map[string]string{"/": "/a", "/a": "/b", "/b": "/c"}[r.URL.Path]
	if next != "" && r.Method == http.MethodGet {
		http.Redirect(w, r, next+"?token="+planted+"#"+planted, http.StatusFound)
		return
	}
	_, _ = fmt.Fprintf(w, `<meta http-equiv="refresh" content="0;url=https://sod.superoffice.com/login/common/oauth/authorize?response_type=code&client_id=app&scope=openid&state=%[1]s&nonce=%[1]s&code_challenge=%[1]s">
<input type=hidden name=token value="%[1]s"><p>Your token is %[1]s, password: %[1]s</p>`, planted)
	_, _ = io.Copy(io.Discard, r.Body)
}

// Whatever a URL is registered as: a look at a server that closes every
// connection takes no more than 12, and no secret shows in report or transcript.
func TestCheckKeepsSecretsAndItsBudget(t *testing.T) {
	t.Parallel()
	at := checktest.StartGoServer(t, checktest.GoServerConfig{Handler: http.HandlerFunc(planting)})
	url := fmt.Sprintf("https://%s/?code=%s", at, planted)
	for _, kind := range []string{"redirect", "sign_in_start", "webhook", "state_change", "web_panel"} {
		arguments := []string{"check", "--kind", kind, url}
		if kind == "webhook" || kind == "state_change" {
			arguments = append(arguments, "--post")
		}
		_, out, transcript := typed(t, append(arguments, "--json", "--verbose")...)
		report := reports(t, out)[0]
		require.NotEmpty(t, report.HTTP.Hops, kind)
		require.NotEmpty(t, report.HTTP.Cookies, kind)
		require.LessOrEqual(t, report.Connections, 12, kind)
		require.Contains(t, transcript, "http GET", kind)
		told := strings.ReplaceAll(out+transcript, url, "") // what was typed is told as it was typed
		if at := strings.Index(told, planted); at >= 0 {
			require.Fail(t, "a secret is told", "%s: %s", kind, told[max(0, at-200):at+len(planted)])
		}
		if kind == "sign_in_start" {
			require.Equal(t, checks.Known, report.HTTP.Addresses[0].SignIn.State)
		}
		_, text, _ := typed(t, arguments...)
		require.NotContains(t, strings.ReplaceAll(text, url, ""), planted)
	}
}
