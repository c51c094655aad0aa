package wire

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Handshake types (RFC 8446 section 4; those before it: RFC 5246 section 7.4).
const (
	TypeHelloRequest        uint8 = 0
	TypeClientHello         uint8 = 1
	TypeServerHello         uint8 = 2
	TypeNewSessionTicket    uint8 = 4
	TypeEndOfEarlyData      uint8 = 5
	TypeEncryptedExtensions uint8 = 8
	TypeCertificate         uint8 = 11
	TypeServerKeyExchange   uint8 = 12
	TypeCertificateRequest  uint8 = 13
	TypeServerHelloDone     uint8 = 14
	TypeCertificateVerify   uint8 = 15
	TypeClientKeyExchange   uint8 = 16
	TypeFinished            uint8 = 20
	TypeCertificateStatus   uint8 = 22
	TypeKeyUpdate           uint8 = 24
)

// Values in a list of suites that are no suites.
const (
	EmptyRenegotiationInfoSCSV uint16 = 0x00FF // RFC 5746 section 3.3
	FallbackSCSV               uint16 = 0x5600 // RFC 7507
)

// Compression methods (RFC 3749).
const (
	CompressionNull    uint8 = 0
	CompressionDeflate uint8 = 1
)

// Message is one handshake message.
type Message struct {
	Type uint8
	Body []byte
}

// Marshal returns the message with its header.
func (m Message) Marshal() []byte {
	length := len(m.Body)
	return append([]byte{m.Type, byte(length >> 16), byte(length >> 8), byte(length)}, m.Body...) //nolint:gosec // a body has at most 2^24-1 bytes
}

// ClientHello is a ClientHello of SSL 3.0 to TLS 1.3 (RFC 8446 section 4.1.2).
type ClientHello struct {
	// Version is legacy_version; TLS12 for TLS 1.3.
	Version uint16
	// RecordVersion of the record that carries it; 0: TLS10, or SSL30 for it.
	RecordVersion uint16
	Random        []byte // nil: 32 fresh bytes
	SessionID     []byte // at most 32 bytes for an honest client
	Suites        []uint16
	Compression   []uint8     // nil: null alone
	Extensions    []Extension // nil: the hello has none, as in SSL 3.0
}

// Marshal returns the handshake message. It fails only where something is
// longer than its length field can say.
func (h ClientHello) Marshal() ([]byte, error) {
	var message cryptobyte.Builder
	message.AddUint8(TypeClientHello)
	message.AddUint24LengthPrefixed(h.body)
	out, err := message.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building a ClientHello: %w", err)
	}
	return out, nil
}

func (h ClientHello) body(b *cryptobyte.Builder) {
	b.AddUint16(h.Version)
	if h.Random == nil {
		h.Random = Random(32)
	}
	b.AddBytes(h.Random)
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.SessionID) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, suite := range h.Suites {
			b.AddUint16(suite)
		}
	})
	if h.Compression == nil {
		h.Compression = []uint8{CompressionNull}
	}
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.Compression) })
	if h.Extensions == nil {
		return
	}
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, extension := range h.Extensions {
			b.AddUint16(extension.Type)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extension.Data) })
		}
	})
}

// Records returns the hello in its record, or in several where it is longer
// than one may be.
func (h ClientHello) Records() ([]byte, error) {
	message, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	version := h.RecordVersion
	if version == 0 {
		version = min(h.Version, TLS10)
	}
	return Records(TypeHandshake, version, message), nil
}

// Pad appends the padding extension where the message would be of 256 to 511
// bytes: some load balancers hang on those, which they take for one of SSL 2.0
// (RFC 7685 section 4). A hello without extensions stays as it is.
func (h ClientHello) Pad() ClientHello {
	message, err := h.Marshal()
	if err != nil || h.Extensions == nil || len(message) < 256 || len(message) >= 512 {
		return h
	}
	h.Extensions = append(h.Extensions[:len(h.Extensions):len(h.Extensions)], Padding(max(1, 512-len(message)-4)))
	return h
}

// ServerHello is what a ServerHello says (RFC 8446 section 4.1.3).
type ServerHello struct {
	LegacyVersion uint16
	Version       uint16 // that of supported_versions where it is there, else LegacyVersion
	Random        []byte // 32 bytes
	SessionID     []byte
	Suite         uint16
	Compression   uint8
	Extensions    []Extension
	Retry         bool // a HelloRetryRequest
	// Group is that of key_share, KeyShare its key (empty in a HelloRetryRequest).
	Group    uint16
	KeyShare []byte
}

// Extension returns the data of the first extension of that type.
func (h *ServerHello) Extension(kind uint16) ([]byte, bool) { return find(h.Extensions, kind) }

// retryRandom is SHA-256("HelloRetryRequest"), which marks a ServerHello as a
// HelloRetryRequest (RFC 8446 section 4.1.3).
const retryRandom = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91" +
	"\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"

// ParseServerHello reads the body of a ServerHello, without its header.
func ParseServerHello(body []byte) (*ServerHello, error) {
	message := cryptobyte.String(body)
	hello := &ServerHello{}
	if !message.ReadUint16(&hello.LegacyVersion) || !message.ReadBytes(&hello.Random, 32) ||
		!readVector8(&message, &hello.SessionID) || len(hello.SessionID) > 32 ||
		!message.ReadUint16(&hello.Suite) || !message.ReadUint8(&hello.Compression) {
		return nil, fmt.Errorf("ServerHello: %w", ErrMalformed)
	}
	hello.Version = hello.LegacyVersion
	if message.Empty() { // RFC 5246 section 7.4.1.2: extensions may be missing
		return hello, nil
	}
	var err error
	if hello.Extensions, err = readExtensions(&message); err != nil || !message.Empty() {
		return nil, fmt.Errorf("extensions of a ServerHello: %w", ErrMalformed)
	}
	return hello, hello.readTLS13()
}

// readTLS13 reads the extensions that TLS 1.3 needs.
func (h *ServerHello) readTLS13() error {
	if data, found := h.Extension(ExtensionSupportedVersions); found {
		versions := cryptobyte.String(data)
		if !versions.ReadUint16(&h.Version) || !versions.Empty() {
			return fmt.Errorf("supported_versions of a ServerHello: %w", ErrMalformed)
		}
	}
	h.Retry = h.Version == TLS13 && string(h.Random) == retryRandom
	data, found := h.Extension(ExtensionKeyShare)
	if !found {
		return nil
	}
	share := cryptobyte.String(data)
	if !share.ReadUint16(&h.Group) {
		return fmt.Errorf("key_share of a ServerHello: %w", ErrMalformed)
	}
	if h.Retry && share.Empty() {
		return nil
	}
	var key cryptobyte.String
	if !share.ReadUint16LengthPrefixed(&key) || !share.Empty() {
		return fmt.Errorf("key_share of a ServerHello: %w", ErrMalformed)
	}
	h.KeyShare = key
	return nil
}

func readVector8(message *cryptobyte.String, vector *[]byte) bool {
	var content cryptobyte.String
	if !message.ReadUint8LengthPrefixed(&content) {
		return false
	}
	*vector = content
	return true
}

func readVector16(message *cryptobyte.String, vector *[]byte) bool {
	var content cryptobyte.String
	if !message.ReadUint16LengthPrefixed(&content) {
		return false
	}
	*vector = content
	return true
}

// Random returns length unpredictable bytes.
func Random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes) // never fails (crypto/rand since Go 1.24)
	return bytes
}
