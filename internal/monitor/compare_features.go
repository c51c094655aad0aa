package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// featureTraits says what else an address's TLS can do, and what it cannot
// stand. What there is nothing to ask for says nothing: the protocol versions
// do. Answers that servers behind one address give in turn say nothing either.
func featureTraits(s *side, features checks.Features) {
	for _, f := range []struct {
		name   string // of the field, and so of the path
		what   string
		verb   verb
		object string
		merit  merit
		fact   checks.Fact[bool]
	}{
		{"secure_renegotiation", "Secure renegotiation", supporting(), "secure renegotiation", good, features.SecureRenegotiation},
		{"client_renegotiation", "Renegotiation by the client", verb{"allows", "allow"}, "renegotiation by the client", bad, features.ClientRenegotiation},
		{"ocsp_stapling", "OCSP stapling", verb{"staples", "staple"}, "an OCSP response", good, features.OCSPStapling},
		{"extended_master_secret", "Extended master secret", supporting(), "the extended master secret", good, features.ExtendedMasterSecret},
		{"encrypt_then_mac", "Encrypt-then-MAC", supporting(), "encrypt-then-MAC", good, features.EncryptThenMAC},
		{"max_fragment_length", "Maximum fragment length", supporting(), "the maximum fragment length extension", neutral, features.MaxFragmentLength},
		{"record_size_limit", "Record size limit", supporting(), "the record size limit extension", neutral, features.RecordSizeLimit},
		{"heartbeat", "Heartbeat", supporting(), "the heartbeat extension", neutral, features.Heartbeat},
		{"downgrade_sentinel", "Downgrade sentinel", verb{"marks", "mark"}, "downgrades with the sentinel of TLS 1.3", good, features.DowngradeSentinel},
		{"fallback_scsv", "TLS_FALLBACK_SCSV", supporting(), "TLS_FALLBACK_SCSV", good, features.FallbackSCSV},
	} {
		t := trait{
			path: "features." + f.name, field: "features." + f.name, section: sectionFeatures, what: f.what, verb: f.verb, object: f.object, merit: f.merit, weight: Low,
		}
		if strings.HasSuffix(f.name, "renegotiation") {
			t.weight = Medium
		}
		s.add(boolTrait(f.fact, t)...)
	}
	s.add(resumptionTraits(features)...)
	s.add(offerTraits(features)...)
	s.add(intoleranceTraits(features.Intolerances)...)
}

func supporting() verb { return verb{"supports", "support"} }

// featureQuality is a quality where a fact is known.
func featureQuality[T any](fact checks.Fact[T], name, what string, words func(T) string) []trait {
	if fact.State != checks.Known {
		return nil
	}
	path := "features." + name
	return []trait{{path: path, field: path, section: sectionFeatures, what: what, form: quality, text: words(fact.Value)}}
}

// resumptionTraits: whether a session is taken back depends, behind a
// balancer, on which server answers. Only what is issued is compared.
func resumptionTraits(features checks.Features) []trait {
	if features.SessionIDs.Value == checks.MixedAnswers {
		features.SessionIDs = checks.Fact[checks.Resumption]{}
	}
	list := featureQuality(features.SessionIDs, "session_ids", "Resumption by session ID", spaced[checks.Resumption])
	for _, one := range []struct {
		name, what, object string
		fact               checks.Fact[checks.Tickets]
	}{{"tickets", "Session tickets", "session tickets", features.Tickets}, {"psk", "Tickets of TLS 1.3", "tickets of TLS 1.3", features.PSK}} {
		if one.fact.State == checks.Known {
			path := "features." + one.name
			list = append(list, trait{
				path: path, field: path, section: sectionFeatures, what: one.what, text: ticketWords(one.fact.Value),
				verb: verb{"issues", "issue"}, object: one.object, has: one.fact.Value.Issued,
			})
		}
	}
	return list
}

func offerTraits(features checks.Features) []trait {
	list := featureQuality(features.Compression, "compression", "TLS compression", func(v string) string { return v })
	for i := range list {
		if list[i].rank = 2; list[i].text == "NULL" {
			list[i].rank = 1
		}
	}
	if early := features.EarlyData; early.State == checks.Known {
		list = append(list, trait{
			path: "features.early_data", field: "features.early_data", section: sectionFeatures, what: "0-RTT data", text: earlyWords(early.Value),
			verb: verb{"offers", "offer"}, object: "0-RTT data", has: early.Value.Offered,
		})
	}
	if features.ALPN.State == checks.Known {
		list = append(list, trait{
			path: "features.alpn", field: "features.alpn", section: sectionFeatures, what: "ALPN", form: collection, where: "By ALPN",
			verb: verb{"takes", "take"}, members: features.ALPN.Value, text: listWords(features.ALPN.Value),
		})
	}
	list = append(list, featureQuality(features.SCTs, "scts", "How SCTs come", listWords)...)
	list = append(list, featureQuality(features.ClientCertificate, "client_certificate", "The request for a client certificate", spaced[checks.ClientCertificate])...)
	skew := featureQuality(features.ClockSkewMinutes, "clock_skew_minutes", "The server's clock less ours", func(minutes int) string { return fmt.Sprintf("%d minutes", minutes) })
	for i := range skew {
		skew[i].rank = 1_000_000 + features.ClockSkewMinutes.Value // only for same: it is measured in steps of 5 minutes
		skew[i].same = func(before, after trait) bool { return max(before.rank-after.rank, after.rank-before.rank) <= 5 }
		skew[i].classOf = func(trait, trait) ChangeClass { return Drift }
	}
	return append(list, skew...)
}

func intoleranceTraits(intolerances checks.Intolerances) []trait {
	failing := verb{"fails on", "fail on"}
	var list []trait
	for _, one := range []struct {
		name, what string
		fact       checks.Fact[bool]
	}{
		{"extension", "an unknown extension", intolerances.Extension},
		{"long_handshake", "a ClientHello of 256 to 511 bytes", intolerances.LongHandshake},
		{"large_hello", "a ClientHello of more than one packet", intolerances.LargeHello},
		{"grease", "GREASE", intolerances.GREASE},
		{"many_suites", "more than 128 suites", intolerances.ManySuites},
	} {
		path := "features.intolerances." + one.name
		list = append(list, boolTrait(one.fact, trait{
			path: path, field: path, section: sectionFeatures, what: "Fails on " + one.what, verb: failing, object: one.what, merit: bad,
		})...)
	}
	if versions := intolerances.Versions; versions.State == checks.Known {
		const path = "features.intolerances.versions"
		list = append(list, trait{
			path: path, field: path, section: sectionFeatures, what: "Fails on versions that are not there yet", form: collection,
			verb: failing, members: versions.Value, text: listWords(versions.Value), merits: func(string) merit { return bad },
		})
	}
	return list
}

func spaced[T ~string](value T) string { return strings.ReplaceAll(string(value), "_", " ") }

func listWords(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	words := make([]string, 0, len(values))
	for _, value := range slices.Clone(values) {
		words = append(words, strings.ReplaceAll(value, "_", underscore(value)))
	}
	return strings.Join(words, ", ")
}

// underscore is what stands for an underscore in a word: names of suites and
// schemes are written with it.
func underscore(value string) string {
	if strings.HasPrefix(value, "tls_extension") || strings.HasPrefix(value, "ocsp_response") {
		return " "
	}
	return "_"
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
