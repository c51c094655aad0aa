package monitor_test

import (
	"slices"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCompareHTTP(t *testing.T) {
	t.Parallel()
	compared(t, map[string]comparison{
		"another status": {
			func(l *looked) { l.h.End = checks.KnownFact(503) },
			[]string{"regression high configuration: The status of the final answer changed from 200 to 503."},
			[]string{"recovery high configuration: The status of the final answer changed from 503 to 200."},
		},
		"a status of the same kind": {
			func(l *looked) { l.h.End = checks.KnownFact(404) },
			[]string{"drift low configuration: The status of the final answer changed from 200 to 404."},
			[]string{"drift low configuration: The status of the final answer changed from 404 to 200."},
		},
		"a walk without an end": {
			func(l *looked) { l.h.End = checks.InconclusiveFact[int](checks.ReasonTimeout) },
			nil,
			nil,
		},
		"port 80 opens": {
			func(l *looked) { l.h.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 200}) },
			[]string{"regression medium configuration: The server now answers on TCP port 80 with status 200."},
			[]string{"recovery medium configuration: The server no longer answers on TCP port 80."},
		},
		"port 80 redirects": {
			func(l *looked) {
				l.h.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true})
			},
			[]string{"drift low configuration: The server now redirects TCP port 80 to https."},
			[]string{"drift low configuration: The server no longer answers on TCP port 80."},
		},
		"a hop more": {
			func(l *looked) {
				l.h.Hops = append(slices.Clone(l.h.Hops), checks.Hop{URL: "https://app.example/login", SameSite: true, Answer: checks.KnownFact(checks.Response{Status: 200, Cookies: []checks.Cookie{{Name: "x"}}})})
			},
			[]string{"drift low configuration: The server now redirects differently: https://app.example/cb → https://app.example/login."},
			[]string{"drift low configuration: The server no longer redirects."},
		},
		"an answer that did not come": {
			func(l *looked) { l.h.Hops[0].Answer = checks.InconclusiveFact[checks.Response](checks.ReasonTimeout) },
			nil,
			nil,
		},
		"no HSTS": {
			func(l *looked) { l.r.HSTS = checks.AbsentFact[[]string]("") },
			[]string{"regression medium configuration: The server no longer sends Strict-Transport-Security."},
			[]string{"recovery medium configuration: The server now sends Strict-Transport-Security: includesubdomains; max-age=31536000."},
		},
		"a shorter HSTS": {
			func(l *looked) { l.r.HSTS = checks.KnownFact([]string{"max-age=300; includeSubDomains"}) },
			[]string{"drift low configuration: Strict-Transport-Security now has max-age=300 and no longer has max-age=31536000."},
			[]string{"drift low configuration: Strict-Transport-Security now has max-age=31536000 and no longer has max-age=300."},
		},
		"HSTS in other words": {
			func(l *looked) { l.r.HSTS = checks.KnownFact([]string{"includesubdomains; max-age=31536000"}) },
			nil,
			nil,
		},
		"public key pins": {
			func(l *looked) { l.r.PublicKeyPins = checks.KnownFact([]string{"pin-sha256=abc"}) },
			[]string{"regression medium configuration: The server now sends Public-Key-Pins: pin-sha256=abc."},
			[]string{"recovery medium configuration: The server no longer sends Public-Key-Pins."},
		},
		"no content security policy": {
			func(l *looked) { delete(l.r.Fields, "content-security-policy") },
			[]string{"regression low configuration: The server no longer sends Content-Security-Policy."},
			[]string{"recovery low configuration: The server now sends Content-Security-Policy: default-src 'self'; script-src 'self' https://cdn.example."},
		},
		"unsafe-inline": {
			func(l *looked) {
				l.r.Fields["content-security-policy"] = []string{"default-src 'self'; script-src 'self' https://cdn.example 'unsafe-inline'"}
			},
			[]string{"drift low configuration: Content-Security-Policy now has script-src 'self' 'unsafe-inline' https://cdn.example and no longer has script-src 'self' https://cdn.example."},
			[]string{"drift low configuration: Content-Security-Policy now has script-src 'self' https://cdn.example and no longer has script-src 'self' 'unsafe-inline' https://cdn.example."},
		},
		"a policy in another order": {
			func(l *looked) {
				l.r.Fields["content-security-policy"] = []string{"script-src https://cdn.example 'self';  default-src 'self';"}
			},
			nil,
			nil,
		},
		"another frame option": {
			func(l *looked) { l.r.Fields["x-frame-options"] = []string{"SAMEORIGIN"} },
			[]string{"drift low configuration: X-Frame-Options changed from DENY to SAMEORIGIN."},
			[]string{"drift low configuration: X-Frame-Options changed from SAMEORIGIN to DENY."},
		},
		"a header that tells": {
			func(l *looked) { l.r.Fields["x-powered-by"] = []string{"PHP/8.4"} },
			[]string{"regression low configuration: The server now sends X-Powered-By: PHP/8.4."},
			[]string{"recovery low configuration: The server no longer sends X-Powered-By."},
		},
		"a new referrer policy": {
			func(l *looked) { l.r.Fields["referrer-policy"] = []string{"no-referrer"} },
			[]string{"recovery low configuration: The server now sends Referrer-Policy: no-referrer."},
			[]string{"regression low configuration: The server no longer sends Referrer-Policy."},
		},
		"a permissions policy": {
			func(l *looked) { l.r.Fields["permissions-policy"] = []string{"camera=(), geolocation=()"} },
			[]string{"recovery low configuration: The server now sends Permissions-Policy: camera=(); geolocation=()."},
			[]string{"regression low configuration: The server no longer sends Permissions-Policy."},
		},
		"another time to retry": {
			func(l *looked) { l.r.Fields["retry-after"] = []string{"90"} },
			nil,
			nil,
		},
		"another version of the server": {
			func(l *looked) { l.r.Fields["server"] = []string{"nginx/1.29.0"} },
			nil,
			nil,
		},
		"another server product": {
			func(l *looked) { l.r.Server = "Microsoft-IIS" },
			[]string{"drift low configuration: The server product changed from nginx to Microsoft-IIS."},
			[]string{"drift low configuration: The server product changed from Microsoft-IIS to nginx."},
		},
		"another media type": {
			func(l *looked) { l.r.Content.Value.MediaType = "application/json" },
			[]string{"drift low configuration: The media type changed from text/html to application/json."},
			[]string{"drift low configuration: The media type changed from application/json to text/html."},
		},
		"a cookie without HttpOnly": {
			func(l *looked) { l.r.Cookies = []checks.Cookie{{Name: "session", Secure: true, Path: "/"}} },
			[]string{"regression medium configuration: The cookie session no longer has HttpOnly."},
			[]string{"recovery medium configuration: The cookie session now also has HttpOnly."},
		},
		"a cookie without Secure and with SameSite": {
			func(l *looked) {
				l.r.Cookies = []checks.Cookie{{Name: "session", HttpOnly: true, SameSite: "Lax", Path: "/"}}
			},
			[]string{"regression medium configuration: The cookie session now has SameSite=Lax and no longer has Secure."},
			[]string{"recovery medium configuration: The cookie session now has Secure and no longer has SameSite=Lax."},
		},
		"a cookie for more hosts and longer": {
			func(l *looked) {
				l.r.Cookies = []checks.Cookie{{Name: "session", HttpOnly: true, Secure: true, Path: "/", Lifetime: checks.LifetimeOverLong}}
			},
			[]string{"regression medium configuration: The cookie session now also has a lifetime over 400 days."},
			[]string{"recovery medium configuration: The cookie session no longer has a lifetime over 400 days."},
		},
		"a cookie more": {
			func(l *looked) {
				l.r.Cookies = append(slices.Clone(l.r.Cookies), checks.Cookie{Name: "theme", SameSite: "Lax"})
			},
			[]string{"drift low configuration: The server now sets the cookie theme (without HttpOnly, without Secure, SameSite=Lax)."},
			[]string{"drift low configuration: The server no longer sets the cookie theme."},
		},
		"a cookie less": {
			func(l *looked) { l.r.Cookies = nil },
			[]string{"drift low configuration: The server no longer sets the cookie session."},
			[]string{"drift low configuration: The server now sets the cookie session (HttpOnly, Secure)."},
		},
		"a cookie of another domain": {
			func(l *looked) {
				l.r.Cookies = []checks.Cookie{{Name: "session", HttpOnly: true, Secure: true, Path: "/", Domain: "example.net"}}
			},
			[]string{
				"drift low configuration: The server now sets the cookie session of example.net (HttpOnly, Secure).",
				"drift low configuration: The server no longer sets the cookie session.",
			},
			[]string{
				"drift low configuration: The server now sets the cookie session (HttpOnly, Secure).",
				"drift low configuration: The server no longer sets the cookie session of example.net.",
			},
		},
		"a cookie that the answer deletes": {
			func(l *looked) {
				l.r.Cookies = append(slices.Clone(l.r.Cookies), checks.Cookie{Name: "old", Lifetime: checks.LifetimeDeleted})
			},
			nil,
			nil,
		},
		"a cookie of script": {
			func(l *looked) {
				l.f.ScriptCookies = checks.KnownFact([]checks.Cookie{{Name: "consent", Path: "/"}, {Name: "_ga", Path: "/"}})
			},
			[]string{"drift low configuration: The server now sets the cookie _ga from script (without HttpOnly, without Secure)."},
			[]string{"drift low configuration: The server no longer sets the cookie _ga from script."},
		},
		"HTTP/2": {
			func(l *looked) { l.f.Versions[checks.HTTP2] = checks.KnownFact(200) },
			[]string{"drift low configuration: The server now answers over HTTP/2."},
			[]string{"drift low configuration: The server no longer answers over HTTP/2."},
		},
		"a stack trace": {
			func(l *looked) { l.h.Provoked.Value.Content.Value.Signatures = []string{"dotnet_stack_trace"} },
			[]string{"regression high configuration: In the answer to an error, the server now shows signs of a debug page or stack trace: dotnet_stack_trace."},
			[]string{"recovery high configuration: In the answer to an error, the server no longer shows signs of a debug page or stack trace: dotnet_stack_trace."},
		},
		"a debug page": {
			func(l *looked) { l.r.Content.Value.Signatures = []string{"django_debug"} },
			[]string{"regression high configuration: The server now shows signs of a debug page or stack trace: django_debug."},
			[]string{"recovery high configuration: The server no longer shows signs of a debug page or stack trace: django_debug."},
		},
		"mixed content": {
			func(l *looked) { l.r.Content.Value.Mixed = []checks.MixedContent{{Origin: "http://img.example"}} },
			[]string{"regression medium configuration: The server now loads over plain http from http://img.example."},
			[]string{"recovery medium configuration: The server no longer loads over plain http from http://img.example."},
		},
		"script of another site": {
			func(l *looked) {
				l.r.Content.Value.Scripts = []checks.Script{{Origin: "https://cdn.other"}, {Relative: "origin"}}
			},
			[]string{"drift low configuration: The server now loads script from https://cdn.other."},
			[]string{"drift low configuration: The server no longer loads script from https://cdn.other."},
		},
		"a password is asked for": {
			func(l *looked) { l.r.Content.Value.Password = true },
			[]string{"drift low configuration: The server now asks for a password."},
			[]string{"drift low configuration: The server no longer asks for a password."},
		},
		"it looks otherwise": {
			func(l *looked) { l.r.Content.Value.Look = checks.LookMessage },
			nil,
			nil,
		},
		"a server error for an error": {
			func(l *looked) { l.h.Provoked.Value.Status = 500 },
			[]string{"regression high configuration: The status of the answer to an error changed from 400 to 500."},
			[]string{"recovery high configuration: The status of the answer to an error changed from 500 to 400."},
		},
		"POST is taken": {
			func(l *looked) { l.h.Posted.Value.Status = 200 },
			[]string{"drift low configuration: The status of the answer to a POST changed from 405 to 200."},
			[]string{"drift low configuration: The status of the answer to a POST changed from 200 to 405."},
		},
		"CORS for everybody": {
			func(l *looked) { l.h.Preflight.Value.AllowOrigin = "*" },
			[]string{"regression medium configuration: What CORS allows to a foreign origin changed from nothing to every origin."},
			[]string{"recovery medium configuration: What CORS allows to a foreign origin changed from every origin to nothing."},
		},
		"CORS for everybody with credentials": {
			func(l *looked) {
				l.h.Preflight.Value.AllowOrigin, l.h.Preflight.Value.AllowCredentials = checks.PreflightOrigin, true
			},
			[]string{"regression medium configuration: What CORS allows to a foreign origin changed from nothing to every origin, with credentials."},
			[]string{"recovery medium configuration: What CORS allows to a foreign origin changed from every origin, with credentials to nothing."},
		},
		"another scope": {
			func(l *looked) { l.h.SignIn.Value.Scope = "openid webapi" },
			[]string{"drift low configuration: The scope of the sign-in changed from openid to openid webapi."},
			[]string{"drift low configuration: The scope of the sign-in changed from openid webapi to openid."},
		},
		"no state": {
			func(l *looked) {
				l.h.SignIn.Value.State, l.h.SignIn.Value.FreshState = false, checks.AbsentFact[bool]("")
			},
			[]string{"regression medium configuration: The server no longer sends state with the sign-in."},
			[]string{"recovery medium configuration: The server now sends state with the sign-in."},
		},
		"state is the same each time": {
			func(l *looked) { l.h.SignIn.Value.FreshState = checks.KnownFact(false) },
			[]string{"regression medium configuration: The server no longer gives each sign-in a new state."},
			[]string{"recovery medium configuration: The server now gives each sign-in a new state."},
		},
	})
}
