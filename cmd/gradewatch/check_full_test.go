package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/docs"
)

// looked runs check with families of the test's choice.
func looked(ctx context.Context, t *testing.T, command checkCommand, runner checks.Runner) (code int, out, faults string) {
	t.Helper()
	command.Type, command.Kind, command.Environment, command.Profile = "custom", "redirect", "Production", []string{"superoffice"}
	command.FailOn = "must"
	var stdout, stderr bytes.Buffer
	term := &terminal{out: &stdout, err: &stderr, env: func(string) string { return "" }}
	return exitCode(command.run(ctx, term, &runner), term), stdout.String(), stderr.String()
}

func TestCheckFull(t *testing.T) {
	t.Parallel()
	url := goServerURL(t)
	code, out, faults := looked(t.Context(), t, checkCommand{URLs: []string{url}, Full: true, JSON: true}, pretending(t, serverFamilies()))
	require.Equal(t, exitGood, code)
	require.Empty(t, faults)
	report := reports(t, out)[0]
	require.Equal(t, checks.Full, report.Depth)
	address := report.Addresses[0]
	require.Equal(t, "TLS_AES_128_GCM_SHA256", address.Suites[checks.TLSv13][0].Name)
	require.Equal(t, []string{"X25519MLKEM768", "x25519", "secp256r1"}, address.Groups)
	require.Equal(t, checks.VulnerabilityNotAsked, address.Vulnerabilities[checks.Heartbleed].Result, "nobody asked for it")
	require.Equal(t, checks.NotVulnerable, address.Vulnerabilities[checks.DROWN].Result)

	_, out, _ = looked(t.Context(), t, checkCommand{URLs: []string{url}, Intrusive: true, JSON: true}, pretending(t, serverFamilies()))
	report = reports(t, out)[0]
	require.Equal(t, checks.Full, report.Depth, "--intrusive is full too")
	require.Equal(t, checks.NotVulnerable, report.Addresses[0].Vulnerabilities[checks.Heartbleed].Result)

	_, out, _ = looked(t.Context(), t, checkCommand{URLs: []string{url}, Full: true}, pretending(t, serverFamilies()))
	for _, part := range []string{"Suites of TLS 1.3", "Certificate chains", "Features", "Vulnerabilities", "Clients"} {
		require.Contains(t, out, part)
	}
	_, out, _ = looked(t.Context(), t, checkCommand{URLs: []string{url}}, pretending(t, serverFamilies()))
	require.NotContains(t, out, "Suites of", "a quick look stays short")
}

// The real thing, with everything that it says held against the schema.
func TestCheckFullOfRealServers(t *testing.T) {
	t.Parallel()
	url, caFile := goodServer(t, "127.77.0.4", checktest.NginxConfig{})
	code, out, faults := typed(t, "check", "--full", "--json", "--ca-file", caFile, url)
	require.Empty(t, faults)
	require.Equal(t, exitGood, code, out)
	address := reports(t, out)[0].Addresses[0]
	require.NotEmpty(t, address.Suites[checks.TLSv12])
	require.NotEmpty(t, address.Suites[checks.TLSv13])
	require.Empty(t, address.Suites[checks.SSLv3])
	require.Contains(t, address.Groups, "x25519")
	require.NotEmpty(t, address.Chains)
	require.Empty(t, address.SuitesReasons)
	for _, name := range checks.IntrusiveVulnerabilities() {
		require.Equal(t, checks.VulnerabilityNotAsked, address.Vulnerabilities[name].Result, "nobody gave leave for %s", name)
	}

	old := checktest.StartNode010(t, checktest.NodeConfig{})
	code, out, _ = typed(t, "check", "--intrusive", "--json", old.String())
	require.Equal(t, exitFails, code)
	address = reports(t, out)[0].Addresses[0]
	require.NotEmpty(t, address.Suites[checks.SSLv2])
	require.Equal(t, checks.Vulnerable, address.Vulnerabilities[checks.DROWN].Result)
	code, out, _ = typed(t, "check", "--full", old.String())
	require.Equal(t, exitFails, code)
	require.Contains(t, out, "insecure: SSL 2.0")
	require.Regexp(t, `vulnerable +DROWN`, out)
}

