package content

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestLook(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want checks.Look
		kind string
		body string
	}{
		"empty":                {checks.LookNothing, "", ""},
		"empty page":           {checks.LookNothing, "", "<!doctype html><html><head><title>Panel</title></head><body></body></html>"},
		"picture":              {checks.LookNothing, "", "<body><img src=logo.png alt=Logo></body>"},
		"hidden record":        {checks.LookNothing, "", "<div style='display: none'><table><tr><td>A<td>B<tr><td>C<td>D</table></div>"},
		"react shell":          {checks.LookScriptShell, "", "<body><noscript>You need to enable JavaScript to run this app.</noscript><div id=\"root\"></div><script src=/static/js/main.4f2a.js></script></body>"},
		"angular shell":        {checks.LookScriptShell, "", "<body><app-root>Loading the panel, please wait...</app-root><script src=main.js type=module></script></body>"},
		"redirect by script":   {checks.LookScriptShell, "", "<body><script>location.href='https://sod.superoffice.com/login/common/oauth/authorize?client_id=a'</script></body>"},
		"blazor":               {checks.LookScriptShell, "", "<body><div id=\"app\">Loading...</div><div id=\"blazor-error-ui\" style=\"display:none\">An unhandled error has occurred.</div><script src=\"_framework/blazor.webassembly.js\"></script></body>"},
		"sign-in form":         {checks.LookSignIn, "", "<h1>Contoso</h1><form><input name=u><input type=password name=p><button>Go</button></form>"},
		"sign-in link":         {checks.LookSignIn, "", "<p>Your session has ended.</p><a href='/account/login'>Continue</a>"},
		"sign-in button":       {checks.LookSignIn, "", "<p>Welcome to the panel.</p><button id=b>Sign in with SuperOffice</button><script src=a.js></script>"},
		"sign-in Norwegian":    {checks.LookSignIn, "", "<a href='/start'>Logg inn</a>"},
		"sign-in by form":      {checks.LookSignIn, "", "<form action='https://online.superoffice.com/login/common/oauth/authorize'><input type=submit value=OK></form>"},
		"sign-in in table":     {checks.LookSignIn, "", "<table><tr><td>User</td><td><input name=u></td></tr><tr><td>Password</td><td><input type=password name=p></td></tr></table>"},
		"sign-in with footer":  {checks.LookSignIn, "", "<main><h1>Log in</h1><input type=password></main><footer><ul>" + strings.Repeat("<li>Link</li>", 12) + "</ul>Tel 22334455, post@example.com</footer>"},
		"message":              {checks.LookMessage, "", "<h1>Access denied</h1><p>Open this panel in SuperOffice CRM.</p>"},
		"message with script":  {checks.LookMessage, "", "<h1>Access denied</h1><p>Open this panel in SuperOffice CRM.</p><script src=analytics.js></script>"},
		"message with contact": {checks.LookMessage, "", "<p>Something went wrong. Write to support@example.com.</p>"},
		"error with id":        {checks.LookMessage, "", "<p>Request 1234567 of 2026-01-02 failed.</p>"},
		"landing page":         {checks.LookMessage, "", "<nav><ul>" + strings.Repeat("<li>Item</li>", 20) + "</ul></nav><h1>Product</h1><p>" + strings.Repeat("It works well. ", 60) + "</p>"},
		"table":                {checks.LookData, "", "<table><tr><th>Name</th><th>Phone</th></tr><tr><td>Ola</td><td>1</td></tr><tr><td>Kari</td><td>2</td></tr></table>"},
		"table without ends":   {checks.LookData, "", "<table><tr><td>Ola<td>1<tr><td>Kari<td>2</table>"},
		"table and checkbox":   {checks.LookData, "", "<table><tr><td><input type=checkbox></td><td>Ola</td><td>1</td></tr><tr><td><input type=checkbox></td><td>Kari</td><td>2</td></tr></table>"},
		"list of records":      {checks.LookData, "", "<ul>" + strings.Repeat("<li><b>Company</b> Oslo</li>", 8) + "</ul>"},
		"record":               {checks.LookData, "", "<dl><dt>Name<dd>Ola<dt>City<dd>Oslo<dt>Phone<dd>1<dt>Role<dd>Chief</dl>"},
		"e-mail addresses":     {checks.LookData, "", "<div>a@example.com</div><div>b@example.com</div><div>c@example.com</div>"},
		"amounts":              {checks.LookData, "", "<div>" + strings.Repeat("<span>1 250,00</span> ", 8) + "</div>"},
		"data and sign-in":     {checks.LookData, "", "<a href=/login>Sign in</a><table><tr><td>Ola<td>1<tr><td>Kari<td>2</table>"},
		"long document":        {checks.LookData, "", "<p>" + strings.Repeat("word ", 500) + "</p>"},
		"json error":           {checks.LookMessage, "application/json", `{"error":"invalid_request","error_description":"state is missing"}`},
		"json problem":         {checks.LookMessage, "application/problem+json", `{"type":"about:blank","title":"Unauthorized","status":401,"traceId":"00-1"}`},
		"json nothing":         {checks.LookNothing, "application/json", `{}`},
		"json list":            {checks.LookData, "application/json", `[{"id":1,"firstName":"Ola"}]`},
		"json record":          {checks.LookData, "application/json", `{"contactId":1,"firstName":"Ola","city":"Oslo","phone":"1"}`},
		"json errors in list":  {checks.LookMessage, "application/json", `{"errors":[{"code":"a","message":"b"}]}`},
		"xml error":            {checks.LookMessage, "application/xml", `<Error><Message>No</Message></Error>`},
		"xml record":           {checks.LookData, "text/xml", `<c><id>1</id><first>Ola</first><city>Oslo</city><phone>1</phone></c>`},
		"csv":                  {checks.LookData, "text/csv", "name;city;phone\nOla;Oslo;1\nKari;Bergen;2\n"},
		"plain":                {checks.LookMessage, "text/plain", "OK\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, answer{Type: test.kind, Body: test.body}.read(200).Content.Look)
		})
	}
}

func TestLookOfWhatIsNoText(t *testing.T) {
	t.Parallel()
	got := answer{Type: "application/pdf", Body: "%PDF-1.7"}.read(200).Content
	require.Equal(t, checks.Content{MediaType: "application/pdf"}, got)
}
