package behavior

import (
	"maps"
	"net/http"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

const callback = "/signin-superoffice"

// answers are the rows of E-01: an application answers, with and without an
// error from the sign-in service.
func answers() []Row {
	row := func(name string, want checks.Result, handler http.Handler) Row {
		return Row{Requirement: "E-01", Name: name, Kind: policy.Redirect, Path: callback, Handler: handler, Want: want}
	}
	notFound, failing := page(http.StatusNotFound, "<p>Not found."), page(http.StatusInternalServerError, "<p>Something went wrong.")
	post := row("a callback that takes POST only", checks.Pass, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			page(http.StatusBadRequest, "<p>The state is not known.").ServeHTTP(w, r)
			return
		}
		failing(w, r)
	}))
	post.Method = http.MethodPost
	failingPost := row("a callback that fails on POST", checks.Fail, provoked(page(http.StatusBadRequest, "<p>No."), failing))
	failingPost.Method = http.MethodPost
	return []Row{
		row("200", checks.Pass, page(http.StatusOK, "<p>You are signed out.")),
		row("400 without state", checks.Pass, page(http.StatusBadRequest, "<p>The state is missing.")),
		row("401", checks.Pass, page(http.StatusUnauthorized, "<p>Please sign in.")),
		row("404", checks.Pass, notFound),
		row("405 for GET", checks.Pass, page(http.StatusMethodNotAllowed, "<p>Use POST.")),
		row("redirects to its own start page", checks.Pass, paths{callback: to("/"), "/": page(http.StatusOK, "<p>Welcome.")}),
		row("starts a sign-in", checks.Pass, to(authorize("sod.superoffice.com", ""))),
		row("shows its own page for the error", checks.Pass, provoked(notFound, page(http.StatusForbidden, "<p>Access was denied."))),
		post,
		row("500", checks.Fail, failing),
		row("503", checks.Fail, page(http.StatusServiceUnavailable, "<p>No server is available.")),
		row("500 for the error only", checks.Fail, provoked(notFound, failing)),
		row("redirects to a page that fails", checks.Fail, paths{callback: to("/error"), "/error": failing}),
		row("closes the connection", checks.ResultInconclusive, http.HandlerFunc(hangUp)),
		row("a maintenance page", checks.ResultInconclusive, page(http.StatusServiceUnavailable,
			"<h1>Scheduled maintenance</h1><p>We will be back soon.")),
		failingPost,
	}
}

// errorPages are the rows of E-02: an error tells nothing of the code.
func errorPages() []Row {
	row := func(name string, want checks.Result, handler http.Handler) Row {
		return Row{
			Requirement: "E-02", Name: name, Kind: policy.Redirect, Path: callback, Want: want,
			Handler: provoked(page(http.StatusBadRequest, "<p>The state is missing."), handler),
		}
	}
	rows := []Row{
		row("a page of its own", checks.Pass, page(http.StatusForbidden, "<h1>Access denied</h1><p>You did not approve the sign-in.")),
		row("a page of its own with status 500", checks.Pass, page(http.StatusInternalServerError, "<h1>Sorry</h1><p>Something went wrong. Our number for it is 4711.")),
		row("a documentation page that mentions exceptions", checks.Pass, page(http.StatusOK, "<p>If you see an exception, write to support.")),
		row("nothing", checks.Pass, text(http.StatusBadRequest, "text/plain", "")),
	}
	pages := debugPages()
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		rows = append(rows, row(name, checks.Fail, pages[name]))
	}
	return rows
}

// debugPages are what frameworks show when nobody turned their debug mode off.
func debugPages() map[string]http.Handler {
	return map[string]http.Handler{
		"ASP.NET, yellow screen of death": text(http.StatusInternalServerError, "text/html; charset=utf-8", lines(
			"<!DOCTYPE html><html><head><title>Object reference not set to an instance of an object.</title></head>",
			`<body bgcolor="white"><span><H1>Server Error in '/' Application.<hr width=100% size=1 color=silver></H1>`,
			"<h2> <i>Object reference not set to an instance of an object.</i> </h2></span>",
			"<b> Exception Details: </b>System.NullReferenceException: Object reference not set to an instance of an object.<br><br>",
			`<b> Source File: </b> c:\inetpub\wwwroot\App\LoginRedirect.aspx.cs<b> &nbsp;&nbsp; Line: </b> 42`,
			"<b>Stack Trace:</b><pre>[NullReferenceException: Object reference not set to an instance of an object.]",
			`   App.LoginRedirect.Page_Load(Object sender, EventArgs e) in c:\inetpub\wwwroot\App\LoginRedirect.aspx.cs:42</pre>`,
			"<b>Version Information:</b>&nbsp;Microsoft .NET Framework Version:4.0.30319; ASP.NET Version:4.8.4494.0</body></html>")),
		"ASP.NET Core, plain exception": text(http.StatusInternalServerError, "text/plain; charset=utf-8", lines(
			"System.Exception: An error was encountered while handling the remote login.",
			" ---> System.Exception: access_denied",
			"   --- End of inner exception stack trace ---",
			"   at Microsoft.AspNetCore.Authentication.RemoteAuthenticationHandler`1.HandleRequestAsync()",
			"   at Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddlewareImpl.Invoke(HttpContext context)",
			"", "HEADERS", "=======", "Host: app.example.com")),
		"Django": text(http.StatusInternalServerError, "text/html; charset=utf-8", lines(
			"<!DOCTYPE html><html lang=\"en\"><head><title>KeyError at /signin-superoffice</title></head><body>",
			"<div id=\"summary\"><h1>KeyError at /signin-superoffice</h1><pre class=\"exception_value\">&#x27;code&#x27;</pre>",
			"<table class=\"meta\"><tr><th>Request Method:</th><td>GET</td></tr><tr><th>Django Version:</th><td>5.1.2</td></tr>",
			"<tr><th>Python Executable:</th><td>/usr/local/bin/python</td></tr></table></div>",
			"<div id=\"traceback\"><h2>Traceback <span class=\"commands\">Switch to copy-and-paste view</span></h2></div>",
			"<div id=\"explanation\"><p>You’re seeing this error because you have <code>DEBUG = True</code> in your Django settings file.",
			" Change that to <code>False</code>, and Django will display a standard page generated by the handler for this status code.</p></div></body></html>")),
		"Express": text(http.StatusInternalServerError, "text/html; charset=utf-8", lines(
			"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Error</title></head><body>",
			"<pre>TypeError: Cannot read properties of undefined (reading &#39;code&#39;)<br> &nbsp; &nbsp;at /srv/app/routes/callback.js:17:22",
			"<br> &nbsp; &nbsp;at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)</pre></body></html>")),
		"PHP": page(http.StatusOK, "<br />\n<b>Fatal error</b>:  Uncaught Exception: access_denied in /var/www/html/callback.php:12\nStack trace:\n#0 {main}\n  thrown in <b>/var/www/html/callback.php</b> on line <b>12</b><br />"),
		"Spring": page(http.StatusInternalServerError, "<h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p>"+
			"<div id='created'>Sun Nov 22 08:00:00 UTC 2026</div><div>There was an unexpected error (type=Internal Server Error, status=500).</div>"),
	}
}
