package checks

// ReportAnswer is a Fact as reports write it: a known value is always there,
// also when it is false or 0.
type ReportAnswer[T any] struct {
	State  State  `json:"state"`
	Value  *T     `json:"value,omitempty"` // where state is known
	Reason Reason `json:"reason,omitempty"`
}

func reportAnswer[T any](fact Fact[T]) ReportAnswer[T] {
	answer := ReportAnswer[T]{State: fact.State, Reason: fact.Reason}
	if fact.State == Known {
		answer.Value = &fact.Value
	}
	return answer
}

// reportList is reportAnswer of a list, which is never null.
func reportList(fact Fact[[]string]) ReportAnswer[[]string] {
	if fact.Value == nil {
		fact.Value = []string{}
	}
	return reportAnswer(fact)
}

// ReportFeatures are the Features of an address as reports write them. absent:
// the server has no protocol version that could have the feature.
type ReportFeatures struct {
	// SecureRenegotiation: renegotiation_info comes back (RFC 5746).
	SecureRenegotiation ReportAnswer[bool] `json:"secure_renegotiation"`
	// ClientRenegotiation: a renegotiation that the client starts completes.
	ClientRenegotiation ReportAnswer[bool] `json:"client_renegotiation"`
	// Compression: the method chosen when DEFLATE is offered: NULL or DEFLATE.
	Compression ReportAnswer[string] `json:"compression"`
	// SessionIDs: what session ids up to TLS 1.2 are worth.
	SessionIDs ReportAnswer[Resumption] `json:"session_ids"`
	// Tickets up to TLS 1.2 (RFC 5077).
	Tickets ReportAnswer[Tickets] `json:"tickets"`
	// PSK is resumption in TLS 1.3 (RFC 8446 section 2.2).
	PSK ReportAnswer[Tickets] `json:"psk"`
	// EarlyData is 0-RTT (RFC 8446 section 4.2.10).
	EarlyData ReportAnswer[EarlyData] `json:"early_data"`
	// ALPN: protocols that are chosen when each is offered alone. An empty list:
	// the extension is not answered.
	ALPN ReportAnswer[[]string] `json:"alpn"`
	// OCSPStapling: a CertificateStatus comes with the certificates.
	OCSPStapling ReportAnswer[bool] `json:"ocsp_stapling"`
	// SCTs: how signed certificate timestamps come: certificate, tls_extension,
	// ocsp_response.
	SCTs ReportAnswer[[]string] `json:"scts"`

	ExtendedMasterSecret ReportAnswer[bool] `json:"extended_master_secret"` // RFC 7627
	EncryptThenMAC       ReportAnswer[bool] `json:"encrypt_then_mac"`       // RFC 7366
	MaxFragmentLength    ReportAnswer[bool] `json:"max_fragment_length"`    // RFC 6066 section 4
	RecordSizeLimit      ReportAnswer[bool] `json:"record_size_limit"`      // RFC 8449
	Heartbeat            ReportAnswer[bool] `json:"heartbeat"`              // RFC 6520
	// DowngradeSentinel: the server marks its random when a client that could
	// more is given less (RFC 8446 section 4.1.3).
	DowngradeSentinel ReportAnswer[bool] `json:"downgrade_sentinel"`
	// FallbackSCSV: a fallback to a lower version is refused (RFC 7507).
	FallbackSCSV ReportAnswer[bool] `json:"fallback_scsv"`
	// ClientCertificate: whether the server asks for one.
	ClientCertificate ReportAnswer[ClientCertificate] `json:"client_certificate"`
	// ClockSkewMinutes: the server's clock less ours, in steps of 5 minutes.
	ClockSkewMinutes ReportAnswer[int] `json:"clock_skew_minutes"`

	Intolerances ReportIntolerances `json:"intolerances"`
}

// ReportIntolerances are hellos that the server fails on though a plain one
// works (rating guide, section 10.20): true where it fails.
type ReportIntolerances struct {
	// Versions: legacy versions in a ClientHello that it fails on.
	Versions ReportAnswer[[]string] `json:"versions"`
	// Extension: an unknown extension.
	Extension ReportAnswer[bool] `json:"extension"`
	// LongHandshake: a ClientHello of 256 to 511 bytes.
	LongHandshake ReportAnswer[bool] `json:"long_handshake"`
	// LargeHello: a ClientHello of more than one packet, as hybrid key shares need.
	LargeHello ReportAnswer[bool] `json:"large_hello"`
	// GREASE: values of RFC 8701 in suites, groups, versions and extensions.
	GREASE ReportAnswer[bool] `json:"grease"`
	// ManySuites: more than 128 suites.
	ManySuites ReportAnswer[bool] `json:"many_suites"`
}

