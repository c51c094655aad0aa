package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// keyExchange prints groups, Diffie-Hellman parameters and signature schemes.
func (p *printer) keyExchange(b *bytes.Buffer, address checks.ReportAddress) {
	p.groups(b, "TLS 1.3", address.TLS13Groups, address.GroupsReason)
	if len(address.TLS13Groups) > 1 && address.GroupPreference != checks.UnknownPreference {
		p.detail(b, "Their order", "the "+string(address.GroupPreference)+"'s")
	}
	p.groups(b, "Older", address.LegacyGroups, address.LegacyGroupsReason)
	switch quantum := address.PostQuantum; {
	case quantum.Value != nil:
		cost := ""
		if quantum.Value.Retry {
			cost = "; it costs a client that sends no share for it a round trip"
		}
		p.detail(b, "Post-quantum", "of X25519MLKEM768 and x25519 it chooses "+quantum.Value.Chosen+cost)
	case quantum.State == checks.Absent:
		p.detail(b, "Post-quantum", "no hybrid group is taken")
	case quantum.State == checks.Inconclusive:
		p.detail(b, "Post-quantum", unsure(quantum.Reason))
	}
	for _, prime := range address.Primes {
		p.detail(b, "DH", primeLine(prime))
	}
	var reused []string
	if yes(address.DHReuse) {
		reused = append(reused, "DH")
	}
	if yes(address.ECDHEReuse) {
		reused = append(reused, "ECDHE")
	}
	if len(reused) > 0 {
		p.detail(b, "Keys reused", strings.Join(reused, ", "))
	}
	for _, protocol := range slices.Backward(checks.Protocols()) {
		if schemes := address.SignatureSchemes[protocol]; len(schemes) > 0 {
			p.detail(b, "Signs "+protocol.Title(), strings.Join(schemes, ", "))
		}
		if reason := address.SignatureSchemesReasons[protocol]; reason != "" {
			p.detail(b, "Signs "+protocol.Title(), unsure(reason))
		}
	}
}

func (p *printer) groups(b *bytes.Buffer, which string, groups []checks.Group, reason checks.Reason) {
	var names []string
	for _, group := range groups {
		names = append(names, group.Name)
	}
	switch {
	case len(names) > 0:
		p.detail(b, which+" groups", strings.Join(names, ", "))
	case reason != "":
		p.detail(b, which+" groups", unsure(reason))
	}
}

func primeLine(prime checks.Prime) string {
	line := fmt.Sprintf("%d bits, %s", prime.Bits, prime.Known)
	if prime.Known == "" {
		line = fmt.Sprintf("%d bits, home-made, SHA-256 %s", prime.Bits, prime.SHA256)
	}
	if prime.Weak {
		line += ", weak"
	}
	return line
}

func unsure(reason checks.Reason) string { return "could not be told: " + words(string(reason)) }

func yes(answer checks.ReportAnswer[bool]) bool { return answer.Value != nil && *answer.Value }

func (p *printer) chains(b *bytes.Buffer, address checks.ReportAddress) {
	for _, chain := range address.Chains {
		sent := "without SNI"
		if chain.SNI {
			sent = "with SNI"
		}
		fmt.Fprintf(b, "      %s %s\n", printable(chain.Key), sent)
		lines := &table{indent: 8, drop: []int{3, 1}}
		for _, certificate := range chain.Certificates {
			lines.add(certificateCells(certificate)...)
		}
		lines.write(p, b)
	}
	if address.ChainsReason != "" {
		p.detail(b, "Chains", unsure(address.ChainsReason))
	}
	if yes(address.SNIRequired) {
		p.detail(b, "SNI", "required: without a name it knows there is no handshake")
	}
}

func certificateCells(certificate checks.ReportCertificate) []cell {
	if certificate.NotAfter.IsZero() {
		return []cell{{"cannot be parsed", ""}, {"", ""}, {"", ""}, {"SHA-256 " + string(certificate.SHA256), dim}}
	}
	subject := certificate.Subject
	if subject == "" && len(certificate.Names) > 0 {
		subject = certificate.Names[0]
	}
	return []cell{
		{checks.Clean(subject, 80), ""},
		{strings.TrimSpace(fmt.Sprintf("%s %d, signed %s", certificate.Key, certificate.KeyBits, certificate.Signature)), ""},
		{"until " + certificate.NotAfter.UTC().Format("2006-01-02"), ""},
		{"by " + checks.Clean(certificate.Issuer, 80), dim},
	}
}

// proofsShown bounds the proof of a vulnerability in print: some are lists of
// suites, which stand above anyway.
const proofsShown = 4

// vulnerabilities prints the bad ones with their proof, and the others by name.
func (p *printer) vulnerabilities(b *bytes.Buffer, address checks.ReportAddress) {
	for _, result := range []checks.VulnerabilityResult{checks.Vulnerable, checks.Exposed, checks.VulnerabilityInconclusive} {
		for _, name := range found(address, result) {
			if result != checks.VulnerabilityInconclusive || len(address.Vulnerabilities[name].Proof) > 0 {
				p.finding(b, name, address.Vulnerabilities[name])
			}
		}
	}
	for _, line := range unprovedLines(address) {
		p.listing(b, detailIndent, line)
	}
}

