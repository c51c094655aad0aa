package sidebyside_test

import "strings"

// Fields of a site that has everything right.
const (
	strictPolicy  = "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
	longTransport = "Strict-Transport-Security: max-age=63072000; includeSubDomains"
	noSniff       = "X-Content-Type-Options: nosniff"
	noReferrer    = "Referrer-Policy: no-referrer"
	sameOrigin    = "Cross-Origin-Resource-Policy: same-origin"
	denyFrames    = "X-Frame-Options: DENY"
)

// good is a page with everything right but what changes: "Name: value" instead
// of the field, "Name" without it.
func good(body string, changes ...string) page {
	fields := []string{strictPolicy, longTransport, noSniff, noReferrer, sameOrigin}
	for _, change := range changes {
		name, _, added := strings.Cut(change, ":")
		var kept []string
		for _, field := range fields {
			if had, _, _ := strings.Cut(field, ":"); had != name || strings.HasPrefix(name, "Set-") {
				kept = append(kept, field)
			}
		}
		if fields = kept; added {
			fields = append(fields, change)
		}
	}
	return html(body, fields...)
}

// also adds fields to a page.
func also(one page, fields ...string) page {
	one.fields = append(one.fields, fields...)
	return one
}

// policySites are about Content-Security-Policy and who may frame a page.
func policySites() []site {
	policy := func(name, value string) site {
		return site{name: name, pages: root(good("", "Content-Security-Policy: "+value))}
	}
	meta := func(value string) string {
		return `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="` + value + `"></head><body>a</body></html>`
	}
	without := func(body string, changes ...string) page {
		return good(body, append([]string{"Content-Security-Policy"}, changes...)...)
	}
	return []site{
		{name: "everything right", pages: root(good("<p>a</p>"))},
		{name: "nothing at all", pages: root(html("<p>a</p>"))},
		policy("csp none", "default-src 'none'"),
		policy("csp self", "default-src 'self'"),
		policy("csp empty sources", "default-src"),
		policy("csp nonce beside inline", "default-src 'none'; script-src 'self' 'nonce-cmFuZG9tMTIzNDU2' 'unsafe-inline'; style-src 'self'"),
		policy("csp hash beside inline", "default-src 'self'; script-src 'sha256-hqBEA/HXB3aJU2FgOnYN8rkAgEVgyfi3Vs1j2/XMPBB=' 'unsafe-inline'"),
		policy("csp strict dynamic", "default-src 'self'; script-src 'strict-dynamic' 'nonce-cmFuZG9tMTIzNDU2' 'unsafe-inline' https: http:; object-src 'none'"),
		policy("csp strict dynamic alone", "default-src 'self'; script-src 'strict-dynamic'"),
		policy("csp inline style", "default-src 'none'; style-src 'self' 'unsafe-inline'"),
		policy("csp inline style of default", "default-src 'self'; style-src https:"),
		policy("csp images over http", "default-src 'none'; img-src http://images.test"),
		policy("csp media over http", "default-src 'self'; media-src http:"),
		policy("csp eval", "default-src 'none'; script-src 'self' 'unsafe-eval'"),
		policy("csp inline", "default-src 'self' 'unsafe-inline'"),
		policy("csp data", "default-src 'self'; script-src data:"),
		policy("csp no object source", "script-src 'self'"),
		policy("csp everything", "default-src *"),
		policy("csp scripts over http", "default-src 'none'; script-src http://scripts.test"),
		policy("csp frames over ftp", "default-src 'none'; frame-src ftp://frames.test"),
		policy("csp upgrade alone", "upgrade-insecure-requests"),
		policy("csp repeated", "default-src 'none'; img-src 'self'; img-src 'none'"),
		policy("csp reports twice", "default-src 'none'; report-uri /a; report-uri /b"),
		policy("csp reports twice and eval", "default-src 'none'; script-src 'unsafe-eval'; report-to a; report-to b"),
		policy("csp too short", "a b"),
		policy("csp empty", ""),
		policy("csp odd spaces", ";; Default-Src\t'NONE' ;IMG-SRC https://a.test  https://a.test/b;"),
		policy("csp unknown directive", "default-src 'none'; navigate-to 'self'; what is-this"),
		policy("csp two in one", "default-src 'none', script-src 'unsafe-inline'"),
		{name: "csp two fields", pages: root(also(good(""), "Content-Security-Policy: default-src *"))},
		{name: "csp reports only", pages: root(without("", "Content-Security-Policy-Report-Only: default-src 'none'"))},
		{name: "csp meta", pages: root(without(meta("default-src 'self'; script-src 'none'")))},
		{name: "csp meta lines", pages: root(without(meta("\n  default-src 'none';\n  img-src 'self';\n")))},
		{name: "csp meta frame ancestors", pages: root(without(meta("frame-ancestors 'none'")))},
		{name: "csp meta more than frame ancestors", pages: root(without(meta("default-src 'none'; frame-ancestors 'none'")))},
		{name: "csp meta broken", pages: root(good(meta("x")))},
		{name: "csp meta and field agree", pages: root(good(meta("default-src 'none'"), "Content-Security-Policy: default-src 'none'; img-src 'self'"))},
		{name: "csp meta and field share sources", pages: root(good(meta("default-src https://a.test/x/ https://b.test"), "Content-Security-Policy: default-src https://a.test/x/y https://a.test/x/ https://c.test 'unsafe-inline'"))},
		{name: "csp meta twice", pages: root(without(meta("default-src 'self' https://a.test") + meta("default-src https://a.test 'unsafe-inline'")))},
		{name: "csp meta in the body", pages: root(without("<html><body><p>a</p>" + meta("default-src 'self'"))), differs: "policy in the body"},
		{name: "csp meta in a noscript", pages: root(without("<html><head><noscript>" + `<meta http-equiv="Content-Security-Policy" content="default-src 'self'"></noscript></head></html>`))},
		{name: "csp meta in a template", pages: root(without("<html><body><template>" + `<meta http-equiv="Content-Security-Policy" content="default-src 'self'"></template></body></html>`))},
		{name: "csp meta in a text", pages: root(page{fields: []string{"Content-Type: text/plain"}, body: meta("default-src 'none'")})},
		{name: "frames denied", pages: root(without("", denyFrames))},
		{name: "frames of the same origin", pages: root(without("", "X-Frame-Options: SameOrigin"))},
		{name: "frames allowed from", pages: root(without("", "X-Frame-Options: ALLOW-FROM https://a.test"))},
		{name: "frames invalid", pages: root(without("", "X-Frame-Options: maybe"))},
		{name: "frames denied twice", pages: root(also(without("", denyFrames), denyFrames))},
		{name: "frames by policy despite a wrong field", pages: root(good("", "X-Frame-Options: maybe"))},
		{name: "frames unsaid", pages: root(without(""))},
	}
}
