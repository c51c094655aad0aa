package httpsec_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

func parsed(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func TestParseCookie(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for _, test := range []struct {
		line string
		want checks.Cookie
	}{
		{"sid=1", checks.Cookie{Name: "sid"}},
		{"sid=1; HttpOnly; Secure", checks.Cookie{Name: "sid", HttpOnly: true, Secure: true}},
		{"sid=1;httponly;SECURE", checks.Cookie{Name: "sid", HttpOnly: true, Secure: true}},
		{"sid=1; \t HttpOnly \t ; Secure=anything", checks.Cookie{Name: "sid", HttpOnly: true, Secure: true}},
		{"sid=HttpOnly", checks.Cookie{Name: "sid"}},
		{"sid=HttpOnly Secure", checks.Cookie{Name: "sid"}},
		{"HttpOnly=1", checks.Cookie{Name: "HttpOnly"}},
		{"HttpOnly", checks.Cookie{}},
		{"HttpOnly; Secure", checks.Cookie{Secure: true}},
		{"sid=1, HttpOnly", checks.Cookie{Name: "sid"}},
		{"sid=1; HttpOnlyX; XSecure", checks.Cookie{Name: "sid"}},
		{"sid=1; Path=/HttpOnly", checks.Cookie{Name: "sid", Path: "/HttpOnly"}},
		{"sid=1; Comment=Secure", checks.Cookie{Name: "sid"}},
		{"sid=\"1; HttpOnly\"", checks.Cookie{Name: "sid"}},
		{"sid=1; =HttpOnly", checks.Cookie{Name: "sid"}},
		{"  sid  =  1  ", checks.Cookie{Name: "sid"}},
		{"=value", checks.Cookie{}},
		{"", checks.Cookie{Invalid: true}},
		{";", checks.Cookie{Invalid: true}},
		{"=; HttpOnly", checks.Cookie{HttpOnly: true, Invalid: true}},
		{"sid=1; SameSite=none", checks.Cookie{Name: "sid", SameSite: "None"}},
		{"sid=1; samesite=LAX", checks.Cookie{Name: "sid", SameSite: "Lax"}},
		{"sid=1; SameSite=Strict; SameSite=Lax", checks.Cookie{Name: "sid", SameSite: "Lax"}},
		{"sid=1; SameSite=Maybe", checks.Cookie{Name: "sid"}},
		{"sid=1; Partitioned; Secure", checks.Cookie{Name: "sid", Partitioned: true, Secure: true}},
		{"sid=1; Path=/app", checks.Cookie{Name: "sid", Path: "/app"}},
		{"sid=1; Path=app", checks.Cookie{Name: "sid"}},
		{"sid=1; Path=/app; Path=", checks.Cookie{Name: "sid"}},
		{"sid=1; Path=/9f86d081884c7d659a2feaa0c55ad015/x", checks.Cookie{Name: "sid", Path: "/*/x"}},
		{"sid=1; Domain=example.com", checks.Cookie{Name: "sid", Domain: "example.com"}},
		{"sid=1; Domain=.Example.COM", checks.Cookie{Name: "sid", Domain: "example.com"}},
		{"sid=1; Domain=app.example.com", checks.Cookie{Name: "sid", Domain: "app.example.com"}},
		{"sid=1; Domain=", checks.Cookie{Name: "sid"}},
		{"sid=1; Domain=com", checks.Cookie{Name: "sid", Domain: "com", Invalid: true}},
		{"sid=1; Domain=example.net", checks.Cookie{Name: "sid", Domain: "example.net", Invalid: true}},
		{"sid=1; Domain=x.app.example.com", checks.Cookie{Name: "sid", Domain: "x.app.example.com", Invalid: true}},
		{"sid=1; Domain=ample.com", checks.Cookie{Name: "sid", Domain: "ample.com", Invalid: true}},
		{"sid=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=1", checks.Cookie{Name: "sid"}},
		{"sid=a\x00b; HttpOnly", checks.Cookie{Name: "sid", HttpOnly: true, Invalid: true}},
		{"sid=1\x01", checks.Cookie{Name: "sid", Invalid: true}},
		{"sid=1; Path=/\x7f", checks.Cookie{Name: "sid", Path: "/�", Invalid: true}},
		{"sid=a\tb", checks.Cookie{Name: "sid"}},
		{"sid=" + long, checks.Cookie{Name: "sid", Invalid: true}},
		{"sid=1; Path=/" + long + "; Secure", checks.Cookie{Name: "sid", Secure: true}},
		{"__Secure-a=1; Secure", checks.Cookie{Name: "__Secure-a", Secure: true}},
		{"__Secure-a=1", checks.Cookie{Name: "__Secure-a", Invalid: true}},
		{"__secure-a=1", checks.Cookie{Name: "__secure-a", Invalid: true}},
		{"__Host-a=1; Secure; Path=/", checks.Cookie{Name: "__Host-a", Secure: true, Path: "/"}},
		{"__Host-a=1; Secure; Path=/app", checks.Cookie{Name: "__Host-a", Secure: true, Path: "/app", Invalid: true}},
		{"__Host-a=1; Secure", checks.Cookie{Name: "__Host-a", Secure: true, Invalid: true}},
		{"__Host-a=1; Path=/", checks.Cookie{Name: "__Host-a", Path: "/", Invalid: true}},
		{"__HOST-a=1; Secure; Path=/; Domain=example.com", checks.Cookie{Name: "__HOST-a", Secure: true, Path: "/", Domain: "example.com", Invalid: true}},
		{"__Host-a", checks.Cookie{Invalid: true}},
		{"=__Secure-a=1; Secure", checks.Cookie{Secure: true, Invalid: true}},
	} {
		got := httpsec.ParseCookie(parsed(t, "https://app.example.com/callback"), test.line)
		require.Empty(t, cmp.Diff(test.want, got), "%.80q", test.line)
	}
}

func TestParseCookieOverPlainHTTP(t *testing.T) {
	t.Parallel()
	plain := parsed(t, "http://app.example.com/")
	require.True(t, httpsec.ParseCookie(plain, "sid=1; Secure").Invalid, "a browser takes Secure over https only")
	require.False(t, httpsec.ParseCookie(plain, "sid=1").Invalid)
	require.True(t, httpsec.ParseCookie(parsed(t, "https://192.0.2.1/"), "sid=1; Domain=0.2.1").Invalid)
	require.False(t, httpsec.ParseCookie(parsed(t, "https://192.0.2.1/"), "sid=1; Domain=192.0.2.1").Invalid)
}

func TestParseCookiesIsCanonical(t *testing.T) {
	t.Parallel()
	u := parsed(t, "https://app.example.com/")
	var lines, shuffled []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("cookie%c=%d; HttpOnly", 'a'+i%26, i))
		shuffled = append([]string{fmt.Sprintf("cookie%c=other%d; HttpOnly; Max-Age=%d", 'a'+i%26, i, i)}, shuffled...)
	}
	first := httpsec.ParseCookies(u, lines)
	require.Len(t, first, 26, "repeated cookies are kept once, more than ten are kept")
	require.Equal(t, first, httpsec.ParseCookies(u, shuffled))
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("many-%s=1", strings.Repeat("y", i)))
	}
	require.LessOrEqual(t, len(httpsec.ParseCookies(u, lines)), 200)
}

func FuzzParseCookie(f *testing.F) {
	f.Add("sid=1; HttpOnly; Secure; SameSite=None; Domain=example.com; Path=/x")
	f.Add("__Host-a=\x00; Path=/9f86d081884c7d659a2feaa0c55ad015")
	f.Add("a\x00b\x1b[2J=1; Domain=\u0085.example.com; Path=/\x00")
	f.Add("\xff\xfe=\xff; Domain=\xff; Path=/\xff")
	u := parsed(f, "https://app.example.com/")
	f.Fuzz(func(t *testing.T, line string) {
		cookie := httpsec.ParseCookie(u, line)
		if cookie != httpsec.ParseCookie(u, line) {
			t.Error("two readings differ")
		}
		for _, text := range []string{cookie.Name, cookie.Domain, cookie.Path} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q cannot be stored as text", text)
			}
		}
		lower := strings.ToLower(line)
		if cookie.HttpOnly && !strings.Contains(lower, "httponly") || cookie.Secure && !strings.Contains(lower, "secure") {
			t.Errorf("%q gives %+v", line, cookie)
		}
	})
}
