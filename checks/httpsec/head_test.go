package httpsec

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadHead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want head
		err  error
	}{
		"plain":         {"HTTP/1.1 200 OK\r\n\r\nbody", answered(200, map[string][]string{}), nil},
		"no phrase":     {"HTTP/1.1 204\r\n\r\n", answered(204, map[string][]string{}), nil},
		"bare LF":       {"HTTP/1.0 404 Not Found\nLocation: /x\n\n", head{version: "HTTP/1.0", status: 404, fields: map[string][]string{"location": {"/x"}}}, nil},
		"two Locations": {"HTTP/1.1 302 F\r\nlocation: /a\r\nLocation: /b\r\n\r\n", answered(302, map[string][]string{"location": {"/a", "/b"}}), nil},
		"cookies":       {"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie:b=2;Secure \r\n\r\n", answered(200, map[string][]string{"set-cookie": {"a=1", "b=2;Secure"}}), nil},
		"folded":        {"HTTP/1.1 200 OK\r\nSet-Cookie: a=1;\r\n  HttpOnly\r\n\r\n", answered(200, map[string][]string{"set-cookie": {"a=1; HttpOnly"}}), nil},
		"junk line":     {"HTTP/1.1 200 OK\r\nno field\r\nSet-Cookie : a=1\r\n\r\n", answered(200, map[string][]string{"set-cookie": {"a=1"}}), nil},
		"interim":       {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", answered(200, map[string][]string{}), nil},
		"control":       {"HTTP/1.1 200 OK\r\nSet-Cookie: a=\x00\r\n\r\n", answered(200, map[string][]string{"set-cookie": {"a=\x00"}}), nil},
		"endless 1xx":   {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20), head{}, errHeadMalformed},
		"not HTTP":      {"SSH-2.0-OpenSSH_9.2\r\n", head{}, errHeadMalformed},
		"HTTP/2":        {"HTTP/2 200\r\n\r\n", head{}, errHeadMalformed},
		"bad status":    {"HTTP/1.1 2000 OK\r\n\r\n", head{}, errHeadMalformed},
		"signed status": {"HTTP/1.1 +20 OK\r\n\r\n", head{}, errHeadMalformed},
		"nothing":       {"", head{}, io.EOF},
		"cut off":       {"HTTP/1.1 200 OK\r\nLocation: /x\r\n", head{}, io.EOF},
		"cut in line":   {"HTTP/1.1 200", head{}, io.ErrUnexpectedEOF},
		"too large":     {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeadBytes) + "\r\n\r\n", head{}, errHeadTooLarge},
		"too many":      {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHeadBytes/6) + "\r\n", head{}, errHeadTooLarge},
	} {
		got, err := readHead(bufio.NewReader(strings.NewReader(test.text)))
		require.ErrorIs(t, err, test.err, name)
		require.Equal(t, test.want, got, name)
	}
}

func answered(status int, fields map[string][]string) head {
	return head{version: "HTTP/1.1", status: status, fields: fields}
}

func FuzzReadHead(f *testing.F) {
	f.Add("HTTP/1.1 302 Found\r\nLocation: //evil.example/\r\nSet-Cookie: a=1\r\n\r\n")
	f.Add("HTTP/1.1 100 \r\n\r\nHTTP/1.0 599\n \n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readHead(bufio.NewReader(strings.NewReader(text)))
		if err == nil && (got.status < 101 || got.status > 599) {
			t.Errorf("status %d", got.status)
		}
		if err == nil && redirects(got.status) {
			_, _ = resolveLocation(mustParse("https://app.example.com/a/b?c"), got.first("location"))
		}
	})
}

func TestResolveLocation(t *testing.T) {
	t.Parallel()
	base := mustParse("https://app.example.com:8443/a/b?c=d")
	for location, want := range map[string]string{
		"/x":                            "https://app.example.com:8443/x",
		"x":                             "https://app.example.com:8443/a/x",
		"?y=1":                          "https://app.example.com:8443/a/b?y=1",
		"../z":                          "https://app.example.com:8443/z",
		" /x\t":                         "https://app.example.com:8443/x",
		"//other.example/x":             "https://other.example/x",
		`\\other.example\x`:             "https://other.example/x",
		`/\other.example/x`:             "https://other.example/x",
		"/x?next=\\y":                   "https://app.example.com:8443/x?next=\\y",
		"HTTP://OTHER.example:80/X":     "http://other.example/X",
		"https://user:pw@other.example": "https://other.example",
		"https://bücher.example/":       "https://xn--bcher-kva.example/",
		"https://my_host.example/":      "https://my_host.example/",
		"https://[::ffff:127.0.0.1]/":   "https://127.0.0.1/",
		"https://[2001:DB8::1]:443/":    "https://[2001:db8::1]/",
		"https://other.example./#f":     "https://other.example/",
	} {
		got, err := resolveLocation(base, location)
		require.NoError(t, err, location)
		require.Equal(t, want, got.String(), location)
	}
	for _, location := range []string{
		"https://", "https://exa mple/", "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[fe80::1%25eth0]/",
		"https://a.example:port/", "http://\x00/", "https://" + strings.Repeat("a", 9000),
	} {
		_, err := resolveLocation(base, location)
		require.Error(t, err, location)
		require.False(t, errors.Is(err, errUnsupportedScheme), location)
	}
	for _, location := range []string{"myapp://callback", "mailto:x@example.com", "javascript:alert(1)", "ftp://x/"} {
		_, err := resolveLocation(base, location)
		require.ErrorIs(t, err, errUnsupportedScheme, location)
	}
}
