package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/docs"
)

// typed runs the program as if arguments were typed.
func typed(t *testing.T, arguments ...string) (code int, out, faults string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), arguments, &terminal{out: &stdout, err: &stderr, env: func(string) string { return "" }})
	return code, stdout.String(), stderr.String()
}

// reports reads what --json printed, and holds it against the published schema.
func reports(t *testing.T, out string) []checks.Report {
	t.Helper()
	conforms(t, out)
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var all []checks.Report
	for {
		var report checks.Report
		err := decoder.Decode(&report)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, out)
		all = append(all, report)
	}
}

// conforms requires out to be JSON that the schema of docs allows.
func conforms(t *testing.T, out string) {
	t.Helper()
	published, err := jsonschema.UnmarshalJSON(strings.NewReader(docs.ReportSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource(checks.ReportSchema, published))
	schema, err := compiler.Compile(checks.ReportSchema)
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.UseNumber()
	seen := 0
	for {
		var report any
		err := decoder.Decode(&report)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, out)
		require.NoError(t, schema.Validate(report))
		seen++
	}
	require.Positive(t, seen, "nothing was printed")
}

func verdict(t *testing.T, report checks.Report, id string) checks.Verdict {
	t.Helper()
	for _, verdict := range report.Verdicts {
		if verdict.Requirement == id {
			return verdict
		}
	}
	t.Fatalf("no verdict %s", id)
	return checks.Verdict{}
}

// goodServer is an nginx with TLS 1.2 and 1.3 on an address of its own, whose
// port 80 is closed, and the file of its root.
func goodServer(t *testing.T, address string, config checktest.NginxConfig) (url, caFile string) {
	t.Helper()
	ca := checktest.NewCA(t, "Private root")
	config.Address = netip.MustParseAddr(address)
	config.Certificate = checktest.Issue(t, ca, pki.Leaf{Names: []string{address}})
	server := checktest.StartNginx(t, config)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(caFile, ca.PEM(), 0o600))
	return server.URL(address, "/callback"), caFile
}

func TestCheckOldServer(t *testing.T) {
	t.Parallel()
	server := checktest.StartNode010(t, checktest.NodeConfig{})
	url := fmt.Sprintf("https://%s/", server)
	code, out, _ := typed(t, "check", "--json", url)
	require.Equal(t, exitFails, code)
	report := reports(t, out)[0]
	require.Equal(t, checks.ProtocolAccepted, report.Addresses[0].Protocols[checks.SSLv2])
	require.Equal(t, checks.ProtocolAccepted, report.Addresses[0].Protocols[checks.SSLv3])
	require.Equal(t, checks.Fail, verdict(t, report, "T-01").Result)
	require.Equal(t, checks.Fail, verdict(t, report, "T-02").Result)
	require.Equal(t, checks.Pass, verdict(t, report, "E-01").Result)

	code, out, _ = typed(t, "check", url)
	require.Equal(t, exitFails, code)
	require.Contains(t, out, "127.0.0.1 accepts SSL 2.0")
	require.Contains(t, out, "127.0.0.1 accepts SSL 3.0")
	require.NotContains(t, out, "\x1b", "no color where there is no terminal")
}

func TestCheckGoodServer(t *testing.T) {
	t.Parallel()
	url, caFile := goodServer(t, "127.77.0.1", checktest.NginxConfig{Server: `add_header Set-Cookie "sid=1; Secure; HttpOnly";`})
	code, out, faults := typed(t, "check", "--json", "--ca-file", caFile, url)
	require.Empty(t, faults)
	require.Equal(t, exitGood, code, out)
	report := reports(t, out)[0]
	require.Equal(t, checks.ReportSchema, report.Schema)
	require.Equal(t, url, report.URL)
	require.Equal(t, map[checks.Protocol]checks.ProtocolResult{
		checks.SSLv2: "refused", checks.SSLv3: "refused", checks.TLSv10: "refused", checks.TLSv11: "refused",
		checks.TLSv12: "accepted", checks.TLSv13: "accepted",
	}, report.Addresses[0].Protocols)
	require.Equal(t, []checks.Cookie{{Name: "sid", HttpOnly: true, Secure: true}}, report.HTTP.Hops[0].Answer.Value.Cookies)
	require.LessOrEqual(t, report.Connections, 12)

	code, out, _ = typed(t, "check", "--extra-roots", caFile, url)
	require.Equal(t, exitGood, code)
	require.Contains(t, out, "private root")
	require.Contains(t, out, "accepted: TLSv1.2, TLSv1.3")

	// Not trusted: advice for a redirect URL, a must for a webhook.
	code, _, _ = typed(t, "check", url)
	require.Equal(t, exitGood, code)
	code, out, _ = typed(t, "check", "--kind", "webhook", url)
	require.Equal(t, exitFails, code)
	require.Regexp(t, `fails +must +T-09`, out)
}

