package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// Messages of SSL 2.0 (draft-hickman-netscape-ssl-00).
const (
	SSLv2Error        uint8 = 0
	SSLv2ClientHello  uint8 = 1
	SSLv2MasterKey    uint8 = 2
	SSLv2ServerHello  uint8 = 4
	SSLv2ServerVerify uint8 = 5
)

// SSLv2Hello returns a CLIENT-HELLO of SSL 2.0 that offers specs. It cannot
// name the server.
func SSLv2Hello(version uint16, specs []uint32, challenge []byte) ([]byte, error) {
	var message cryptobyte.Builder
	message.AddUint8(SSLv2ClientHello)
	message.AddUint16(version)
	message.AddUint16(uint16(3 * len(specs))) //nolint:gosec // three dozen specs at most
	message.AddUint16(0)                      // no session
	message.AddUint16(uint16(len(challenge))) //nolint:gosec // 16 to 32 bytes
	for _, spec := range specs {
		message.AddUint24(spec)
	}
	message.AddBytes(challenge)
	body, err := message.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building a CLIENT-HELLO of SSL 2.0: %w", err)
	}
	return SSLv2Record(body), nil
}

// SSLv2Record returns body with a header of two bytes; body has at most 32767 bytes.
func SSLv2Record(body []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, 0x8000|uint16(len(body))), body...) //nolint:gosec // said above
}

// SSLv2Record reads one record of SSL 2.0 with a header of two bytes, or the
// TLS alert that a newer server answers with.
func (r *Reader) SSLv2Record() ([]byte, error) {
	var header [2]byte
	if err := r.read(header[:]); err != nil {
		return nil, err
	}
	if header[0] == TypeAlert && header[1] == 3 {
		var rest [5]byte
		if err := r.read(rest[:]); err != nil {
			return nil, err
		}
		return nil, &Alert{Level: rest[3], Code: rest[4]}
	}
	if header[0]&0x80 == 0 {
		return nil, ErrNotTLS
	}
	body := make([]byte, int(header[0]&0x7F)<<8|int(header[1]))
	return body, r.read(body)
}

// SSLv2Answer is a SERVER-HELLO of SSL 2.0.
type SSLv2Answer struct {
	Specs        []uint32
	Certificate  []byte
	ConnectionID []byte
}

// ErrSSLv2Refused is an ERROR message of SSL 2.0.
var ErrSSLv2Refused = errors.New("an error of SSL 2.0")

// ParseSSLv2ServerHello reads a message without its record header. An ERROR
// message gives ErrSSLv2Refused.
func ParseSSLv2ServerHello(body []byte) (*SSLv2Answer, error) {
	if len(body) > 0 && body[0] == SSLv2Error {
		return nil, ErrSSLv2Refused
	}
	message := cryptobyte.String(body)
	var kind, hit, certificateType uint8
	var version, certificateLength, specsLength, connectionLength uint16
	if !message.ReadUint8(&kind) || kind != SSLv2ServerHello ||
		!message.ReadUint8(&hit) || !message.ReadUint8(&certificateType) ||
		!message.ReadUint16(&version) || version != SSL20 ||
		!message.ReadUint16(&certificateLength) || !message.ReadUint16(&specsLength) || !message.ReadUint16(&connectionLength) {
		return nil, fmt.Errorf("SERVER-HELLO of SSL 2.0: %w", ErrMalformed)
	}
	answer := &SSLv2Answer{}
	var specs []byte
	if !message.ReadBytes(&answer.Certificate, int(certificateLength)) || !message.ReadBytes(&specs, int(specsLength)) ||
		!message.ReadBytes(&answer.ConnectionID, int(connectionLength)) || len(specs)%3 != 0 {
		return nil, fmt.Errorf("SERVER-HELLO of SSL 2.0: %w", ErrMalformed)
	}
	list := cryptobyte.String(specs)
	for !list.Empty() {
		var spec uint32
		if !list.ReadUint24(&spec) {
			return nil, fmt.Errorf("specs of a SERVER-HELLO of SSL 2.0: %w", ErrMalformed)
		}
		answer.Specs = append(answer.Specs, spec)
	}
	return answer, nil
}
