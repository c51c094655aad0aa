package httpsec

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRefresh(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]refresh{
		"0":                       {},
		"5":                       {delay: 5 * time.Second},
		" \t5":                    {delay: 5 * time.Second},
		"5;":                      {delay: 5 * time.Second},
		"5 ":                      {delay: 5 * time.Second},
		".5":                      {},
		".":                       {},
		"5.9":                     {delay: 5 * time.Second},
		"5..9.":                   {delay: 5 * time.Second},
		"0;url=/x":                {url: "/x"},
		"0; URL=/x":               {url: "/x"},
		"0,url=/x":                {url: "/x"},
		"0 url=/x":                {url: "/x"},
		"0 ; url=/x":              {url: "/x"},
		"0;uRl = /x":              {url: "/x"},
		"0;url='/x'":              {url: "/x"},
		`0;url="/x"y`:             {url: "/x"},
		`0;url="/x`:               {url: "/x"},
		`0;url=/x"y`:              {url: `/x"y`},
		"0;/x":                    {url: "/x"},
		"0;'/x'":                  {url: "/x"},
		"0;https://a.example":     {url: "https://a.example"},
		"0;u":                     {url: "u"},
		"0;ur=/x":                 {url: "ur=/x"},
		"0;url":                   {url: "url"},
		"0;urlaub":                {url: "urlaub"},
		"0;user":                  {url: "user"},
		"0;url /x":                {url: "url /x"},
		"0;url=":                  {},
		"0;url=url=/x":            {url: "url=/x"},
		"0;; url=/x":              {url: "; url=/x"},
		"0;url=/x;y":              {url: "/x;y"},
		"0;url=\n/x":              {url: "/x"},
		"99999999999999999999;/x": {delay: 1 << 31 * time.Second, url: "/x"},
	} {
		got, ok := parseRefresh(value)
		require.True(t, ok, value)
		require.Equal(t, want, got, value)
	}
	for _, value := range []string{"", " ", "x", "-1", "+1", ";url=/x", "url=/x", "5x", "5x;url=/x", "0/x", "0\u00a0;/x", "٣;/x"} {
		_, ok := parseRefresh(value)
		require.False(t, ok, value)
	}
}

func TestRefreshDestination(t *testing.T) {
	t.Parallel()
	base := mustParse("https://app.example.com/a/b?c=d")
	for address, want := range map[string]string{
		"":                         "https://app.example.com/a/b?c=d",
		"x":                        "https://app.example.com/a/x",
		"\n/x\ty\r":                "https://app.example.com/xy",
		"//other.example/":         "https://other.example/",
		"https://other.example/#f": "https://other.example/",
		"user":                     "https://app.example.com/a/user",
	} {
		got, err := refresh{url: address}.destination(base)
		require.NoError(t, err, address)
		require.Equal(t, want, got.String(), address)
	}
	got, err := refresh{url: "JavaScript:alert(1)"}.destination(base)
	require.NoError(t, err)
	require.Nil(t, got)
	_, err = refresh{url: "myapp://x"}.destination(base)
	require.ErrorIs(t, err, errUnsupportedScheme)
	_, err = refresh{url: "https://[::1"}.destination(base)
	require.Error(t, err)
}

func FuzzParseRefresh(f *testing.F) {
	for _, seed := range []string{"0;url='/x'", "5", ".5 , URL = \"//h/p\"q", "0;ur", "1;\x00", "30;javascript:x"} {
		f.Add(seed)
	}
	base := mustParse("https://app.example.com/a/b?c=d")
	f.Fuzz(func(t *testing.T, value string) {
		got, ok := parseRefresh(value)
		if !ok {
			return
		}
		if got.delay < 0 || len(got.url) > len(value) {
			t.Errorf("%q: %v, %q", value, got.delay, got.url)
		}
		next, err := got.destination(base)
		if err == nil && next != nil && next.Hostname() == "" {
			t.Errorf("%q leads to %q, which has no host", value, next)
		}
		if again := canonicalRefresh(base, canonicalRefresh(base, value)); len(again) > 4*len(value)+64 {
			t.Errorf("%q becomes %q", value, again)
		}
	})
}
