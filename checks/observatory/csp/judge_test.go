package csp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want   csp.Result
		values []string
	}{
		{csp.Missing, nil},
		{csp.Invalid, []string{""}},
		{csp.Invalid, []string{"  "}},
		{csp.Invalid, []string{"defau"}},
		{csp.Invalid, []string{"default-src 'none'; default-src 'none'"}},
		{csp.Invalid, []string{"default-src 'none'; img-src 'self'; Default-Src 'none'"}},
		{csp.Invalid, []string{"default-src 'none'; script-src 'strict-dynamic'"}},
		{csp.NoUnsafe, []string{"default-src https://a.example/%zz", "default-src https://b.example/%zz"}}, // joined: nothing to compare
		{csp.NoUnsafe, []string{"default-src 'self'"}},
		{csp.NoUnsafe, []string{"default-src https://mozilla.org;;; ;;;script-src 'none'"}},
		{csp.NoUnsafe, []string{"object-src 'none'; script-src https://mozilla.org; style-src https://mozilla.org; upgrade-insecure-requests;"}},
		{csp.NoUnsafe, []string{"default-src 'none' 'self'"}},
		{csp.NoUnsafe, []string{"default-src 'self'; script-src 'strict-dynamic' 'nonce-abc123' 'unsafe-inline' https: http: 'self'"}},
		{csp.NoUnsafeDefaultNone, []string{"default-src 'none'"}},
		{csp.NoUnsafeDefaultNone, []string{"default-src"}},
		{csp.NoUnsafeDefaultNone, []string{"default-src 'none'; script-src 'self' 'sha256-hqBEA/HXB3aJU2FgOnYN8rkAgEVgyfi3Vs1j2/XMPBB=' 'unsafe-inline'"}},
		{csp.UnsafeInline, []string{"upgrade-insecure-requests"}},
		{csp.UnsafeInline, []string{"script-src 'self'"}},
		{csp.UnsafeInline, []string{"default-src 'unsafe-inline'"}},
		{csp.UnsafeInline, []string{"default-src 'none'; script-src data:"}},
		{csp.UnsafeInline, []string{"default-src 'none'; object-src https:"}},
		{csp.UnsafeInline, []string{"default-src 'none'; script-src https://*"}},
		{csp.UnsafeInline, []string{"default-src 'none'", "script-src *"}},
		{csp.UnsafeEval, []string{"default-src 'none'; script-src 'unsafe-eval'"}},
		{csp.UnsafeEval, []string{"default-src 'none'; style-src 'unsafe-eval'"}},
		{csp.InsecureScheme, []string{"default-src http://mozilla.org"}},
		{csp.InsecureScheme, []string{"default-src 'none'; connect-src ftp://a.example"}},
		{csp.InsecurePassive, []string{"default-src 'none'; img-src http://mozilla.org"}},
		{csp.InsecurePassive, []string{"default-src 'none'; media-src http:"}},
		{csp.UnsafeInlineStyle, []string{"default-src 'none'; style-src 'unsafe-inline'"}},
		{csp.UnsafeInlineStyle, []string{"default-src 'none'; style-src data:"}},
		{csp.Duplicate, []string{"default-src 'none'; report-uri /a; report-uri /b"}},
		{csp.Duplicate, []string{"default-src 'none'; report-to a; report-to b"}},
		{csp.UnsafeEval, []string{"default-src 'none'; script-src 'unsafe-eval'; report-to a; report-to b"}},
	} {
		got := csp.Judge(csp.Sent{Fields: test.values, HTTPS: true})
		require.Equal(t, test.want, got.Result, "%q", test.values)
	}
}

func TestJudgeOverHTTPAllowsHTTP(t *testing.T) {
	t.Parallel()
	got := csp.Judge(csp.Sent{Fields: []string{"default-src 'none'; img-src http://a.example; connect-src http://a.example"}})
	require.Equal(t, csp.NoUnsafeDefaultNone, got.Result)
}

func TestJudgeMetaElements(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		sent   csp.Sent
		want   csp.Result
		framed bool
	}{
		{"a meta element counts", csp.Sent{Metas: []string{"default-src 'none'"}}, csp.NoUnsafeDefaultNone, false},
		{"with nothing that counts there", csp.Sent{Metas: []string{"frame-ancestors 'none'"}}, csp.Missing, false},
		{"with something that counts", csp.Sent{Metas: []string{"frame-ancestors 'none'; default-src 'none'"}}, csp.NoUnsafeDefaultNone, true},
		{"twice where to report", csp.Sent{Metas: []string{"report-uri /a; report-uri /b"}}, csp.UnsafeInline, false},
		{"only in one", csp.Sent{Fields: []string{"default-src 'none'"}, Metas: []string{"script-src 'unsafe-inline'"}}, csp.NoUnsafeDefaultNone, false},
		{"in both", csp.Sent{Fields: []string{"default-src 'none'; script-src 'unsafe-inline'"}, Metas: []string{"script-src 'unsafe-inline'"}}, csp.UnsafeInline, false},
		{"an invalid one", csp.Sent{Fields: []string{"default-src 'none'"}, Metas: []string{"a"}}, csp.Invalid, false},
		{"line ends", csp.Sent{Metas: []string{"\n default-src 'none';\r\n img-src 'self'\n"}}, csp.NoUnsafeDefaultNone, false},
		{"broken escapes", csp.Sent{Fields: []string{"default-src https://a.example/%zz"}, Metas: []string{"default-src https://a.example/%zz"}}, csp.Invalid, false},
		{"reports alone", csp.Sent{ReportOnly: []string{"default-src 'none'"}}, csp.ReportOnly, false},
		{"reports of nothing", csp.Sent{ReportOnly: []string{""}}, csp.Missing, false},
		{"reports besides", csp.Sent{Fields: []string{"default-src 'none'"}, ReportOnly: []string{"default-src 'none'"}}, csp.NoUnsafeDefaultNone, false},
		{"framed", csp.Sent{Fields: []string{"frame-ancestors 'none'"}}, csp.UnsafeInline, true},
	} {
		got := csp.Judge(test.sent)
		require.Equal(t, csp.Judgement{Result: test.want, FrameAncestors: test.framed}, got, test.name)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("default-src 'none'", "script-src 'self' https://a/%41/ https://a/A/b", true)
	f.Add("\ufeffa b;report-uri;report-uri", "", false)
	f.Add("script-src 'strict-dynamic' 'nonce-' * 'self'", "img-src http:", true)
	f.Fuzz(func(t *testing.T, field, meta string, https bool) {
		sent := csp.Sent{Fields: []string{field}, Metas: []string{meta}, HTTPS: https}
		got := csp.Judge(sent)
		require.NotEmpty(t, got.Result)
		require.Equal(t, got, csp.Judge(sent), "judging changes nothing")
	})
}
