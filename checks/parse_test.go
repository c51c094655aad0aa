package checks_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		given, url, host string
		port             uint16
	}{
		{"https://app.example.com/callback", "https://app.example.com/callback", "app.example.com", 443},
		{" HTTPS://App.Example.com:443/Call.aspx?x=1#f ", "https://app.example.com/Call.aspx?x=1", "app.example.com", 443},
		{"http://app.example.com", "http://app.example.com", "app.example.com", 80},
		{"http://app.example.com:443/", "http://app.example.com:443/", "app.example.com", 443},
		{"https://app.example.com:8443/", "https://app.example.com:8443/", "app.example.com", 8443},
		{"https://app.example.com./", "https://app.example.com/", "app.example.com", 443},
		{"https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443},
		{"https://my_app.example.com/", "https://my_app.example.com/", "my_app.example.com", 443},
		{"https://192.0.2.1/", "https://192.0.2.1/", "192.0.2.1", 443},
		{"https://[2001:DB8:0::1]/", "https://[2001:db8::1]/", "2001:db8::1", 443},
		{"https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/", "2001:db8::1", 8443},
		{"https://[::ffff:192.0.2.1]/", "https://192.0.2.1/", "192.0.2.1", 443},
		{"https://app.example.com/%7Ea/../b", "https://app.example.com/%7Ea/../b", "app.example.com", 443},
	} {
		got, err := checks.ParseTarget(test.given, checks.Quick, checks.Limits{})
		require.NoError(t, err, test.given)
		require.Equal(t, checks.Target{
			URL: test.url, Host: test.host, Port: test.port, Depth: checks.Quick, Limits: checks.Limits{}.WithDefaults(),
		}, got)
		again, err := checks.ParseTarget(got.URL, checks.Quick, checks.Limits{})
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
}

func TestParseTargetRefuses(t *testing.T) {
	t.Parallel()
	for given, fault := range map[string]string{
		"":                                         "the URL is empty",
		"   ":                                      "the URL is empty",
		"app.example.com":                          "has no scheme",
		"//app.example.com/":                       "has no scheme",
		"ftp://app.example.com/":                   `the scheme "ftp" cannot be looked at`,
		"javascript://app.example.com/":            "cannot be looked at",
		"https://":                                 "names no host",
		"https://:443/":                            "names no host",
		"https://user:pw@app.example.com/":         "user name or password",
		"https://user@app.example.com/":            "user name or password",
		"https://app.example.com:0/":               "not between 1 and 65535",
		"https://app.example.com:70000/":           "not between 1 and 65535",
		"https://app.example.com:port/":            "is not a URL",
		"https://[::1/":                            "is not a URL",
		"https://[fe80::1%25eth0]/":                "has a zone",
		"https://exa mple.com/":                    "is not a URL",
		"https://app..example.com/":                "is not a host name",
		"https://a,b.example/":                     "is not a host name",
		"https://127.1/":                           "neither a host name nor an address",
		"https://2130706433/":                      "neither a host name nor an address",
		"https://0x7f000001/":                      "neither a host name nor an address",
		"https://0177.0.0.1/":                      "neither a host name nor an address",
		"https://1.2.3.4.5/":                       "neither a host name nor an address",
		"https://app.example.com/\x00":             "is not a URL",
		"https://" + strings.Repeat("a", 300):      "is not a host name",
		"https://a/" + strings.Repeat("a", 9e3):    "at most 8192",
		"https://a/" + strings.Repeat("\xB9", 4e3): "the URL has 12010 characters",
	} {
		_, err := checks.ParseTarget(given, checks.Quick, checks.Limits{})
		require.ErrorContains(t, err, fault, given)
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("https://bücher.example:8443/a?b#c")
	f.Add("http://[::ffff:1.2.3.4]:1/")
	f.Fuzz(func(t *testing.T, text string) {
		target, err := checks.ParseTarget(text, checks.Quick, checks.Limits{})
		if err != nil {
			return
		}
		again, err := checks.ParseTarget(target.URL, checks.Quick, checks.Limits{})
		if err != nil || again != target {
			t.Errorf("%q gives %+v, and that again %+v, %v", text, target, again, err)
		}
	})
}

func TestParseHostOrURL(t *testing.T) {
	t.Parallel()
	for given, url := range map[string]string{
		"app.example.com":                    "https://app.example.com/",
		" App.Example.com ":                  "https://app.example.com/",
		"app.example.com:8443":               "https://app.example.com:8443/",
		"app.example.com:443":                "https://app.example.com/",
		"app.example.com/callback?x=1":       "https://app.example.com/callback?x=1",
		"app.example.com?x=1":                "https://app.example.com/?x=1",
		"app.example.com:8443/call:back":     "https://app.example.com:8443/call:back",
		"bücher.example":                     "https://xn--bcher-kva.example/",
		"localhost":                          "https://localhost/",
		"192.0.2.1":                          "https://192.0.2.1/",
		"192.0.2.1:8443":                     "https://192.0.2.1:8443/",
		"::1":                                "https://[::1]/",
		"2001:DB8::1":                        "https://[2001:db8::1]/",
		"2001:db8::1/callback":               "https://[2001:db8::1]/callback",
		"[::1]":                              "https://[::1]/",
		"[::1]:8443":                         "https://[::1]:8443/",
		"[::1]:8443/callback":                "https://[::1]:8443/callback",
		"::ffff:192.0.2.1":                   "https://192.0.2.1/",
		"https://[::1]/":                     "https://[::1]/",
		"http://app.example.com":             "http://app.example.com",
		"app.example.com/?next=http://other": "https://app.example.com/?next=http://other",
	} {
		got, err := checks.ParseHostOrURL(given, checks.Full, checks.Limits{})
		require.NoError(t, err, given)
		require.Equal(t, url, got.URL, given)
		want, err := checks.ParseTarget(url, checks.Full, checks.Limits{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestParseHostOrURLRefuses(t *testing.T) {
	t.Parallel()
	for given, fault := range map[string]string{
		"":                      "the URL is empty",
		":443":                  "names no host",
		"/callback":             "names no host",
		"app.example.com:0":     "not between 1 and 65535",
		"app.example.com:99999": "not between 1 and 65535",
		"app.example.com:https": "is not a URL",
		"user@app.example.com":  "user name or password",
		"::1:8443:zzz":          "is neither host:port nor an IPv6 address",
		"a:b:c":                 "is neither host:port nor an IPv6 address",
		"fe80::1%eth0":          "has a zone",
		"[::1":                  "is not a URL",
		"[192.0.2.1]x":          "is not a URL",
		"127.1":                 "neither a host name nor an address",
		"ftp://app.example.com": "cannot be looked at",
		"app example.com":       "is not a URL",
	} {
		_, err := checks.ParseHostOrURL(given, checks.Quick, checks.Limits{})
		require.ErrorContains(t, err, fault, given)
	}
}

// What is understood is understood alike as the URL that it becomes.
func FuzzParseHostOrURL(f *testing.F) {
	for _, seed := range []string{"app.example.com:8443", "::1", "[::1]:8443/a?b", "192.0.2.1", "https://a.test/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := checks.ParseHostOrURL(text, checks.Quick, checks.Limits{})
		if err != nil {
			return
		}
		again, err := checks.ParseTarget(target.URL, checks.Quick, checks.Limits{})
		if err != nil || again != target {
			t.Errorf("%q gives %+v, and that again %+v, %v", text, target, again, err)
		}
	})
}

func TestServerName(t *testing.T) {
	t.Parallel()
	target := checks.Target{Host: "app.example.com"}
	require.Equal(t, "app.example.com", target.ServerName())
	target.SNI = "other.example.com"
	require.Equal(t, "other.example.com", target.ServerName())
}
