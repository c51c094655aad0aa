package views

import (
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// featureRow is one feature as people read it.
type featureRow struct {
	name, answer string
	class        string // of answer: accepted, refused, unsure, or fails where it is a fault
}

func featureRows(f checks.Features) []featureRow {
	return []featureRow{
		truthRow("Secure renegotiation (RFC 5746)", f.SecureRenegotiation),
		truthRow("Renegotiation that the client starts", f.ClientRenegotiation),
		factRow("TLS compression", f.Compression, func(v string) string { return v }),
		factRow("Resumption by session ID", f.SessionIDs, resumptionWords),
		factRow("Session tickets up to TLS 1.2", f.Tickets, ticketsWords),
		factRow("Resumption in TLS 1.3", f.PSK, ticketsWords),
		factRow("0-RTT data", f.EarlyData, earlyDataWords),
		factRow("ALPN", f.ALPN, namesOrNone),
		truthRow("OCSP stapling", f.OCSPStapling),
		factRow("Signed certificate timestamps", f.SCTs, namesOrNone),
		truthRow("Extended master secret (RFC 7627)", f.ExtendedMasterSecret),
		truthRow("Encrypt-then-MAC (RFC 7366)", f.EncryptThenMAC),
		truthRow("Maximum fragment length (RFC 6066)", f.MaxFragmentLength),
		truthRow("Record size limit (RFC 8449)", f.RecordSizeLimit),
		truthRow("Heartbeat (RFC 6520)", f.Heartbeat),
		truthRow("Downgrade sentinel (RFC 8446)", f.DowngradeSentinel),
		truthRow("TLS_FALLBACK_SCSV (RFC 7507)", f.FallbackSCSV),
		factRow("Client certificate", f.ClientCertificate, clientCertificateWords),
		factRow("Clock skew", f.ClockSkewMinutes, func(v int) string { return plural(v, "minute") }),
	}
}

func intoleranceRows(i checks.Intolerances) []featureRow {
	versions := factRow("Versions that are not there yet", i.Versions, func(v []string) string {
		if len(v) == 0 {
			return "Works"
		}
		return "Fails on " + strings.Join(v, ", ")
	})
	if len(i.Versions.Value) > 0 {
		versions.class = "fails"
	}
	return []featureRow{
		versions,
		toleranceRow("An unknown extension", i.Extension),
		toleranceRow("A ClientHello of 256 to 511 bytes", i.LongHandshake),
		toleranceRow("A ClientHello of more than one packet", i.LargeHello),
		toleranceRow("GREASE (RFC 8701)", i.GREASE),
		toleranceRow("More than 128 suites", i.ManySuites),
	}
}

func factRow[T any](name string, fact checks.Fact[T], words func(T) string) featureRow {
	switch fact.State {
	case checks.Known:
		return featureRow{name, words(fact.Value), "accepted"}
	case checks.Absent:
		return featureRow{name, "Not there", "refused"}
	case checks.Inconclusive:
		return featureRow{name, "Could not tell: " + reasonWords(fact.Reason), "unsure"}
	default:
		return featureRow{name, "Not asked", "refused"}
	}
}

func truthRow(name string, fact checks.Fact[bool]) featureRow { return factRow(name, fact, yesOrNo) }

func toleranceRow(name string, fact checks.Fact[bool]) featureRow {
	row := factRow(name, fact, func(fails bool) string {
		if fails {
			return "Fails"
		}
		return "Works"
	})
	if fact.State == checks.Known && fact.Value {
		row.class = "fails"
	}
	return row
}

func resumptionWords(resumption checks.Resumption) string {
	switch resumption {
	case checks.Resumed:
		return "Sessions are resumed"
	case checks.NotResumed:
		return "IDs are given and forgotten"
	case checks.NotGiven:
		return "No IDs are given"
	case checks.MixedAnswers:
		return "Sessions are sometimes resumed"
	default:
		return string(resumption)
	}
}

func ticketsWords(tickets checks.Tickets) string {
	if !tickets.Issued {
		return "None issued"
	}
	text := "Issued, not taken back"
	if tickets.Resumed {
		text = "Issued and taken back"
	}
	if tickets.LifetimeSeconds > 0 {
		text += fmt.Sprintf(", for %d s", tickets.LifetimeSeconds)
	}
	return text
}

func earlyDataWords(early checks.EarlyData) string {
	switch {
	case early.Accepted:
		return fmt.Sprintf("Accepted, up to %d bytes", early.MaxBytes)
	case early.Offered:
		return "Offered, not accepted"
	default:
		return "Not offered"
	}
}

func clientCertificateWords(asked checks.ClientCertificate) string {
	switch asked {
	case checks.ClientCertificateNone:
		return "Not asked for"
	case checks.ClientCertificateRequested:
		return "Asked for, and not needed"
	case checks.ClientCertificateRequired:
		return "Required"
	default:
		return string(asked)
	}
}

func namesOrNone(names []string) string {
	if len(names) == 0 {
		return "None"
	}
	return strings.ReplaceAll(strings.Join(names, ", "), "_", " ")
}
