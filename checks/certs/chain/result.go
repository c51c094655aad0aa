package chain

import (
	"fmt"
	"time"
)

// Answer is the answer to one question about a chain. The zero value is
// NotAsked.
type Answer uint8

// The answers.
const (
	NotAsked Answer = iota
	Yes
	No
	Unknown // asked, and nobody can tell: nothing was sent, or nothing can parse it
)

var answerNames = [...]string{NotAsked: "not_asked", Yes: "yes", No: "no", Unknown: "unknown"}

// String returns the answer's name.
func (a Answer) String() string {
	if int(a) < len(answerNames) {
		return answerNames[a]
	}
	return fmt.Sprintf("answer(%d)", uint8(a))
}

// Code is a stable code of a fault.
type Code string

// Every fault of a chain.
const (
	NoCertificate   Code = "no_certificate"        // nothing was sent
	Malformed       Code = "malformed_certificate" // the leaf, or one the path needs, cannot be parsed
	SelfSigned      Code = "self_signed"           // the leaf is signed by its own key
	UntrustedRoot   Code = "untrusted_root"        // the path ends at an issuer nobody trusts
	IncompleteChain Code = "incomplete_chain"      // an issuer was not sent and is no trusted root
	Distrusted      Code = "distrusted"            // the root is trusted, but no longer for this certificate
	NotAuthorized   Code = "not_authorized"        // a constraint, key usage or path length forbids it
	WeakSignature   Code = "weak_signature"        // MD2, MD5 or SHA-1 below the root
	NameMismatch    Code = "name_mismatch"         // no subject alternative name fits the host
	Expired         Code = "expired"               // a certificate of the path is past its end
	NotYetValid     Code = "not_yet_valid"         // a certificate of the path has not begun
)

// Fault is one thing that is wrong. It holds no distance in time, so that it
// is equal as long as chain, roots and answer are.
type Fault struct {
	Code        Code
	Certificate string // fingerprint of the certificate it is about; empty when about none
	Text        string // a sentence for people
}

// Aspect is the answer to one question, with what speaks against it.
type Aspect struct {
	Answer Answer
	Faults []Fault // empty when Answer is Yes
}

// Has says whether one of the faults has this code.
func (a Aspect) Has(code Code) bool {
	for _, fault := range a.Faults {
		if fault.Code == code {
			return true
		}
	}
	return false
}

// Result is everything that Verify found out.
type Result struct {
	// ParseError says why the leaf cannot be parsed; empty when it can.
	ParseError string

	Path  Aspect // does a path of good signatures lead to a trusted root, dates and name aside?
	Name  Aspect // does a subject alternative name fit the host (RFC 9525)?
	Dates Aspect // is every certificate of the path in date? Of the leaf alone, when there is no path.

	// PrivateRoot: the path ends at a root that was added, not at Mozilla's.
	PrivateRoot bool
	// Trust is the path, leaf first and root last, as SHA-256 fingerprints;
	// empty when there is none.
	Trust []string

	NotBefore, NotAfter time.Time // of the leaf
	// PathNotAfter is the earliest end of any certificate of the path; zero
	// without a path. The site fails then, also when the leaf lasts longer.
	PathNotAfter time.Time

	Subject   string   // RFC 2253 form
	Issuer    string   // RFC 2253 form
	Names     []string // DNS names and IP addresses of the leaf, as it lists them
	Signature string   // signature algorithm of the leaf, as 'SHA256-RSA'

	// What is odd without being a fault (RFC 8446 section 4.4.2 allows it).
	OutOfOrder  bool // a certificate of the path was not sent right after the one it signs
	RootSent    bool // the root of the path was sent, which no client needs
	Superfluous int  // certificates sent that the path does not use
}

// Trusted is path, name and dates together: No when one of them is, with all
// their faults.
func (r Result) Trusted() Aspect {
	combined := Aspect{Answer: Yes}
	for _, aspect := range []Aspect{r.Path, r.Name, r.Dates} {
		combined.Faults = append(combined.Faults, aspect.Faults...)
		switch {
		case aspect.Answer == No, combined.Answer == No:
			combined.Answer = No
		case aspect.Answer != Yes:
			combined.Answer = aspect.Answer
		}
	}
	return combined
}

func refused(faults ...Fault) Aspect { return Aspect{Answer: No, Faults: faults} }

func unknown(code Code, text string) Result {
	aspect := Aspect{Answer: Unknown, Faults: []Fault{{Code: code, Text: text}}}
	// One fault, told once: path, name and dates are unknown for one reason.
	return Result{Path: aspect, Name: Aspect{Answer: Unknown}, Dates: Aspect{Answer: Unknown}}
}