func TestReportCode(t *testing.T) {
	t.Parallel()
	address := func(change func(*checks.ReportAddress)) checks.Report {
		report := checks.Report{Addresses: []checks.ReportAddress{{Vulnerabilities: map[checks.Vulnerability]checks.Finding{
			checks.ROBOT: {Result: checks.NotVulnerable}, checks.Heartbleed: {Result: checks.VulnerabilityNotAsked}, checks.DROWN: {Result: checks.Vulnerable},
		}}}}
		change(&report.Addresses[0])
		return report
	}
	require.Equal(t, exitGood, reportCode(address(func(*checks.ReportAddress) {}), checks.Must), "requirements say what a vulnerability means")
	unsure := address(func(a *checks.ReportAddress) {
		a.Vulnerabilities[checks.ROBOT] = checks.Finding{Result: checks.VulnerabilityInconclusive}
	})
	require.Equal(t, exitUntested, reportCode(unsure, checks.Must))
	require.Equal(t, exitUntested, reportCode(address(func(a *checks.ReportAddress) {
		a.SuitesReasons = map[checks.Protocol]checks.Reason{checks.TLSv12: checks.ReasonDegraded}
	}), checks.Must))
	unsure.Verdicts = []checks.Verdict{{Result: checks.Fail, Severity: checks.Must}}
	require.Equal(t, exitFails, reportCode(unsure, checks.Must))
}

func TestCheckLimitsByDepth(t *testing.T) {
	t.Parallel()
	second := time.Second
	for _, test := range []struct {
		command checkCommand
		want    checks.Limits
	}{
		{checkCommand{}, checks.LimitsFor(checks.Quick, false)},
		{checkCommand{Full: true}, checks.LimitsFor(checks.Full, false)},
		{checkCommand{Intrusive: true}, checks.LimitsFor(checks.Full, true)},
	} {
		got, err := test.command.limits()
		require.NoError(t, err)
		require.Equal(t, test.want, got)
		test.command.Timeout, test.want.Deadline = &second, second
		got, err = test.command.limits()
		require.NoError(t, err)
		require.Equal(t, test.want, got, "only the deadline is the user's")
	}
}

func TestCheckVerboseGoesToStandardError(t *testing.T) {
	t.Parallel()
	url := goServerURL(t)
	_, out, faults := typed(t, "check", "--json", "-v", url)
	require.Len(t, reports(t, out), 1, "machines read on undisturbed")
	require.Contains(t, faults, "Transcript of "+url)
	require.Regexp(t, `(?m)^ +\d+\.\d{3} s  127\.0\.0\.1:\d+ .*TLS ?v?1\.2`, faults)
	_, _, faults = typed(t, "check", url)
	require.Empty(t, faults)
}

