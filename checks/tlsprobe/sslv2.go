package tlsprobe

import (
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// Messages of SSL 2.0 (draft-hickman-netscape-ssl-00).
const (
	sslv2Error       = 0
	sslv2ServerHello = 4
)

// sslv2Hello returns a CLIENT-HELLO of SSL 2.0 with every cipher spec that was
// ever assigned. It cannot name the server.
func sslv2Hello() []byte {
	specs := []uint32{
		0x010080, 0x020080, 0x030080, 0x040080, // RC4, RC4 export, RC2, RC2 export
		0x050080, 0x060040, 0x060140, // IDEA, DES, DES with SHA
		0x0700C0, 0x0701C0, 0x080080, // 3DES, 3DES with SHA, RC4-64
		0xFF8000, 0xFF8010, // vendors
	}
	const challenge = 16
	var message cryptobyte.Builder
	message.AddUint8(1)
	message.AddUint16(versionSSL2)
	message.AddUint16(uint16(3 * len(specs))) //nolint:gosec // a dozen specs
	message.AddUint16(0)                      // no session
	message.AddUint16(challenge)
	for _, spec := range specs {
		message.AddUint24(spec)
	}
	message.AddBytes(random(challenge))
	body := message.BytesOrPanic()                                                       // its parts are bounded
	return append(binary.BigEndian.AppendUint16(nil, 0x8000|uint16(len(body))), body...) //nolint:gosec // under 100 bytes
}

// sslv2Answer is a SERVER-HELLO of SSL 2.0.
type sslv2Answer struct {
	specs       []uint32
	certificate []byte
}

var errMalformed = errors.New("malformed")

// parseSSLv2ServerHello reads a message without its record header.
func parseSSLv2ServerHello(body []byte) (sslv2Answer, error) {
	message := cryptobyte.String(body)
	var kind, hit, certificateType uint8
	var version, certificateLength, specsLength, connectionLength uint16
	if !message.ReadUint8(&kind) || kind != sslv2ServerHello ||
		!message.ReadUint8(&hit) || !message.ReadUint8(&certificateType) ||
		!message.ReadUint16(&version) || version != versionSSL2 ||
		!message.ReadUint16(&certificateLength) || !message.ReadUint16(&specsLength) || !message.ReadUint16(&connectionLength) {
		return sslv2Answer{}, errMalformed
	}
	var answer sslv2Answer
	var specs, connection []byte
	if !message.ReadBytes(&answer.certificate, int(certificateLength)) || !message.ReadBytes(&specs, int(specsLength)) ||
		!message.ReadBytes(&connection, int(connectionLength)) || len(specs)%3 != 0 {
		return sslv2Answer{}, errMalformed
	}
	list := cryptobyte.String(specs)
	for !list.Empty() {
		var spec uint32
		if !list.ReadUint24(&spec) {
			return sslv2Answer{}, errMalformed
		}
		answer.specs = append(answer.specs, spec)
	}
	return answer, nil
}
