package httpsec

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
)

// maxCodings bounds how often content may be coded: each decoder takes memory
// (brotli up to 16 MiB) and multiplies what a byte can become.
const maxCodings = 2

var errCoding = errors.New("the content coding is not read")

// decode undoes content codings, the last one first (RFC 9110 section 8.4).
// None was asked for; some servers and caches send them all the same. Names
// that nobody registered are passed over, as browsers do. The caller bounds
// what it reads.
func decode(content io.Reader, fields []string) (io.Reader, error) {
	var codings []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(fields, ",")), ",") {
		switch name = strings.TrimSpace(name); name {
		case "gzip", "x-gzip", "deflate", "br":
			codings = append(codings, name)
		case "zstd", "compress", "x-compress", "dcb", "dcz":
			return nil, fmt.Errorf("%w: %s", errCoding, name)
		}
	}
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("%w: %d codings", errCoding, len(codings))
	}
	for i := len(codings) - 1; i >= 0; i-- {
		decoder, err := decoderOf(codings[i], content)
		if err != nil {
			return nil, err
		}
		content = decoder
	}
	return content, nil
}

func decoderOf(coding string, content io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(content)
	if _, err := buffered.Peek(1); err != nil { //nolint:nilerr // no content at all needs no decoder; a fault comes again at the next read
		return buffered, nil
	}
	switch coding {
	case "br":
		return brotli.NewReader(buffered), nil
	case "deflate":
		return inflate(buffered)
	}
	decoder, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCoding, err)
	}
	return decoder, nil
}

// inflate reads zlib format (RFC 1950), which 'deflate' stands for, and the
// bare deflate data that some servers send instead.
func inflate(content *bufio.Reader) (io.Reader, error) {
	start, err := content.Peek(2)
	if err == nil && start[0]&0x0f == 8 && (uint16(start[0])<<8|uint16(start[1]))%31 == 0 {
		decoder, err := zlib.NewReader(content)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errCoding, err)
		}
		return decoder, nil
	}
	return flate.NewReader(content), nil
}
