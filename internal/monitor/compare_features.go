package monitor

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// feature is one feature as a change names it.
type feature struct {
	path, name  string
	was, is     string // how the fact reads
	wasKnown    bool   // conclusive
	isKnown     bool
	intolerance bool // the name is of something that the server fails on
}

// features compares what else an address's TLS can do, and what it cannot stand.
func (c *comparison) features(subject string, address netip.Addr, before, after checks.Features) {
	for _, f := range featuresOf(before, after) {
		if !f.wasKnown || !f.isKnown || f.was == f.is {
			continue
		}
		sentence := fmt.Sprintf("%s of %s changed: %s, before %s.", f.name, address, f.is, f.was)
		if f.intolerance {
			sentence = fmt.Sprintf("How %s bears %s changed: %s, before %s.", address, f.name, f.is, f.was)
		}
		c.drift(checks.CauseConfiguration, subject+"."+f.path, f.was, f.is, sentence)
	}
}

func featuresOf(before, after checks.Features) []feature {
	yes := func(v bool) string {
		if v {
			return "yes"
		}
		return "no"
	}
	fails := func(v bool) string {
		if v {
			return "it fails"
		}
		return "it works"
	}
	list := []feature{
		featureOf("features.secure_renegotiation", "Secure renegotiation", before.SecureRenegotiation, after.SecureRenegotiation, yes),
		featureOf("features.client_renegotiation", "Renegotiation by the client", before.ClientRenegotiation, after.ClientRenegotiation, yes),
		featureOf("features.compression", "TLS compression", before.Compression, after.Compression, func(v string) string { return v }),
		featureOf("features.session_ids", "Resumption by session ID", before.SessionIDs, after.SessionIDs, spaced[checks.Resumption]),
		featureOf("features.tickets", "Session tickets", before.Tickets, after.Tickets, ticketWords),
		featureOf("features.psk", "Resumption in TLS 1.3", before.PSK, after.PSK, ticketWords),
		featureOf("features.early_data", "0-RTT data", before.EarlyData, after.EarlyData, earlyWords),
		featureOf("features.alpn", "ALPN", before.ALPN, after.ALPN, listWords),
		featureOf("features.ocsp_stapling", "OCSP stapling", before.OCSPStapling, after.OCSPStapling, yes),
		featureOf("features.scts", "How SCTs come", before.SCTs, after.SCTs, listWords),
		featureOf("features.extended_master_secret", "Extended master secret", before.ExtendedMasterSecret, after.ExtendedMasterSecret, yes),
		featureOf("features.encrypt_then_mac", "Encrypt-then-MAC", before.EncryptThenMAC, after.EncryptThenMAC, yes),
		featureOf("features.max_fragment_length", "Maximum fragment length", before.MaxFragmentLength, after.MaxFragmentLength, yes),
		featureOf("features.record_size_limit", "Record size limit", before.RecordSizeLimit, after.RecordSizeLimit, yes),
		featureOf("features.heartbeat", "Heartbeat", before.Heartbeat, after.Heartbeat, yes),
		featureOf("features.downgrade_sentinel", "The downgrade sentinel", before.DowngradeSentinel, after.DowngradeSentinel, yes),
		featureOf("features.fallback_scsv", "TLS_FALLBACK_SCSV", before.FallbackSCSV, after.FallbackSCSV, yes),
		featureOf("features.client_certificate", "The request for a client certificate", before.ClientCertificate, after.ClientCertificate, spaced[checks.ClientCertificate]),
		featureOf("features.clock_skew_minutes", "Clock skew", before.ClockSkewMinutes, after.ClockSkewMinutes, func(v int) string { return fmt.Sprintf("%d minutes", v) }),
	}
	was, is := before.Intolerances, after.Intolerances
	for _, f := range []feature{
		featureOf("intolerances.versions", "versions that are not there yet", was.Versions, is.Versions, listWords),
		featureOf("intolerances.extension", "an unknown extension", was.Extension, is.Extension, fails),
		featureOf("intolerances.long_handshake", "a ClientHello of 256 to 511 bytes", was.LongHandshake, is.LongHandshake, fails),
		featureOf("intolerances.large_hello", "a ClientHello of more than one packet", was.LargeHello, is.LargeHello, fails),
		featureOf("intolerances.grease", "GREASE", was.GREASE, is.GREASE, fails),
		featureOf("intolerances.many_suites", "more than 128 suites", was.ManySuites, is.ManySuites, fails),
	} {
		f.intolerance = true
		list = append(list, f)
	}
	return list
}

func featureOf[T any](path, name string, before, after checks.Fact[T], words func(T) string) feature {
	read := func(fact checks.Fact[T]) string {
		if fact.State != checks.Known {
			return "not there"
		}
		return words(fact.Value)
	}
	return feature{path: path, name: name, was: read(before), is: read(after), wasKnown: before.Conclusive(), isKnown: after.Conclusive()}
}

func spaced[T ~string](value T) string { return strings.ReplaceAll(string(value), "_", " ") }

func listWords(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	words := make([]string, 0, len(values))
	for _, value := range values {
		words = append(words, spaced(value))
	}
	return strings.Join(words, ", ")
}

func ticketWords(tickets checks.Tickets) string {
	switch {
	case !tickets.Issued:
		return "none issued"
	case tickets.Resumed:
		return "issued and taken back"
	default:
		return "issued and not taken back"
	}
}

func earlyWords(early checks.EarlyData) string {
	switch {
	case early.Accepted:
		return "accepted"
	case early.Offered:
		return "offered and not accepted"
	default:
		return "not offered"
	}
}
