package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// Versions as they stand on the wire.
const (
	SSL20 uint16 = 0x0002
	SSL30 uint16 = 0x0300
	TLS10 uint16 = 0x0301
	TLS11 uint16 = 0x0302
	TLS12 uint16 = 0x0303
	TLS13 uint16 = 0x0304
)

// Content types of records (RFC 8446 section 5.1; heartbeat: RFC 6520).
const (
	TypeChangeCipherSpec uint8 = 20
	TypeAlert            uint8 = 21
	TypeHandshake        uint8 = 22
	TypeApplicationData  uint8 = 23
	TypeHeartbeat        uint8 = 24
)

const (
	recordHeader = 5
	// MaxPlaintext is the most that a record may hold before protection.
	MaxPlaintext = 1 << 14
	// MaxRecord is the longest record that any version allows (RFC 5246 section 6.2.3).
	MaxRecord = 1<<14 + 2048
	// MaxAnswer bounds what a Reader reads in all. The longest real chains are
	// about 30 KiB; RFC 8446 would allow a message of 16 MiB.
	MaxAnswer = 256 << 10
	// maxWarnings bounds the alerts that Message skips (unrecognized_name).
	maxWarnings = 4
)

// What a Reader can meet beside alerts and the errors of its source.
var (
	ErrNotTLS    = errors.New("no TLS record")
	ErrTooLarge  = errors.New("the answer passes the byte limit")
	ErrMalformed = errors.New("malformed")
)

// Alert is an alert (RFC 8446 section 6). As an error it ended an exchange.
type Alert struct {
	Level uint8 // 1 warning, 2 fatal
	Code  uint8
}

// Levels of alerts.
const (
	LevelWarning uint8 = 1
	LevelFatal   uint8 = 2
)

// Alerts that probes tell apart (IANA registry 'TLS Alerts').
const (
	AlertCloseNotify           uint8 = 0
	AlertUnexpectedMessage     uint8 = 10
	AlertBadRecordMAC          uint8 = 20
	AlertDecryptionFailed      uint8 = 21
	AlertRecordOverflow        uint8 = 22
	AlertHandshakeFailure      uint8 = 40
	AlertIllegalParameter      uint8 = 47
	AlertDecodeError           uint8 = 50
	AlertDecryptError          uint8 = 51
	AlertProtocolVersion       uint8 = 70
	AlertInsufficientSecurity  uint8 = 71
	AlertInternalError         uint8 = 80
	AlertInappropriateFallback uint8 = 86
	AlertNoRenegotiation       uint8 = 100
	AlertUnrecognizedName      uint8 = 112
)

func (a *Alert) Error() string {
	return fmt.Sprintf("alert %s (level %d)", tlsparameters.AlertName(a.Code), a.Level)
}

// Record is one record.
type Record struct {
	Type    uint8
	Version uint16
	Content []byte
}

// Marshal returns the record's bytes. Content of more than 65535 bytes is cut:
// its length field could not say so.
func (r Record) Marshal() []byte {
	content := r.Content[:min(len(r.Content), 1<<16-1)]
	out := make([]byte, 0, recordHeader+len(content))
	out = append(out, r.Type)
	out = binary.BigEndian.AppendUint16(out, r.Version)
	out = binary.BigEndian.AppendUint16(out, uint16(len(content))) //nolint:gosec // cut above
	return append(out, content...)
}

// Records returns content in as many records as it needs, at least one.
func Records(kind uint8, version uint16, content []byte) []byte {
	var out []byte
	for {
		piece := content[:min(len(content), MaxPlaintext)]
		out = append(out, Record{Type: kind, Version: version, Content: piece}.Marshal()...)
		content = content[len(piece):]
		if len(content) == 0 {
			return out
		}
	}
}

// Reader reads records, and handshake messages out of them, from a peer. It
// reads no more than MaxAnswer bytes in all. Its zero value needs Source.
type Reader struct {
	Source io.Reader
	// Received counts the bytes read so far.
	Received int
	// Alerts are the warnings that Message skipped.
	Alerts []Alert

	messages Messages
}

// Record reads one record. Its error is io.EOF or wraps it only when the peer
// ended between two records.
func (r *Reader) Record() (Record, error) {
	var header [recordHeader]byte
	if err := r.read(header[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) && header[1] != 3 {
			err = ErrNotTLS // a few bytes that are no start of a record
		}
		return Record{}, err
	}
	record := Record{Type: header[0], Version: binary.BigEndian.Uint16(header[1:])}
	length := int(binary.BigEndian.Uint16(header[3:]))
	if record.Type < TypeChangeCipherSpec || record.Type > TypeHeartbeat || header[1] != 3 {
		return Record{}, ErrNotTLS
	}
	if length > MaxRecord {
		return Record{}, fmt.Errorf("record of %d bytes: %w", length, ErrMalformed)
	}
	record.Content = make([]byte, length)
	if err := r.read(record.Content); err != nil {
		if errors.Is(err, io.EOF) { // within a record
			err = io.ErrUnexpectedEOF
		}
		return Record{}, err
	}
	return record, nil
}

// read fills piece. Its error is io.EOF only when nothing at all was received
// for it.
func (r *Reader) read(piece []byte) error {
	if r.Received+len(piece) > MaxAnswer {
		return ErrTooLarge
	}
	count, err := io.ReadFull(r.Source, piece)
	r.Received += count
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// Message reads the next handshake message that comes unprotected. Messages
// may span records, and a record may hold several. A few warnings are skipped
// and kept in Alerts; any other alert is an error of type *Alert.
func (r *Reader) Message() (Message, error) {
	for {
		message, complete, err := r.messages.Next()
		if complete || err != nil {
			return message, err
		}
		record, err := r.Record()
		switch {
		case err != nil:
			return Message{}, err
		case record.Type == TypeHandshake && len(record.Content) > 0:
			r.messages.Add(record.Content)
		case record.Type == TypeAlert && len(record.Content) == 2:
			if err := r.alert(Alert{Level: record.Content[0], Code: record.Content[1]}); err != nil {
				return Message{}, err
			}
		default:
			return Message{}, fmt.Errorf("record of type %d and %d bytes: %w", record.Type, len(record.Content), ErrMalformed)
		}
	}
}

func (r *Reader) alert(alert Alert) error {
	if alert.Level == LevelWarning && alert.Code != AlertCloseNotify && len(r.Alerts) < maxWarnings {
		r.Alerts = append(r.Alerts, alert)
		return nil
	}
	return &alert
}

// Messages puts handshake messages together from the content of records.
type Messages struct{ pending []byte }

// Add appends the content of a handshake record.
func (m *Messages) Add(content []byte) { m.pending = append(m.pending, content...) }

// Empty says whether no part of a message waits for its rest.
func (m *Messages) Empty() bool { return len(m.pending) == 0 }

// Next takes out a message that is complete.
func (m *Messages) Next() (message Message, complete bool, err error) {
	const header = 4
	if len(m.pending) < header {
		return Message{}, false, nil
	}
	length := int(m.pending[1])<<16 | int(m.pending[2])<<8 | int(m.pending[3])
	if length > MaxAnswer {
		return Message{}, false, ErrTooLarge
	}
	if len(m.pending) < header+length {
		return Message{}, false, nil
	}
	message = Message{Type: m.pending[0], Body: m.pending[header : header+length : header+length]}
	m.pending = m.pending[header+length:]
	return message, true, nil
}
