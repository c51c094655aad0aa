package tlsparameters

import (
	"cmp"
	"fmt"
	"slices"
)

// entry is a row of a registry that only gives a name.
type entry struct {
	value uint16
	name  string
}

// SignatureScheme is an entry of TLS SignatureScheme (RFC 8446 section 4.2.3).
type SignatureScheme struct {
	Value uint16
	Name  string
}

// SignatureSchemes returns all signature schemes, sorted by value.
func SignatureSchemes() []SignatureScheme {
	schemes := make([]SignatureScheme, 0, len(signatureSchemes))
	for _, e := range signatureSchemes {
		schemes = append(schemes, SignatureScheme{Value: e.value, Name: e.name})
	}
	return schemes
}

// SignatureSchemeName returns the name of a signature scheme. A pair of hash
// and signature of TLS 1.2 (RFC 5246 section 7.4.1.4.1) that became no scheme
// is named after its parts, in the way of the schemes: "rsa_pkcs1_sha224",
// "dsa_sha1", "ecdsa_sha224", "gostr34102012_256". Anything else is its value
// ("0x0F0F"). 0x0403 of TLS 1.2, whose curve is open, goes under its scheme's
// name too.
func SignatureSchemeName(value uint16) string {
	if name, found := find(signatureSchemes[:], value); found {
		return name
	}
	hash, known := find(hashAlgorithms[:], value>>8)
	signature, both := find(signatureAlgorithms[:], value&0xFF)
	switch {
	case !known || !both || hash == "none" || signature == "anonymous":
		return fmt.Sprintf("0x%04X", value)
	case hash == "Intrinsic":
		return signature
	case signature == "rsa":
		return "rsa_pkcs1_" + hash
	}
	return signature + "_" + hash
}

// AlertName returns the name of an alert in TLS Alerts (RFC 8446 section 6),
// "handshake_failure", or "alert 255" when it has none.
func AlertName(code uint8) string { return nameOr(alerts[:], uint16(code), "alert") }

// ExtensionName returns the name of an extension in TLS ExtensionType Values,
// or "extension 4660" when it has none.
func ExtensionName(value uint16) string { return nameOr(extensions[:], value, "extension") }

// HandshakeTypeName returns the name of a message in TLS HandshakeType,
// "server_hello", or "handshake type 7" when it has none.
func HandshakeTypeName(value uint8) string {
	return nameOr(handshakeTypes[:], uint16(value), "handshake type")
}

// ContentTypeName returns the name of a kind of record in TLS ContentType,
// "alert", or "content type 5" when it has none.
func ContentTypeName(value uint8) string {
	return nameOr(contentTypes[:], uint16(value), "content type")
}

func nameOr(table []entry, value uint16, kind string) string {
	if name, found := find(table, value); found {
		return name
	}
	return fmt.Sprintf("%s %d", kind, value)
}

func find(table []entry, value uint16) (string, bool) {
	at, found := slices.BinarySearchFunc(table, value, func(e entry, value uint16) int { return cmp.Compare(e.value, value) })
	if !found {
		return "", false
	}
	return table[at].name, true
}
