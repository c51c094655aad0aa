package main

import (
	"crypto/x509"

	"github.com/gradewatch/gradewatch/checks"
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
