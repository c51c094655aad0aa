package session

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Handshake types (RFC 8446 section 4, RFC 5246 section 7.4).
const (
	typeHelloRequest        uint8 = 0
	typeClientHello         uint8 = 1
	typeServerHello         uint8 = 2
	typeNewSessionTicket    uint8 = 4
	typeEndOfEarlyData      uint8 = 5
	typeEncryptedExtensions uint8 = 8
	typeCertificate         uint8 = 11
	typeServerKeyExchange   uint8 = 12
	typeCertificateRequest  uint8 = 13
	typeServerHelloDone     uint8 = 14
	typeCertificateVerify   uint8 = 15
	typeClientKeyExchange   uint8 = 16
	typeFinished            uint8 = 20
	typeCertificateStatus   uint8 = 22
	typeKeyUpdate           uint8 = 24
	typeMessageHash         uint8 = 254
)

// Extension is one extension of a hello or of another message.
type Extension struct {
	Type uint16 // IANA registry 'TLS ExtensionType Values'
	Data []byte
}

// Extensions are in the order in which they were sent.
type Extensions []Extension

// Get returns the data of the first extension of this type.
func (e Extensions) Get(kind uint16) ([]byte, bool) {
	for _, extension := range e {
		if extension.Type == kind {
			return extension.Data, true
		}
	}
	return nil, false
}

// Message returns a handshake message with its header.
func Message(kind uint8, body []byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(body))) //nolint:gosec // bounded by what is built here
	return append(header, body...)
}

type serverHello struct {
	version     uint16
	random      []byte
	sessionID   []byte
	suite       uint16
	compression uint8
	extensions  Extensions
}

func malformed(what string) error { return fmt.Errorf("%s: %w", what, ErrMalformed) }

// parseServerHello reads the body of a ServerHello or HelloRetryRequest (RFC
// 8446 section 4.1.3).
func parseServerHello(body []byte) (serverHello, error) {
	var hello serverHello
	input := cryptobyte.String(body)
	if !input.ReadUint16(&hello.version) || !input.ReadBytes(&hello.random, 32) ||
		!readVector8(&input, &hello.sessionID) || !input.ReadUint16(&hello.suite) || !input.ReadUint8(&hello.compression) {
		return serverHello{}, malformed("ServerHello")
	}
	if input.Empty() {
		return hello, nil
	}
	extensions, ok := readExtensions(&input)
	if !ok || !input.Empty() {
		return serverHello{}, malformed("extensions of ServerHello")
	}
	hello.extensions = extensions
	return hello, nil
}

func readVector8(input *cryptobyte.String, result *[]byte) bool {
	return input.ReadUint8LengthPrefixed((*cryptobyte.String)(result))
}

func readVector16(input *cryptobyte.String, result *[]byte) bool {
	return input.ReadUint16LengthPrefixed((*cryptobyte.String)(result))
}

func readVector24(input *cryptobyte.String, result *[]byte) bool {
	return input.ReadUint24LengthPrefixed((*cryptobyte.String)(result))
}

func readExtensions(input *cryptobyte.String) (Extensions, bool) {
	var list cryptobyte.String
	if !input.ReadUint16LengthPrefixed(&list) {
		return nil, false
	}
	var extensions Extensions
	for !list.Empty() {
		var extension Extension
		if !list.ReadUint16(&extension.Type) || !readVector16(&list, &extension.Data) {
			return nil, false
		}
		extensions = append(extensions, extension)
	}
	return extensions, true
}

// parseEncryptedExtensions reads RFC 8446 section 4.3.1.
func parseEncryptedExtensions(body []byte) (Extensions, error) {
	input := cryptobyte.String(body)
	extensions, ok := readExtensions(&input)
	if !ok || !input.Empty() {
		return nil, malformed("EncryptedExtensions")
	}
	return extensions, nil
}

