// Package outline reads the fields of a certificate that say who issued what
// to whom, also from certificates that stricter parsers refuse: curves that
// they do not know, serial numbers below zero, broken extensions. It judges
// nothing and never checks a signature.
package outline

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is a certificate's outline (RFC 5280 section 4.1). Its slices
// point into the DER that it was read from.
type Certificate struct {
	Raw, RawTBS, RawIssuer, RawSubject, RawSPKI []byte

	Signature           []byte
	SignatureOID        string // dotted: "1.2.840.113549.1.1.11"
	SignatureParameters []byte // DER of the parameters; empty: none

	NotBefore, NotAfter time.Time
	Extensions          []Extension
}

// Extension is one extension (RFC 5280 section 4.2).
type Extension struct {
	OID      string
	Critical bool
	Value    []byte
}

const maxExtensions = 256 // real certificates have up to about 20

// Read reads the outline of one certificate. Bytes behind it are an error.
func Read(raw []byte) (*Certificate, error) {
	certificate := &Certificate{Raw: raw}
	input := cryptobyte.String(raw)
	var whole, tbs, algorithm cryptobyte.String
	var signature asn1.BitString
	if !input.ReadASN1(&whole, der.SEQUENCE) || !input.Empty() || !whole.ReadASN1Element(&tbs, der.SEQUENCE) ||
		!whole.ReadASN1(&algorithm, der.SEQUENCE) || !whole.ReadASN1BitString(&signature) {
		return nil, errors.New("reading the certificate: it is no sequence of body, algorithm and signature")
	}
	certificate.RawTBS, certificate.Signature = tbs, signature.RightAlign()
	var err error
	if certificate.SignatureOID, certificate.SignatureParameters, err = readAlgorithm(algorithm); err != nil {
		return nil, fmt.Errorf("reading the signature algorithm: %w", err)
	}
	if err := certificate.readBody(tbs); err != nil {
		return nil, fmt.Errorf("reading the certificate's body: %w", err)
	}
	return certificate, nil
}

func readAlgorithm(input cryptobyte.String) (oid string, parameters []byte, err error) {
	var identifier asn1.ObjectIdentifier
	if !input.ReadASN1ObjectIdentifier(&identifier) {
		return "", nil, errors.New("no object identifier")
	}
	return identifier.String(), input, nil
}

func (c *Certificate) readBody(element cryptobyte.String) error {
	var body, serial, algorithm, validity cryptobyte.String
	var issuer, subject, spki cryptobyte.String
	version := der.Tag(0).ContextSpecific().Constructed()
	switch {
	case !element.ReadASN1(&body, der.SEQUENCE), !body.SkipOptionalASN1(version):
		return errors.New("no sequence")
	case !body.ReadASN1(&serial, der.INTEGER):
		return errors.New("no serial number")
	case !body.ReadASN1(&algorithm, der.SEQUENCE):
		return errors.New("no signature algorithm")
	case !body.ReadASN1Element(&issuer, der.SEQUENCE):
		return errors.New("no issuer")
	case !body.ReadASN1(&validity, der.SEQUENCE):
		return errors.New("no validity")
	case !body.ReadASN1Element(&subject, der.SEQUENCE):
		return errors.New("no subject")
	case !body.ReadASN1Element(&spki, der.SEQUENCE):
		return errors.New("no public key")
	}
	c.RawIssuer, c.RawSubject, c.RawSPKI = issuer, subject, spki
	var ok bool
	if c.NotBefore, ok = readTime(&validity); !ok {
		return errors.New("no start of validity")
	}
	if c.NotAfter, ok = readTime(&validity); !ok {
		return errors.New("no end of validity")
	}
	c.readExtensions(body)
	return nil
}

func readTime(input *cryptobyte.String) (time.Time, bool) {
	var at time.Time
	if input.PeekASN1Tag(der.UTCTime) {
		return at, input.ReadASN1UTCTime(&at)
	}
	return at, input.ReadASN1GeneralizedTime(&at)
}

// readExtensions keeps what can be read, up to the first that cannot.
func (c *Certificate) readExtensions(body cryptobyte.String) {
	for _, unique := range []der.Tag{1, 2} {
		if !body.SkipOptionalASN1(unique.ContextSpecific()) {
			return
		}
	}
	var explicit, list cryptobyte.String
	if !body.ReadASN1(&explicit, der.Tag(3).ContextSpecific().Constructed()) || !explicit.ReadASN1(&list, der.SEQUENCE) {
		return
	}
	for !list.Empty() && len(c.Extensions) < maxExtensions {
		var one cryptobyte.String
		var identifier asn1.ObjectIdentifier
		var critical bool
		var value cryptobyte.String
		if !list.ReadASN1(&one, der.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&identifier) ||
			one.PeekASN1Tag(der.BOOLEAN) && !one.ReadASN1Boolean(&critical) || !one.ReadASN1(&value, der.OCTET_STRING) {
			return
		}
		c.Extensions = append(c.Extensions, Extension{OID: identifier.String(), Critical: critical, Value: value})
	}
}

// Extension returns the value of the first extension with this dotted OID.
func (c *Certificate) Extension(oid string) (value []byte, found bool) {
	for _, extension := range c.Extensions {
		if extension.OID == oid {
			return extension.Value, true
		}
	}
	return nil, false
}
