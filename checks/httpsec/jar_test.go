package httpsec_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// A page that tries whether the browser keeps cookies leads back to itself: that
// is no circle, and what it shows then is where the walk ends.
func TestWalkKeepsCookiesAsABrowser(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("probe")
		switch {
		case r.URL.Query().Has("test") && err == nil:
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		case r.URL.Query().Has("test"):
			w.WriteHeader(http.StatusForbidden)
		case err != nil:
			http.SetCookie(w, &http.Cookie{Name: "probe", Value: rand.Text(), Path: "/", Secure: true})
			http.Redirect(w, r, "?test=1", http.StatusFound)
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	})
	first := walk(t, network(t), address, "/callback", checks.Limits{})
	require.Equal(t, checks.KnownFact(http.StatusTeapot), first.End)
	require.Len(t, first.Hops, 3)
	require.Equal(t, form(first), form(walk(t, network(t), address, "/callback", checks.Limits{})), "each walk begins without cookies")
}

// A circle is one also where every turn sets its cookie anew.
func TestWalkEndsInACircleOfCookies(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: rand.Text(), Path: "/"})
		http.Redirect(w, r, "/callback", http.StatusFound)
	})
	got := walk(t, network(t), address, "/callback", checks.Limits{})
	require.Equal(t, checks.AbsentFact[int](checks.ReasonRedirectLoop), got.End)
}

// Cookies go back to who set them and to nobody else, and not in a head that
// servers turn down.
func TestWalkSendsCookiesToTheirHost(t *testing.T) {
	t.Parallel()
	var sent []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Cookie"))
		switch r.URL.Path {
		case "/callback":
			w.Header().Add("Set-Cookie", "own=1; Path=/")
			w.Header().Add("Set-Cookie", "elsewhere=1; Path=/elsewhere")
			w.Header().Add("Set-Cookie", "suffix=1; Domain=com; Path=/")
			for range 20 {
				w.Header().Add("Set-Cookie", "x"+rand.Text()+"="+strings.Repeat("x", 1000)+"; Path=/")
			}
			http.Redirect(w, r, "/next", http.StatusFound)
		case "/next":
			http.Redirect(w, r, "https://other.example.net/", http.StatusFound)
		}
	})
	net := network(t)
	walk(t, net, address, "/callback", checks.Limits{})
	require.Empty(t, sent[0])
	require.Contains(t, sent[1], "own=1")
	require.NotContains(t, sent[1], "elsewhere")
	require.NotContains(t, sent[1], "suffix")
	require.Less(t, len(sent[1]), 5000)
	for _, cookie := range sent[2:] {
		require.Empty(t, cookie, "what is asked besides, and other hosts")
	}
}
