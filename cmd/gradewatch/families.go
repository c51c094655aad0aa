package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/netip"
	"os/exec"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/browser"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/dnsrec"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// serverFamilies are those that ask the server alone.
func serverFamilies() checks.Runner {
	return checks.Runner{TLS: tlsprobe.Quick, Full: tlsprobe.Full, HTTP: httpsec.Walk}
}

// families are all that look: besides the server, issuers and DNS. anchors are
// the roots that a chain may lead to, verifying those that issuers' own servers
// are verified by. What issuers publish is kept as long as the runner.
func families(anchors []*x509.Certificate, verifying *x509.CertPool) checks.Runner {
	runner := serverFamilies()
	collector := &certs.Collector{Config: certs.Config{Anchors: certs.AnchorsOf(anchors), RootCAs: verifying}}
	runner.PKI, runner.Records = collector.Look, dnsrec.Records
	return runner
}

// withBrowser adds what a Chromium is asked: path is its file or its name in
// PATH, empty for none, and atOnce how many may run at a time.
func withBrowser(runner *checks.Runner, path string, atOnce int) error {
	if path == "" {
		return nil
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return fmt.Errorf("the browser: %w", err)
	}
	config := browser.Config{Path: found, Slots: make(chan struct{}, atOnce)}
	runner.ScriptCookies = func(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort) checks.Fact[[]checks.Cookie] {
		return browser.Cookies(ctx, network, target, address, config)
	}
	return nil
}
