package tlsprobe

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// serverHello is what a ServerHello says (RFC 8446 section 4.1.3).
type serverHello struct {
	version uint16 // that of supported_versions where it is there, else the legacy one
	suite   uint16
	retry   bool // a HelloRetryRequest
}

// retryRandom is SHA-256("HelloRetryRequest"), which marks a ServerHello as a
// HelloRetryRequest (RFC 8446 section 4.1.3).
const retryRandom = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91" +
	"\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"

// parseServerHello reads the body of a ServerHello, without its header.
func parseServerHello(body []byte) (serverHello, error) {
	message := cryptobyte.String(body)
	var hello serverHello
	var random, session []byte
	var compression uint8
	if !message.ReadUint16(&hello.version) || !message.ReadBytes(&random, 32) ||
		!readVector8(&message, &session) || len(session) > 32 ||
		!message.ReadUint16(&hello.suite) || !message.ReadUint8(&compression) {
		return serverHello{}, errMalformed
	}
	if message.Empty() { // RFC 5246 section 7.4.1.2: extensions may be missing
		return hello, nil
	}
	var extensions cryptobyte.String
	if !message.ReadUint16LengthPrefixed(&extensions) || !message.Empty() {
		return serverHello{}, errMalformed
	}
	for !extensions.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&data) {
			return serverHello{}, errMalformed
		}
		if kind == extensionSupportedVersions && (!data.ReadUint16(&hello.version) || !data.Empty()) {
			return serverHello{}, errMalformed
		}
	}
	hello.retry = hello.version == versionTLS13 && bytes.Equal(random, []byte(retryRandom))
	return hello, nil
}

// parseCertificates reads the body of a Certificate message of SSL 3.0 to TLS
// 1.2 (RFC 5246 section 7.4.2). What is in the certificates is not looked at.
func parseCertificates(body []byte) ([][]byte, error) {
	message := cryptobyte.String(body)
	var list cryptobyte.String
	if !message.ReadUint24LengthPrefixed(&list) || !message.Empty() {
		return nil, errMalformed
	}
	var chain [][]byte
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || der.Empty() {
			return nil, errMalformed
		}
		chain = append(chain, bytes.Clone(der))
	}
	return chain, nil
}

func readVector8(message *cryptobyte.String, vector *[]byte) bool {
	var content cryptobyte.String
	if !message.ReadUint8LengthPrefixed(&content) {
		return false
	}
	*vector = content
	return true
}
