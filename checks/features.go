package checks

// Features is the component that holds what else an address's TLS can do, and
// what it cannot stand. Facts about versions up to TLS 1.2 are Absent on a
// server that speaks TLS 1.3 only.
type Features struct {
	// SecureRenegotiation: renegotiation_info comes back (RFC 5746).
	SecureRenegotiation Fact[bool] `json:"secure_renegotiation"`
	// ClientRenegotiation: a renegotiation that the client starts completes.
	ClientRenegotiation Fact[bool] `json:"client_renegotiation"`
	// Compression: the method chosen when DEFLATE is offered: "NULL", "DEFLATE".
	Compression Fact[string] `json:"compression"`
	// SessionIDs: what session ids up to TLS 1.2 are worth.
	SessionIDs Fact[Resumption] `json:"session_ids"`
	// Tickets up to TLS 1.2 (RFC 5077).
	Tickets Fact[Tickets] `json:"tickets"`
	// PSK is resumption in TLS 1.3 (RFC 8446 section 2.2).
	PSK Fact[Tickets] `json:"psk"`
	// EarlyData is 0-RTT (RFC 8446 section 4.2.10).
	EarlyData Fact[EarlyData] `json:"early_data"`
	// ALPN: protocols that it chooses when those it chose before are left out,
	// sorted. Known and empty: the extension is not answered.
	ALPN Fact[[]string] `json:"alpn"`
	// OCSPStapling: a CertificateStatus comes with the certificates.
	OCSPStapling Fact[bool] `json:"ocsp_stapling"`
	// SCTs: how signed certificate timestamps come: "certificate",
	// "tls_extension", "ocsp_response", sorted. Known and empty: not at all.
	SCTs Fact[[]string] `json:"scts"`

	ExtendedMasterSecret Fact[bool] `json:"extended_master_secret"` // RFC 7627
	EncryptThenMAC       Fact[bool] `json:"encrypt_then_mac"`       // RFC 7366
	MaxFragmentLength    Fact[bool] `json:"max_fragment_length"`    // RFC 6066 section 4
	RecordSizeLimit      Fact[bool] `json:"record_size_limit"`      // RFC 8449
	Heartbeat            Fact[bool] `json:"heartbeat"`              // RFC 6520
	// DowngradeSentinel: the server marks its random when a client that could
	// more is given less (RFC 8446 section 4.1.3). Absent: nothing to mark.
	DowngradeSentinel Fact[bool] `json:"downgrade_sentinel"`
	// FallbackSCSV (RFC 7507). Absent: one version only, nothing to test.
	FallbackSCSV Fact[bool] `json:"fallback_scsv"`
	// ClientCertificate: whether the server asks for one.
	ClientCertificate Fact[ClientCertificate] `json:"client_certificate"`
	// ClockSkewMinutes: the server's clock less ours where gmt_unix_time shows
	// it (RFC 5246 section 7.4.1.2), in steps of 5 minutes so that it does not
	// change with every look. Absent: the random shows no time.
	ClockSkewMinutes Fact[int] `json:"clock_skew_minutes"`

	Intolerances Intolerances `json:"intolerances"`
}

// Resumption is what a server does with a session that a client wants back.
type Resumption string

// What a server does with a session that a client wants back.
const (
	Resumed      Resumption = "resumed"       // an abbreviated handshake
	NotResumed   Resumption = "not_resumed"   // an id is given, and forgotten
	NotGiven     Resumption = "not_given"     // no id is given
	MixedAnswers Resumption = "mixed_answers" // sometimes resumed: several servers behind one address
)

// Tickets are session tickets.
type Tickets struct {
	Issued bool `json:"issued"`
	// LifetimeSeconds is the hint of the first ticket; 0: not said.
	LifetimeSeconds uint32 `json:"lifetime_seconds,omitempty"`
	Resumed         bool   `json:"resumed,omitempty"`
}

// EarlyData is 0-RTT data.
type EarlyData struct {
	// Offered: a ticket says max_early_data_size above 0.
	Offered bool `json:"offered"`
	// MaxBytes is that size.
	MaxBytes uint32 `json:"max_bytes,omitempty"`
	// Accepted: EncryptedExtensions held early_data when some was sent.
	Accepted bool `json:"accepted,omitempty"`
}

// ClientCertificate is whether a server asks for a client's certificate.
type ClientCertificate string

// Whether a server asks for a client's certificate.
const (
	ClientCertificateNone      ClientCertificate = "none"
	ClientCertificateRequested ClientCertificate = "requested" // and does without
	ClientCertificateRequired  ClientCertificate = "required"
)

// Intolerances are hellos that a server fails on though a plain one works
// (rating guide, section 10.20). Each Value is true where it fails.
type Intolerances struct {
	// Versions: legacy versions in a ClientHello that it fails on, sorted:
	// "TLS 1.3" (0x0304 as legacy version), "TLS 1.152" (0x0399), "TLS 2.152" (0x0499).
	Versions Fact[[]string] `json:"versions"`
	// Extension: an unknown extension.
	Extension Fact[bool] `json:"extension"`
	// LongHandshake: a ClientHello of 256 to 511 bytes.
	LongHandshake Fact[bool] `json:"long_handshake"`
	// LargeHello: a ClientHello of more than one packet, as hybrid key shares need.
	LargeHello Fact[bool] `json:"large_hello"`
	// GREASE: values of RFC 8701 in suites, groups, versions and extensions.
	GREASE Fact[bool] `json:"grease"`
	// ManySuites: more than 128 suites.
	ManySuites Fact[bool] `json:"many_suites"`
}
