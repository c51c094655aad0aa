package httpsec_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/httpsec"
)

func TestCanonicalURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://app.example.com":                                             "https://app.example.com",
		"https://app.example.com/":                                            "https://app.example.com/",
		"https://app.example.com:443/callback":                                "https://app.example.com/callback",
		"http://app.example.com:80/callback":                                  "http://app.example.com/callback",
		"http://app.example.com:443/callback":                                 "http://app.example.com:443/callback",
		"https://app.example.com:8443/callback":                               "https://app.example.com:8443/callback",
		"https://[2001:db8::1]/callback":                                      "https://[2001:db8::1]/callback",
		"https://[2001:db8::1]:8443/callback":                                 "https://[2001:db8::1]:8443/callback",
		"https://user:secret@app.example.com/callback":                        "https://app.example.com/callback",
		"https://app.example.com/callback#token=1":                            "https://app.example.com/callback",
		"https://app.example.com/cb?state=abc&code=1":                         "https://app.example.com/cb?code=*&state=*",
		"https://app.example.com/cb?code=1&state=abc":                         "https://app.example.com/cb?code=*&state=*",
		"https://app.example.com/cb?a=1&a=2&a":                                "https://app.example.com/cb?a=*",
		"https://app.example.com/cb?":                                         "https://app.example.com/cb",
		"https://app.example.com/cb?=1&&":                                     "https://app.example.com/cb",
		"https://app.example.com/cb?a%20b=1":                                  "https://app.example.com/cb?a+b=*",
		"https://app.example.com/cb?%zz=1":                                    "https://app.example.com/cb?%25zz=*",
		"https://app.example.com/cb?3f2a9c8d7e6b5a4f3f2a9c8d":                 "https://app.example.com/cb?*=*",
		"https://a.example/LoginRedirect.aspx":                                "https://a.example/LoginRedirect.aspx",
		"https://a.example/App/LoginRedirectHandlerPage":                      "https://a.example/App/LoginRedirectHandlerPage",
		"https://a.example/signin-superoffice":                                "https://a.example/signin-superoffice",
		"https://a.example/notify_customer_state_change":                      "https://a.example/notify_customer_state_change",
		"https://a.example/NotifyCustomerStateChange":                         "https://a.example/NotifyCustomerStateChange",
		"https://a.example/oauth2-callback-handler":                           "https://a.example/oauth2-callback-handler",
		"https://a.example/version-2-release-2024":                            "https://a.example/version-2-release-2024",
		"https://a.example/Cust12345/callback":                                "https://a.example/Cust12345/callback",
		"https://a.example/9f86d081884c7d659a2feaa0c55ad015":                  "https://a.example/*",
		"https://a.example/9F86D081884C7D65/x":                                "https://a.example/*/x",
		"https://a.example/deadbeefdeadbeef":                                  "https://a.example/deadbeefdeadbeef",
		"https://a.example/1234567890123456":                                  "https://a.example/*",
		"https://a.example/12345678":                                          "https://a.example/12345678",
		"https://a.example/5f64a1c2-3b4d-4e5f-8a9b-0c1d2e3f4a5b/callback":     "https://a.example/*/callback",
		"https://a.example/{5F64A1C2-3B4D-4E5F-8A9B-0C1D2E3F4A5B}":            "https://a.example/*",
		"https://a.example/t/dGhpc19pc19hX3JhbmRvbV90b2tlbg":                  "https://a.example/t/*",
		"https://a.example/t/xK9fQ2mZ7pLw4RtY":                                "https://a.example/t/*",
		"https://a.example/t/xK9fQ2mZ7pLw4RtY==":                              "https://a.example/t/*",
		"https://a.example/eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhYmMiLCJhIjoxfQ.x": "https://a.example/*.*.x",
		"https://a.example/login;jsessionid=1A530637289A03B07199A44E8D531427": "https://a.example/login;jsessionid=*",
		"https://a.example/(S(lit3py55t21z5v55vlm25s55))/orders.aspx":         "https://a.example/(S(*))/orders.aspx",
		"myapp:callback": "myapp:*",
	} {
		u, err := url.Parse(given)
		require.NoError(t, err)
		require.Equal(t, want, httpsec.CanonicalURL(u), given)
	}
}

