package key

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Public is a public key, described.
type Public struct {
	Algorithm string // "RSA", "RSASSA-PSS", "DSA", "ECDSA", "Ed25519", "Ed448", "ML-DSA-65", ...; else the OID
	Bits      int    // of the modulus, of p, or of the field
	Curve     string // IANA or SECG name; "explicit" where parameters are written out
	RSABits   int    // RSA equivalent; 0: not known
	// Modulus and Exponent are an RSA key's.
	Modulus, Exponent *big.Int
}

const maxIntegerBytes = 1 << 13 // 65,536 bits: more is never looked at

// Read describes the key of a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
func Read(spki []byte) (Public, error) {
	input := cryptobyte.String(spki)
	var whole, algorithm cryptobyte.String
	var bits asn1.BitString
	var identifier asn1.ObjectIdentifier
	if !input.ReadASN1(&whole, der.SEQUENCE) || !whole.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&identifier) || !whole.ReadASN1BitString(&bits) {
		return Public{}, errors.New("reading the public key: it is no algorithm with a key")
	}
	switch oid := identifier.String(); oid {
	case "1.2.840.113549.1.1.1":
		return readRSA("RSA", bits.RightAlign())
	case "1.2.840.113549.1.1.10":
		return readRSA("RSASSA-PSS", bits.RightAlign())
	case "1.2.840.10040.4.1":
		return readDSA(algorithm)
	case "1.2.840.10045.2.1":
		return readEC(algorithm)
	default:
		if fixed, found := fixedSizes()[oid]; found {
			return fixed, nil
		}
		return Public{Algorithm: oid}, nil
	}
}

// fixedSizes are the algorithms whose keys have one size (RFC 8410, RFC 9881,
// and RFC 4491 and RFC 9215 for GOST R 34.10, whose curves are all over fields
// of that size).
// ML-DSA has no RSA equivalent in the guide: its NIST categories 2, 3 and 5 are
// taken as the classical sizes of the same category (SP 800-57, table 2).
func fixedSizes() map[string]Public {
	return map[string]Public{
		"1.3.101.112":             {Algorithm: "Ed25519", Bits: 256, RSABits: 3072},
		"1.3.101.113":             {Algorithm: "Ed448", Bits: 456, RSABits: 7680},
		"1.2.643.2.2.19":          {Algorithm: "GOST R 34.10-2001", Bits: 256, RSABits: 3072},
		"1.2.643.7.1.1.1.1":       {Algorithm: "GOST R 34.10-2012", Bits: 256, RSABits: 3072},
		"1.2.643.7.1.1.1.2":       {Algorithm: "GOST R 34.10-2012", Bits: 512, RSABits: 15360},
		"2.16.840.1.101.3.4.3.17": {Algorithm: "ML-DSA-44", Bits: 10496, RSABits: 3072},
		"2.16.840.1.101.3.4.3.18": {Algorithm: "ML-DSA-65", Bits: 15616, RSABits: 7680},
		"2.16.840.1.101.3.4.3.19": {Algorithm: "ML-DSA-87", Bits: 20736, RSABits: 15360},
	}
}

func readRSA(name string, bits []byte) (Public, error) {
	input := cryptobyte.String(bits)
	var sequence cryptobyte.String
	modulus, exponent := new(big.Int), new(big.Int)
	if len(bits) > 2*maxIntegerBytes {
		return Public{}, fmt.Errorf("reading the RSA key: its %d bytes are too many", len(bits))
	}
	if !input.ReadASN1(&sequence, der.SEQUENCE) || !sequence.ReadASN1Integer(modulus) || !sequence.ReadASN1Integer(exponent) {
		return Public{}, errors.New("reading the RSA key: it is no modulus with an exponent")
	}
	if modulus.Sign() <= 0 || exponent.Sign() <= 0 {
		return Public{}, errors.New("reading the RSA key: a number is not above zero")
	}
	size := modulus.BitLen()
	return Public{Algorithm: name, Bits: size, RSABits: size, Modulus: modulus, Exponent: exponent}, nil
}

func readDSA(parameters cryptobyte.String) (Public, error) {
	var sequence cryptobyte.String
	if parameters.Empty() { // inherited from the issuer (RFC 3279 section 2.3.2)
		return Public{Algorithm: "DSA"}, nil
	}
	p := new(big.Int)
	if len(parameters) > 4*maxIntegerBytes || !parameters.ReadASN1(&sequence, der.SEQUENCE) || !sequence.ReadASN1Integer(p) || p.Sign() <= 0 {
		return Public{}, errors.New("reading the DSA key: it has no prime")
	}
	return Public{Algorithm: "DSA", Bits: p.BitLen(), RSABits: p.BitLen()}, nil
}

func readEC(parameters cryptobyte.String) (Public, error) {
	if parameters.PeekASN1Tag(der.SEQUENCE) {
		return readExplicitCurve(parameters)
	}
	var identifier asn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&identifier) {
		return Public{}, errors.New("reading the elliptic curve key: it names no curve")
	}
	curve, found := curves()[identifier.String()]
	if !found {
		return Public{Algorithm: "ECDSA", Curve: identifier.String()}, nil
	}
	return Public{Algorithm: "ECDSA", Bits: curve.bits, Curve: curve.name, RSABits: RSAEquivalent(curve.bits)}, nil
}

// readExplicitCurve reads the size of SpecifiedECDomain (SEC 1, section C.2).
func readExplicitCurve(parameters cryptobyte.String) (Public, error) {
	var sequence, field cryptobyte.String
	var identifier asn1.ObjectIdentifier
	if !parameters.ReadASN1(&sequence, der.SEQUENCE) || !sequence.SkipASN1(der.INTEGER) ||
		!sequence.ReadASN1(&field, der.SEQUENCE) || !field.ReadASN1ObjectIdentifier(&identifier) {
		return Public{}, errors.New("reading the elliptic curve key: its parameters are no curve")
	}
	public := Public{Algorithm: "ECDSA", Curve: "explicit"}
	switch identifier.String() {
	case "1.2.840.10045.1.1": // prime field
		p := new(big.Int)
		if len(field) <= maxIntegerBytes && field.ReadASN1Integer(p) {
			public.Bits = p.BitLen()
		}
	case "1.2.840.10045.1.2": // field of characteristic two
		var inner cryptobyte.String
		var m int
		if field.ReadASN1(&inner, der.SEQUENCE) && inner.ReadASN1Integer(&m) && m > 0 && m <= 8*maxIntegerBytes {
			public.Bits = m
		}
	}
	public.RSABits = RSAEquivalent(public.Bits)
	return public, nil
}
