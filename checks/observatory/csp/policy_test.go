package csp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	policy := csp.Parse([]string{
		" Default-Src 'none' ;; script-src 'self'\thttps://a.example; default-src *, frame-ancestors 'self'",
		"", ";", "img-src \u00e9; style-src 'self'",
	})
	require.Equal(t, []csp.List{
		{Directives: []csp.Directive{
			{Name: "default-src", Values: []string{"'none'"}},
			{Name: "script-src", Values: []string{"'self'", "https://a.example"}},
		}, Repeated: []string{"default-src"}},
		{Directives: []csp.Directive{{Name: "frame-ancestors", Values: []string{"'self'"}}}},
		{Directives: []csp.Directive{{Name: "style-src", Values: []string{"'self'"}}}},
	}, policy.Lists)
	require.True(t, policy.Has(csp.FrameAncestors))
	require.False(t, policy.Has("object-src"))
	require.Equal(t, [][]string{{"'self'"}}, policy.All("style-src"))
}

func TestParseMetaLeavesOutWhatBrowsersIgnoreThere(t *testing.T) {
	t.Parallel()
	policy := csp.ParseMeta([]string{"frame-ancestors 'none'; img-src 'self', https://a.example; sandbox; report-uri /r", "sandbox"})
	require.Len(t, policy.Lists, 1)
	require.Equal(t, []csp.Directive{{Name: "img-src", Values: []string{"'self',", "https://a.example"}}}, policy.Lists[0].Directives)
	both := csp.Parse([]string{"frame-ancestors 'self'"}).And(policy)
	require.Len(t, both.Lists, 2)
}

func TestAllowsFrame(t *testing.T) {
	t.Parallel()
	const self = "https://panel.example.com"
	for _, test := range []struct {
		sources, ancestor string
		allowed           bool
	}{
		{"'none'", "https://online.superoffice.com", false},
		{"", "https://online.superoffice.com", false},
		{"*", "https://online.superoffice.com", true},
		{"*", "chrome-extension://abc", false},
		{"https:", "https://online.superoffice.com", true},
		{"http:", "https://online.superoffice.com", true},
		{"http:", "http://online.superoffice.com", true},
		{"https:", "http://online.superoffice.com", false},
		{"'self'", "https://online.superoffice.com", false},
		{"'self'", self, true},
		{"'SELF'", self, true},
		{"https://*.superoffice.com", "https://online.superoffice.com", true},
		{"https://*.superoffice.com", "https://sod.online.superoffice.com", true},
		{"HTTPS://*.SuperOffice.com", "https://online.superoffice.com", true},
		{"https://*.superoffice.com", "https://superoffice.com", false},
		{"https://*.superoffice.com", "https://evilsuperoffice.com", false},
		{"https://superoffice.com", "https://online.superoffice.com", false},
		{"*.superoffice.com", "https://online.superoffice.com", true},
		{"*.superoffice.com", "http://online.superoffice.com", false},
		{"online.superoffice.com:443", "https://online.superoffice.com", true},
		{"online.superoffice.com:8443", "https://online.superoffice.com", false},
		{"online.superoffice.com:*", "https://online.superoffice.com:8443", true},
		{"online.superoffice.com", "https://online.superoffice.com:8443", false},
		{"http://online.superoffice.com:80", "https://online.superoffice.com", true},
		{"https://online.superoffice.com/path/", "https://online.superoffice.com", true},
		{"https://*", "https://online.superoffice.com", true},
		{"'none' https://online.superoffice.com", "https://online.superoffice.com", true},
		{"https://*superoffice.com", "https://online.superoffice.com", false},
		{"wss://online.superoffice.com", "https://online.superoffice.com", true},
		{"ws://online.superoffice.com", "http://online.superoffice.com", true},
		{"[::1]:443", "https://[::1]", true},
	} {
		got := csp.Parse([]string{"frame-ancestors " + test.sources}).AllowsFrame(test.ancestor, self)
		require.Equal(t, test.allowed, got, "%q %q", test.sources, test.ancestor)
	}
	require.True(t, csp.Parse([]string{"default-src 'none'"}).AllowsFrame("https://a.example", self), "it has no fallback")
	require.False(t, csp.Parse([]string{"frame-ancestors *, frame-ancestors 'none'"}).AllowsFrame("https://a.example", self), "every policy must allow")
	require.True(t, csp.Parse([]string{"frame-ancestors 'self'"}).AllowsFrame("https://panel.example.com", "http://panel.example.com"), "a safer scheme")
	require.False(t, csp.Parse([]string{"frame-ancestors 'self'"}).AllowsFrame("http://panel.example.com", self))
}

func TestAllowsInlineAndEval(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value               string
		script, style, eval bool
	}{
		{"img-src 'self'", true, true, true},
		{"default-src 'self'", false, false, false},
		{"default-src 'unsafe-inline' 'unsafe-eval'", true, true, true},
		{"default-src 'Unsafe-Inline'", true, true, false},
		{"script-src 'unsafe-inline' 'nonce-*'", false, true, false},
		{"script-src 'unsafe-inline' 'sha256-abc'", false, true, false},
		{"script-src 'unsafe-inline' 'strict-dynamic'", false, true, false},
		{"style-src 'unsafe-inline' 'nonce-*'", true, false, true},
		{"script-src 'unsafe-inline'; script-src-elem 'self'", false, true, false},
		{"script-src 'unsafe-inline', script-src 'self'", false, true, false},
		{"script-src 'unsafe-inline', img-src 'self'", true, true, false},
	} {
		policy := csp.Parse([]string{test.value})
		require.Equal(t, test.script, policy.AllowsInlineScript(), test.value)
		require.Equal(t, test.style, policy.AllowsInlineStyle(), test.value)
		require.Equal(t, test.eval, policy.AllowsEval(), test.value)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "default-src 'none'", "frame-ancestors https://*.a.example:*/x 'self',script-src", ";;,,", "a \x00\xff;b"} {
		f.Add(seed, "https://online.superoffice.com")
	}
	f.Fuzz(func(t *testing.T, value, ancestor string) {
		policy := csp.Parse([]string{value})
		for _, list := range policy.Lists {
			if len(list.Directives) == 0 {
				t.Fatal("a policy without directives")
			}
			for _, directive := range list.Directives {
				if strings.Contains(directive.Name, ";") || strings.ToLower(directive.Name) != directive.Name {
					t.Fatal(directive.Name)
				}
			}
		}
		twice := csp.Parse([]string{value, "frame-ancestors 'none'"})
		require.False(t, twice.AllowsFrame(ancestor, ancestor), "one more policy never allows more")
		if policy.AllowsInlineScript() {
			require.False(t, policy.And(csp.Parse([]string{"script-src 'self'"})).AllowsInlineScript())
		}
	})
}

func TestSourceHost(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"https://*.SuperOffice.com:443/path": "*.superoffice.com", "online.superoffice.com": "online.superoffice.com",
		"https:": "", "'self'": "", "*": "*", "https://[::1]:8443": "[::1]",
	} {
		require.Equal(t, want, csp.SourceHost(source), source)
	}
}
