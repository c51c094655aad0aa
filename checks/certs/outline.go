package certs

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // names issuers in certificate ids
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gradewatch/gradewatch/checks"

	encoding "encoding/asn1"
)

// outline is what has to be known of an OCSP response before its signature is
// verified, and what x/crypto/ocsp does not say: whom it is about in full, and
// with whose key that would be.
type outline struct {
	about  []certificateID // in the response's order
	signer *x509.Certificate
}

// certificateID is a CertID (RFC 6960 section 4.1.1).
type certificateID struct {
	hash      crypto.Hash // 0: unknown
	name, key []byte
	serial    *big.Int
}

// singlesAtMost bounds the certificates that one response may be about.
const singlesAtMost = 100

// readOutline reads an OCSPResponse (RFC 6960 section 4.2.1).
func readOutline(der []byte) (outline, error) {
	malformed := failed(checks.ReasonMalformed, "%d bytes are no OCSP response", len(der))
	var whole, wrapped, inner, octets, basic cryptobyte.String
	var kind encoding.ObjectIdentifier
	status := 0
	input := cryptobyte.String(der)
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !whole.ReadASN1Enum(&status) {
		return outline{}, malformed
	}
	if status != int(successful) {
		return outline{}, failed(checks.ReasonMalformed, "the responder says that it failed (%d)", status)
	}
	if !whole.ReadASN1(&wrapped, explicit) || !wrapped.ReadASN1(&inner, asn1.SEQUENCE) ||
		!inner.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(encoding.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}) ||
		!inner.ReadASN1(&octets, asn1.OCTET_STRING) || !octets.ReadASN1(&basic, asn1.SEQUENCE) {
		return outline{}, malformed
	}
	found, ok := readBasic(basic)
	if !ok {
		return outline{}, malformed
	}
	return found, nil
}

const successful = 0 // OCSPResponseStatus

// readBasic reads a BasicOCSPResponse.
func readBasic(basic cryptobyte.String) (outline, bool) {
	var data, responder, singles, certificates, first cryptobyte.String
	var tag asn1.Tag
	var found outline
	present := false
	explicit := asn1.Tag(0).ContextSpecific().Constructed()
	if !basic.ReadASN1(&data, asn1.SEQUENCE) || !basic.SkipASN1(asn1.SEQUENCE) || !basic.SkipASN1(asn1.BIT_STRING) ||
		!basic.ReadOptionalASN1(&certificates, &present, explicit) {
		return outline{}, false
	}
	if present && certificates.ReadASN1(&certificates, asn1.SEQUENCE) && certificates.ReadASN1Element(&first, asn1.SEQUENCE) {
		certificate, err := x509.ParseCertificate(first)
		if err != nil {
			return outline{}, false
		}
		found.signer = certificate
	}
	if !data.SkipOptionalASN1(explicit) || !data.ReadAnyASN1(&responder, &tag) ||
		!data.SkipASN1(asn1.GeneralizedTime) || !data.ReadASN1(&singles, asn1.SEQUENCE) {
		return outline{}, false
	}
	for !singles.Empty() {
		var single, id cryptobyte.String
		if !singles.ReadASN1(&single, asn1.SEQUENCE) || !single.ReadASN1(&id, asn1.SEQUENCE) || len(found.about) == singlesAtMost {
			return outline{}, false
		}
		read, ok := readCertificateID(id)
		if !ok {
			return outline{}, false
		}
		found.about = append(found.about, read)
	}
	return found, true
}

func readCertificateID(id cryptobyte.String) (certificateID, bool) {
	var algorithm, name, key cryptobyte.String
	var oid encoding.ObjectIdentifier
	found := certificateID{serial: new(big.Int)}
	if !id.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadASN1(&name, asn1.OCTET_STRING) || !id.ReadASN1(&key, asn1.OCTET_STRING) || !id.ReadASN1Integer(found.serial) {
		return certificateID{}, false
	}
	found.name, found.key = name, key
	switch oid.String() {
	case "1.3.14.3.2.26":
		found.hash = crypto.SHA1
	case "2.16.840.1.101.3.4.2.1":
		found.hash = crypto.SHA256
	case "2.16.840.1.101.3.4.2.2":
		found.hash = crypto.SHA384
	case "2.16.840.1.101.3.4.2.3":
		found.hash = crypto.SHA512
	}
	return found, true
}

// isAbout says whether the first entry with the certificate's serial number,
// which is the one that x/crypto/ocsp reads, names the certificate's issuer too.
func (o outline) isAbout(certificate, issuer *x509.Certificate) bool {
	at := slices.IndexFunc(o.about, func(id certificateID) bool { return id.serial.Cmp(certificate.SerialNumber) == 0 })
	if at < 0 || o.about[at].hash == 0 {
		return false
	}
	id := o.about[at]
	digest := func(text []byte) []byte {
		sum := id.hash.New()
		sum.Write(text)
		return sum.Sum(nil)
	}
	key, ok := keyBits(issuer)
	return ok && bytes.Equal(id.name, digest(issuer.RawSubject)) && bytes.Equal(id.key, digest(key))
}

// keyBits is the subjectPublicKey without its tag, length and unused bits, which
// is what certificate ids hash.
func keyBits(certificate *x509.Certificate) ([]byte, bool) {
	var info cryptobyte.String
	var bits encoding.BitString
	input := cryptobyte.String(certificate.RawSubjectPublicKeyInfo)
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitString(&bits) {
		return nil, false
	}
	return bits.RightAlign(), true
}
