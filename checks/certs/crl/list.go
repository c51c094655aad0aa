package crl

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Why a list cannot be used.
var (
	// ErrMalformed: the bytes are no version 2 list.
	ErrMalformed = errors.New("the revocation list is malformed")
	// ErrSignature: the issuer did not sign it, or may not sign lists.
	ErrSignature = errors.New("the revocation list is not signed by the issuer")
	// ErrUnsupported: the list holds what must be understood and is not: it is a
	// delta or an indirect list, or has an unknown critical extension.
	ErrUnsupported = errors.New("the revocation list is of a kind that is not understood")
)

// MaxBytes is the longest list that is read.
const MaxBytes = 32 << 20

// maxRSABits bounds the work of verifying a signature: certificates of strangers
// can have keys of megabits.
const maxRSABits = 16384

// List is a revocation list whose issuer signed it. It is never changed once
// read, and keeps nothing of the bytes it was read from.
type List struct {
	ThisUpdate time.Time
	NextUpdate time.Time // zero where the list names none
	scope      scope
	entries    entries
}

// Read reads a list in DER and verifies that issuer signed it. Its error is one
// of this package's.
func Read(der []byte, issuer *x509.Certificate) (*List, error) {
	if len(der) > MaxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMalformed, MaxBytes)
	}
	outline, revoked, err := split(der)
	if err != nil {
		return nil, err
	}
	// The standard library reads all but the entries, each of which would cost
	// it hundreds of bytes.
	head, err := x509.ParseRevocationList(outline.der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := verify(head, outline.signed, issuer); err != nil {
		return nil, err
	}
	list := &List{ThisUpdate: head.ThisUpdate, NextUpdate: head.NextUpdate}
	if list.scope, err = readScope(head.Extensions); err != nil {
		return nil, err
	}
	if list.entries, err = readEntries(revoked); err != nil {
		return nil, err
	}
	return list, nil
}

// Size is about how many bytes of memory the list takes.
func (l *List) Size() int {
	const rest = 512
	return rest + l.entries.size() + l.scope.size()
}

// Len is how many certificates are on the list.
func (l *List) Len() int { return len(l.entries.index) }

// verify checks the signature and whether issuer may make it (RFC 5280 section
// 6.3.3 f and g).
func verify(head *x509.RevocationList, signed []byte, issuer *x509.Certificate) error {
	if string(head.RawIssuer) != string(issuer.RawSubject) {
		return fmt.Errorf("%w: it names another issuer", ErrSignature)
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return fmt.Errorf("%w: its key is not for lists", ErrSignature)
	}
	if key, ok := issuer.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return fmt.Errorf("%w: a key of %d bits is not verified with", ErrSignature, key.N.BitLen())
	}
	if err := issuer.CheckSignature(head.SignatureAlgorithm, signed, head.Signature); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// outline is a list without its entries.
type outline struct {
	der    []byte // a CertificateList with none
	signed []byte // the TBSCertList as it came, which the signature is over
}

// split takes the entries out of a CertificateList (RFC 5280 section 5.1).
func split(der []byte) (outline, cryptobyte.String, error) {
	var whole, signed, fields, before, revoked cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !input.Empty() || !whole.ReadASN1Element(&signed, asn1.SEQUENCE) {
		return outline{}, nil, fmt.Errorf("%w: no sequence", ErrMalformed)
	}
	inner := signed
	if !inner.ReadASN1(&fields, asn1.SEQUENCE) {
		return outline{}, nil, fmt.Errorf("%w: nothing signed", ErrMalformed)
	}
	all := fields
	if !fields.SkipOptionalASN1(asn1.INTEGER) || !fields.SkipASN1(asn1.SEQUENCE) || !fields.SkipASN1(asn1.SEQUENCE) || !skipTime(&fields) {
		return outline{}, nil, fmt.Errorf("%w: the beginning", ErrMalformed)
	}
	if fields.PeekASN1Tag(asn1.UTCTime) || fields.PeekASN1Tag(asn1.GeneralizedTime) {
		skipTime(&fields)
	}
	before = all[:len(all)-len(fields)]
	if !fields.ReadOptionalASN1(&revoked, nil, asn1.SEQUENCE) {
		return outline{}, nil, fmt.Errorf("%w: the entries", ErrMalformed)
	}
	var builder cryptobyte.Builder
	builder.AddASN1(asn1.SEQUENCE, func(list *cryptobyte.Builder) {
		list.AddASN1(asn1.SEQUENCE, func(signed *cryptobyte.Builder) {
			signed.AddBytes(before)
			signed.AddBytes(fields)
		})
		list.AddBytes(whole)
	})
	without, err := builder.Bytes()
	if err != nil {
		return outline{}, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return outline{der: without, signed: signed}, revoked, nil
}

func skipTime(fields *cryptobyte.String) bool {
	return fields.PeekASN1Tag(asn1.UTCTime) && fields.SkipASN1(asn1.UTCTime) || fields.SkipASN1(asn1.GeneralizedTime)
}
