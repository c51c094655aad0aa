package content

import (
	"fmt"
	"html"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type sample struct {
	ID     string `yaml:"id"`
	answer `yaml:",inline"`
	Near   answer `yaml:"near"`
}

type answer struct {
	Status int                 `yaml:"status"`
	Type   string              `yaml:"type"`
	Fields map[string][]string `yaml:"fields"`
	Body   string              `yaml:"body"`
}

func (a answer) read(status int) Result {
	in, _ := a.input(status)
	return Read(in)
}

func (a answer) input(status int) (Input, *page) {
	if a.Status != 0 {
		status = a.Status
	}
	fields := map[string][]string{"content-type": {"text/html; charset=utf-8"}}
	if a.Type != "" {
		fields["content-type"] = []string{a.Type}
	}
	for name, values := range a.Fields {
		fields[name] = values
	}
	u := &url.URL{Scheme: "https", Host: "app.example.com", Path: "/callback"}
	in := Input{URL: u, Status: status, Fields: fields, Body: []byte(a.Body)}
	return in, readPage(formOf(mediaType(fields["content-type"]), in.Body), a.Body, u)
}

func samples(t testing.TB, name string) []sample {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var all []sample
	require.NoError(t, yaml.Unmarshal(text, &all))
	return all
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for at, s := range samples(t, "signatures.yaml") {
		shown[s.ID] = true
		t.Run(fmt.Sprintf("%s %d", s.ID, at), func(t *testing.T) {
			t.Parallel()
			require.Contains(t, s.read(500).Content.Signatures, s.ID)
			require.NotEmpty(t, s.Near.Body)
			require.NotContains(t, s.Near.read(200).Content.Signatures, s.ID, "a near miss")
			require.Empty(t, Read(Input{Status: 200, Fields: map[string][]string{"content-type": {"text/html"}}, Body: []byte(article(s.Body))}).Content.Signatures,
				"an article that shows it")
		})
	}
	for _, s := range Signatures() {
		require.True(t, shown[s.ID], "%s has no sample in testdata/signatures.yaml", s.ID)
	}
}

// A page in UTF-16 or Latin-1 shows the same.
func TestSignaturesInOtherEncodings(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t, "signatures.yaml") {
		want := s.read(500).Content.Signatures
		if !strings.HasPrefix(s.Type, "application/") && !slices.Contains(want, "xdebug") {
			wide := s.answer
			wide.Body = "\xff\xfe" + utf16(s.Body)
			require.Equal(t, want, wide.read(500).Content.Signatures, s.ID)
			wide.Body = utf16(s.Body)
			require.Equal(t, want, wide.read(500).Content.Signatures, "%s without a mark", s.ID)
		}
	}
}

func utf16(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// article shows code as documentation does: escaped, between paragraphs.
func article(code string) string {
	paragraph := "<p>" + strings.Repeat("When an application fails it should say so in words that help whoever is in front of the screen. ", 4) + "</p>"
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(code)
	return "<!DOCTYPE html><html><head><title>How to read an error</title></head><body><nav><a href=/>Home</a></nav><article><h1>How to read an error</h1>" +
		paragraph + "<pre><code>" + escaped + "</code></pre>" + paragraph + "<pre><code>" + html.EscapeString(code) + "</code></pre></article></body></html>"
}

// Headings and words in code elements are what articles have unescaped.
func TestArticlesAboutErrorPagesShowNoSignature(t *testing.T) {
	t.Parallel()
	quotes := "<h1>Whitelabel Error Page</h1><h2>Struts Problem Report</h2><h3>Caused by:</h3><h4>A PHP Error was encountered</h4><p>Severity: notice</p>" +
		"<p>You use <code>Rack::ShowExceptions</code>.</p><p>You’re seeing this error because you have <code>DEBUG = True</code> in your settings.</p>" +
		"<p><code>Rails.root: /srv/app</code></p><p>Illuminate\\Foundation\\Http\\Kernel-&gt;handle</p><p>at /var/www/html/index.php on line 3, ORA-00942: table or view</p>"
	require.Empty(t, answer{Body: article("x") + quotes}.read(200).Content.Signatures)
	require.NotEmpty(t, answer{Body: quotes}.read(500).Content.Signatures)
}

func TestOrdinaryPagesShowNoSignature(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"friendly error":  "<h1>Something went wrong</h1><p>We have been told. Request 7f3b1c1e-9f0a-4f57-9a43-0c1d2e3f4a5b.</p>",
		"razor error":     "<h1 class=\"text-danger\">Error.</h1><h2>An error occurred while processing your request.</h2><h3>Development Mode</h3><p>Swapping to <strong>Development</strong> environment will display more detailed information.</p>",
		"nginx":           "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx/1.25.3</center></body></html>",
		"iis":             "<title>500 - Internal server error.</title><div id=\"header\"><h1>Server Error</h1></div><h2>500 - Internal server error.</h2><h3>There is a problem with the resource you are looking for, and it cannot be displayed.</h3>",
		"django":          "<!doctype html><html lang=\"en\"><head><title>Server Error (500)</title></head><body><h1>Server Error (500)</h1><p></p></body></html>",
		"express":         "<pre>Cannot GET /callback</pre>",
		"superoffice":     "<h1>We are currently experiencing some technical difficulties</h1><p>Request ID: abc</p>",
		"laravel":         "<title>Server Error</title><div class=\"px-4 text-lg text-gray-500\">500</div><div>Server Error</div>",
		"azure stopped":   "<title>Web App - Unavailable</title><h1 id=\"unavailable\">Error 403 - This web app is stopped.</h1>",
		"bundled overlay": "<div id=\"root\"></div><script>var page = \"Whitelabel Error Page Traceback (most recent call last):  at System.X()\";</script>",
	} {
		require.Empty(t, answer{Body: body}.read(500).Content.Signatures, name)
	}
}
