package registration_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/registration"
)

const redirect = "https://app.example.com/callback"

func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func to(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, location, http.StatusFound) }
}

const (
	signIn     = `<html><head><title>SuperOffice sign in</title></head><body><form method=post><label>E-mail <input name=u></label><label>Password <input type=password></label><button>Sign in</button></form></body></html>`
	difficulty = `<html><body><h1>Oops</h1><p>We are currently experiencing some technical difficulties. Request ID: 8000-42</p></body></html>`
)

func TestLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service http.HandlerFunc
		want    checks.Fact[bool]
	}{
		"the sign-in page":             {page(200, signIn), checks.KnownFact(true)},
		"back to the redirect URL":     {to(redirect + "?error=login_required&state=gradewatch"), checks.KnownFact(true)},
		"the error page":               {page(200, difficulty), checks.KnownFact(false)},
		"the error page, as an error":  {page(500, difficulty), checks.KnownFact(false)},
		"the fault of the redirect":    {page(400, "InvalidRedirectUrl (2)"), checks.KnownFact(false)},
		"an error that says nothing":   {page(503, "Service Unavailable"), checks.InconclusiveFact[bool](checks.ReasonHTTPStatus)},
		"a page that is neither":       {page(200, "<html><body><p>Welcome to the portal of our company.</p></body></html>"), checks.InconclusiveFact[bool](checks.ReasonUnrecognized)},
		"to another sign-in":           {to("https://login.other.example/"), checks.InconclusiveFact[bool](checks.ReasonLeadsElsewhere)},
		"to a URL that begins alike":   {to(redirect + "s?code=1"), checks.InconclusiveFact[bool](checks.ReasonLeadsElsewhere)},
		"to plain http":                {to("http://127.0.0.1/login"), checks.InconclusiveFact[bool](checks.ReasonLeadsElsewhere)},
		"in a circle":                  {to("/login/common/oauth/authorize"), checks.InconclusiveFact[bool](checks.ReasonTooManyRedirects)},
		"a page without an end":        {endless, checks.KnownFact(true)},
		"a connection that is dropped": {dropped, checks.InconclusiveFact[bool](checks.ReasonClosed)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				require.Equal(t, "/login/common/oauth/authorize", r.URL.Path)
				test.service(w, r)
			}))
			t.Cleanup(service.Close)
			asker := registration.Asker{Transport: service.Client().Transport}
			host := netip.MustParseAddrPort(service.Listener.Addr().String()).String()
			got := asker.Look(t.Context(), checktest.Loopback(t), checks.Target{
				AuthorizeURL: "https://" + host + "/login/common/oauth/authorize?client_id=c1&response_type=code&redirect_uri=" + url.QueryEscape(redirect),
			})
			require.Equal(t, test.want, got)
			require.LessOrEqual(t, asked, 6)
		})
	}
}

func TestNothingIsAskedWithoutConsent(t *testing.T) {
	t.Parallel()
	require.Equal(t, checks.Fact[bool]{}, registration.Asker{}.Look(t.Context(), checktest.Loopback(t), checks.Target{URL: redirect}))
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, signIn)
	for range 1 << 14 {
		if _, err := fmt.Fprint(w, strings.Repeat("<!-- more -->", 80)); err != nil {
			return
		}
	}
}

func dropped(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}