// namedServer answers with what a client named in TLS and asked for in HTTP.
func namedServer(t *testing.T) (at netip.AddrPort, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	at = checktest.StartGoServer(t, checktest.GoServerConfig{
		Certificate: checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{"app.test"}}),
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, r.TLS.ServerName+" "+r.Host)
		}),
	})
	return at, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestCheckConnectsWhereItIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments func(at netip.AddrPort) []string
		want      func(at netip.AddrPort) string
	}{
		"--ip": {
			func(at netip.AddrPort) []string {
				return []string{"--ip", at.Addr().String(), fmt.Sprintf("app.test:%d", at.Port())}
			},
			func(at netip.AddrPort) string { return fmt.Sprintf("app.test app.test:%d", at.Port()) },
		},
		"--connect-to": {
			func(at netip.AddrPort) []string { return []string{"--connect-to", at.String(), "https://app.test/"} },
			func(netip.AddrPort) string { return "app.test app.test" },
		},
		"--connect-to as curl": {
			func(at netip.AddrPort) []string {
				return []string{"--connect-to", "app.test:443:" + at.String(), "app.test"}
			},
			func(netip.AddrPort) string { return "app.test app.test" },
		},
		"--sni": {
			func(at netip.AddrPort) []string {
				return []string{"--connect-to", at.String(), "--sni", "Named.test", "https://app.test/"}
			},
			func(netip.AddrPort) string { return "named.test app.test" },
		},
		"--sni with an address": {
			func(at netip.AddrPort) []string { return []string{"--sni", "named.test", at.String()} },
			func(at netip.AddrPort) string { return "named.test " + at.String() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, asked := namedServer(t)
			code, out, faults := typed(t, append([]string{"check", "--json"}, test.arguments(at)...)...)
			require.Empty(t, faults)
			require.Equal(t, exitGood, code, out)
			report := reports(t, out)[0]
			require.Equal(t, at.Addr(), report.Addresses[0].Address)
			require.Equal(t, at.Port(), report.Addresses[0].Port, "where it was connected to")
			require.Equal(t, checks.ProtocolAccepted, report.Addresses[0].Protocols[checks.TLSv13])
			asks := asked() // the walk, and what is asked besides it
			require.NotEmpty(t, asks)
			for _, ask := range asks {
				require.Equal(t, test.want(at), ask)
			}
		})
	}
}

func TestCheckTakesHostsAndLiterals(t *testing.T) {
	t.Parallel()
	at := checktest.StartGoServer(t, checktest.GoServerConfig{})
	six := checktest.StartGoServer(t, checktest.GoServerConfig{Address: netip.IPv6Loopback()})
	for given, url := range map[string]string{
		at.String():                             "https://" + at.String() + "/",
		fmt.Sprintf("localhost:%d", at.Port()):  fmt.Sprintf("https://localhost:%d/", at.Port()),
		six.String():                            "https://" + six.String() + "/",
		"https://" + six.String() + "/callback": "https://" + six.String() + "/callback",
		at.String() + "/callback?x=1":           "https://" + at.String() + "/callback?x=1",
	} {
		_, out, _ := typed(t, "check", "--json", "--", given)
		report := reports(t, out)[0]
		require.Equal(t, url, report.URL)
		require.Contains(t, []any{checks.ProtocolAccepted}, report.Addresses[0].Protocols[checks.TLSv13], given)
	}
}

// piped runs the program with a list on standard input.
func piped(t *testing.T, in string, arguments ...string) (code int, out, faults string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), arguments, &terminal{in: strings.NewReader(in), out: &stdout, err: &stderr, env: func(string) string { return "" }})
	return code, stdout.String(), stderr.String()
}

func TestCheckAListGivesATable(t *testing.T) {
	t.Parallel()
	good := checktest.StartGoServer(t, checktest.GoServerConfig{})
	reset := checktest.StartPeer(t, checktest.ResetOnHello)
	list := fmt.Sprintf("# two servers\n%s\n\n%s # broken\n", good, reset)
	for _, arguments := range [][]string{{"check", "--file", "-"}, {"check", "-"}, {"check", "--file", hostsFile(t, list)}} {
		code, out, faults := piped(t, list, arguments...)
		require.Empty(t, faults)
		require.Equal(t, exitUntested, code)
		_, summary, found := strings.Cut(out, "Summary\n")
		require.True(t, found, out)
		require.Regexp(t, `(?m)^  https://`+good.String()+`/ +T\? +passes +0 `, summary)
		require.Regexp(t, `(?m)^  https://`+reset.String()+`/ +cannot tell +0 `, summary)
		require.Contains(t, summary, "2 URLs: 0 fail, 1 could not be told, 1 pass.")
	}
	_, out, _ := typed(t, "check", good.String())
	require.NotContains(t, out, "Summary", "one URL is its own summary")
}

