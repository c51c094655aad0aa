package httpsec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds on the head of an answer.
const (
	maxHeadBytes     = 64 << 10
	maxInterimHeads  = 8 // 1xx answers before the final one (RFC 9110 section 15.2)
	minStatus        = 100
	maxStatus        = 599
	statusLineFields = 2
)

var (
	errHeadTooLarge  = errors.New("the answer's head is larger than 64 KiB")
	errHeadMalformed = errors.New("the answer is not HTTP")
)

// head is the status line and the header fields. It is read here and not by
// net/http, which gives up on header fields that browsers read past, and cleans
// values that a cookie parser must see raw.
type head struct {
	version string // HTTP/1.0 or HTTP/1.1
	status  int
	fields  map[string][]string // raw values by lower-case name, in the order sent
}

// first returns the first value of a field, by its name in lower case.
func (h head) first(name string) string {
	if values := h.fields[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// readHead reads the head of the final answer and no byte of its content. It
// skips interim (1xx) answers, which count towards the same limit.
func readHead(reader *bufio.Reader) (head, error) {
	lines := lineReader{reader: reader, left: maxHeadBytes}
	for range maxInterimHeads {
		h, err := lines.head()
		if err != nil {
			return head{}, err
		}
		if h.status >= 200 || h.status == 101 {
			return h, nil
		}
	}
	return head{}, fmt.Errorf("%w: more than %d interim answers", errHeadMalformed, maxInterimHeads)
}

// lineReader reads lines of at most left bytes together.
type lineReader struct {
	reader *bufio.Reader
	left   int
}

func (l *lineReader) head() (head, error) {
	line, err := l.line()
	if err != nil {
		return head{}, fmt.Errorf("read status line: %w", err)
	}
	h := head{fields: map[string][]string{}}
	if h.version, h.status, err = parseStatusLine(line); err != nil {
		return head{}, err
	}
	fields, err := l.fields()
	if err != nil {
		return head{}, fmt.Errorf("read header: %w", err)
	}
	for _, field := range fields {
		h.add(field)
	}
	return h, nil
}

// fields reads lines up to an empty one, and joins folded ones.
func (l *lineReader) fields() ([]string, error) {
	var fields []string
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if line == "" {
			return fields, nil
		}
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 { // obs-fold, RFC 9112 section 5.2
			fields[len(fields)-1] += " " + strings.Trim(line, " \t")
			continue
		}
		fields = append(fields, line)
	}
}

// line returns one line without its line end (RFC 9112 section 2.2: a bare LF
// ends a line too).
func (l *lineReader) line() (string, error) {
	var line []byte
	for {
		part, err := l.reader.ReadSlice('\n')
		if l.left -= len(part); l.left < 0 {
			return "", errHeadTooLarge
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		}
		return "", err
	}
}

func (h *head) add(field string) {
	name, value, found := strings.Cut(field, ":")
	if !found {
		return // browsers read past a line that is no field
	}
	name = strings.ToLower(strings.TrimRight(name, " \t"))
	h.fields[name] = append(h.fields[name], strings.Trim(value, " \t"))
}

// parseStatusLine reads "HTTP/1.1 302 Found"; the reason phrase may be missing.
func parseStatusLine(line string) (version string, status int, err error) {
	fields := strings.SplitN(line, " ", statusLineFields+1)
	if len(fields) < statusLineFields || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return "", 0, fmt.Errorf("%w: no HTTP/1 status line", errHeadMalformed)
	}
	status, err = strconv.Atoi(fields[1])
	if err != nil || status < minStatus || status > maxStatus || len(fields[1]) != 3 {
		return "", 0, fmt.Errorf("%w: no status code between %d and %d", errHeadMalformed, minStatus, maxStatus)
	}
	if fields[0] == "HTTP/1.0" {
		return "HTTP/1.0", status, nil
	}
	return "HTTP/1.1", status, nil
}
