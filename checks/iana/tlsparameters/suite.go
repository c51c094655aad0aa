package tlsparameters

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Suite is a cipher suite of SSL 3.0 to TLS 1.3, taken apart by its name.
type Suite struct {
	Value uint16
	Name  string // as IANA writes it; unassigned ones as their source does
	// KeyExchange is the name's text before _WITH_ without TLS_: "ECDHE_RSA",
	// "RSA_EXPORT", "DH_anon", "RSA_PSK", "KRB5"; "TLS13" for the suites of
	// TLS 1.3, whose names have none.
	KeyExchange string
	// Cipher is "AES_128_GCM", "3DES_EDE_CBC", "RC4_128", "AES_128_CCM_8",
	// "CHACHA20_POLY1305", "NULL".
	Cipher string
	// Hash is the hash or MAC at the end of the name: "SHA256", "SHA", "MD5",
	// "SM3", "OMAC". Empty where the name has none (CCM and MGM of TLS 1.2).
	Hash string
	// Bits is the nominal strength of the cipher (rating.md section 4.3): NULL 0,
	// DES40, RC4_40 and RC2_40 40, DES and RC4_56 56, 3DES 112, else the key.
	Bits        int
	Recommended bool // by IANA: the column's value is Y
	Unassigned  bool // in use, and not in IANA's registry
}

// Suites returns all suites, sorted by value. Signaling values (0x00FF,
// 0x5600) and reserved ones are no suites.
func Suites() []Suite { return slices.Clone(suites[:]) }

// SuiteByValue returns the suite of this value.
func SuiteByValue(value uint16) (Suite, bool) {
	at, found := slices.BinarySearchFunc(suites[:], value, func(s Suite, value uint16) int { return cmp.Compare(s.Value, value) })
	if !found {
		return Suite{}, false
	}
	return suites[at], true
}

// SuiteName returns the name of a suite, or its value ("0xC0FF") when it is in
// no table.
func SuiteName(value uint16) string {
	if suite, found := SuiteByValue(value); found {
		return suite.Name
	}
	return SuiteID(value)
}

// SuiteID returns the value of a suite as reports write it: "0xC02F".
func SuiteID(value uint16) string { return fmt.Sprintf("0x%04X", value) }

// TLS13 reports whether the suite belongs to TLS 1.3, and to it alone.
func (s Suite) TLS13() bool { return s.KeyExchange == "TLS13" }

// AEAD reports whether the cipher authenticates by itself (RFC 5116).
func (s Suite) AEAD() bool {
	return containsAny(s.Cipher, "_GCM", "_CCM", "POLY1305", "_MGM", "AEGIS", "ASCON")
}

// CBC reports whether the cipher is a block cipher in CBC mode.
func (s Suite) CBC() bool { return strings.Contains(s.Cipher, "_CBC") }

// Export reports whether the suite was weakened for export: 40 bits with keys
// of 512, or EXPORT1024.
func (s Suite) Export() bool { return strings.Contains(s.KeyExchange, "EXPORT") }

// Anonymous reports whether nobody authenticates: DH_anon, ECDH_anon, and
// TLS_NULL_WITH_NULL_NULL.
func (s Suite) Anonymous() bool { return s.Authentication() == "anon" }

// ECDHE reports whether the server sends an ephemeral key on a curve in a
// ServerKeyExchange (RFC 8422), ECDH_anon included. TLS 1.3 suites leave it open.
func (s Suite) ECDHE() bool { return hasAnyPrefix(s.KeyExchange, "ECDHE_", "ECDH_anon") }

// DHE reports whether the server sends an ephemeral key of a finite field in a
// ServerKeyExchange (RFC 5246 section 7.4.3), DH_anon included.
func (s Suite) DHE() bool { return hasAnyPrefix(s.KeyExchange, "DHE_", "DH_anon", "PSK_DHE") }

// StaticDH reports whether the certificate's own key agrees: DH_RSA, DH_DSS,
// ECDH_RSA, ECDH_ECDSA.
func (s Suite) StaticDH() bool {
	return hasAnyPrefix(s.KeyExchange, "DH_RSA", "DH_DSS", "ECDH_RSA", "ECDH_ECDSA")
}

// RSAKeyTransport reports whether the client encrypts the premaster secret to
// an RSA key: RSA, RSA_EXPORT, RSA_EXPORT1024 and RSA_FIPS. RSA_PSK, which
// mixes it with a shared key, is not among them.
func (s Suite) RSAKeyTransport() bool {
	return s.KeyExchange == "RSA" || hasAnyPrefix(s.KeyExchange, "RSA_EXPORT", "RSA_FIPS", "RSA_OLDFIPS")
}