func TestCheckJSONIsOneLineForEachOfMany(t *testing.T) {
	t.Parallel()
	url := goServerURL(t)
	_, out, _ := typed(t, "check", "--json", url, url)
	require.Equal(t, 2, strings.Count(out, "\n"))
	for line := range strings.Lines(out) {
		require.True(t, json.Valid([]byte(line)))
	}
	require.Len(t, reports(t, out), 2)
	_, out, _ = typed(t, "check", "--json", url)
	require.Greater(t, strings.Count(out, "\n"), 10, "one is for people too")
}

func TestPrintSchema(t *testing.T) {
	t.Parallel()
	code, out, faults := typed(t, "check", "--print-schema")
	require.Equal(t, exitGood, code)
	require.Empty(t, faults)
	require.Equal(t, docs.ReportSchema(), out)
}

// Two hundred hosts are looked at a few at a time, and reports wait in memory
// behind a slow host only so far.
func TestCheckTwoHundredHosts(t *testing.T) {
	t.Parallel()
	const hosts = 200
	var list strings.Builder
	for i := range hosts {
		fmt.Fprintf(&list, "192.0.2.%d:%d\n", i, 1000+i)
	}
	leaf := exampleLeaf(t)
	var now, most, begun atomic.Int64
	release := make(chan struct{}) // of the first host
	full := make(chan struct{})
	runner := checks.Runner{Full: func(_ context.Context, _ checks.Network, _ checks.Target, address netip.AddrPort, _ func(string)) checks.FullLook {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		if begun.Add(1) == reportsWaiting+2 {
			close(full)
		}
		if address.Port() == 1000 {
			<-release
		}
		return checks.FullLook{TLS: tlsFacts(leaf.SHA256, checks.TLSv12), Full: modernFacts(leaf.SHA256), Certificates: []checks.Certificate{leaf}}
	}}
	go func() {
		<-full // so many may begin before the first is printed, and no more
		close(release)
	}()
	code, out, faults := looked(t.Context(), t, checkCommand{File: []string{hostsFile(t, list.String())}, Full: true, JSON: true}, runner)
	require.Empty(t, faults)
	require.Equal(t, exitUntested, code, "HTTP was not asked")
	all := reports(t, out)
	require.Len(t, all, hosts)
	for i, report := range all {
		require.Equal(t, uint16(1000+i), report.Addresses[0].Port, "in the order given")
	}
	require.LessOrEqual(t, most.Load(), int64(urlsAtOnce))
}

// A slow host at the head holds back only what the bounds allow.
func TestReportsWaitingAreBounded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var begun atomic.Int64
	stuck := make(chan struct{})
	runner := checks.Runner{Full: func(ctx context.Context, _ checks.Network, _ checks.Target, address netip.AddrPort, _ func(string)) checks.FullLook {
		if begun.Add(1) == reportsWaiting+2 {
			close(stuck)
		}
		if address.Port() == 1000 {
			<-ctx.Done()
		}
		return checks.FullLook{}
	}}
	var list strings.Builder
	for i := range 200 {
		fmt.Fprintf(&list, "192.0.2.1:%d\n", 1000+i)
	}
	go func() {
		<-stuck
		cancel()
	}()
	code, out, faults := looked(ctx, t, checkCommand{File: []string{hostsFile(t, list.String())}, Full: true, JSON: true}, runner)
	require.Equal(t, exitUntested, code)
	require.LessOrEqual(t, begun.Load(), int64(reportsWaiting+2))
	require.Regexp(t, `stopped; 1\d\d of 200 URLs were not looked at`, faults)
	require.NotEmpty(t, reports(t, out), "what was seen is printed")
}

// failing is an output that is gone.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestCheckEndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	runner := checks.Runner{}
	var stderr bytes.Buffer
	term := &terminal{out: failing{}, err: &stderr, env: func(string) string { return "" }}
	urls := make([]string, 100)
	for i := range urls {
		urls[i] = "192.0.2.1"
	}
	command := checkCommand{URLs: urls, Type: "custom", Kind: "redirect", Environment: "Production", Profile: []string{"superoffice"}, FailOn: "must"}
	require.Equal(t, exitFault, exitCode(command.run(t.Context(), term, &runner), term))
	require.Contains(t, stderr.String(), "broken pipe")
}
