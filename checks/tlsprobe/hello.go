package tlsprobe

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks"
)

// Versions as they stand on the wire.
const (
	versionSSL2  = 0x0002
	versionSSL3  = 0x0300
	versionTLS10 = 0x0301
	versionTLS11 = 0x0302
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

// Record types (RFC 8446 section 5.1) and handshake types (section 4).
const (
	recordAlert     = 21
	recordHandshake = 22

	typeClientHello = 1
	typeServerHello = 2
	typeCertificate = 11
)

// Extensions (IANA registry 'TLS ExtensionType Values').
const (
	extensionServerName           = 0
	extensionSupportedGroups      = 10
	extensionPointFormats         = 11
	extensionSignatureAlgorithms  = 13
	extensionPadding              = 21
	extensionExtendedMasterSecret = 23
	extensionSupportedVersions    = 43
	extensionPSKKeyExchangeModes  = 45
	extensionKeyShare             = 51
	extensionRenegotiationInfo    = 0xFF01
)

const emptyRenegotiationInfoSCSV = 0x00FF // RFC 5746 section 3.3: for hellos without extensions

// wireVersion returns a protocol's version number.
func wireVersion(protocol checks.Protocol) uint16 {
	switch protocol {
	case checks.SSLv2:
		return versionSSL2
	case checks.SSLv3:
		return versionSSL3
	case checks.TLSv10:
		return versionTLS10
	case checks.TLSv11:
		return versionTLS11
	case checks.TLSv13:
		return versionTLS13
	default:
		return versionTLS12
	}
}

// buildHello returns the bytes that ask for exactly one protocol version.
func buildHello(protocol checks.Protocol, host string) ([]byte, error) {
	version := wireVersion(protocol)
	if version == versionSSL2 {
		return sslv2Hello(), nil
	}
	extensions, err := helloExtensions(version, serverName(host))
	if err != nil {
		return nil, err
	}
	message, err := clientHello(version, extensions)
	if err != nil {
		return nil, err
	}
	// Some load balancers hang on a hello of 256 to 511 bytes, which they take
	// for one of SSL 2.0 (RFC 7685 section 4).
	if len(message) >= 256 && len(message) < 512 && version != versionSSL3 {
		padding := max(1, 512-len(message)-4)
		extensions = append(extensions, extension{extensionPadding, make([]byte, padding)})
		if message, err = clientHello(version, extensions); err != nil {
			return nil, err
		}
	}
	var record cryptobyte.Builder
	record.AddUint8(recordHandshake)
	if version == versionTLS13 {
		record.AddUint16(versionTLS10) // RFC 8446 section 5.1
	} else {
		record.AddUint16(version)
	}
	record.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(message) })
	return finish(&record, "record of the hello")
}

// clientHello returns a ClientHello (RFC 8446 section 4.1.2; RFC 6101 section
// 5.6.1.2 for SSL 3.0, which has no extensions).
func clientHello(version uint16, extensions []extension) ([]byte, error) {
	var message cryptobyte.Builder
	message.AddUint8(typeClientHello)
	message.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(min(version, versionTLS12))
		b.AddBytes(random(32))
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			if version == versionTLS13 {
				b.AddBytes(random(32)) // for middleboxes (RFC 8446 appendix D.4)
			}
		})
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, value := range offered(version) {
				b.AddUint16(value)
			}
			if version == versionSSL3 {
				b.AddUint16(emptyRenegotiationInfoSCSV)
			}
		})
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) }) // no compression
		if version == versionSSL3 {
			return
		}
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, extension := range extensions {
				b.AddUint16(extension.kind)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extension.data) })
			}
		})
	})
	return finish(&message, "ClientHello")
}

type extension struct {
	kind uint16
	data []byte
}

