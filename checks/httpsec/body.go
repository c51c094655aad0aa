package httpsec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds on the content of an answer.
const (
	maxBodyBytes     = 256 << 10 // after content codings are undone
	maxTransferBytes = 512 << 10 // as transferred: chunks may be small, and codings may make content larger
	maxTrailerBytes  = 4 << 10
)

// body is the content of an answer, as far as it was read.
type body struct {
	read      bool // it was asked for
	bytes     []byte
	truncated bool          // there is more
	reason    checks.Reason // why nobody can tell what it is
	ended     bool          // the answer was read to its end: the connection can take another request
}

// framing is how the end of content is found (RFC 9112 section 6.3).
type framing struct {
	none    bool
	chunked bool
	length  int64 // -1: up to the end of the connection
}

var errLengths = errors.New("several values of Content-Length")

func framingOf(h head) (framing, error) {
	switch {
	case h.status < 200 || h.status == 204 || h.status == 304:
		return framing{none: true}, nil
	case len(h.fields["transfer-encoding"]) > 0:
		codings := strings.Join(h.fields["transfer-encoding"], ",")
		last := codings[strings.LastIndexByte(codings, ',')+1:]
		return framing{chunked: strings.EqualFold(strings.TrimSpace(last), "chunked"), length: -1}, nil
	}
	length := int64(-1)
	for _, text := range strings.Split(strings.Join(h.fields["content-length"], ","), ",") {
		value, err := strconv.ParseUint(strings.TrimSpace(text), 10, 62)
		if err != nil {
			continue // browsers read on to the end of the connection
		}
		if length >= 0 && length != int64(value) {
			return framing{}, errLengths
		}
		length = int64(value)
	}
	return framing{length: length}, nil
}

// readBody reads the content that follows h. An end before the length that was
// announced is more that was not read; any other fault leaves only its reason.
func readBody(reader *bufio.Reader, h head) (body, error) {
	frame, err := framingOf(h)
	if err != nil {
		return body{read: true, reason: checks.ReasonMalformed}, nil //nolint:nilerr // the answer stands without its content
	}
	if frame.none {
		return body{read: true, ended: true}, nil
	}
	limited := &io.LimitedReader{R: reader, N: maxTransferBytes}
	source := &source{frame: frame, content: limited}
	switch {
	case frame.chunked:
		source.from = bufio.NewReader(limited)
		source.content = httputil.NewChunkedReader(source.from)
	case frame.length >= 0:
		limited.N = min(frame.length, maxTransferBytes)
	}
	return source.read(h)
}

// source is content as transferred.
type source struct {
	frame    framing
	content  io.Reader
	from     *bufio.Reader // of chunks
	received int64
	err      error // that ended it
}

// Read remembers why the content ended, since decoders tell it in words of
// their own.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.content.Read(p)
	s.received += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *source) read(h head) (body, error) {
	got := body{read: true}
	decoded, err := decode(s, h.fields["content-encoding"])
	if err == nil {
		got.bytes, err = io.ReadAll(io.LimitReader(decoded, maxBodyBytes+1))
	}
	if len(got.bytes) > maxBodyBytes {
		got.bytes, got.truncated = got.bytes[:maxBodyBytes], true
		return got, nil
	}
	ended, failure := s.end()
	switch {
	case failure != nil: // the network's fault: what came is no answer
		return body{read: true}, failure
	case err != nil && (ended || !cut(err)): // what came cannot be decoded
		return body{read: true, reason: checks.ReasonMalformed}, nil
	case !ended:
		got.truncated = true
	}
	got.ended = ended && (s.frame.length >= 0 || s.frame.chunked && s.from.Buffered() == 0)
	return got, nil
}

// cut says whether err is that there is less than was announced.
func cut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// end says whether the content came in full, and fails where the connection
// failed.
func (s *source) end() (bool, error) {
	if s.err == nil { // a decoder stops where its coding ends
		var more [1]byte
		for n := 1; n > 0 && s.err == nil; {
			n, _ = s.Read(more[:])
			if n > 0 {
				return false, nil
			}
		}
	}
	switch {
	case s.frame.chunked:
		return s.endOfChunks()
	case !cut(s.err):
		return false, s.err
	case s.frame.length >= 0:
		return s.received == s.frame.length, nil
	}
	return s.received < maxTransferBytes, nil
}

// endOfChunks reads the trailer section, which nobody looks at.
func (s *source) endOfChunks() (bool, error) {
	switch {
	case errors.Is(s.err, io.ErrUnexpectedEOF):
		return false, nil // the limit, or the end of the connection
	case !errors.Is(s.err, io.EOF):
		return false, chunkFault(s.err)
	}
	lines := lineReader{reader: s.from, left: maxTrailerBytes}
	_, err := lines.fields()
	return err == nil, nil //nolint:nilerr // without its trailers the content is as it is, and the connection over
}

var errChunks = errors.New("the chunked coding is broken")

// chunkFault tells faults of the coding, which have no type, from those of the
// connection.
func chunkFault(err error) error {
	if probe.ReasonOf(err) != checks.ReasonInternal {
		return err
	}
	return fmt.Errorf("%w: %w", errChunks, err)
}