func TestCanonicalCookieName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                    "",
		"sid":                                 "sid",
		"ASP.NET_SessionId":                   "ASP.NET_SessionId",
		".AspNetCore.Cookies":                 ".AspNetCore.Cookies",
		".AspNetCore.CookiesC1":               ".AspNetCore.CookiesC1",
		"__Host-session":                      "__Host-session",
		"__RequestVerificationToken":          "__RequestVerificationToken",
		"next-auth.csrf-token":                "next-auth.csrf-token",
		".AspNetCore.Antiforgery.w5W7x28NAIs": ".AspNetCore.Antiforgery.w5W7x28NAIs", // fixed for an application
		".AspNetCore.Correlation.Zk3vQ":       ".AspNetCore.Correlation.*",
		".AspNetCore.Correlation.OpenIdConnect.nLUk93_kD9x-1":              ".AspNetCore.Correlation.OpenIdConnect.*",
		".AspNetCore.OpenIdConnect.Nonce.CfDJ8PrvEzfiPGZIl2DMk5uAkw7c7Mx3": ".AspNetCore.OpenIdConnect.Nonce.*",
		"__Host-.AspNetCore.Correlation.abc":                               "__Host-.AspNetCore.Correlation.*",
		"OpenIdConnect.nonce.v4%2BVL9t7lJ%2Fe7g%3D%3D":                     "OpenIdConnect.nonce.*",
		"com.auth0.auth.aB3dE5fG7hI9jK1l":                                  "com.auth0.auth.*",
		"ASPSESSIONIDQQCBSDTC":                                             "ASPSESSIONID*",
		"session_9f86d081884c7d659a2feaa0c55ad015":                         "session_*",
		"state.9f86d081884c7d659a2feaa0c55ad015":                           "state.*",
		"9f86d081884c7d659a2feaa0c55ad015":                                 "*",
	} {
		require.Equal(t, want, httpsec.CanonicalCookieName(given), given)
	}
}

func TestSameSite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"app.example.com", "app.example.com", true},
		{"App.Example.com.", "app.example.com", true},
		{"app.example.com", "login.example.com", true},
		{"example.com", "a.b.example.com", true},
		{"app.example.com", "app.example.net", false},
		{"a.co.uk", "b.co.uk", false},
		{"x.a.co.uk", "a.co.uk", true},
		{"one.azurewebsites.net", "two.azurewebsites.net", false},
		{"localhost", "localhost", true},
		{"a.localhost", "b.localhost", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"10.0.0.1", "11.0.0.1", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"127.0.0.1", "app.example.com", false},
		{"com", "com", true},
		{"", "", true},
	} {
		require.Equal(t, test.want, httpsec.SameSite(test.a, test.b), "%s and %s", test.a, test.b)
		require.Equal(t, test.want, httpsec.SameSite(test.b, test.a), "%s and %s", test.b, test.a)
	}
}

// FuzzCanonicalURL: the canonical form is its own canonical form, holds no
// secret of query or user information, and has no random part twice over.
func FuzzCanonicalURL(f *testing.F) {
	f.Add("https://user:hunter2@app.example.com/cb?state=hunter2#hunter2")
	f.Add("https://a.example/(S(lit3py55t21z5v55vlm25s55))/x;y=1;z?a=b&c")
	f.Add("https://[::1%25eth0]:443/%2f%zz?*=1&%2A=2&a*b")
	f.Add("mailto:someone")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		once := httpsec.CanonicalURL(u)
		again, err := url.Parse(once)
		if err != nil {
			return // what nobody could ask for in the first place
		}
		if twice := httpsec.CanonicalURL(again); twice != once && u.Host != "" {
			t.Errorf("canonical form of %q is %q, and of that %q", text, once, twice)
		}
		if !utf8.ValidString(once) || strings.ContainsFunc(once, unicode.IsControl) {
			t.Errorf("%q cannot be stored as text", once)
		}
		if u.Fragment != "" && strings.Contains(once, "#") {
			t.Errorf("%q keeps a fragment", once)
		}
	})
}
