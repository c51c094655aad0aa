package sidebyside_test

// headerSites are about fields that are read by themselves.
func headerSites() []site {
	with := func(name, change string) site { return site{name: name, pages: root(good("", change))} }
	preflight := func(name string, options ...string) site {
		return site{name: name, pages: root(good("")), options: options}
	}
	meta := func(value string) string {
		return `<html><head><meta name="referrer" content="` + value + `"></head></html>`
	}
	reflected := preflight("cors reflected with credentials", "Access-Control-Allow-Origin: {origin}", "Access-Control-Allow-Credentials: true")
	reflected.differs = "reflected origin"
	return []site{
		with("sniff missing", "X-Content-Type-Options"),
		with("sniff invalid", "X-Content-Type-Options: sniff"),
		with("sniff in capitals", "X-Content-Type-Options: NoSniff"),
		{name: "sniff twice", pages: root(also(good(""), noSniff))},
		with("referrer missing", "Referrer-Policy"),
		with("referrer unsafe", "Referrer-Policy: unsafe-url"),
		with("referrer invalid", "Referrer-Policy: whatever"),
		with("referrer empty", "Referrer-Policy:"),
		with("referrer list ends private", "Referrer-Policy: unsafe-url, whatever, Same-Origin"),
		with("referrer list ends unsafe", "Referrer-Policy: no-referrer,origin, whatever"),
		{name: "referrer two fields", pages: root(also(good(""), "Referrer-Policy: origin"))},
		{name: "referrer meta", pages: root(good(meta("strict-origin"), "Referrer-Policy"))},
		{name: "referrer meta after a field", pages: root(good(meta("unsafe-url")))},
		{name: "referrer meta twice", pages: root(good(meta("unsafe-url")+meta("no-referrer"), "Referrer-Policy"))},
		with("corp missing", "Cross-Origin-Resource-Policy"),
		with("corp same site", "Cross-Origin-Resource-Policy: same-site"),
		with("corp cross origin", "Cross-Origin-Resource-Policy: cross-origin"),
		with("corp invalid", "Cross-Origin-Resource-Policy: none"),
		preflight("cors public", "Access-Control-Allow-Origin: *"),
		preflight("cors restricted", "Access-Control-Allow-Origin: https://a.test", "Access-Control-Allow-Credentials: true"),
		preflight("cors reflected", "Access-Control-Allow-Origin: {origin}"),
		reflected,
		{name: "cors of the page alone", pages: root(also(good(""), "Access-Control-Allow-Origin: *"))},
	}
}

// transportSites are about what travels in the clear.
func transportSites() []site {
	transport := func(name, value string) site {
		return site{name: name, pages: root(good("", "Strict-Transport-Security: "+value))}
	}
	to := func(name, location string) site {
		return site{name: name, pages: root(good("")), plain: root(moved(location))}
	}
	return []site{
		transport("hsts a second short", "max-age=15551999"),
		transport("hsts just long", "max-age=15552000"),
		transport("hsts zero", "max-age=0"),
		transport("hsts without age", "includeSubDomains; preload"),
		transport("hsts quoted", `max-age="31536000"`),
		transport("hsts no number", "max-age=soon"),
		transport("hsts negative", "max-age=-1"),
		transport("hsts with a tail", "max-age=31536000abc"),
		transport("hsts in capitals", "MAX-AGE=31536000; PRELOAD"),
		transport("hsts twice in one", "max-age=31536000; max-age=1"),
		transport("hsts with a space", "max-age =31536000"),
		{name: "hsts two fields", pages: root(also(good(""), longTransport))},
		{name: "hsts missing", pages: root(good("", "Strict-Transport-Security"))},
		{name: "hsts preloaded", host: "gradewatch.dev", pages: root(html(""))},
		{name: "hsts preloaded alone", host: "paypal.com", pages: root(html(""))},
		{name: "hsts not preloaded below", host: "a.paypal.com", pages: root(html(""))},
		{name: "untrusted", pages: root(good("")), untrusted: true},
		{name: "untrusted with cookies", pages: root(also(good(""), "Set-Cookie: sessionid=1; HttpOnly")), untrusted: true},
		{name: "untrusted without http", pages: root(good("")), untrusted: true, closed: "80"},
		{name: "no http", pages: root(good("")), closed: "80"},
		{name: "no https", plain: root(html("", noSniff)), closed: "443"},
		{name: "no https but a session", plain: root(html("", "Set-Cookie: sessionid=1; HttpOnly")), closed: "443"},
		{name: "http serves a page", pages: root(good("")), plain: root(html(""))},
		{name: "http fails", pages: root(good("")), plain: map[string]page{}},
		to("http to another host", "https://everything-right.test/"),
		to("http to http first", "/first"),
		{name: "http to http and https", pages: root(good("")), plain: map[string]page{"/": moved("/first"), "/first": moved("https://http-to-http-and-https.test/")}},
		{name: "http to http and no further", pages: root(good("")), plain: map[string]page{"/": moved("/first"), "/first": html("")}},
		{name: "https back to http", pages: root(moved("http://https-back-to-http.test/plain")), plain: map[string]page{"/": moved("https://https-back-to-http.test/"), "/plain": html("", noSniff)}},
		{name: "https on to a page", pages: map[string]page{"/": moved("/home"), "/home": good("")}},
		{name: "https on to another host", pages: root(moved("https://everything-right.test/")), differs: "page of another site"},
		{name: "moved for good", pages: map[string]page{"/": {status: 308, fields: []string{"Location: /home"}}, "/home": good("")}},
	}
}