func TestCheckTakesRootsFromTheEnvironment(t *testing.T) {
	url, caFile := goodServer(t, "127.77.0.2", checktest.NginxConfig{})
	t.Setenv("GRADEWATCH_EXTRA_ROOTS", caFile)
	code, _, _ := typed(t, "check", "--kind", "webhook", url)
	require.Equal(t, exitGood, code)
}

func TestCheckSeverityByType(t *testing.T) {
	t.Parallel()
	url, caFile := goodServer(t, "127.77.0.3", checktest.NginxConfig{Server: `add_header Set-Cookie "sid=1; HttpOnly";`})
	code, _, _ := typed(t, "check", "--ca-file", caFile, "--type", "custom", url)
	require.Equal(t, exitGood, code)
	code, _, _ = typed(t, "check", "--ca-file", caFile, "--type", "standard", url)
	require.Equal(t, exitFails, code)
}

func TestCheckTarpit(t *testing.T) {
	t.Parallel()
	peer := checktest.StartPeer(t, checktest.Tarpit)
	started := time.Now()
	code, out, _ := typed(t, "check", "--json", "--timeout", "3s", fmt.Sprintf("https://%s/", peer))
	require.Less(t, time.Since(started), 10*time.Second, "it ends with its deadline")
	require.Equal(t, exitUntested, code)
	report := reports(t, out)[0]
	require.LessOrEqual(t, report.DurationMS, int64(4000))
	for _, protocol := range checks.Protocols() {
		require.Equal(t, checks.ProtocolInconclusive, report.Addresses[0].Protocols[protocol])
	}
	for _, id := range []string{"T-01", "T-02", "T-03", "E-01", "C-01"} {
		require.Equal(t, checks.ResultInconclusive, verdict(t, report, id).Result, id)
	}
}

func TestCheckSeveral(t *testing.T) {
	t.Parallel()
	server := checktest.StartGoServer(t, checktest.GoServerConfig{})
	peer := checktest.StartPeer(t, checktest.ResetOnHello)
	slow, quick := fmt.Sprintf("https://%s/slow", server), fmt.Sprintf("https://%s/quick", peer)
	code, out, _ := typed(t, "check", "--json", slow, quick, slow, quick, slow, quick)
	require.Equal(t, exitUntested, code)
	var urls []string
	for _, report := range reports(t, out) {
		urls = append(urls, report.URL)
	}
	require.Equal(t, []string{slow, quick, slow, quick, slow, quick}, urls)
}

