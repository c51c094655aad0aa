package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestConnectTo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]connectTo{
		"192.0.2.1:8443":            {host: "192.0.2.1", port: 8443},
		"Other.test:8443":           {host: "other.test", port: 8443},
		"other.test:":               {host: "other.test"},
		":8443":                     {port: 8443},
		"[2001:DB8::1]:8443":        {host: "2001:db8::1", port: 8443},
		"a.test:443:b.test:8443":    {"a.test", 443, "b.test", 8443},
		"::b.test:8443":             {host: "b.test", port: 8443},
		"a.test:::8443":             {fromHost: "a.test", port: 8443},
		"[::1]:443:[::2]:8443":      {"::1", 443, "::2", 8443},
		"a.test:443:192.0.2.1:":     {"a.test", 443, "192.0.2.1", 0},
		":443:b.test:":              {fromPort: 443, host: "b.test"},
		"bücher.example:1:b.test:2": {"xn--bcher-kva.example", 1, "b.test", 2},
	} {
		var got connectTo
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, got, text)
	}
	for text, fault := range map[string]string{
		"":                  "neither HOST:PORT nor",
		"a.test":            "neither HOST:PORT nor",
		"::1":               "neither HOST:PORT nor",
		"a:1:b:2:c":         "neither HOST:PORT nor",
		":":                 "neither a host nor a port",
		"a:1::":             "neither a host nor a port",
		"a.test:0":          "not between 1 and 65535",
		"a.test:70000":      "not between 1 and 65535",
		"a.test:https":      "not between 1 and 65535",
		"[::1:443":          "does not close it",
		"[::1]443:8":        "no colon behind its bracket",
		"a b:443":           "not a host name",
		"127.1:443":         "neither a host name nor an address",
		"a:1:b.test:x":      "not between 1 and 65535",
		"a:1:[fe80::1%e]:2": "has a zone",
	} {
		var got connectTo
		require.ErrorContains(t, got.UnmarshalText([]byte(text)), fault, text)
		require.Zero(t, got)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	read := func(texts ...string) (all []connectTo) {
		for _, text := range texts {
			var to connectTo
			require.NoError(t, to.UnmarshalText([]byte(text)))
			all = append(all, to)
		}
		return all
	}
	for _, test := range []struct {
		to     []connectTo
		places []string
		port   uint16
	}{
		{nil, nil, 443},
		{read("b.test:8443"), []string{"b.test"}, 8443},
		{read(":8443"), nil, 8443},
		{read("a.test:443:b.test:"), []string{"b.test"}, 443},
		{read("a.test:80:b.test:8080"), nil, 443},
		{read("other.test::b.test:8080"), nil, 443},
		{read("other.test::b.test:1", "::c.test:2", "::d.test:3"), []string{"c.test"}, 2}, // the first that matches
	} {
		target := checks.Target{Host: "a.test", Port: 443}
		command := checkCommand{ConnectTo: test.to}
		require.Equal(t, test.places, command.places(&target), "%+v", test.to)
		require.Equal(t, test.port, target.Port, "%+v", test.to)
		require.Equal(t, "a.test", target.Host)
	}
}

func FuzzConnectTo(f *testing.F) {
	for _, seed := range []string{"a:1", "[::1]:443:[::2]:8443", "::b:", "[", "]:["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got connectTo
		if err := got.UnmarshalText([]byte(text)); err == nil && got.host == "" && got.port == 0 {
			t.Errorf("%q leads nowhere", text)
		}
	})
}