// PSK reports whether a shared key is needed (RFC 4279), alone or not. Suites
// of TLS 1.3 may be used with one and do not need it.
func (s Suite) PSK() bool { return strings.Contains(s.KeyExchange, "PSK") }

// SRP reports whether a password authenticates the client (RFC 5054).
func (s Suite) SRP() bool { return strings.HasPrefix(s.KeyExchange, "SRP_") }

// Kerberos reports whether a ticket is needed (RFC 2712).
func (s Suite) Kerberos() bool { return strings.HasPrefix(s.KeyExchange, "KRB5") }

// GOST reports whether the key exchange is of GOST R 34.10 (RFC 9189).
func (s Suite) GOST() bool { return strings.HasPrefix(s.KeyExchange, "GOST") }

// ForwardSecret reports whether the session keys survive the loss of the
// long-term ones, which a key exchange of its own in every session gives:
// DHE, ECDHE (without authentication too), SRP, ECCPWD and TLS 1.3.
func (s Suite) ForwardSecret() bool {
	return s.TLS13() || s.ECDHE() || s.DHE() || s.SRP() || s.KeyExchange == "ECCPWD"
}

// BlockBits returns the size of the cipher's block: 64 or 128, and 0 for what
// has none (RC4, ChaCha20, AEGIS, Ascon, NULL).
func (s Suite) BlockBits() int {
	switch {
	case hasAnyPrefix(s.Cipher, "3DES", "DES", "RC2", "IDEA", "28147", "MAGMA"):
		return 64
	case hasAnyPrefix(s.Cipher, "AES", "ARIA", "CAMELLIA", "SEED", "SM4", "KUZNYECHIK"):
		return 128
	}
	return 0
}

// Authentication returns what the server proves itself with: the key of its
// certificate ("RSA", "ECDSA", "DSS", "GOST"; "DH" and "ECDH" where that key
// agrees), "PSK", "SRP", "KRB5", "PWD", "anon" for nothing, and "any" in
// TLS 1.3, where the suite does not say. EdDSA keys go under "ECDSA" (RFC 8422).
func (s Suite) Authentication() string {
	exchange := strings.TrimSuffix(strings.TrimSuffix(s.KeyExchange, "_EXPORT1024"), "_EXPORT")
	switch {
	case s.TLS13():
		return "any"
	case exchange == "NULL", strings.HasSuffix(exchange, "_anon"):
		return "anon"
	case strings.HasPrefix(exchange, "ECDH_"):
		return "ECDH"
	case strings.HasPrefix(exchange, "DH_"):
		return "DH"
	case s.RSAKeyTransport(), exchange == "RSA_PSK", strings.HasSuffix(exchange, "_RSA"):
		return "RSA"
	case strings.HasSuffix(exchange, "_ECDSA"):
		return "ECDSA"
	case strings.HasSuffix(exchange, "_DSS"):
		return "DSS"
	case s.PSK():
		return "PSK"
	case s.SRP():
		return "SRP"
	case s.Kerberos():
		return "KRB5"
	case s.GOST():
		return "GOST"
	}
	return "PWD" // ECCPWD (RFC 8492)
}

// NeedsCertificate reports whether the server sends a certificate with this
// suite; in TLS 1.3 it does unless a shared key is used.
func (s Suite) NeedsCertificate() bool {
	switch s.Authentication() {
	case "anon", "PSK", "SRP", "KRB5", "PWD":
		return false
	}
	return true
}

// Protocol versions on the wire.
const (
	versionSSL3  = 0x0300
	versionTLS10 = 0x0301
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

// ValidFor reports whether a server could possibly agree on this suite in a
// protocol version, as it is on the wire (0x0300 to 0x0304). It is generous:
// export suites, RC2, DES and IDEA count up to TLS 1.2, where some stacks still
// take them although RFC 5246 does not, and elliptic curves from SSL 3.0 on,
// where OpenSSL 1.0 takes them although RFC 8422 does not. PSK suites of SHA256
// and SHA384 in CBC may be used from TLS 1.0 on (RFC 5487 section 3, RFC 5489
// section 3).
func (s Suite) ValidFor(version uint16) bool {
	switch {
	case version < versionSSL3, version > versionTLS13, s.KeyExchange == "NULL":
		return false
	case s.TLS13() || version == versionTLS13:
		return s.TLS13() && version == versionTLS13
	}
	return version >= s.oldest()
}

// oldest returns the first version that has the suite, TLS 1.3 aside.
func (s Suite) oldest() uint16 {
	sha2 := s.Hash == "SHA256" || s.Hash == "SHA384"
	switch {
	case s.AEAD(), s.GOST() && !s.Unassigned, sha2 && !s.PSK():
		return versionTLS12
	case sha2, s.GOST():
		return versionTLS10 // their keys come from TLS's PRF
	}
	return versionSSL3
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}
