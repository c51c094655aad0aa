package policy

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// Answers of features that a server has or not. Absent: what the question is
// about is not there, such as renegotiation on a server that speaks TLS 1.3 only.
const (
	featureYes    = "yes"
	featureNo     = "no"
	featureAbsent = "absent"
)

func featureAnswers() []string { return []string{featureYes, featureNo, featureAbsent} }

// featureField is a feature that a server has or not.
func featureField(name, title, doc string, get func(*checks.Features) checks.Fact[bool]) field {
	return field{name: name, of: cel.StringType, values: featureAnswers(), doc: doc, get: onAddress(func(w *world, a *addressSource) slot {
		return featureSlot(w, a, name, title, get(&a.observed.Full.Features))
	})}
}

func featureSlot(w *world, a *addressSource, name, title string, f checks.Fact[bool]) slot {
	path, address := a.path("features."+name), a.observed.Address.String()
	switch {
	case f.State == checks.Absent:
		return w.told(proof(path, featureAbsent, fmt.Sprintf("The question of %s does not arise at %s.", title, address)), types.String(featureAbsent))
	case f.State != checks.Known:
		return w.untold(path, f.Reason, f.State, "about "+title+" at "+address, "it", texts(featureAnswers()...)...)
	case f.Value:
		return w.told(proof(path, featureYes, fmt.Sprintf("%s: yes at %s.", sentenceCase(title), address)), types.String(featureYes))
	}
	return w.told(proof(path, featureNo, fmt.Sprintf("%s: no at %s.", sentenceCase(title), address)), types.String(featureNo))
}

