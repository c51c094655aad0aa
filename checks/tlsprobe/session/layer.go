package session

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	maxPlaintext = 1 << 14
	maxFragment  = maxPlaintext + 2048 // RFC 5246 section 6.2.3: the longest that any version allows
	maxMessage   = 256 << 10           // the longest real chains are about 30 KiB
	maxReceived  = 4 << 20             // over a whole connection
	maxIdle      = 64                  // records in a row that bring nothing: empty ones, CCS of TLS 1.3
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
	pending  []byte // of handshake messages
	received int
}

// NewLayer returns a layer without protection whose records carry TLS 1.0.
func NewLayer(conn io.ReadWriter) *Layer { return &Layer{conn: conn, Version: VersionTLS10} }

// ReadRecord returns the next record, opened.
func (l *Layer) ReadRecord() (Record, error) {
	record, err := l.ReadRaw()
	if err != nil || l.Reader == nil {
		return record, err
	}
	if record, err = l.Reader.Open(record); err != nil {
		return record, err
	}
	if len(record.Payload) > maxPlaintext {
		return record, fmt.Errorf("a record of %d bytes: %w", len(record.Payload), ErrLimit)
	}
	return record, nil
}

// ReadRaw returns the next record as it came, still protected.
func (l *Layer) ReadRaw() (Record, error) {
	header := make([]byte, 5)
	if _, err := io.ReadFull(l.conn, header); err != nil {
		return Record{}, fmt.Errorf("reading a record: %w", err)
	}
	record := Record{Type: header[0], Version: binary.BigEndian.Uint16(header[1:])}
	size := int(binary.BigEndian.Uint16(header[3:]))
	if record.Type < TypeChangeCipherSpec || record.Type > TypeHeartbeat || header[1] != 3 {
		return Record{}, fmt.Errorf("no TLS record: %w", ErrMalformed)
	}
	if l.received += len(header) + size; size > maxFragment || l.received > maxReceived {
		return Record{}, fmt.Errorf("a record of %d bytes after %d: %w", size, l.received, ErrLimit)
	}
	record.Payload = make([]byte, size)
	if _, err := io.ReadFull(l.conn, record.Payload); err != nil {
		return Record{}, fmt.Errorf("reading a record of %d bytes: %w", size, err)
	}
	return record, nil
}

// Next returns the next handshake message, whole and with its header, or else
// the next record of another type. Alerts are returned as records too.
func (l *Layer) Next() (Record, error) {
	for range maxIdle {
		if message, ok, err := l.takeMessage(); ok || err != nil {
			return Record{Type: TypeHandshake, Payload: message}, err
		}
		record, err := l.ReadRecord()
		if err != nil || record.Type != TypeHandshake {
			if err == nil && len(l.pending) > 0 && record.Type != TypeAlert {
				err = fmt.Errorf("type %d inside a handshake message: %w", record.Type, ErrUnexpected)
			}
			return record, err
		}
		l.pending = append(l.pending, record.Payload...)
	}
	return Record{}, fmt.Errorf("a handshake message in more than %d records: %w", maxIdle, ErrLimit)
}

func (l *Layer) takeMessage() ([]byte, bool, error) {
	if len(l.pending) < 4 {
		return nil, false, nil
	}
	size := 4 + int(binary.BigEndian.Uint32(l.pending)&0xFFFFFF)
	if size > maxMessage {
		return nil, false, fmt.Errorf("a handshake message of %d bytes: %w", size, ErrLimit)
	}
	if len(l.pending) < size {
		return nil, false, nil
	}
	message := l.pending[:size:size]
	l.pending = l.pending[size:]
	return message, true, nil
}

// Write sends content as records of at most 2^14 bytes each. No content is one
// empty record.
func (l *Layer) Write(contentType uint8, content []byte) error {
	var records []byte
	for {
		piece := content[:min(len(content), maxPlaintext)]
		records = append(records, l.seal(contentType, piece)...)
		if content = content[len(piece):]; len(content) == 0 {
			return l.WriteRaw(records)
		}
	}
}

func (l *Layer) seal(contentType uint8, piece []byte) []byte {
	if l.Writer != nil {
		return l.Writer.Seal(contentType, piece)
	}
	return append(recordHeader(contentType, l.Version, len(piece)), piece...)
}

// WriteRaw sends bytes as they are: whole records of the caller's making.
func (l *Layer) WriteRaw(records []byte) error {
	if _, err := l.conn.Write(records); err != nil {
		return fmt.Errorf("sending %d bytes: %w", len(records), err)
	}
	return nil
}
