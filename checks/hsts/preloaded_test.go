package hsts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

func TestPreloaded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host, entry string
		subdomains  bool
	}{
		{"dev", "dev", true},
		{"gradewatch.dev", "dev", true},
		{"a.b.c.gradewatch.dev", "dev", true},
		{"GitHub.com.", "github.com", true},
		{"api.github.com", "github.com", true},
		{"accounts.google.com", "accounts.google.com", true},
		{"paypal.com", "paypal.com", false},
		{"a.paypal.com", "", false},
		{"notgithub.com", "", false},
		{"github.com.example.com", "", false},
		{"com", "", false},
		{"", "", false},
		{".", "", false},
		{"example.com!", "", false},
		{"paypal.com!", "", false},
		{"192.0.2.1", "", false},
		{strings.Repeat("a.", 5000) + "dev", "", false},
	} {
		entry, found := hsts.Preloaded(test.host)
		require.Equal(t, test.entry != "", found, test.host)
		require.Equal(t, hsts.Entry{Name: test.entry, IncludeSubDomains: test.subdomains}, entry, test.host)
	}
	require.Regexp(t, `^Chromium \d+(\.\d+){3}$`, hsts.ListVersion())
}

// Every name of the list is found, and what would stand right behind it is not
// found by itself.
func TestEveryListedNameIsFound(t *testing.T) {
	t.Parallel()
	listed := hsts.Listed()
	require.Greater(t, len(listed), 90_000)
	for _, want := range listed {
		got, found := hsts.Preloaded(want.Name)
		if !found || got != want {
			t.Fatalf("%v: found %v %v", want, got, found)
		}
		got, found = hsts.Preloaded("www-of-it." + want.Name)
		if want.IncludeSubDomains && (!found || got != want) {
			t.Fatalf("below %v: found %v %v", want, got, found)
		}
	}
}

func FuzzPreloaded(f *testing.F) {
	for _, seed := range []string{"", "dev", "a.dev", "\xff.\x00", "paypal.com!", "...."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		entry, found := hsts.Preloaded(host)
		if found {
			require.True(t, strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), entry.Name))
		}
	})
}

func BenchmarkPreloaded(b *testing.B) {
	for b.Loop() {
		hsts.Preloaded("a.long.name.below.example.com")
	}
}