func TestCheckUsage(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	require.NoError(t, os.WriteFile(noPEM, []byte("no certificate"), 0o600))
	noHosts := hostsFile(t, "# nothing\n\n")
	badHosts := hostsFile(t, "127.0.0.1:1\n\nftp://127.0.0.1/\n127.0.0.1:0 # port\n")
	manyBadHosts := hostsFile(t, strings.Repeat(":1\n", 15))
	for _, test := range []struct {
		arguments []string
		fault     string
	}{
		{nil, "expected"},
		{[]string{"check"}, "expected"},
		{[]string{"chek"}, "unexpected argument"},
		{[]string{"check", "--nonsense", "https://127.0.0.1/"}, "unknown flag"},
		{[]string{"check", "::1:zzz"}, "neither host:port nor an IPv6 address"},
		{[]string{"check", "https://127.0.0.1:1/", "ftp://127.0.0.1/"}, "cannot be looked at"},
		{[]string{"check", "--type", "big", "https://127.0.0.1/"}, "--type"},
		{[]string{"check", "--kind", "cookie", "https://127.0.0.1/"}, "--kind"},
		{[]string{"check", "--environment", "moon", "https://127.0.0.1/"}, "--environment"},
		{[]string{"check", "--profile", "moon", "https://127.0.0.1/"}, `no profile "moon"`},
		{[]string{"check", "--ca-file", "/nonexistent.pem", "https://127.0.0.1/"}, "nonexistent.pem"},
		{[]string{"check", "--ca-file", noPEM, "https://127.0.0.1/"}, "no PEM"},
		{[]string{"check", "--resolver", "a:b:c:d:port", "https://127.0.0.1/"}, "resolver"},
		{[]string{"check", "--timeout", "-1s", "https://127.0.0.1/"}, "timeout"},
		{[]string{"check", "--timeout", "0s", "https://127.0.0.1/"}, "timeout"},
		{[]string{"check", "--ip", "app.example.com", "https://127.0.0.1/"}, "--ip"},
		{[]string{"check", "--ip", "fe80::1%eth0", "https://127.0.0.1/"}, "has a zone"},
		{[]string{"check", "--sni", "127.0.0.1", "https://127.0.0.1/"}, "SNI holds names only"},
		{[]string{"check", "--sni", "a b", "https://127.0.0.1/"}, "--sni"},
		{[]string{"check", "--connect-to", "127.0.0.1", "https://127.0.0.1/"}, "HOST1:PORT1:HOST2:PORT2"},
		{[]string{"check", "--connect-to", "127.0.0.1:1", "--ip", "127.0.0.1", "https://127.0.0.1/"}, "--ip"},
		{[]string{"check", "--file", "/nonexistent.txt"}, "nonexistent.txt"},
		{[]string{"check", "--file", "-"}, "no standard input"},
		{[]string{"check", "-"}, "no standard input"},
		{[]string{"check", "--file", noHosts}, "expected a URL"},
		{[]string{"check", "--file", badHosts}, "hosts.txt:3: "},
		{[]string{"check", "--file", badHosts}, "hosts.txt:4: "},
		{[]string{"check", "--file", manyBadHosts}, "and 5 more"},
	} {
		code, out, faults := typed(t, test.arguments...)
		require.Equal(t, exitUsage, code, "%q", test.arguments)
		require.Empty(t, out)
		require.Contains(t, faults, test.fault)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, out, _ := typed(t, "--help")
	require.Equal(t, exitGood, code)
	require.Contains(t, out, "check")
	code, out, _ = typed(t, "version")
	require.Equal(t, exitGood, code)
	require.Regexp(t, `^gradewatch \S+\n$`, out)
}

func TestPrinterOrderColorAndControlCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &printer{out: &out, color: true, profiles: policy.Base()}
	verdicts := []checks.Verdict{
		{Requirement: "L-01", Result: checks.Pass, Severity: checks.Must, Proof: []checks.Proof{{Text: "good"}}},
		{Requirement: "C-02", Result: checks.Fail, Severity: checks.Recommended},
		{Requirement: "T-01", Result: checks.ResultInconclusive, Severity: checks.Must, Remedy: "Same."},
		{Requirement: "T-02", Result: checks.ResultInconclusive, Severity: checks.Must, Remedy: "Same."},
		{Requirement: "C-01", Result: checks.Fail, Severity: checks.Must, Proof: []checks.Proof{{Text: "cookie \x1b[2Jevil\r\n"}}},
	}
	for i := range verdicts {
		verdicts[i].Profile = policy.SuperOffice().Name()
	}
	require.NoError(t, p.print(checkResult{report: checks.Report{URL: "https://app.example.com/", Verdicts: verdicts}}))
	text := out.String()
	var last int
	for _, id := range []string{"C-01", "C-02", "T-01", "T-02", "L-01"} {
		at := strings.Index(text, id)
		require.Greater(t, at, last, id)
		last = at
	}
	require.Contains(t, text, red+"fails")
	require.Equal(t, 1, strings.Count(text, "Same."))
	require.Contains(t, text, "cookie \ufffd[2Jevil\ufffd\ufffd\n")
	require.NotContains(t, text, "good")
}
