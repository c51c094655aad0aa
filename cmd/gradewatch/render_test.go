package main

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if difference := cmp.Diff(string(want), got); difference != "" {
		t.Errorf("%s is printed anew; run go test ./cmd/gradewatch -update and read the difference (-golden +now):\n%s", file, difference)
	}
}

func printed(t *testing.T, p printer, result checkResult) string {
	t.Helper()
	var out bytes.Buffer
	p.out, p.profiles = &out, policy.Base()
	require.NoError(t, p.print(result))
	return out.String()
}

func TestPrintFull(t *testing.T) {
	t.Parallel()
	result := fullExample(t)
	golden(t, "testdata/full.golden.txt", printed(t, printer{}, result))
	golden(t, "testdata/full_80.golden.txt", printed(t, printer{width: 80}, result))
}

// Whatever the width and colors: the same words, no server's control
// characters, no line that ends in blanks.
func TestPrintFullAtAnyWidth(t *testing.T) {
	t.Parallel()
	result := fullExample(t)
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{40, 80, 120, 1000} {
		text := printed(t, printer{width: width}, result)
		colored := printed(t, printer{width: width, color: true}, result)
		require.Equal(t, text, escape.ReplaceAllString(colored, ""), "colors add nothing but colors")
		require.NotContains(t, text, "\x1b")
		require.Contains(t, text, "\ufffd[2Jthe")
		for line := range strings.Lines(text) {
			require.Equal(t, strings.TrimRight(line, " \n")+"\n", line)
		}
	}
	wide, all := printed(t, printer{width: 1000}, result), printed(t, printer{}, result)
	require.Equal(t, all, wide)
}

func TestTablesAndFieldsFitTheScreen(t *testing.T) {
	t.Parallel()
	text := printed(t, printer{width: 100}, fullExample(t))
	_, full, found := strings.Cut(text, "192.0.2.1 port 443")
	require.True(t, found)
	for line := range strings.Lines(full) {
		if !strings.Contains(line, "insecure: ") && !strings.Contains(line, "home-made") { // marks are worth a wide line
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 100, line)
		}
	}
	require.Contains(t, full, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
}

func TestSuiteMark(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		suite    checks.Suite
		protocol checks.Protocol
		want     string
	}{
		{suite("0x1301", "TLS_AES_128_GCM_SHA256", 128, "TLS13", "x25519", 253), checks.TLSv13, ""},
		{suite("0xC02F", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 128, "ECDHE_RSA", "x25519", 253), checks.TLSv12, ""},
		{suite("0x009E", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 128, "DHE_RSA", "ffdhe2048", 2048), checks.TLSv12, ""},
		{suite("0x009E", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 128, "DHE_RSA", "dh", 1024), checks.TLSv12, "weak: short DH parameters"},
		{suite("0x009E", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 128, "DHE_RSA", "dh", 768), checks.TLSv12, "insecure: short DH parameters"},
		{suite("0x009C", "TLS_RSA_WITH_AES_128_GCM_SHA256", 128, "RSA", "", 0), checks.TLSv12, "weak: no forward secrecy"},
		{suite("0xC013", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 128, "ECDHE_RSA", "x25519", 253), checks.TLSv12, "weak: CBC"},
		{suite("0x000A", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", 112, "RSA", "", 0), checks.TLSv12, "weak: 3DES, CBC, no forward secrecy"},
		{suite("0x0005", "TLS_RSA_WITH_RC4_128_SHA", 128, "RSA", "", 0), checks.TLSv12, "insecure: RC4"},
		{suite("0x0003", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", 40, "RSA_EXPORT", "", 0), checks.TLSv10, "insecure: export, RC4, 40 bits"},
		{suite("0x0002", "TLS_RSA_WITH_NULL_SHA", 0, "RSA", "", 0), checks.TLSv12, "insecure: no encryption"},
		{suite("0x0009", "TLS_RSA_WITH_DES_CBC_SHA", 56, "RSA", "", 0), checks.TLSv12, "insecure: 56 bits"},
		{suite("0xC018", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", 128, "ECDH_anon", "x25519", 253), checks.TLSv12, "insecure: no authentication"},
		{suite("0x0700C0", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 112, "RSA", "", 0), checks.SSLv2, "insecure: SSL 2.0"},
	} {
		mark, style := suiteMark(test.suite, test.protocol)
		require.Equal(t, test.want, mark, test.suite.Name)
		require.Equal(t, mark == "", style == "")
	}
}

func TestEveryVulnerabilityHasATitle(t *testing.T) {
	t.Parallel()
	var titles []string
	for _, name := range checks.AllVulnerabilities() {
		titles = append(titles, vulnerabilityTitle(name))
		if name != checks.Vulnerability(strings.ToLower(vulnerabilityTitle(name))) {
			require.NotEqual(t, string(name), vulnerabilityTitle(name))
		}
	}
	slices.Sort(titles)
	require.Len(t, slices.Compact(titles), len(checks.AllVulnerabilities()))
}

func TestSummary(t *testing.T) {
	t.Parallel()
	full := fullExample(t).report
	rows := []summaryRow{
		newSummaryRow(full, checks.Must),
		newSummaryRow(checks.Report{URL: "https://good.example.com/", DurationMS: 900, Verdicts: []checks.Verdict{{Result: checks.Pass, Severity: checks.Must}}, Grade: &checks.Grade{Letter: checks.GradeA, Provisional: true}}, checks.Must),
		newSummaryRow(checks.Report{
			URL: "https://" + strings.Repeat("long.", 30) + "example.com/", DurationMS: 12_000,
			Verdicts: []checks.Verdict{{Requirement: "C-02", Result: checks.Fail, Severity: checks.Recommended}, {Result: checks.ResultInconclusive, Severity: checks.Must}},
			DNS:      checks.DNS{Addresses: checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)},
		}, checks.Must),
	}
	var out bytes.Buffer
	require.NoError(t, (&printer{out: &out}).printSummary(rows))
	golden(t, "testdata/summary.golden.txt", out.String())
}
