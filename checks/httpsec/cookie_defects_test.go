package httpsec_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// These are defects that other tools have, so that this one never gets them.
// Those of severities and exceptions are in checks/policy.

func cookiesOf(t *testing.T, lines ...string) []checks.Cookie {
	t.Helper()
	return httpsec.ParseCookies(parsed(t, "https://app.example.com/"), lines, time.Now())
}

func flagged(cookies []checks.Cookie) (httpOnly, secure int) {
	for _, cookie := range cookies {
		if cookie.HttpOnly {
			httpOnly++
		}
		if cookie.Secure {
			secure++
		}
	}
	return httpOnly, secure
}

// testssl.sh, run_cookie_flags: the finding about HttpOnly prints the number of
// cookies with Secure.
func TestDefectHttpOnlyCountedAsSecure(t *testing.T) {
	t.Parallel()
	httpOnly, secure := flagged(cookiesOf(t, "a=1; Secure", "b=1; Secure", "c=1; HttpOnly"))
	require.Equal(t, 1, httpOnly)
	require.Equal(t, 2, secure)
}

// testssl.sh, run_cookie_flags: a grep over the whole line takes names and
// values for flags.
func TestDefectFlagsFoundAnywhereInTheLine(t *testing.T) {
	t.Parallel()
	httpOnly, secure := flagged(cookiesOf(t,
		"__Secure-id=1", "secure=httponly", "a=httponly", "b=Secure; Path=/secure/httponly", "c=1; Comment=Secure HttpOnly",
		"insecure=1; SameSite=Lax", "d=\"HttpOnly; x\"", "HttpOnly"))
	require.Zero(t, httpOnly)
	require.Zero(t, secure)
}

// testssl.sh, run_cookie_flags: a pattern of one digit gives no verdict on ten
// cookies and more.
func TestDefectTenCookiesAndMore(t *testing.T) {
	t.Parallel()
	for _, count := range []int{9, 10, 11, 100} {
		var lines []string
		for i := range count {
			lines = append(lines, fmt.Sprintf("cookie-%d=1; HttpOnly", i))
		}
		cookies := cookiesOf(t, lines...)
		require.Len(t, cookies, count)
		httpOnly, secure := flagged(cookies)
		require.Equal(t, count, httpOnly)
		require.Zero(t, secure)
	}
}

// testssl.sh, run_cookie_flags: it looks at the first answer only.
func TestDefectCookiesOfTheFirstAnswerOnly(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"/callback": "/second", "/second": "/third"}
		w.Header().Add("Set-Cookie", "at"+r.URL.Path[1:]+"=1; Path="+r.URL.Path)
		if next[r.URL.Path] != "" {
			http.Redirect(w, r, next[r.URL.Path], http.StatusFound)
		}
	})
	var names []string
	for _, hop := range walk(t, network(t), address, "/callback", checks.Limits{}).Hops {
		for _, cookie := range hop.Answer.Value.Cookies {
			names = append(names, cookie.Name)
		}
	}
	require.Equal(t, []string{"atcallback", "atsecond", "atthird"}, names)
}

// MDN HTTP Observatory: heroku-session-affinity is removed before anything is
// judged. Here facts hold what was sent; exceptions are waivers.
func TestDefectCookiesRemovedBeforeTheyAreJudged(t *testing.T) {
	t.Parallel()
	require.Equal(t, "heroku-session-affinity Path=/", describe(cookiesOf(t, "heroku-session-affinity=1; Path=/")))
}

// MDN HTTP Observatory: only names with "login" or "sess" in them count as
// cookies of a session.
func TestDefectCookiesJudgedByTheirNames(t *testing.T) {
	t.Parallel()
	require.Len(t, cookiesOf(t, "sid=1", "auth=1", "sess=1", "x=1"), 4)
}