// finding prints one vulnerability and its proof.
func (p *printer) finding(b *bytes.Buffer, name checks.Vulnerability, finding checks.Finding) {
	style := yellow
	if finding.Result == checks.Vulnerable {
		style = red
	}
	fmt.Fprintf(b, "      %s  %s\n", p.styled(style, fmt.Sprintf("%-*s", resultWidth, vulnerabilityWords(finding.Result))), vulnerabilityTitle(name))
	if finding.Reason != "" {
		p.listing(b, 8+resultWidth, words(string(finding.Reason)))
	}
	for _, proof := range finding.Proof[:min(len(finding.Proof), proofsShown)] {
		p.listing(b, 8+resultWidth, proof)
	}
	if len(finding.Proof) > proofsShown {
		p.listing(b, 8+resultWidth, "and more, which --json has")
	}
}

// unprovedLines name the vulnerabilities that need no proof in print, those
// with the same result and reason together.
func unprovedLines(address checks.ReportAddress) []string {
	var lines []string
	titles := map[string][]string{}
	for _, result := range []checks.VulnerabilityResult{
		checks.VulnerabilityInconclusive, checks.NotVulnerable, checks.NotExposed, checks.VulnerabilityInapplicable, checks.VulnerabilityNotAsked,
	} {
		for _, name := range found(address, result) {
			finding := address.Vulnerabilities[name]
			line := vulnerabilityWords(result)
			if result == checks.VulnerabilityInconclusive {
				if len(finding.Proof) > 0 {
					continue
				}
				line += " (" + words(string(finding.Reason)) + ")"
			}
			if titles[line] == nil {
				lines = append(lines, line)
			}
			titles[line] = append(titles[line], vulnerabilityTitle(name))
		}
	}
	for i, line := range lines {
		lines[i] = line + ": " + strings.Join(titles[line], ", ")
	}
	return lines
}

func found(address checks.ReportAddress, result checks.VulnerabilityResult) []checks.Vulnerability {
	var names []checks.Vulnerability
	for _, name := range checks.AllVulnerabilities() {
		if address.Vulnerabilities[name].Result == result {
			names = append(names, name)
		}
	}
	return names
}

func vulnerabilityWords(result checks.VulnerabilityResult) string {
	if result == checks.VulnerabilityInconclusive {
		return "cannot tell"
	}
	return words(string(result))
}

// vulnerabilityTitle is the name that people know.
func vulnerabilityTitle(name checks.Vulnerability) string {
	title, known := map[checks.Vulnerability]string{
		checks.Heartbleed:              "Heartbleed",
		checks.CCSInjection:            "CCS injection",
		checks.Ticketbleed:             "Ticketbleed",
		checks.ROBOT:                   "ROBOT",
		checks.OpenSSLPaddingOracle:    "CVE-2016-2107",
		checks.POODLESSL:               "POODLE",
		checks.POODLETLS:               "TLS POODLE",
		checks.ZombiePOODLE:            "Zombie POODLE",
		checks.GOLDENDOODLE:            "GOLDENDOODLE",
		checks.ZeroLengthPaddingOracle: "0-length padding oracle",
		checks.SleepingPOODLE:          "Sleeping POODLE",
		checks.DROWN:                   "DROWN",
		checks.CRIME:                   "CRIME",
		checks.InsecureRenegotiation:   "insecure renegotiation",
		checks.FREAK:                   "FREAK",
		checks.LOGJAM:                  "LOGJAM",
		checks.SWEET32:                 "SWEET32",
		checks.BEAST:                   "BEAST",
		checks.LUCKY13:                 "LUCKY13",
		checks.RC4:                     "RC4",
	}[name]
	if !known {
		return string(name)
	}
	return title
}

func (p *printer) clients(b *bytes.Buffer, address checks.ReportAddress) {
	lines := &table{indent: 6, drop: []int{3, 4}}
	for _, client := range address.Simulations {
		handshake := client.Handshake
		switch handshake.State {
		case checks.Known:
			got, secrecy, style := handshake.Value, "FS", ""
			if !got.ForwardSecrecy {
				secrecy, style = "no FS", yellow
			}
			group := got.Group
			if group != "" && got.GroupBits > 0 {
				group = fmt.Sprintf("%s (%d bits)", group, got.GroupBits)
			}
			lines.add(cell{client.Client, ""}, cell{got.Protocol.Title(), ""}, cell{got.SuiteName, ""}, cell{group, ""}, cell{secrecy, style})
		case checks.Absent:
			lines.add(cell{client.Client, ""}, cell{"no handshake", yellow})
		case checks.Inconclusive, checks.NotAsked:
			lines.add(cell{client.Client, ""}, cell{"cannot tell", yellow}, cell{words(string(handshake.Reason)), ""})
		}
	}
	lines.write(p, b)
}

// shares prints where servers behind the address differ.
func (p *printer) shares(b *bytes.Buffer, address checks.ReportAddress) {
	names := suiteNames(address)
	for _, share := range address.Shares {
		what := share.What
		if name := names[what]; name != "" {
			what = name
		}
		p.listing(b, detailIndent, fmt.Sprintf("%s on %d of %d samples", what, share.Seen, share.Of))
	}
}

func suiteNames(address checks.ReportAddress) map[string]string {
	names := map[string]string{}
	for suites := range maps.Values(address.Suites) {
		for _, suite := range suites {
			names[suite.ID] = suite.Name
		}
	}
	return names
}
