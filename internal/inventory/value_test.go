package inventory

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
)

func TestURLFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		check func(string) string
		value string
		want  string // part of the sentence; empty: no fault
	}{
		{"web", webURLFault, "https://app.example.com/LoginRedirect.aspx?x=1#top", ""},
		{"web with port", webURLFault, "https://app.example.com:8443/", ""},
		{"web over http is L-05's to judge", webURLFault, "http://app.example.com/", ""},
		{"web literal address", webURLFault, "https://[2001:db8::1]/", ""},
		{"empty", webURLFault, "", "Enter the URL"},
		{"two URLs", webURLFault, "https://a.example/ https://b.example/", "one URL in each field"},
		{"no scheme", webURLFault, "app.example.com", "no scheme"},
		{"other scheme", webURLFault, "ftp://app.example.com/", "only https and http"},
		{"script", webURLFault, "javascript:alert(1)", "The scheme javascript cannot be looked at"},
		{"private-use scheme", webURLFault, "com.example.app:/callback", "choose “Custom scheme”"},
		{"port without scheme", webURLFault, "app.example.com:8443/callback", "start it with https://"},
		{"pattern", webURLFault, `^https://app\.example\.com/$`, "Choose “Pattern”"},
		{"no host", webURLFault, "https:///x", "names no host"},
		{"password", webURLFault, "https://me:secret@a.example/", "user name or password"},
		{"port", webURLFault, "https://a.example:70000/", "port"},
		{"invisible", webURLFault, "https://a.example/\x00", "cannot be seen"},
		{"long", webURLFault, "https://a.example/" + strings.Repeat("x", MaxValue), "at most 2048"},
		{"template", nativeFault, `^http://127.0.0.1\:\d{4,10}$`, ""},
		{"placeholder", nativeFault, "http://127.0.0.1:{port}/callback", ""},
		{"v6 loopback", nativeFault, "http://[::1]:7890/", ""},
		{"localhost is L-03's to judge", nativeFault, "http://localhost:4200/auth-callback", ""},
		{"not loopback", nativeFault, "http://app.example.com/", "choose “Web URL”"},
		{"looks like loopback", nativeFault, "http://127.0.0.1.evil.example/", "choose “Web URL”"},
		{"native nonsense", nativeFault, "hello", "Write a loopback URL"},
		{"custom", customSchemeFault, "com.example.app:/oauth", ""},
		{"custom with host", customSchemeFault, "vscode://superoffice.dx/auth", ""},
		{"custom without scheme", customSchemeFault, "/oauth", "Start the URL with its scheme"},
		{"custom http", customSchemeFault, "HTTPS://a.example/", "no custom schemes"},
		{"custom script", customSchemeFault, "JavaScript:alert(1)", "cannot receive a redirect"},
	} {
		got := test.check(test.value)
		if test.want == "" {
			require.Empty(t, got, test.name)
		} else {
			require.Contains(t, got, test.want, test.name)
		}
	}
}

func TestParseMinutes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"1": time.Minute, "1440": 24 * time.Hour, "90": 90 * time.Minute} {
		got, fault := ParseMinutes(text)
		require.Empty(t, fault)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "0", "1441", "-1", "1.5", "9223372036854775807"} {
		_, fault := ParseMinutes(text)
		require.NotEmpty(t, fault, text)
	}
}

// What a tenant's client fills in is no fault of the URL (superoffice.md E-09).
func TestTemplateVariables(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"https://app.example.com/panel?uctx=<uctx>&usid=<usid>", "https://app.example.com/<uctx>/panel",
	} {
		require.Empty(t, ValueFault(policy.WebPanel, policy.Literal, value), value)
	}
	require.NotEmpty(t, ValueFault(policy.WebPanel, policy.Literal, "<uctx>"))
	require.NotEmpty(t, ValueFault(policy.WebPanel, policy.Literal, "https://app.example.com/a b?u=<uctx>"))
}
