package httpsec

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCanonicalFields(t *testing.T) {
	t.Parallel()
	base := mustParse("https://app.example.com/a")
	for _, test := range []struct{ name, value, want string }{
		{"content-security-policy", "script-src 'self' 'nonce-r4nd0mAAAA==' https://cdn.example.com/x", "script-src 'self' 'nonce-*' https://cdn.example.com/x"},
		{"content-security-policy", "script-src 'NONCE-abc' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", "script-src 'NONCE-*' 'sha256-*'"},
		{"content-security-policy", "default-src 'none'; report-uri /csp?id=17&t=abc https://r.example.com/r/d/csp?x=1;frame-ancestors https://*.superoffice.com", "default-src 'none'; report-uri /csp?id=*&t=* https://r.example.com/r/d/csp?x=*;frame-ancestors https://*.superoffice.com"},
		{"content-security-policy-report-only", "report-uri /r?5f", "report-uri /r?5f=*"},
		{"refresh", "5; url=/next?state=abc#f", "5; url=/next?state=*"},
		{"refresh", "5;URL='https://app.example.com/next?state=abc'", "5;URL='https://app.example.com/next?state=*'"},
		{"refresh", "30", "30"},
		{"retry-after", "120", "*"},
		{"retry-after", "Sun, 22 Nov 2026 08:00:00 GMT", "*"},
		{"www-authenticate", `Digest realm="x", nonce="abc", opaque=5ccc, qop="auth"`, `Digest realm="x", nonce="*", opaque="*", qop="auth"`},
		{"www-authenticate", `Bearer authorization_uri="https://login.example.com/authorize?state=1"`, `Bearer authorization_uri="https://login.example.com/authorize?state=*"`},
		{"content-type", "multipart/mixed; boundary=0123456789abcdef0123456789abcdef", "multipart/mixed; boundary=*"},
		{"server", "nginx/1.25.3 (Ubuntu)", "nginx/* (Ubuntu)"},
		{"server", "Microsoft-IIS/10.0", "Microsoft-IIS/*"},
		{"x-powered-by", "PHP/8.1.2", "PHP/8.1.2"},
		{"x-frame-options", "SAMEORIGIN", "SAMEORIGIN"},
		{"alt-svc", `h3=":443"; ma=86400, h2="alt.example.com:443"`, `h3=":443"; ma=86400, h2="alt.example.com:443"`},
		{"permissions-policy", `camera=(), publickey-credentials-get=(self "https://a.example")`, `camera=(), publickey-credentials-get=(self "https://a.example")`},
	} {
		got := canonicalFields(base, head{fields: map[string][]string{test.name: {test.value}}})
		require.Equal(t, map[string][]string{test.name: {test.want}}, got)
	}
}

func TestFieldsAreBounded(t *testing.T) {
	t.Parallel()
	h := head{fields: map[string][]string{"x-unknown": {"kept by nobody"}, "referrer-policy": {strings.Repeat("a ", maxFieldBytes)}}}
	for i := range 20 {
		h.fields["x-frame-options"] = append(h.fields["x-frame-options"], fmt.Sprint(i))
	}
	got := canonicalFields(mustParse("https://app.example.com/"), h)
	require.NotContains(t, got, "x-unknown")
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, got["x-frame-options"])
	require.Len(t, got["referrer-policy"], 1)
	require.LessOrEqual(t, len(got["referrer-policy"][0]), maxFieldBytes)
	require.Nil(t, canonicalFields(nil, head{}))
}

// What differs between two answers in tokens alone is the same once canonical.
func FuzzCanonicalFields(f *testing.F) {
	f.Add("script-src 'nonce-abc' 'self'; report-uri /r?x=1")
	f.Add(`0;url="https://x.example/?a=b"`)
	f.Fuzz(func(t *testing.T, value string) {
		h := head{fields: map[string][]string{}}
		for _, name := range checks.FieldNames() {
			h.fields[name] = []string{value}
		}
		for name, values := range canonicalFields(mustParse("https://app.example.com/"), h) {
			if len(values) != 1 || len(values[0]) > maxFieldBytes {
				t.Errorf("%s: %d values", name, len(values))
			}
		}
	})
}

func TestSignInService(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://sod.superoffice.com/login/common/oauth/authorize":        true,
		"https://qaonline.superoffice.com/":                               true,
		"https://online.superoffice.com/Cust12345/":                       true,
		"https://id.superoffice.com/anything":                             true,
		"https://ID.SuperOffice.com./x":                                   true,
		"https://online2.superoffice.com/":                                true,
		"https://sod13.superoffice.com/api":                               true,
		"http://online.superoffice.com/":                                  true,
		"https://online.superoffice.com:8443/":                            true,
		"https://other.superoffice.com/login/x":                           true,
		"https://other.superoffice.com/Login":                             true,
		"https://a.b.superoffice.com/Cust12345/CS":                        true,
		"https://superoffice.com/login":                                   true,
		"https://docs.superoffice.com/en/":                                false,
		"https://www.superoffice.com/":                                    false,
		"https://community.superoffice.com/en/login":                      false,
		"https://notsuperoffice.com/login":                                false,
		"https://sod.superoffice.com.evil.example/login":                  false,
		"https://app.example.com/login":                                   false,
		"https://app.example.com/?next=https://sod.superoffice.com/login": false,
	} {
		require.Equal(t, want, signInService(mustParse(address)), address)
	}
}

func TestNextMethod(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.MethodPost, nextMethod(http.MethodPost, 307, "location"))
	require.Equal(t, http.MethodPost, nextMethod(http.MethodPost, 308, "location"))
	require.Equal(t, http.MethodGet, nextMethod(http.MethodPost, 302, "location"))
	require.Equal(t, http.MethodGet, nextMethod(http.MethodPost, 307, "refresh"))
}
