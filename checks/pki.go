package checks

import "time"

// PKI is the component that holds what others than the server say of the
// certificates that were seen: who issued them, whether they were revoked, when
// their issuer wants them renewed. Keys are fingerprints of certificates.
type PKI struct {
	// Issuers are what the caIssuers addresses (AIA, RFC 5280 section 4.2.2.1) of
	// a certificate led to, step by step, where its issuer was neither sent nor
	// known: the last of a chain, however it is ordered. Absent:
	// it names no such address, or nothing usable is there. The certificates are
	// in Observation.Certificates.
	Issuers map[Fingerprint]Fact[[]Fingerprint] `json:"issuers,omitempty"`
	// Revocation: of every certificate sent, or fetched to complete a chain, but
	// self-signed ones.
	Revocation map[Fingerprint]Revocation `json:"revocation,omitempty"`
	// RenewalInfo: of leaves that are in date. Absent: the issuer offers none, or
	// none that we know of (RFC 9773).
	RenewalInfo map[Fingerprint]Fact[RenewalInfo] `json:"renewal_info,omitempty"`
}

// Revocation is what the issuer publishes about one certificate. Neither is
// asked where the issuer's certificate is not at hand: nothing could be verified.
type Revocation struct {
	// CRL: Absent where the certificate names no list (RFC 5280 section 4.2.1.13).
	CRL Fact[RevocationStatus] `json:"crl,omitzero"`
	// OCSP: Absent where it names no responder (RFC 6960). Not asked where the
	// list has answered.
	OCSP Fact[RevocationStatus] `json:"ocsp,omitzero"`
}

// RevocationState is the state of one certificate at its issuer.
type RevocationState string

// The states of a certificate (RFC 6960 section 2.2). A certificate that is not
// on a complete, current list is good.
const (
	RevocationGood    RevocationState = "good"
	RevocationRevoked RevocationState = "revoked"
	RevocationUnknown RevocationState = "unknown" // the responder does not know the certificate
)

// RevocationStatus is one answer of an issuer, whose signature and dates held
// when it was read. When the answer was made is volatile and not part of it.
type RevocationStatus struct {
	State     RevocationState `json:"state"`
	RevokedAt time.Time       `json:"revoked_at,omitzero"`
	// Cause is the CRLReason by its name in RFC 5280 section 5.3.1, empty where
	// none is given.
	Cause string `json:"cause,omitempty"`
	// URL answered. OCSP staples have none.
	URL string `json:"url,omitempty"`
}

// RenewalInfo is when an issuer wants a certificate renewed (RFC 9773 section 4.2).
// A window that was over when it was asked for begins and ends at midnight UTC,
// at or before it did, maybe both at the same: 'at once' is another window at
// each look.
type RenewalInfo struct {
	Start          time.Time `json:"start"`
	End            time.Time `json:"end"`
	ExplanationURL string    `json:"explanation_url,omitempty"`
}

// Stapled is the component that holds what a server hands over beside its
// chain, asked for by one full look with SNI.
type Stapled struct {
	// OCSP: Absent where none came. Inconclusive where the leaf's issuer is not at
	// hand.
	OCSP Fact[Staple] `json:"ocsp,omitzero"`
	// SCTs are the signed certificate timestamps of the TLS extension and of a
	// good staple (RFC 6962 section 3.3), as serialized there, sorted. Absent where
	// none came.
	SCTs Fact[[]StapledSCT] `json:"scts,omitzero"`
}

// Staple is an OCSP response as sent in the handshake (RFC 6066 section 8).
type Staple struct {
	Leaf   Fingerprint      `json:"leaf"` // it came with
	Status RevocationStatus `json:"status,omitzero"`
	// Fault says why the response is worth nothing; empty when it is good.
	Fault StapleFault `json:"fault,omitempty"`
}

// StapleFault is what is wrong with a staple.
type StapleFault string

// What can be wrong with a staple.
const (
	StapleExpired          StapleFault = "expired"           // past its nextUpdate at the look
	StapleNotYetValid      StapleFault = "not_yet_valid"     // before its thisUpdate
	StapleOtherCertificate StapleFault = "other_certificate" // it is about another certificate
	StapleBadSignature     StapleFault = "bad_signature"     // not signed by the issuer or its delegate
	StapleMalformed        StapleFault = "malformed"         // no OCSP response, or one that says it failed
)

// StapledSCT is one signed certificate timestamp that came beside the chain.
type StapledSCT struct {
	Leaf   Fingerprint `json:"leaf"`
	Source string      `json:"source"` // "tls_extension" or "ocsp_response", as in Features.SCTs
	SCT    []byte      `json:"sct"`    // SignedCertificateTimestamp of RFC 6962 section 3.2
}

// Records is the component that holds what DNS says of the host besides its
// addresses. Only a full look asks.
type Records struct {
	// Aliases is the chain of CNAME targets that the host leads to, in order.
	Aliases Fact[[]string] `json:"aliases,omitzero"`
	// CAA: the record set that counts (RFC 8659 section 3): of the host or the
	// nearest parent that has one. Absent: none up to the top.
	CAA Fact[CAA] `json:"caa,omitzero"`
	// TLSA of the target's port (RFC 6698). Absent: none that DNSSEC vouches for.
	// Not asked where DNSSEC could not be told, since they mean nothing without.
	TLSA Fact[[]TLSA] `json:"tlsa,omitzero"`
	// DNSSEC: the resolver vouches for the host's addresses (AD, RFC 4035 section
	// 3.2.3). Not asked where the resolver validates nothing, or may not be believed.
	DNSSEC Fact[bool] `json:"dnssec,omitzero"`
	// Registered: SuperOffice's sign-in service knows the URL as a redirect URL of
	// its application (E-08). Not asked without SuperOffice's consent.
	Registered Fact[bool] `json:"registered,omitzero"`
}

// CAA is a CAA record set and where it was found.
type CAA struct {
	Domain  string      `json:"domain"`
	Records []CAARecord `json:"records"` // sorted
}

// CAARecord is one property (RFC 8659 section 4).
type CAARecord struct {
	Critical bool   `json:"critical,omitempty"`
	Tag      string `json:"tag"`   // issue, issuewild, iodef, ..., in lower case
	Value    string `json:"value"` // at most 512 bytes
}

// TLSA is one TLSA record (RFC 6698 section 2.1).
type TLSA struct {
	Usage        uint8  `json:"usage"`
	Selector     uint8  `json:"selector"`
	MatchingType uint8  `json:"matching_type"`
	Data         string `json:"data"` // lower-case hex, at most 4096 bytes of it
}
