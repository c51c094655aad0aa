package content

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func page1(body string) Result { return answer{Body: body}.read(200) }

func TestScripts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		want   []checks.Script
		inline bool
	}{
		"none":              {"<p>x</p>", nil, false},
		"inline":            {"<script>x</script>", nil, true},
		"data block":        {`<script type="application/ld+json">{}</script>`, nil, true},
		"path":              {`<script src="/a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"path twice":        {`<script src="/a.js"></script><script src="b.js"></script>`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"own in full":       {`<script src="https://APP.example.com:443/a.js">`, []checks.Script{{SameSite: true}}, false},
		"own port":          {`<script src="https://app.example.com:8443/a.js">`, []checks.Script{{Origin: "https://app.example.com:8443", SameSite: true}}, false},
		"same site":         {`<script src="https://cdn.example.com/a.js" integrity="sha384-x">`, []checks.Script{{Origin: "https://cdn.example.com", SameSite: true, Integrity: true}}, false},
		"foreign":           {`<script src="https://cdn.test/a.js">`, []checks.Script{{Origin: "https://cdn.test"}}, false},
		"http":              {`<script src="http://cdn.test/a.js">`, []checks.Script{{Origin: "http://cdn.test"}}, false},
		"protocol":          {`<script src="//cdn.test/a.js">`, []checks.Script{{Origin: "https://cdn.test", Relative: "protocol"}}, false},
		"backslashes":       {`<script src="\\cdn.test/a.js">`, []checks.Script{{Origin: "https://cdn.test", Relative: "protocol"}}, false},
		"line end inside":   {"<script src=' ht\ntps://cdn.test/a.js'>", []checks.Script{{Origin: "https://cdn.test"}}, false},
		"user information":  {`<script src="https://app.example.com@cdn.test/a.js">`, []checks.Script{{Origin: "https://cdn.test"}}, false},
		"other letters":     {`<script src="https://bücher.test/a.js">`, []checks.Script{{Origin: "https://xn--bcher-kva.test"}}, false},
		"data":              {`<script src="data:text/javascript,x">`, nil, true},
		"no slashes":        {`<script src="https:a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"empty src":         {`<script src="">x</script>`, nil, true},
		"first src counts":  {`<script src="/a.js" src="https://cdn.test/a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"base elsewhere":    {`<base href="https://cdn.test/x/"><script src="a.js">`, []checks.Script{{Origin: "https://cdn.test"}}, false},
		"base is a path":    {`<base href="/x/"><script src="a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"base own":          {`<base href="https://app.example.com/x/"><script src="a.js">`, []checks.Script{{SameSite: true}}, false},
		"first base counts": {`<base href="/"><base href="https://cdn.test/"><script src="a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"in a comment":      {`<!-- <script src="https://cdn.test/a.js"></script> -->`, nil, false},
		"in a template":     {`<template><div><template></template><script src="https://cdn.test/a.js"></script></div></template>`, nil, false},
		"after a template":  {`<template><p></template><script src="/a.js">`, []checks.Script{{SameSite: true, Relative: "origin"}}, false},
		"in noscript":       {`<noscript><script src="https://cdn.test/a.js"></script></noscript>`, nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := page1(test.body).Content
			require.Equal(t, test.want, got.Scripts)
			require.Equal(t, test.inline, got.InlineScript)
		})
	}
}

func TestMixedContent(t *testing.T) {
	t.Parallel()
	active := []checks.MixedContent{{Origin: "http://cdn.test", Active: true}}
	passive := []checks.MixedContent{{Origin: "http://cdn.test"}}
	for body, want := range map[string][]checks.MixedContent{
		`<img src="http://cdn.test/a.png">`:                                        passive,
		`<img srcset="http://cdn.test/a.png 2x">`:                                  active,
		`<audio src="http://cdn.test/a.mp3">`:                                      passive,
		`<video poster="http://cdn.test/a.png"></video>`:                           passive,
		`<video><source src="http://cdn.test/a.mp4"></video>`:                      passive,
		`<input type=image src="http://cdn.test/a.png">`:                           passive,
		`<link rel=icon href="http://cdn.test/a.ico">`:                             passive,
		`<p style="background: url('http://cdn.test/a.png')">`:                     passive,
		`<style>p { background: url(http://cdn.test/a.png) }</style>`:              passive,
		`<style>@import "http://cdn.test/a.css";</style>`:                          active,
		`<style>@import url(http://cdn.test/a.css);</style>`:                       active,
		`<script src="http://cdn.test/a.js"></script>`:                             active,
		`<iframe src="http://cdn.test/"></iframe>`:                                 active,
		`<object data="http://cdn.test/"></object>`:                                active,
		`<embed src="http://cdn.test/">`:                                           active,
		`<track src="http://cdn.test/a.vtt">`:                                      active,
		`<form action="http://cdn.test/"></form>`:                                  active,
		`<button formaction="http://cdn.test/">`:                                   active,
		`<link rel="preload stylesheet" as=style href="http://cdn.test/">`:         active,
		`<link rel=preload as=image href="http://cdn.test/">`:                      passive,
		`<base href="http://cdn.test/"><iframe src="x"></iframe>`:                  active,
		`<link rel=canonical href="http://cdn.test/"><a href="http://cdn.test/">x`: nil,
		`<img src="http://localhost/"><img src="http://127.0.0.1/a">`:              nil,
		`<img src="//cdn.test/a.png"><img src="/a.png"><img src="">`:               nil,
		`<img src="http://cdn.test:80/a"><script src="http://CDN.test/b"></script>`: {
			{Origin: "http://cdn.test"}, {Origin: "http://cdn.test", Active: true},
		},
	} {
		require.Equal(t, want, page1(body).Content.Mixed, body)
	}
	plain := Read(Input{URL: &url.URL{Scheme: "http", Host: "app.example.com"}, Status: 200, Body: []byte(`<img src="http://cdn.test/a.png">`)})
	require.Empty(t, plain.Content.Mixed)
}

func TestMeta(t *testing.T) {
	t.Parallel()
	const token = `<meta name="gradewatch-verification" content="abc">`
	require.Equal(t, []string{"abc"}, page1("<html><head>"+token+"</head><body>").Tokens)
	require.Equal(t, []string{"abc"}, page1("<!doctype html><title>x</title>"+token+"<p>").Tokens)
	require.Equal(t, []string{"abc"}, page1("<script>'<body>'</script><style>p{}</style><noscript><p></noscript>"+token).Tokens)
	require.Len(t, page1("<head>"+strings.Repeat(token+`<meta name="gradewatch-verification" content="1"><meta name="gradewatch-verification" content="2"><meta name="gradewatch-verification" content="3"><meta name="gradewatch-verification" content="4">`, 2)).Tokens, 4)
	for _, elsewhere := range []string{
		"<body>" + token, "<head></head><body><div>" + token, "<p>x</p>" + token, "text" + token, "<head></body>" + token, "<title>" + token, "<!--" + token + "-->",
		"<script>" + token + "</script>", "<template>" + token + "</template>", "<head><div>" + token, "<noscript>" + token + "</noscript>", `<p title='` + token + `'>`,
		`<head><meta name="gradewatch-verification" content=" "><meta name="gradewatch-verification">`, `<head><meta name="gradewatch-verification" content="` + strings.Repeat("a", 300) + `">`,
	} {
		require.Empty(t, page1(elsewhere).Tokens, elsewhere)
	}
	got := page1(`<head><meta http-equiv=" Refresh " content="0; url=/next"><META HTTP-EQUIV=refresh CONTENT="1"><meta http-equiv=Content-Security-Policy content="script-src 'nonce-r4nd0mV4lue' 'sha256-abc=' https://a.test"><meta name=referrer content=no-referrer></head>`)
	require.Equal(t, "0; url=/next", got.MetaRefresh)
	require.Equal(t, []string{"script-src 'nonce-*' 'sha256-*' https://a.test"}, got.Content.MetaPolicies)
	require.Equal(t, []string{"no-referrer"}, got.Content.MetaReferrer)
	require.Empty(t, page1(`<body><meta http-equiv=content-security-policy content="default-src 'none'">`).Content.MetaPolicies, "browsers read it in the head only")
	require.Equal(t, "5", page1(`<body><meta http-equiv=refresh content="5">`).MetaRefresh)
	require.Empty(t, page1(`<noscript><meta http-equiv=refresh content="0;url=/no-script"></noscript>`).MetaRefresh)
}

func TestEmptyAndTruncated(t *testing.T) {
	t.Parallel()
	got := Read(Input{}).Content
	require.True(t, got.Empty)
	require.Equal(t, checks.LookNothing, got.Look)
	long := Read(Input{Body: []byte(strings.Repeat("a", maxBytes+1))}).Content
	require.True(t, long.Truncated)
	require.False(t, Read(Input{Body: []byte(strings.Repeat("a", maxBytes))}).Content.Truncated)
}

// What a page makes anew for every answer leaves no trace in its facts.
func TestSamePageSameContent(t *testing.T) {
	t.Parallel()
	const form = `<!doctype html><html><head><title>Panel</title>
<meta name="csrf-token" content="%[1]s"><meta http-equiv="content-security-policy" content="script-src 'self' 'nonce-%[1]s' 'sha256-%[1]s='; report-uri https://r.test/?k=%[2]s">
<script nonce="%[1]s" src="/a.js?v=%[2]s"></script><script nonce="%[1]s">var token = "%[1]s", at = "%[3]s"</script></head>
<body><p>It is %[3]s. Request %[2]s.</p><form action="/login?state=%[2]s"><input type="hidden" name="__RequestVerificationToken" value="%[1]s"><input name=u><input type=password name=p></form>
<img src="http://cdn.test/%[1]s.png"></body></html>`
	first := page1(fmt.Sprintf(form, "CfDJ8Nq1Yd0b0kVJmBq3x9y2", "7f3b1c1e-9f0a-4f57-9a43-0c1d2e3f4a5b", "2026-11-22 08:30:01")).Content
	second := page1(fmt.Sprintf(form, "CfDJ8Zx7Qw2e1rTyUiOp5a4s", "0b9d8f7a-1c2d-4e3f-8a5b-6c7d8e9f0a1b", "2026-11-23 23:59:59")).Content
	require.Equal(t, first, second)
	require.Equal(t, checks.LookSignIn, first.Look)
	require.NotEmpty(t, first.MetaPolicies)
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]Input{
		"utf-8":         {Body: []byte("<p>Blåbær på brød</p>")},
		"mark":          {Body: []byte("\xef\xbb\xbf<p>Blåbær på brød</p>")},
		"latin-1":       {Fields: map[string][]string{"content-type": {"text/html; charset=iso-8859-1"}}, Body: []byte("<p>Bl\xe5b\xe6r p\xe5 br\xf8d</p>")},
		"meta":          {Body: []byte("<meta charset=windows-1252><p>Bl\xe5b\xe6r p\xe5 br\xf8d</p>")},
		"not said":      {Body: []byte("<p>Bl\xe5b\xe6r p\xe5 br\xf8d</p>")},
		"utf-16":        {Body: []byte("\xff\xfe" + utf16("<p>Blåbær på brød</p>"))},
		"wrong":         {Fields: map[string][]string{"content-type": {"text/html; charset=nonsense"}}, Body: []byte("<p>Blåbær på brød</p>")},
		"broken":        {Fields: map[string][]string{"content-type": {`text/html; x="; charset=utf-8`}}, Body: []byte("<p>Blåbær på brød</p>")},
		"xhtml":         {Fields: map[string][]string{"content-type": {"application/xhtml+xml"}}, Body: []byte("<?xml version='1.0'?><html><p>Blåbær på brød</p></html>")},
		"cut character": {Body: []byte("<p>Blåbær på brød</p>\xc3")},
	} {
		require.Contains(t, Read(in).Excerpt, "Blåbær på brød", name)
	}
}
