package checks

import (
	"net/netip"
	"time"
)

// Appraisal is the truth about the certificates of one observation at one time,
// under one set of trust data. It is a judgement: nothing in it was asked of
// the network.
type Appraisal struct {
	// Addresses are in the observation's order.
	Addresses []AddressAppraisal `json:"addresses"`
	// Boundaries are the times, sorted, at which something in this appraisal
	// changes by time alone. Each is the first moment of what comes after it: from
	// one until just before the next the appraisal says the same.
	Boundaries []time.Time `json:"-"`
}

// AddressAppraisal is the appraisal of every chain of one address.
type AddressAppraisal struct {
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
	// Chains: first the one that every look sees, then the others that a full
	// look found, those without SNI last. Empty where no chain was seen.
	Chains []ChainAppraisal `json:"chains"`
	// Reason says why no chain was seen.
	Reason Reason `json:"reason,omitempty"`
}

// ChainAppraisal is what can be said of one chain as sent.
type ChainAppraisal struct {
	// SNI: clients that name the host get this chain. Only those count for the
	// grade and for requirements.
	SNI    bool          `json:"sni"`
	Served []Fingerprint `json:"served"` // leaf first
	// Path is the path that a careful client builds, root last; empty without one.
	Path []Fingerprint `json:"path,omitempty"`
	Leaf LeafAppraisal `json:"leaf"`
	// Findings has an entry for every Question. Each names a fault: yes is bad.
	Findings map[Question]ChainFinding `json:"findings"`
	// Stores say, by name, which root stores the chain leads to: "mozilla",
	// "system", ... Mozilla's decides.
	Stores map[string]bool `json:"stores,omitempty"`
	// PrivateRoot: trusted by a root that was added by whoever runs this.
	PrivateRoot bool `json:"private_root,omitempty"`
}

// LeafAppraisal describes the certificate that a chain begins with. All is
// zero where nothing can parse it.
type LeafAppraisal struct {
	SHA256    Fingerprint   `json:"sha256,omitempty"`
	Key       string        `json:"key,omitempty"`      // "RSA", "ECDSA", "Ed25519", "Ed448", "DSA"
	KeyBits   int           `json:"key_bits,omitempty"` // modulus or field
	Curve     string        `json:"curve,omitempty"`    // "secp256r1": IANA name
	RSABits   int           `json:"rsa_bits,omitempty"` // RSA equivalent (rating guide, section 4.2)
	Signature string        `json:"signature,omitempty"`
	NotBefore time.Time     `json:"not_before,omitzero"`
	NotAfter  time.Time     `json:"not_after,omitzero"`
	Lifetime  time.Duration `json:"lifetime,omitempty"` // notAfter - notBefore + 1 s: RFC 5280 section 4.1.2.5 includes both
	// RenewalDue is when good clients begin to renew: two thirds of the lifetime
	// are used, or half where it is under ten days.
	RenewalDue time.Time `json:"renewal_due,omitzero"`
	// PathNotAfter is the earliest end in the path.
	PathNotAfter time.Time `json:"path_not_after,omitzero"`
}

// Question is one thing that is asked of a chain, by a stable code. Each names
// a fault: the answer yes is bad.
type Question string