func newReportFeatures(features Features) (ReportFeatures, map[string]Reason) {
	intolerances := features.Intolerances
	return ReportFeatures{
		SecureRenegotiation:  reportAnswer(features.SecureRenegotiation),
		ClientRenegotiation:  reportAnswer(features.ClientRenegotiation),
		Compression:          reportAnswer(features.Compression),
		SessionIDs:           reportAnswer(features.SessionIDs),
		Tickets:              reportAnswer(features.Tickets),
		PSK:                  reportAnswer(features.PSK),
		EarlyData:            reportAnswer(features.EarlyData),
		ALPN:                 reportList(features.ALPN),
		OCSPStapling:         reportAnswer(features.OCSPStapling),
		SCTs:                 reportList(features.SCTs),
		ExtendedMasterSecret: reportAnswer(features.ExtendedMasterSecret),
		EncryptThenMAC:       reportAnswer(features.EncryptThenMAC),
		MaxFragmentLength:    reportAnswer(features.MaxFragmentLength),
		RecordSizeLimit:      reportAnswer(features.RecordSizeLimit),
		Heartbeat:            reportAnswer(features.Heartbeat),
		DowngradeSentinel:    reportAnswer(features.DowngradeSentinel),
		FallbackSCSV:         reportAnswer(features.FallbackSCSV),
		ClientCertificate:    reportAnswer(features.ClientCertificate),
		ClockSkewMinutes:     reportAnswer(features.ClockSkewMinutes),
		Intolerances: ReportIntolerances{
			Versions:      reportList(intolerances.Versions),
			Extension:     reportAnswer(intolerances.Extension),
			LongHandshake: reportAnswer(intolerances.LongHandshake),
			LargeHello:    reportAnswer(intolerances.LargeHello),
			GREASE:        reportAnswer(intolerances.GREASE),
			ManySuites:    reportAnswer(intolerances.ManySuites),
		},
	}, featureReasons(features)
}

// featureReasons are why features are inconclusive, by their names in reports.
func featureReasons(features Features) map[string]Reason {
	var reasons map[string]Reason
	noteReason(&reasons, "secure_renegotiation", features.SecureRenegotiation)
	noteReason(&reasons, "client_renegotiation", features.ClientRenegotiation)
	noteReason(&reasons, "compression", features.Compression)
	noteReason(&reasons, "session_ids", features.SessionIDs)
	noteReason(&reasons, "tickets", features.Tickets)
	noteReason(&reasons, "psk", features.PSK)
	noteReason(&reasons, "early_data", features.EarlyData)
	noteReason(&reasons, "alpn", features.ALPN)
	noteReason(&reasons, "ocsp_stapling", features.OCSPStapling)
	noteReason(&reasons, "scts", features.SCTs)
	noteReason(&reasons, "extended_master_secret", features.ExtendedMasterSecret)
	noteReason(&reasons, "encrypt_then_mac", features.EncryptThenMAC)
	noteReason(&reasons, "max_fragment_length", features.MaxFragmentLength)
	noteReason(&reasons, "record_size_limit", features.RecordSizeLimit)
	noteReason(&reasons, "heartbeat", features.Heartbeat)
	noteReason(&reasons, "downgrade_sentinel", features.DowngradeSentinel)
	noteReason(&reasons, "fallback_scsv", features.FallbackSCSV)
	noteReason(&reasons, "client_certificate", features.ClientCertificate)
	noteReason(&reasons, "clock_skew_minutes", features.ClockSkewMinutes)
	noteReason(&reasons, "intolerances.versions", features.Intolerances.Versions)
	noteReason(&reasons, "intolerances.extension", features.Intolerances.Extension)
	noteReason(&reasons, "intolerances.long_handshake", features.Intolerances.LongHandshake)
	noteReason(&reasons, "intolerances.large_hello", features.Intolerances.LargeHello)
	noteReason(&reasons, "intolerances.grease", features.Intolerances.GREASE)
	noteReason(&reasons, "intolerances.many_suites", features.Intolerances.ManySuites)
	return reasons
}
