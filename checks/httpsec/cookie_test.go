package httpsec_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

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

var inDays = regexp.MustCompile(`\{\+(\d+)d\}`)

// filled returns the case's URL and its lines, with dates seen from now.
func (c setCookieCase) filled(t *testing.T, now time.Time) (u *url.URL, lines []string) {
	t.Helper()
	if c.url == "" {
		c.url = "https://app.example.com/callback"
	}
	if c.lines == nil {
		c.lines = []string{c.line}
	}
	for _, line := range c.lines {
		lines = append(lines, inDays.ReplaceAllStringFunc(line, func(text string) string {
			days, err := strconv.Atoi(inDays.FindStringSubmatch(text)[1])
			require.NoError(t, err)
			return now.Add(time.Duration(days) * 24 * time.Hour).UTC().Format(time.RFC1123)
		}))
	}
	return parsed(t, c.url), lines
}

// describe writes everything that is known of a cookie.
func describe(cookies []checks.Cookie) string {
	var all []string
	for _, c := range cookies {
		words := []string{plainName(c.Name)}
		add := func(shown bool, word string) {
			if shown {
				words = append(words, word)
			}
		}
		add(c.HttpOnly, "HttpOnly")
		add(c.Secure, "Secure")
		add(c.SameSite != "", "SameSite="+c.SameSite)
		add(c.SameSiteInvalid, "SameSite?")
		add(c.Domain != "", "Domain="+c.Domain)
		add(c.Path != "", "Path="+c.Path)
		add(c.Partitioned, "Partitioned")
		add(c.Lifetime != "", string(c.Lifetime))
		add(c.Width != "", string(c.Width))
		add(c.Repeated, "repeated")
		add(c.Drop != "", "drop="+string(c.Drop))
		all = append(all, strings.Join(words, " "))
	}
	return strings.Join(all, " | ")
}

func plainName(name string) string {
	if name == "" || strings.ContainsAny(name, " \t\u00a0\"") {
		return strconv.QuoteToASCII(name)
	}
	return name
}

func TestParseCookies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	count := 0
	for group, cases := range setCookieCases() {
		for _, test := range cases {
			u, lines := test.filled(t, now)
			got := httpsec.ParseCookies(u, lines, now)
			if shown := describe(got); shown != test.want {
				t.Errorf("%s, %s: %.200q\n got %.300s\nwant %.300s", group, test.name, lines, shown, test.want)
			}
			for _, cookie := range got {
				require.Equal(t, cookie.Drop != "", cookie.Invalid, "%s, %s", group, test.name)
			}
			count += len(lines)
		}
	}
	require.GreaterOrEqual(t, count, 150)
}

func TestParseCookiesIsCanonical(t *testing.T) {
	t.Parallel()
	u, now := parsed(t, "https://app.example.com/"), time.Now()
	var lines, shuffled []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("cookie%c=%d; HttpOnly; Max-Age=9", 'a'+i%26, i))
		shuffled = append([]string{fmt.Sprintf("cookie%c=other%d; HttpOnly; Max-Age=%d", 'a'+i%26, i, i+1)}, shuffled...)
	}
	first := httpsec.ParseCookies(u, lines, now)
	require.Len(t, first, 26, "repeated cookies are kept once, more than ten are kept")
	require.Equal(t, first, httpsec.ParseCookies(u, shuffled, now))
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("many-%s=1", strings.Repeat("y", i)))
	}
	require.LessOrEqual(t, len(httpsec.ParseCookies(u, lines, now)), 200)
}

func FuzzParseCookie(f *testing.F) {
	f.Add("sid=1; HttpOnly; Secure; SameSite=None; Domain=example.com; Path=/x")
	f.Add("__Host-a=\x00; Path=/9f86d081884c7d659a2feaa0c55ad015")
	f.Add("a\x00b\x1b[2J=1; Domain=\u0085.example.com; Path=/\x00")
	f.Add("\xff\xfe=\xff; Domain=\xff; Path=/\xff; Max-Age=-9; Expires=Wed, 21 Oct 15 07:28:00 GMT")
	u, now := parsed(f, "https://app.example.com/"), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		cookie := httpsec.ParseCookie(u, line, now)
		if cookie != httpsec.ParseCookie(u, line, now) {
			t.Error("two readings differ")
		}
		for _, text := range []string{cookie.Name, cookie.Domain, cookie.Path} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q cannot be stored as text", text)
			}
		}
		if cookie.Invalid != (cookie.Drop != "") {
			t.Errorf("%q gives %+v", line, cookie)
		}
		lower := strings.ToLower(line)
		if cookie.HttpOnly && !strings.Contains(lower, "httponly") || cookie.Secure && !strings.Contains(lower, "secure") {
			t.Errorf("%q gives %+v", line, cookie)
		}
	})
}
