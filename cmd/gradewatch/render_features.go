package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// features prints those worth knowing: what is on, what a client should not
// count on, and what could not be told.
func (p *printer) features(b *bytes.Buffer, address checks.ReportAddress) {
	features := address.Features
	for _, line := range []struct{ label, text string }{
		{"Resumption", strings.Join(resumptionWords(features), "; ")},
		{"Renegotiation", strings.Join(renegotiationWords(features), "; ")},
		{"ALPN", listWords(features.ALPN)},
		{"Stapling", stateWords(features.OCSPStapling, "OCSP response stapled", "no OCSP response stapled")},
		{"SCTs", words(listWords(features.SCTs))},
		{"Extensions", strings.Join(extensionWords(features, true), ", ")},
		{"Without", strings.Join(extensionWords(features, false), ", ")},
		{"Compression", compressionWords(features.Compression)},
		{"Client", clientCertificateWords(features.ClientCertificate)},
		{"Clock", clockWords(features.ClockSkewMinutes)},
		{"Fails on", strings.Join(intoleranceWords(features.Intolerances), ", ")},
		{"Cannot tell", strings.Join(unsureFeatures(address.FeaturesReasons), "; ")},
	} {
		if line.text != "" {
			p.detail(b, line.label, line.text)
		}
	}
}

func stateWords(answer checks.ReportAnswer[bool], on, off string) string {
	switch {
	case answer.Value == nil:
		return ""
	case *answer.Value:
		return on
	}
	return off
}

func listWords(answer checks.ReportAnswer[[]string]) string {
	if answer.Value == nil {
		return ""
	}
	if len(*answer.Value) == 0 {
		return "none"
	}
	return strings.Join(*answer.Value, ", ")
}

func resumptionWords(features checks.ReportFeatures) []string {
	var said []string
	if ids := features.SessionIDs.Value; ids != nil {
		said = append(said, "session ids "+words(string(*ids)))
	}
	if tickets := features.Tickets.Value; tickets != nil {
		said = append(said, "tickets up to TLS 1.2 "+ticketWords(*tickets))
	}
	if psk := features.PSK.Value; psk != nil {
		said = append(said, "tickets of TLS 1.3 "+ticketWords(*psk))
	}
	if early := features.EarlyData.Value; early != nil && (early.Offered || early.Accepted) {
		accepted := "not accepted"
		if early.Accepted {
			accepted = "accepted"
		}
		said = append(said, fmt.Sprintf("0-RTT data up to %d bytes, %s", early.MaxBytes, accepted))
	}
	return said
}

func ticketWords(tickets checks.Tickets) string {
	if !tickets.Issued {
		return "not issued"
	}
	text := "issued, not resumed"
	if tickets.Resumed {
		text = "resumed"
	}
	if tickets.LifetimeSeconds > 0 {
		text += fmt.Sprintf(" (for %d s)", tickets.LifetimeSeconds)
	}
	return text
}

func renegotiationWords(features checks.ReportFeatures) []string {
	var said []string
	for _, text := range []string{
		stateWords(features.SecureRenegotiation, "secure (RFC 5746)", "not secured by RFC 5746"),
		stateWords(features.ClientRenegotiation, "a client may start it", "a client may not start it"),
	} {
		if text != "" {
			said = append(said, text)
		}
	}
	return said
}

// extensionWords are the extensions that the server has, or has not.
func extensionWords(features checks.ReportFeatures, on bool) []string {
	var names []string
	for _, extension := range []struct {
		name   string
		answer checks.ReportAnswer[bool]
	}{
		{"extended master secret", features.ExtendedMasterSecret},
		{"encrypt-then-MAC", features.EncryptThenMAC},
		{"maximum fragment length", features.MaxFragmentLength},
		{"record size limit", features.RecordSizeLimit},
		{"heartbeat", features.Heartbeat},
		{"downgrade sentinel", features.DowngradeSentinel},
		{"fallback SCSV", features.FallbackSCSV},
	} {
		if extension.answer.Value != nil && *extension.answer.Value == on {
			names = append(names, extension.name)
		}
	}
	return names
}

func compressionWords(answer checks.ReportAnswer[string]) string {
	if answer.Value == nil || *answer.Value == "NULL" {
		return ""
	}
	return *answer.Value
}

func clientCertificateWords(answer checks.ReportAnswer[checks.ClientCertificate]) string {
	if answer.Value == nil || *answer.Value == checks.ClientCertificateNone {
		return ""
	}
	return "certificate " + string(*answer.Value)
}

func clockWords(answer checks.ReportAnswer[int]) string {
	switch {
	case answer.Value == nil || *answer.Value == 0:
		return ""
	case *answer.Value > 0:
		return fmt.Sprintf("%d minutes ahead of ours", *answer.Value)
	}
	return fmt.Sprintf("%d minutes behind ours", -*answer.Value)
}

func intoleranceWords(intolerances checks.ReportIntolerances) []string {
	var hellos []string
	if versions := intolerances.Versions.Value; versions != nil {
		hellos = append(hellos, *versions...)
	}
	for _, hello := range []struct {
		name   string
		answer checks.ReportAnswer[bool]
	}{
		{"an unknown extension", intolerances.Extension},
		{"a hello of 256 to 511 bytes", intolerances.LongHandshake},
		{"a hello above one packet", intolerances.LargeHello},
		{"GREASE", intolerances.GREASE},
		{"more than 128 suites", intolerances.ManySuites},
	} {
		if yes(hello.answer) {
			hellos = append(hellos, hello.name)
		}
	}
	return hellos
}

// unsureFeatures names them by reason: mostly all have the same.
func unsureFeatures(reasons map[string]checks.Reason) []string {
	names := map[checks.Reason][]string{}
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		names[reasons[name]] = append(names[reasons[name]], words(strings.TrimPrefix(name, "intolerances.")))
	}
	var lines []string
	for _, reason := range slices.Sorted(maps.Keys(names)) {
		lines = append(lines, words(string(reason))+": "+strings.Join(names[reason], ", "))
	}
	return lines
}