func sentenceCase(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// partField is one part of a feature that is more than yes or no.
func partField[T any](name, path, title, doc string, fact func(*checks.Features) checks.Fact[T], get func(T) bool) field {
	return featureFieldAt(name, path, title, doc, func(f *checks.Features) checks.Fact[bool] {
		whole := fact(f)
		return checks.Fact[bool]{State: whole.State, Reason: whole.Reason, Value: whole.State == checks.Known && get(whole.Value)}
	})
}

func featureFieldAt(name, path, title, doc string, get func(*checks.Features) checks.Fact[bool]) field {
	made := featureField(name, title, doc, get)
	made.get = onAddress(func(w *world, a *addressSource) slot {
		return featureSlot(w, a, path, title, get(&a.observed.Full.Features))
	})
	return made
}

// listField is a feature that is a list of names.
func listField(name, title, doc string, get func(*checks.Features) checks.Fact[[]string]) field {
	return field{name: name, of: cel.ListType(cel.StringType), doc: doc, get: onAddress(func(w *world, a *addressSource) slot {
		path, f := a.path("features."+name), get(&a.observed.Full.Features)
		if !f.Conclusive() {
			return w.untold(path, f.Reason, f.State, title+" of "+a.observed.Address.String(), "it")
		}
		value := "none"
		if len(f.Value) > 0 {
			value = strings.Join(f.Value, ", ")
		}
		return w.told(proof(path, value, fmt.Sprintf("%s of %s: %s.", sentenceCase(title), a.observed.Address, value)), textList(f.Value))
	})}
}

// wordField is a feature that is one of a few words.
func wordField[T ~string](name, title, doc string, words []string, get func(*checks.Features) checks.Fact[T]) field {
	words = append(words, featureAbsent)
	return field{name: name, of: cel.StringType, values: words, doc: doc, get: onAddress(func(w *world, a *addressSource) slot {
		path, f := a.path("features."+name), get(&a.observed.Full.Features)
		if !f.Conclusive() {
			return w.untold(path, f.Reason, f.State, title+" of "+a.observed.Address.String(), "it", texts(words...)...)
		}
		value := featureAbsent
		if f.State == checks.Known {
			value = string(f.Value)
		}
		return w.told(proof(path, value, fmt.Sprintf("%s of %s: %s.", sentenceCase(title), a.observed.Address, strings.ReplaceAll(value, "_", " "))), types.String(value))
	})}
}

func featuresKind() *kind {
	type f = checks.Features
	return &kind{name: "features", doc: "What else an address's TLS can do. Yes-or-no features say absent where the question does not arise, such as on a server that speaks TLS 1.3 only.", fields: []field{
		featureField("secure_renegotiation", "secure renegotiation", "renegotiation_info comes back (RFC 5746)", func(o *f) checks.Fact[bool] { return o.SecureRenegotiation }),
		featureField("client_renegotiation", "renegotiation that the client starts", "it completes", func(o *f) checks.Fact[bool] { return o.ClientRenegotiation }),
		wordField("compression", "the compression", "the method chosen when DEFLATE is offered", []string{"NULL", "DEFLATE"}, func(o *f) checks.Fact[string] { return o.Compression }),
		wordField("session_ids", "what session ids are worth", "what a server does with a session that a client wants back", names([]checks.Resumption{checks.Resumed, checks.NotResumed, checks.NotGiven, checks.MixedAnswers}), func(o *f) checks.Fact[checks.Resumption] { return o.SessionIDs }),
		partField("tickets_issued", "tickets", "session tickets up to TLS 1.2", "they are issued", func(o *f) checks.Fact[checks.Tickets] { return o.Tickets }, func(t checks.Tickets) bool { return t.Issued }),
		partField("tickets_resumed", "tickets", "resumption by ticket up to TLS 1.2", "it works", func(o *f) checks.Fact[checks.Tickets] { return o.Tickets }, func(t checks.Tickets) bool { return t.Resumed }),
		{name: "ticket_lifetime_seconds", of: cel.IntType, doc: "hint of the first ticket up to TLS 1.2; 0: not said or none", get: onAddress(ticketLifetime)},
		partField("psk_issued", "psk", "tickets of TLS 1.3", "they are issued", func(o *f) checks.Fact[checks.Tickets] { return o.PSK }, func(t checks.Tickets) bool { return t.Issued }),
		partField("psk_resumed", "psk", "resumption in TLS 1.3", "it works", func(o *f) checks.Fact[checks.Tickets] { return o.PSK }, func(t checks.Tickets) bool { return t.Resumed }),
		partField("early_data_offered", "early_data", "early data", "tickets offer 0-RTT", func(o *f) checks.Fact[checks.EarlyData] { return o.EarlyData }, func(e checks.EarlyData) bool { return e.Offered }),
		partField("early_data_accepted", "early_data", "accepted early data", "0-RTT data is taken", func(o *f) checks.Fact[checks.EarlyData] { return o.EarlyData }, func(e checks.EarlyData) bool { return e.Accepted }),
		listField("alpn", "the application protocols", "that it chooses; empty: ALPN is not answered", func(o *f) checks.Fact[[]string] { return o.ALPN }),
		featureField("ocsp_stapling", "OCSP stapling", "a CertificateStatus comes", func(o *f) checks.Fact[bool] { return o.OCSPStapling }),
		listField("scts", "the ways of signed certificate timestamps", "certificate, tls_extension, ocsp_response; empty: not at all", func(o *f) checks.Fact[[]string] { return o.SCTs }),
		featureField("extended_master_secret", "the extended master secret", "RFC 7627", func(o *f) checks.Fact[bool] { return o.ExtendedMasterSecret }),
		featureField("encrypt_then_mac", "encrypt-then-MAC", "RFC 7366", func(o *f) checks.Fact[bool] { return o.EncryptThenMAC }),
		featureField("max_fragment_length", "the maximum fragment length", "RFC 6066 section 4", func(o *f) checks.Fact[bool] { return o.MaxFragmentLength }),
		featureField("record_size_limit", "the record size limit", "RFC 8449", func(o *f) checks.Fact[bool] { return o.RecordSizeLimit }),
		featureField("heartbeat", "the heartbeat extension", "RFC 6520", func(o *f) checks.Fact[bool] { return o.Heartbeat }),
		featureField("downgrade_sentinel", "the downgrade sentinel", "RFC 8446 section 4.1.3", func(o *f) checks.Fact[bool] { return o.DowngradeSentinel }),
		featureField("fallback_scsv", "downgrade protection by TLS_FALLBACK_SCSV", "RFC 7507; absent: one version only", func(o *f) checks.Fact[bool] { return o.FallbackSCSV }),
		wordField("client_certificate", "the client certificate", "whether it asks for one", names([]checks.ClientCertificate{checks.ClientCertificateNone, checks.ClientCertificateRequested, checks.ClientCertificateRequired}), func(o *f) checks.Fact[checks.ClientCertificate] { return o.ClientCertificate }),
		listField("intolerant_versions", "the versions in a hello that it fails on", "legacy versions in a ClientHello", func(o *f) checks.Fact[[]string] { return o.Intolerances.Versions }),
		featureField("extension_intolerance", "intolerance of an unknown extension", "it fails on one", func(o *f) checks.Fact[bool] { return o.Intolerances.Extension }),
		featureField("long_handshake_intolerance", "intolerance of long hellos", "it fails on a ClientHello of 256 to 511 bytes", func(o *f) checks.Fact[bool] { return o.Intolerances.LongHandshake }),
		featureField("large_hello_intolerance", "intolerance of hellos of several packets", "it fails on one, as hybrid key shares need", func(o *f) checks.Fact[bool] { return o.Intolerances.LargeHello }),
		featureField("grease_intolerance", "intolerance of GREASE", "it fails on values of RFC 8701", func(o *f) checks.Fact[bool] { return o.Intolerances.GREASE }),
	}}
}

func ticketLifetime(w *world, a *addressSource) slot {
	path, f := a.path("features.tickets"), a.observed.Full.Features.Tickets
	if !f.Conclusive() {
		return w.untold(path, f.Reason, f.State, "how long tickets of "+a.observed.Address.String()+" live", "it")
	}
	return w.told(proof(path, fmt.Sprint(f.Value.LifetimeSeconds), fmt.Sprintf("Tickets of %s live %d seconds.", a.observed.Address, f.Value.LifetimeSeconds)), types.Int(f.Value.LifetimeSeconds))
}

func stapledKind() *kind {
	return &kind{name: "stapled", doc: "What a server hands over beside its chain. Only a full look asks.", fields: []field{
		{name: "ocsp", of: cel.StringType, values: append([]string{"none", "good", "revoked", "unknown"}, stapleFaults()...), doc: "none; or the state that a good staple gives; or the fault of a bad one", get: onAddress(stapledOCSP)},
	}}
}

func stapleFaults() []string {
	return names([]checks.StapleFault{
		checks.StapleExpired, checks.StapleNotYetValid, checks.StapleOtherCertificate, checks.StapleBadSignature, checks.StapleMalformed,
	})
}

func stapledOCSP(w *world, a *addressSource) slot {
	path, f := a.path("stapled.ocsp"), a.observed.Full.Stapled.OCSP
	address := a.observed.Address.String()
	switch {
	case f.State == checks.Absent:
		return w.told(proof(path, "none", address+" staples no OCSP response."), types.String("none"))
	case f.State != checks.Known:
		return w.untold(path, f.Reason, f.State, "whether "+address+" staples an OCSP response", "it", texts(append([]string{"none", "good", "revoked", "unknown"}, stapleFaults()...)...)...)
	}
	value := string(f.Value.Status.State)
	text := fmt.Sprintf("%s staples an OCSP response: %s.", address, value)
	if f.Value.Fault != "" {
		value = string(f.Value.Fault)
		text = fmt.Sprintf("%s staples an OCSP response that is worth nothing: %s.", address, strings.ReplaceAll(value, "_", " "))
	}
	return w.told(proof(path, value, text), types.String(value))
}