// parseCertificate reads the chain as sent: raw DER, never parsed here (RFC
// 5246 section 7.4.2).
func parseCertificate(body []byte) ([][]byte, error) {
	input := cryptobyte.String(body)
	var list cryptobyte.String
	if !input.ReadUint24LengthPrefixed(&list) || !input.Empty() {
		return nil, malformed("Certificate")
	}
	var chain [][]byte
	for !list.Empty() {
		var der []byte
		if !readVector24(&list, &der) {
			return nil, malformed("Certificate")
		}
		chain = append(chain, der)
	}
	return chain, nil
}

// parseCertificate13 reads RFC 8446 section 4.4.2: the chain, and the
// extensions of its first certificate.
func parseCertificate13(body []byte) ([][]byte, Extensions, error) {
	input := cryptobyte.String(body)
	var context []byte
	var list cryptobyte.String
	if !readVector8(&input, &context) || !input.ReadUint24LengthPrefixed(&list) || !input.Empty() {
		return nil, nil, malformed("Certificate")
	}
	var chain [][]byte
	var first Extensions
	for !list.Empty() {
		var der []byte
		if !readVector24(&list, &der) {
			return nil, nil, malformed("Certificate")
		}
		extensions, ok := readExtensions(&list)
		if !ok {
			return nil, nil, malformed("extensions of Certificate")
		}
		if chain = append(chain, der); len(chain) == 1 {
			first = extensions
		}
	}
	return chain, first, nil
}

// parseCertificateStatus returns the OCSP response (RFC 6066 section 8).
func parseCertificateStatus(body []byte) ([]byte, error) {
	input := cryptobyte.String(body)
	var kind uint8
	var response []byte
	if !input.ReadUint8(&kind) || kind != 1 || !readVector24(&input, &response) || !input.Empty() {
		return nil, malformed("CertificateStatus")
	}
	return response, nil
}

// parseSCTs reads a SignedCertificateTimestampList (RFC 6962 section 3.3).
func parseSCTs(data []byte) ([][]byte, error) {
	input := cryptobyte.String(data)
	var list cryptobyte.String
	if !input.ReadUint16LengthPrefixed(&list) || !input.Empty() {
		return nil, malformed("signed_certificate_timestamp")
	}
	var scts [][]byte
	for !list.Empty() {
		var sct []byte
		if !readVector16(&list, &sct) {
			return nil, malformed("signed_certificate_timestamp")
		}
		scts = append(scts, sct)
	}
	return scts, nil
}

// parseTicket reads a NewSessionTicket of TLS 1.0 to 1.2 (RFC 5077 section
// 3.3). Some servers send one of length 0 when they change their mind.
func parseTicket(body []byte) (lifetime uint32, ticket []byte, err error) {
	input := cryptobyte.String(body)
	if !input.ReadUint32(&lifetime) || !readVector16(&input, &ticket) || !input.Empty() {
		return 0, nil, malformed("NewSessionTicket")
	}
	return lifetime, ticket, nil
}

type ticket13 struct {
	lifetime, ageAdd uint32
	nonce, ticket    []byte
	maxEarlyData     uint32
}

// parseTicket13 reads RFC 8446 section 4.6.1.
func parseTicket13(body []byte) (ticket13, error) {
	input := cryptobyte.String(body)
	var read ticket13
	if !input.ReadUint32(&read.lifetime) || !input.ReadUint32(&read.ageAdd) ||
		!readVector8(&input, &read.nonce) || !readVector16(&input, &read.ticket) {
		return ticket13{}, malformed("NewSessionTicket")
	}
	extensions, ok := readExtensions(&input)
	if !ok || !input.Empty() {
		return ticket13{}, malformed("NewSessionTicket")
	}
	if data, found := extensions.Get(ExtensionEarlyData); found {
		if len(data) != 4 {
			return ticket13{}, malformed("early_data of NewSessionTicket")
		}
		read.maxEarlyData = binary.BigEndian.Uint32(data)
	}
	return read, nil
}