// Every question. What follows T- and F- are ids of the rating guide, section 3.
const (
	NotYetValid     Question = "not_yet_valid"     // T-NOTYET
	Expired         Question = "expired"           // T-EXPIRED: the leaf, or one that every path needs
	SelfSigned      Question = "self_signed"       // T-SELF
	UnknownIssuer   Question = "unknown_issuer"    // T-UNKNOWN: no path to a trusted root, AIA included
	SHA1Signature   Question = "sha1_signature"    // T-SHA1: below the root
	Distrusted      Question = "distrusted"        // T-DISTRUST
	Blacklisted     Question = "blacklisted"       // T-BLACKLIST: key or certificate on a list of known compromises
	KeyUsage        Question = "key_usage"         // T-KEYUSE: constraints, extended key usage, path length
	NameMismatch    Question = "name_mismatch"     // no subject alternative name fits the host (RFC 9525)
	IncompleteChain Question = "incomplete_chain"  // B-CHAIN: AIA completes what was sent
	MDSignature     Question = "md_signature"      // F-SIG-MD: MD2, MD4 or MD5 below the root
	WeakKey         Question = "weak_key"          // F-KEY-1024 and B-KEY-2048: under 2048 bits of RSA, or equivalent
	DebianWeakKey   Question = "debian_weak_key"   // F-DEBIAN: CVE-2008-0166
	ExponentOne     Question = "rsa_exponent_one"  // F-RSA-E1
	Revoked         Question = "revoked"           // F-REVOKED: leaf, or an issuer that every path needs
	ROCA            Question = "roca"              // CVE-2017-15361
	Unparsable      Question = "unparsable"        // something sent cannot be parsed, or only by a tolerant parser
	WrongOrder      Question = "wrong_order"       // a certificate does not certify the one before it
	Duplicates      Question = "duplicates"        // a certificate was sent twice
	RootSent        Question = "root_sent"         // the trust anchor was sent, which no client needs
	Superfluous     Question = "superfluous"       // a certificate was sent that the path does not use
	LifetimeTooLong Question = "lifetime_too_long" // over what the Baseline Requirements allowed when it was issued
	LintError       Question = "lint_error"        // zlint finds errors in leaf or issuers
	TooFewSCTs      Question = "too_few_scts"      // browsers' transparency policies are not met
	InvalidSCT      Question = "invalid_sct"       // an SCT of a known log does not verify
	StapleMissing   Question = "staple_missing"    // the certificate says must-staple (RFC 7633), and no staple came
	StapleInvalid   Question = "staple_invalid"    // a staple came that is worth nothing
	CAAForbids      Question = "caa_forbids"       // CAA records do not allow the issuer today
	TLSAMismatch    Question = "tlsa_mismatch"     // no TLSA record that DNSSEC vouches for fits
	RenewalOverdue  Question = "renewal_overdue"   // a renewal should have happened by now
	RenewalAsked    Question = "renewal_asked"     // the issuer's window (ARI) is over, or was moved to now
)

// Questions lists every Question.
func Questions() []Question {
	return []Question{
		NotYetValid, Expired, SelfSigned, UnknownIssuer, SHA1Signature, Distrusted, Blacklisted, KeyUsage, NameMismatch,
		IncompleteChain, MDSignature, WeakKey, DebianWeakKey, ExponentOne, Revoked, ROCA, Unparsable, WrongOrder, Duplicates,
		RootSent, Superfluous, LifetimeTooLong, LintError, TooFewSCTs, InvalidSCT, StapleMissing, StapleInvalid, CAAForbids,
		TLSAMismatch, RenewalOverdue, RenewalAsked,
	}
}

// FaultAnswer is the answer to a Question.
type FaultAnswer string

// The answers to a Question.
const (
	FaultFound         FaultAnswer = "yes"
	FaultNotFound      FaultAnswer = "no"
	FaultInconclusive  FaultAnswer = "inconclusive"
	FaultNotAsked      FaultAnswer = "not_asked"      // a fact it needs was not asked for
	FaultNotApplicable FaultAnswer = "not_applicable" // no must-staple, no CAA record, a private root, ...
)

// ChainFinding is the answer to one Question, with what it was found on. It
// holds no distance in time.
type ChainFinding struct {
	Answer FaultAnswer `json:"answer"`
	Reason Reason      `json:"reason,omitempty"` // why it is inconclusive
	// Details: what speaks for the answer; at least one where it is yes.
	Details []FindingDetail `json:"details,omitempty"`
	Cause   Cause           `json:"cause,omitempty"` // what the answer hangs on: certificate, time, trust data, configuration
}

// FindingDetail is one certificate, or one fact, that an answer rests on.
type FindingDetail struct {
	Certificate Fingerprint `json:"certificate,omitempty"` // SHA-256 of the one it is about; empty: about the chain
	Value       string      `json:"value,omitempty"`       // "1024 bits", "SHA1-RSA", "e_dnsname_not_valid_tld"
	Text        string      `json:"text"`                  // a sentence for people
}
