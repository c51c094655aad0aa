package session

import (
	"fmt"
	"io"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const (
	maxReceived = 4 << 20 // over a whole connection
	maxIdle     = 64      // records in a row that bring nothing: empty ones, CCS of TLS 1.3
)

// Layer reads and writes records and puts handshake messages together. Both
// roles use it. It is for one goroutine.
type Layer struct {
	// Version is what records without protection carry.
	Version uint16
	// Reader and Writer protect; nil is plaintext.
	Reader *Reader
	Writer *Writer

	conn     io.ReadWriter
	messages wire.Messages
	received int
}

// NewLayer returns a layer without protection whose records carry TLS 1.0.
func NewLayer(conn io.ReadWriter) *Layer { return &Layer{conn: conn, Version: wire.TLS10} }

// ReadRecord returns the next record, opened.
func (l *Layer) ReadRecord() (wire.Record, error) {
	record, err := l.ReadRaw()
	if err != nil || l.Reader == nil {
		return record, err
	}
	if record, err = l.Reader.Open(record); err != nil {
		return record, err
	}
	if len(record.Content) > wire.MaxPlaintext {
		return record, malformed(fmt.Sprintf("a record of %d bytes", len(record.Content)))
	}
	return record, nil
}

// ReadRaw returns the next record as it came, still protected.
func (l *Layer) ReadRaw() (wire.Record, error) {
	source := wire.Reader{Source: l.conn} // its own bound is one answer's, ours a connection's
	record, err := source.Record()
	if err != nil {
		return record, inContext("a record", err)
	}
	if l.received += source.Received; l.received > maxReceived {
		return record, fmt.Errorf("%d bytes: %w", l.received, wire.ErrTooLarge)
	}
	return record, nil
}

// Next returns the next handshake message, whole and with its header, or else
// the next record of another type. Alerts are returned as records too.
func (l *Layer) Next() (wire.Record, error) {
	for range maxIdle {
		message, complete, err := l.messages.Next()
		if err != nil {
			return wire.Record{}, inContext("a handshake message", err)
		}
		if complete {
			return wire.Record{Type: wire.TypeHandshake, Version: l.Version, Content: message.Marshal()}, nil
		}
		record, err := l.ReadRecord()
		if err != nil {
			return record, err
		}
		if record.Type != wire.TypeHandshake {
			if !l.messages.Empty() && record.Type != wire.TypeAlert {
				return record, fmt.Errorf("type %d inside a handshake message: %w", record.Type, ErrUnexpected)
			}
			return record, nil
		}
		l.messages.Add(record.Content)
	}
	return wire.Record{}, fmt.Errorf("a handshake message in more than %d records: %w", maxIdle, wire.ErrTooLarge)
}

// Write sends content as records of at most 2^14 bytes each. No content is one
// empty record.
func (l *Layer) Write(contentType uint8, content []byte) error {
	return l.WriteRaw(l.Records(contentType, content))
}

// Records returns what Write sends, and counts it as sent.
func (l *Layer) Records(contentType uint8, content []byte) []byte {
	if l.Writer == nil {
		return wire.Records(contentType, l.Version, content)
	}
	var records []byte
	for {
		piece := content[:min(len(content), wire.MaxPlaintext)]
		records = append(records, l.Writer.Seal(contentType, piece)...)
		if content = content[len(piece):]; len(content) == 0 {
			return records
		}
	}
}

// WriteRaw sends bytes as they are: whole records of the caller's making.
func (l *Layer) WriteRaw(records []byte) error {
	if _, err := l.conn.Write(records); err != nil {
		return fmt.Errorf("sending %d bytes: %w", len(records), err)
	}
	return nil
}