// helloExtensions returns what a hello carries. Its last one is never empty:
// some servers fail on that.
func helloExtensions(version uint16, name string) ([]extension, error) {
	var list []extension
	if version == versionSSL3 {
		return nil, nil
	}
	if name != "" {
		list = append(list, extension{extensionServerName, serverNameList(name)})
	}
	if version != versionTLS13 {
		return append(list,
			extension{extensionRenegotiationInfo, []byte{0}},
			extension{extensionExtendedMasterSecret, nil},
			extension{extensionPointFormats, []byte{1, 0}},
			extension{extensionSupportedGroups, vector16(legacyGroups())},
			extension{extensionSignatureAlgorithms, vector16(signatureAlgorithms())},
		), nil
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key share: %w", err)
	}
	return append(list,
		extension{extensionSupportedVersions, []byte{2, versionTLS13 >> 8, versionTLS13 & 0xFF}},
		extension{extensionPSKKeyExchangeModes, []byte{1, 1}},
		extension{extensionSupportedGroups, vector16(groups())},
		extension{extensionSignatureAlgorithms, vector16(signatureAlgorithms())},
		extension{extensionKeyShare, keyShare(groupX25519, key.PublicKey().Bytes())},
	), nil
}

// serverName returns what SNI names: a name without final dot, never an
// address (RFC 6066 section 3).
func serverName(host string) string {
	host = strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	if len(host) > 255 { // longer than any DNS name; its length field must stay right
		return ""
	}
	return host
}

func serverNameList(name string) []byte {
	var list cryptobyte.Builder
	list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(0) // host_name
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
	})
	return list.BytesOrPanic() // its parts are bounded
}

func keyShare(group uint16, key []byte) []byte {
	var list cryptobyte.Builder
	list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(group)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(key) })
	})
	return list.BytesOrPanic() // its parts are bounded
}

func vector16(values []uint16) []byte {
	var list cryptobyte.Builder
	list.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, value := range values {
			b.AddUint16(value)
		}
	})
	return list.BytesOrPanic() // its parts are bounded
}

const groupX25519 = 29

// groups are all that TLS 1.3 can use (IANA registry 'TLS Supported Groups'),
// hybrid post-quantum ones too: a server that wants one asks for it in a
// HelloRetryRequest.
func groups() []uint16 {
	return []uint16{
		groupX25519, 23, 24, 25, 30, // x25519, secp256r1, secp384r1, secp521r1, x448
		256, 257, 258, 259, 260, // ffdhe2048 to ffdhe8192
		0x11EC, 0x11EB, 0x11ED, // X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024
		31, 32, 33, // brainpool for TLS 1.3
	}
}

// legacyGroups are all that TLS 1.0 to 1.2 can use.
func legacyGroups() []uint16 {
	list := []uint16{groupX25519, 23, 24, 25, 30, 26, 27, 28}
	for group := uint16(22); group >= 1; group-- { // secp256k1 down to sect163k1
		list = append(list, group)
	}
	return append(list, 256, 257, 258, 259, 260)
}

// signatureAlgorithms are all that any version can use (IANA registry 'TLS
// SignatureScheme', RFC 5246 section 7.4.1.4.1), so that no server lacks one.
func signatureAlgorithms() []uint16 {
	return []uint16{
		0x0403, 0x0503, 0x0603, // ecdsa with SHA-256, 384, 512
		0x0807, 0x0808, // ed25519, ed448
		0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, // rsa_pss
		0x0401, 0x0501, 0x0601, // rsa_pkcs1
		0x081A, 0x081B, 0x081C, // ecdsa with brainpool curves
		0x0303, 0x0301, 0x0402, 0x0502, 0x0602, 0x0302, // SHA-224, DSA
		0x0203, 0x0201, 0x0202, 0x0101, // SHA-1, MD5
	}
}

func random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes) // never fails (crypto/rand since Go 1.24)
	return bytes
}

func finish(builder *cryptobyte.Builder, what string) ([]byte, error) {
	bytes, err := builder.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building the %s: %w", what, err)
	}
	return bytes, nil
}
