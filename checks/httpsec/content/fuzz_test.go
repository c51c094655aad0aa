package content

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzRead(f *testing.F) {
	for _, name := range []string{"signatures.yaml", "walls.yaml"} {
		for _, s := range samples(f, name) {
			f.Add(500, "text/html", []byte(s.Body))
		}
	}
	for _, seed := range hostile(2) {
		f.Add(200, "text/html", []byte(seed))
		f.Add(200, "application/json", []byte(seed))
		f.Add(503, "application/xml; charset=utf-16", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		in := Input{URL: &url.URL{Scheme: "https", Host: "app.example.com"}, Status: status, Fields: map[string][]string{"content-type": {contentType}}, Body: body}
		got := Read(in)
		require.Equal(t, got, Read(in))
		require.LessOrEqual(t, len(got.Excerpt), maxExcerpt)
		require.True(t, utf8.ValidString(got.Excerpt))
		require.LessOrEqual(t, len(got.Tokens), maxTokens)
		require.LessOrEqual(t, len(got.Content.Scripts), maxOrigins)
		require.LessOrEqual(t, len(got.Content.Mixed), maxOrigins)
		require.True(t, slices.IsSorted(got.Content.Signatures))
		for _, policy := range got.Content.MetaPolicies {
			require.True(t, utf8.ValidString(policy))
		}
	})
}

func FuzzExcerpt(f *testing.F) {
	f.Add("Password: ", "hunter2", "; more")
	f.Add("Error ", "0123456789abcdef0123456789abcdef", "\u200b")
	f.Fuzz(func(t *testing.T, before, after, more string) {
		const secret = "4f9c2b7e1d8a4c63b5e0f7a29d1c8e46"
		got := excerpt(before + " " + secret + " " + after + more)
		require.NotContains(t, got, secret[:8])
		require.LessOrEqual(t, len(got), maxExcerpt)
	})
}

// hostile are pages made to cost time, of about n KiB each.
func hostile(n int) map[string]string {
	size := n << 10
	fill := func(text string) string { return strings.Repeat(text, size/len(text)+1)[:size] }
	return map[string]string{
		"nesting":         fill("<div><b>"),
		"templates":       fill("<template>"),
		"attributes":      "<p " + fill("a=b "),
		"known attribute": "<p " + fill("class=b id=c src=d "),
		"one attribute":   "<p class=\"" + fill("x"),
		"huge tag":        "<" + fill("p"),
		"less than":       fill("<"),
		"comments":        fill("<!--"),
		"ends":            fill("</p></div>"),
		"entities":        fill("&amp;&nbsp"),
		"scripts":         fill("<script src=http://a.test>"),
		"srcset":          "<img srcset='" + fill("http://a.test, "),
		"style":           "<style>" + fill("@import url(http://a"),
		"css addresses":   "<p style='" + fill("url(http://"),
		"brackets":        fill("[{"),
		"names":           fill(`{"a":`),
		"traces":          fill("   at System.A.B(C d) in C:\\x.cs:line 1 \n"),
		"trace starts":    fill("at "),
		"paths":           fill(" /var/www/"),
		"php":             fill("<b>Warning</b>: in <b>"),
		"warnings":        fill("Warning: x in "),
		"connection":      fill("server=a;"),
		"maintenance":     fill("under maintenanc "),
		"password":        fill("password="),
		"keys":            fill("-----BEGIN A-----"),
		"at signs":        fill("a@"),
		"dots":            fill("a@a."),
		"digits":          fill("1 "),
		"zeros":           fill("\x00"),
		"anonymous":       fill("((((("),
	}
}

func BenchmarkRead(b *testing.B) {
	pages := hostile(256)
	pages["article"] = article(strings.Repeat("   at System.A.B(C d)\n", 8000))
	for name, body := range pages {
		for _, kind := range []string{"text/html", "text/plain", "application/json"} {
			in := Input{URL: &url.URL{Scheme: "https", Host: "app.example.com"}, Status: 500, Fields: map[string][]string{"content-type": {kind}}, Body: []byte(body)}
			b.Run(name+"/"+strings.TrimPrefix(kind, "text/"), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					Read(in)
				}
			})
		}
	}
}
