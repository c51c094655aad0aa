package outline

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Digest is how much the hash function of a signature is worth.
type Digest uint8

// What the hash function of a signature is worth.
const (
	DigestUnknown Digest = iota
	DigestMD             // MD2, MD4 or MD5
	DigestSHA1
	DigestStrong // SHA-2, SHA-3, or part of the scheme as in Ed25519
)

// Algorithm is a signature algorithm.
type Algorithm struct {
	Name   string // as crypto/x509 writes it: "SHA256-RSA", "ECDSA-SHA256"; else the OID
	Digest Digest
}

const oidPSS = "1.2.840.113549.1.1.10"

// SignatureAlgorithm returns what the certificate is signed with.
func (c *Certificate) SignatureAlgorithm() Algorithm {
	if c.SignatureOID == oidPSS {
		return pss(c.SignatureParameters)
	}
	if known, found := algorithms()[c.SignatureOID]; found {
		return known
	}
	return Algorithm{Name: c.SignatureOID}
}

// pss reads the hash of RSASSA-PSS-params (RFC 4055 section 3.1), SHA-1 where
// none is named.
func pss(parameters []byte) Algorithm {
	input := cryptobyte.String(parameters)
	var sequence, tagged, hash cryptobyte.String
	var present bool
	if !input.ReadASN1(&sequence, der.SEQUENCE) || !sequence.ReadOptionalASN1(&tagged, &present, der.Tag(0).ContextSpecific().Constructed()) {
		return Algorithm{Name: "RSAPSS"}
	}
	if !present {
		return Algorithm{Name: "SHA1-RSAPSS", Digest: DigestSHA1}
	}
	var identifier asn1.ObjectIdentifier
	if !tagged.ReadASN1(&hash, der.SEQUENCE) || !hash.ReadASN1ObjectIdentifier(&identifier) {
		return Algorithm{Name: "RSAPSS"}
	}
	switch identifier.String() {
	case "1.3.14.3.2.26":
		return Algorithm{Name: "SHA1-RSAPSS", Digest: DigestSHA1}
	case "2.16.840.1.101.3.4.2.1":
		return Algorithm{Name: "SHA256-RSAPSS", Digest: DigestStrong}
	case "2.16.840.1.101.3.4.2.2":
		return Algorithm{Name: "SHA384-RSAPSS", Digest: DigestStrong}
	case "2.16.840.1.101.3.4.2.3":
		return Algorithm{Name: "SHA512-RSAPSS", Digest: DigestStrong}
	default:
		return Algorithm{Name: "RSAPSS"}
	}
}

// algorithms is keyed by dotted OID: RFC 3279, RFC 4055, RFC 5758, RFC 8410,
// RFC 9881 and, for the old ones, OIW's secsig arc (1.3.14.3.2).
func algorithms() map[string]Algorithm {
	return map[string]Algorithm{
		"1.2.840.113549.1.1.2":   {"MD2-RSA", DigestMD},
		"1.3.14.7.2.3.1":         {"MD2-RSA", DigestMD},
		"1.2.840.113549.1.1.3":   {"MD4-RSA", DigestMD},
		"1.3.14.3.2.2":           {"MD4-RSA", DigestMD},
		"1.3.14.3.2.4":           {"MD4-RSA", DigestMD},
		"1.2.840.113549.1.1.4":   {"MD5-RSA", DigestMD},
		"1.3.14.3.2.3":           {"MD5-RSA", DigestMD},
		"1.2.840.113549.1.1.5":   {"SHA1-RSA", DigestSHA1},
		"1.3.14.3.2.29":          {"SHA1-RSA", DigestSHA1},
		"1.3.14.3.2.15":          {"SHA-RSA", DigestSHA1},
		"1.3.14.3.2.13":          {"DSA-SHA", DigestSHA1},
		"1.3.14.3.2.27":          {"DSA-SHA1", DigestSHA1},
		"1.2.840.10040.4.3":      {"DSA-SHA1", DigestSHA1},
		"1.2.840.10045.4.1":      {"ECDSA-SHA1", DigestSHA1},
		"1.2.840.113549.1.1.14":  {"SHA224-RSA", DigestStrong},
		"1.2.840.113549.1.1.11":  {"SHA256-RSA", DigestStrong},
		"1.2.840.113549.1.1.12":  {"SHA384-RSA", DigestStrong},
		"1.2.840.113549.1.1.13":  {"SHA512-RSA", DigestStrong},
		"2.16.840.1.101.3.4.3.1": {"DSA-SHA224", DigestStrong},
		"2.16.840.1.101.3.4.3.2": {"DSA-SHA256", DigestStrong},
		"1.2.840.10045.4.3.1":    {"ECDSA-SHA224", DigestStrong},
		"1.2.840.10045.4.3.2":    {"ECDSA-SHA256", DigestStrong},
		"1.2.840.10045.4.3.3":    {"ECDSA-SHA384", DigestStrong},
		"1.2.840.10045.4.3.4":    {"ECDSA-SHA512", DigestStrong},
		"1.3.101.112":            {"Ed25519", DigestStrong},
		"1.3.101.113":            {"Ed448", DigestStrong},

		"2.16.840.1.101.3.4.3.17": {"ML-DSA-44", DigestStrong},
		"2.16.840.1.101.3.4.3.18": {"ML-DSA-65", DigestStrong},
		"2.16.840.1.101.3.4.3.19": {"ML-DSA-87", DigestStrong},
	}
}
