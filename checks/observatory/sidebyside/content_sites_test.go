package sidebyside_test

// cookieSites are about Set-Cookie.
func cookieSites() []site {
	set := func(name string, lines ...string) site {
		var fields []string
		for _, line := range lines {
			fields = append(fields, "Set-Cookie: "+line)
		}
		return site{name: name, pages: root(also(good(""), fields...))}
	}
	bare := func(one site) site { // without Strict-Transport-Security
		one.name += " without hsts"
		one.pages = root(also(good("", "Strict-Transport-Security"), one.pages["/"].fields[6:]...))
		return one
	}
	return []site{
		set("cookie best", "a=1; Secure; HttpOnly; SameSite=Lax"),
		set("cookie none and secure", "a=1; Secure; SameSite=None"),
		set("cookie without samesite", "a=1; Secure; HttpOnly"),
		set("cookie insecure", "a=1"),
		bare(set("cookie insecure", "a=1")),
		set("session insecure", "PHPSESSID=1; HttpOnly"),
		bare(set("session insecure", "PHPSESSID=1; HttpOnly")),
		set("session for scripts", "ASP.NET_SessionId=1; Secure; SameSite=Lax"),
		set("login for scripts", "LoginToken=1; Secure; SameSite=Lax"),
		set("forgery token without samesite", "XCSRF-Token=1; Secure"),
		set("forgery token with samesite", "csrftoken=1; Secure; SameSite=Strict"),
		set("samesite invalid", "a=1; Secure; SameSite=Maybe"),
		set("samesite empty", "a=1; Secure; SameSite"),
		set("samesite none and insecure", "a=1; SameSite=None"),
		set("cookie of heroku", "heroku-session-affinity=1"),
		set("cookie without a name", "=1"),
		set("cookie without an equals sign", "a"),
		set("cookie of another domain", "a=1; Domain=other.test"),
		set("cookie of the whole top", "a=1; Domain=test"),
		set("cookie of the own domain", "a=1; Secure; SameSite=Lax; Domain=cookie-of-the-own-domain.test"),
		set("host prefix broken", "__Host-a=1; Secure; Path=/x"),
		set("secure prefix broken", "__Secure-a=1"),
		set("host prefix kept", "__Host-a=1; Secure; Path=/; SameSite=Lax"),
		set("cookie twice better", "a=1", "a=1; Secure; SameSite=Lax"),
		set("cookie twice worse", "a=1; Secure; SameSite=Lax", "a=1"),
		set("cookie deleted at the end", "a=; Max-Age=0"),
		set("several cookies", "a=1; Secure; SameSite=Lax", "sess=1; Secure; SameSite=Lax", "csrf=1; Secure"),
		{name: "cookie of a hop", pages: map[string]page{"/": moved("/home", "Set-Cookie: a=1"), "/home": good("")}},
		{name: "cookie of a hop deleted", pages: map[string]page{"/": moved("/home", "Set-Cookie: a=1; Max-Age=0"), "/home": good("")}},
		{name: "cookie of a hop better later", pages: map[string]page{"/": moved("/home", "Set-Cookie: a=1; Path=/"), "/home": also(good(""), "Set-Cookie: a=1; Secure; SameSite=Lax; Path=/")}},
		{name: "cookie of a hop by path", pages: map[string]page{"/": moved("/x/home", "Set-Cookie: a=1; Path=/y; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "/x/home": good("")}},
		{name: "samesite invalid at a hop", pages: map[string]page{"/": moved("/home", "Set-Cookie: a=1; Secure; SameSite=Maybe"), "/home": good("")}},
	}
}

// scriptSites are about what a page loads.
func scriptSites() []site {
	const checksum = ` integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC" crossorigin="anonymous"`
	load := func(name string, scripts ...string) site {
		body := "<!doctype html><html><head>"
		for _, script := range scripts {
			body += "<script " + script + "></script>"
		}
		return site{name: name, pages: root(good(body + "</head><body></body></html>"))}
	}
	return []site{
		load("scripts none"),
		load("scripts inline", "type=module"),
		load("scripts own", `src="/a.js"`, `src="b.js"`),
		load("scripts own with checksum", `src="/a.js"`+checksum),
		load("scripts own in full", `src="https://scripts-own-in-full.test/a.js"`),
		load("scripts own over http", `src="http://scripts-own-over-http.test/a.js"`+checksum),
		load("scripts of the site", `src="https://cdn.scripts-of-the-site.test/a.js"`),
		load("scripts of another with checksum", `src="https://cdn.test/a.js"`+checksum),
		load("scripts of another", `src="https://cdn.test/a.js"`),
		load("scripts of another over http", `src="http://cdn.test/a.js"`),
		load("scripts of another over http with checksum", `src="http://cdn.test/a.js"`+checksum),
		load("scripts without scheme", `src="//cdn.test/a.js"`),
		load("scripts without scheme with checksum", `src="//cdn.test/a.js"`+checksum),
		load("scripts own without scheme", `src="//scripts-own-without-scheme.test/a.js"`),
		load("scripts mixed", `src="//cdn.test/a.js"`+checksum, `src="https://cdn.test/b.js"`, `src="/c.js"`+checksum),
		load("scripts with an empty checksum", `src="https://cdn.test/a.js" integrity=""`),
		load("scripts with an empty source", `src=""`),
		load("scripts as data", `src="data:text/javascript,1"`),
		load("scripts in capitals", `SRC="HTTPS://CDN.test/a.js"`),
		load("scripts own and another with checksum", `src="/a.js"`+checksum, `src="https://cdn.test/a.js"`+checksum),
		{name: "scripts with a base", pages: root(good(`<html><head><base href="https://cdn.test/"><script src="/a.js"></script></head></html>`))},
		{name: "scripts in a noscript", pages: root(good(`<html><body><noscript><script src="https://cdn.test/a.js"></script></noscript></body></html>`)), differs: "script in a noscript"},
		{name: "scripts in a template", pages: root(good(`<html><body><template><script src="https://cdn.test/a.js"></script></template></body></html>`))},
		{name: "scripts in a comment", pages: root(good(`<html><!-- <script src="//cdn.test/a.js"></script> --></html>`))},
		{name: "scripts in json", pages: root(page{fields: []string{"Content-Type: application/json", strictPolicy}, body: `{"a":"<script src=//cdn.test></script>"}`})},
		{name: "scripts in xhtml", pages: root(page{fields: []string{"Content-Type: application/xhtml+xml"}, body: `<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="https://cdn.test/a.js"></script></head></html>`})},
		{name: "html in capitals", pages: root(page{fields: []string{"Content-Type: Text/HTML"}, body: `<script src="//cdn.test/a.js"></script>`})},
		{name: "no type", pages: root(page{body: `<script src="//cdn.test/a.js"></script>`})},
	}
}

// statusSites are about answers that are no usual page.
func statusSites() []site {
	status := func(name string, code int) site {
		one := good("<p>a</p>")
		one.status = code
		return site{name: name, pages: root(one)}
	}
	return []site{
		status("status 204", 204), status("status 304", 304), status("status 401", 401), status("status 403", 403),
		status("status 400", 400), status("status 404", 404), status("status 405", 405), status("status 500", 500), status("status 503", 503),
		{name: "redirect without location", pages: root(page{status: 300, fields: []string{strictPolicy}})},
		{name: "refresh", pages: map[string]page{"/": also(good(""), "Refresh: 0; url=/home"), "/home": html("")}},
		{name: "meta refresh", pages: map[string]page{"/": good(`<meta http-equiv="refresh" content="0; url=/home">`), "/home": html("")}},
		{name: "redirect loop", pages: root(moved("/")), differs: "no end"},
		{name: "redirect to an app", pages: root(moved("app://open"))},
		{name: "redirect to nowhere", pages: root(moved("https://nowhere.test/"))},
	}
}

func allSites() []site {
	var all []site
	for _, some := range [][]site{policySites(), headerSites(), transportSites(), cookieSites(), scriptSites(), statusSites()} {
		all = append(all, some...)
	}
	return all
}
