package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

func (p *printer) addresses(b *bytes.Buffer, report checks.Report) {
	for i, address := range report.Addresses {
		if i > 0 && report.Depth == checks.Full {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "  %s\n", p.styled(bold, fmt.Sprintf("%s port %d", address.Address, address.Port)))
		if !strings.HasPrefix(report.URL, "https:") {
			continue
		}
		p.field(b, "Protocols", protocolLine(address))
		if len(address.Certificates) > 0 {
			p.field(b, "Certificate", certificateLine(address.Certificates[0]))
		}
		if address.Grade != nil && len(report.Addresses) > 1 {
			p.field(b, "Grade", gradeWord(*address.Grade))
		}
		p.appraisal(b, address)
		if report.Depth == checks.Full {
			p.fullAddress(b, address)
		}
	}
	if len(report.Addresses) > 0 {
		b.WriteByte('\n')
	}
}

// protocolLine groups protocol versions by what the server did with them.
func protocolLine(address checks.ReportAddress) string {
	var answers []string
	versions := map[string][]string{}
	for _, protocol := range checks.Protocols() {
		answer := words(string(address.Protocols[protocol]))
		switch reason := address.ProtocolsReasons[protocol]; {
		case reason != "":
			answer += " (" + words(string(reason)) + ")"
		case slices.Contains(address.ProtocolsMixed, protocol):
			answer += " by some of the servers"
		}
		if versions[answer] == nil {
			answers = append(answers, answer)
		}
		versions[answer] = append(versions[answer], string(protocol))
	}
	for i, answer := range answers {
		answers[i] = answer + ": " + strings.Join(versions[answer], ", ")
	}
	return strings.Join(answers, "; ")
}

func certificateLine(certificate checks.ReportCertificate) string {
	if certificate.NotAfter.IsZero() {
		return fmt.Sprintf("SHA-256 %s, which cannot be parsed", certificate.SHA256)
	}
	subject := certificate.Subject
	if subject == "" && len(certificate.Names) > 0 {
		subject = certificate.Names[0]
	}
	return fmt.Sprintf("%s, by %s, valid until %s", subject, certificate.Issuer, certificate.NotAfter.UTC().Format("2006-01-02 15:04 UTC"))
}

// fullAddress prints what only a full look knows.
func (p *printer) fullAddress(b *bytes.Buffer, address checks.ReportAddress) {
	p.suites(b, address)
	for _, part := range []struct {
		heading string
		fill    func(b *bytes.Buffer, address checks.ReportAddress)
	}{
		{"Key exchange and signatures", p.keyExchange},
		{"Certificate chains", p.chains},
		{"Features", p.features},
		{"Vulnerabilities", p.vulnerabilities},
		{"Clients", p.clients},
		{"Servers behind this address differ", p.shares},
	} {
		p.section(b, part.heading, func(b *bytes.Buffer) { part.fill(b, address) })
	}
}

// suites prints those of each version, newest first; versions that take the
// same in the same order stand together.
func (p *printer) suites(b *bytes.Buffer, address checks.ReportAddress) {
	printed := map[checks.Protocol]bool{}
	for _, protocol := range slices.Backward(checks.Protocols()) {
		suites := address.Suites[protocol]
		if reason, unsure := address.SuitesReasons[protocol]; unsure {
			p.heading(b, fmt.Sprintf("Suites of %s could not be told: %s", protocol.Title(), words(string(reason))))
		}
		if len(suites) == 0 || printed[protocol] {
			continue
		}
		var titles []string
		for _, same := range slices.Backward(checks.Protocols()) {
			if same == protocol || sameSuites(address, protocol, same) {
				titles, printed[same] = append(titles, same.Title()), true
			}
		}
		p.heading(b, fmt.Sprintf("Suites of %s%s", strings.Join(titles, ", "), orderWords(address, protocol)))
		lines := &table{indent: 6, drop: []int{0, 3}}
		for _, suite := range suites {
			lines.add(suiteCells(suite, protocol)...)
		}
		lines.write(p, b)
	}
}

func sameSuites(address checks.ReportAddress, a, b checks.Protocol) bool {
	return slices.Equal(address.Suites[a], address.Suites[b]) && orderWords(address, a) == orderWords(address, b)
}

func orderWords(address checks.ReportAddress, protocol checks.Protocol) string {
	switch address.Preference[protocol] {
	case checks.ServerPreference:
		if chacha := address.PrefersChaCha20; chacha.Value != nil && *chacha.Value {
			return ", in the server's order (ChaCha20 first for clients that put it first)"
		}
		return ", in the server's order"
	case checks.ClientPreference:
		return ", in any order: the client's decides"
	}
	if reason := address.PreferenceReasons[protocol]; reason != "" {
		return ", whose order could not be told: " + words(string(reason))
	}
	return ""
}

func suiteCells(suite checks.Suite, protocol checks.Protocol) []cell {
	exchange := suite.Group
	if exchange != "" && suite.GroupBits > 0 {
		exchange = fmt.Sprintf("%s (%d bits)", exchange, suite.GroupBits)
	}
	mark, style := suiteMark(suite, protocol)
	return []cell{
		{suite.ID, dim},
		{suite.Name, style},
		{fmt.Sprintf("%d bits", suite.Strength), ""},
		{suite.KeyExchange, ""},
		{exchange, ""},
		{mark, style},
	}
}

// suiteMark says what is wrong with a suite, the worst only.
func suiteMark(suite checks.Suite, protocol checks.Protocol) (mark, style string) {
	found := suite.Mark(protocol)
	switch found.Level() {
	case checks.SuiteInsecure:
		return "insecure: " + strings.Join(found.Insecure, ", "), red
	case checks.SuiteWeak:
		return "weak: " + strings.Join(found.Weak, ", "), yellow
	}
	return "", ""
}
