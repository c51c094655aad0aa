package wire

import (
	"net/netip"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Extension types (IANA registry 'TLS ExtensionType Values').
const (
	ExtensionServerName           uint16 = 0
	ExtensionMaxFragmentLength    uint16 = 1
	ExtensionStatusRequest        uint16 = 5
	ExtensionSupportedGroups      uint16 = 10
	ExtensionPointFormats         uint16 = 11
	ExtensionSignatureAlgorithms  uint16 = 13
	ExtensionHeartbeat            uint16 = 15
	ExtensionALPN                 uint16 = 16
	ExtensionSCT                  uint16 = 18
	ExtensionPadding              uint16 = 21
	ExtensionEncryptThenMAC       uint16 = 22
	ExtensionExtendedMasterSecret uint16 = 23
	ExtensionRecordSizeLimit      uint16 = 28
	ExtensionSessionTicket        uint16 = 35
	ExtensionPreSharedKey         uint16 = 41
	ExtensionEarlyData            uint16 = 42
	ExtensionSupportedVersions    uint16 = 43
	ExtensionCookie               uint16 = 44
	ExtensionPSKKeyExchangeModes  uint16 = 45
	ExtensionKeyShare             uint16 = 51
	ExtensionRenegotiationInfo    uint16 = 0xFF01
)

// Extension is one extension of a hello or of another message.
type Extension struct {
	Type uint16
	Data []byte
}

// KeyShare is a client's key for one group (RFC 8446 section 4.2.8).
type KeyShare struct {
	Group uint16
	Key   []byte
}

// ServerName is server_name. It returns false for what SNI cannot name: an
// address, or more than 255 bytes (RFC 6066 section 3). The final dot is cut.
func ServerName(host string) (Extension, bool) {
	name := strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" || len(name) > 255 {
		return Extension{}, false
	}
	return Extension{ExtensionServerName, built(func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint8(0) // host_name
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
		})
	})}, true
}

// SupportedGroups is supported_groups (RFC 8446 section 4.2.7).
func SupportedGroups(groups []uint16) Extension {
	return Extension{ExtensionSupportedGroups, vector16(groups)}
}

// SignatureAlgorithms is signature_algorithms (RFC 8446 section 4.2.3).
func SignatureAlgorithms(schemes []uint16) Extension {
	return Extension{ExtensionSignatureAlgorithms, vector16(schemes)}
}

// PointFormats is ec_point_formats with uncompressed alone (RFC 8422 section 5.1.2).
func PointFormats() Extension { return Extension{ExtensionPointFormats, []byte{1, 0}} }

// RenegotiationInfo is renegotiation_info; verify is empty in a first
// handshake (RFC 5746 section 3.2).
func RenegotiationInfo(verify []byte) Extension {
	return Extension{ExtensionRenegotiationInfo, built(func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(verify) })
	})}
}

// SupportedVersions is supported_versions (RFC 8446 section 4.2.1).
func SupportedVersions(versions ...uint16) Extension {
	return Extension{ExtensionSupportedVersions, built(func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, version := range versions {
				b.AddUint16(version)
			}
		})
	})}
}

// PSKKeyExchangeModes is psk_key_exchange_modes with psk_dhe_ke (RFC 8446 section 4.2.9).
func PSKKeyExchangeModes() Extension { return Extension{ExtensionPSKKeyExchangeModes, []byte{1, 1}} }

// KeyShares is key_share; without any, a server asks for the group that it
// wants by a HelloRetryRequest (RFC 8446 section 4.2.8).
func KeyShares(shares ...KeyShare) Extension {
	return Extension{ExtensionKeyShare, built(func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, share := range shares {
				b.AddUint16(share.Group)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(share.Key) })
			}
		})
	})}
}

// ALPN is application_layer_protocol_negotiation (RFC 7301).
func ALPN(protocols ...string) Extension {
	return Extension{ExtensionALPN, built(func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, protocol := range protocols {
				b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(protocol)) })
			}
		})
	})}
}

// StatusRequest asks for a stapled OCSP response (RFC 6066 section 8).
func StatusRequest() Extension { return Extension{ExtensionStatusRequest, []byte{1, 0, 0, 0, 0}} }

// SessionTicket is session_ticket; empty it asks for one (RFC 5077 section 3.2).
func SessionTicket(ticket []byte) Extension { return Extension{ExtensionSessionTicket, ticket} }

// Padding is padding of length bytes (RFC 7685).
func Padding(length int) Extension { return Extension{ExtensionPadding, make([]byte, length)} }

// Empty is an extension without data: extended_master_secret,
// encrypt_then_mac, signed_certificate_timestamp, early_data.
func Empty(kind uint16) Extension { return Extension{kind, []byte{}} }

func find(extensions []Extension, kind uint16) ([]byte, bool) {
	for _, extension := range extensions {
		if extension.Type == kind {
			return extension.Data, true
		}
	}
	return nil, false
}

// readExtensions reads a block of extensions with its length.
func readExtensions(message *cryptobyte.String) ([]Extension, error) {
	var block cryptobyte.String
	if !message.ReadUint16LengthPrefixed(&block) {
		return nil, ErrMalformed
	}
	list := []Extension{}
	for !block.Empty() {
		var extension Extension
		if !block.ReadUint16(&extension.Type) || !readVector16(&block, &extension.Data) {
			return nil, ErrMalformed
		}
		list = append(list, extension)
	}
	return list, nil
}

func vector16(values []uint16) []byte {
	return built(func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, value := range values {
				b.AddUint16(value)
			}
		})
	})
}

// built returns what add builds, or nothing where a part is longer than its
// length field can say: callers bring names, groups and keys, all short.
func built(add func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	add(&b)
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}
