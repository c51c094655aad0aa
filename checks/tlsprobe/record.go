package tlsprobe

import (
	"errors"
	"fmt"
	"io"

	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

const (
	maxRecord = 1<<14 + 2048 // RFC 5246 section 6.2.3: the longest that any version allows
	// maxAnswer bounds what is read of one answer. The longest real chains are
	// about 30 KiB; RFC 8446 would allow 16 MiB.
	maxAnswer = 256 << 10
	// maxWarnings bounds alerts that are skipped (unrecognized_name).
	maxWarnings = 4
)

var (
	errNotTLS   = errors.New("no TLS record")
	errTooLarge = errors.New("the answer passes the byte limit")
)

// alertError is an alert that ends a handshake.
type alertError struct{ level, code uint8 }

func (e alertError) Error() string { return "alert " + tlsparameters.AlertName(e.code) }

// answerReader reads handshake messages out of records. It never reads more
// than maxAnswer bytes.
type answerReader struct {
	source   io.Reader
	received int // bytes read so far
	pending  []byte
	warnings int
}

// next returns the next handshake message. Messages may span records, and a
// record may hold several messages.
func (r *answerReader) next() (kind uint8, body []byte, err error) {
	const header = 4
	for {
		if len(r.pending) >= header {
			length := int(r.pending[1])<<16 | int(r.pending[2])<<8 | int(r.pending[3])
			if length > maxAnswer {
				return 0, nil, errTooLarge
			}
			if len(r.pending) >= header+length {
				kind, body = r.pending[0], r.pending[header:header+length]
				r.pending = r.pending[header+length:]
				return kind, body, nil
			}
		}
		if err := r.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// fill reads one record and keeps it when it is a handshake's.
func (r *answerReader) fill() error {
	kind, content, err := r.record()
	switch {
	case err != nil:
		return err
	case kind == recordHandshake && len(content) > 0:
		r.pending = append(r.pending, content...)
		return nil
	case kind == recordAlert && len(content) == 2:
		const warning, closeNotify = 1, 0
		if content[0] == warning && content[1] != closeNotify && r.warnings < maxWarnings {
			r.warnings++
			return nil
		}
		return alertError{level: content[0], code: content[1]}
	default:
		return fmt.Errorf("record of type %d and %d bytes: %w", kind, len(content), errMalformed)
	}
}

// record reads one record (RFC 8446 section 5.1).
func (r *answerReader) record() (kind uint8, content []byte, err error) {
	var header [5]byte
	if err := r.read(header[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) && header[1] != 3 {
			err = errNotTLS // a few bytes that are no start of a record
		}
		return 0, nil, err
	}
	kind, length := header[0], int(header[3])<<8|int(header[4])
	if kind < 20 || kind > 24 || header[1] != 3 {
		return 0, nil, errNotTLS
	}
	if length > maxRecord {
		return 0, nil, fmt.Errorf("record of %d bytes: %w", length, errMalformed)
	}
	content = make([]byte, length)
	return kind, content, r.read(content)
}

// read fills piece. Its error is io.EOF only when nothing at all was received
// for it.
func (r *answerReader) read(piece []byte) error {
	if r.received+len(piece) > maxAnswer {
		return errTooLarge
	}
	count, err := io.ReadFull(r.source, piece)
	r.received += count
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// sslv2Record reads one record of SSL 2.0 with a header of two bytes, or the
// TLS alert that a newer server answers with.
func (r *answerReader) sslv2Record() ([]byte, error) {
	var header [2]byte
	if err := r.read(header[:]); err != nil {
		return nil, err
	}
	if header[0] == recordAlert && header[1] == 3 {
		var rest [5]byte
		if err := r.read(rest[:]); err != nil {
			return nil, err
		}
		return nil, alertError{level: rest[3], code: rest[4]}
	}
	if header[0]&0x80 == 0 {
		return nil, errNotTLS
	}
	body := make([]byte, int(header[0]&0x7F)<<8|int(header[1]))
	return body, r.read(body)
}
