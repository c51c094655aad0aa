package httpsec

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
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

// head is the status line and the header fields that are looked at. It is read
// here and not by net/http, which gives up on header fields that browsers read
// past, and cleans values that a cookie parser must see raw.
type head struct {
	status    int
	location  string   // first Location field
	setCookie []string // every Set-Cookie field, raw
	hsts      []string // Strict-Transport-Security, raw; bounded as checks.Response says
	pins      []string // Public-Key-Pins, likewise
	server    string   // first Server field
}

// Bounds of the fields that are kept as sent.
const (
	maxKeptFields     = 4
	maxKeptFieldBytes = 512
)

// readHead reads the head of the final answer and no byte of its content
// beyond what the reader buffers. It skips interim (1xx) answers.
func readHead(r io.Reader) (head, error) {
	limited := &io.LimitedReader{R: r, N: maxHeadBytes}
	reader := bufio.NewReaderSize(limited, 4<<10)
	for range maxInterimHeads {
		h, err := readOneHead(reader)
		if err != nil {
			if limited.N <= 0 && !errors.Is(err, errHeadMalformed) {
				return head{}, errHeadTooLarge
			}
			return head{}, err
		}
		if h.status >= 200 || h.status == 101 {
			return h, nil
		}
	}
	return head{}, fmt.Errorf("%w: more than %d interim answers", errHeadMalformed, maxInterimHeads)
}

func readOneHead(reader *bufio.Reader) (head, error) {
	line, err := readLine(reader)
	if err != nil {
		return head{}, fmt.Errorf("read status line: %w", err)
	}
	var h head
	if h.status, err = parseStatusLine(line); err != nil {
		return head{}, err
	}
	var fields []string
	for {
		if line, err = readLine(reader); err != nil {
			return head{}, fmt.Errorf("read header: %w", err)
		}
		if line == "" {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 { // obs-fold, RFC 9112 section 5.2
			fields[len(fields)-1] += " " + strings.Trim(line, " \t")
			continue
		}
		fields = append(fields, line)
	}
	for _, field := range fields {
		h.add(field)
	}
	return h, nil
}

func (h *head) add(field string) {
	name, value, found := strings.Cut(field, ":")
	if !found {
		return // browsers read past a line that is no field
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(strings.TrimRight(name, " \t")) {
	case "location":
		if h.location == "" {
			h.location = value
		}
	case "set-cookie":
		h.setCookie = append(h.setCookie, value)
	case "strict-transport-security":
		h.hsts = keep(h.hsts, value)
	case "public-key-pins":
		h.pins = keep(h.pins, value)
	case "server":
		h.server = cmp.Or(h.server, value)
	}
}

func keep(kept []string, value string) []string {
	if len(kept) == maxKeptFields {
		return kept
	}
	return append(kept, checks.Clean(value, maxKeptFieldBytes))
}

// product is the first product of a Server field without version and comments
// (RFC 9110 section 10.2.4): "nginx" of "nginx/1.25.3 (Ubuntu)".
func product(server string) string {
	name, _, _ := strings.Cut(server, " ")
	name, _, _ = strings.Cut(name, "/")
	return checks.Clean(name, maxProductBytes)
}

const maxProductBytes = 64

// readLine returns one line without its line end (RFC 9112 section 2.2: a bare
// LF ends a line too).
func readLine(reader *bufio.Reader) (string, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && line != "" {
			return "", io.ErrUnexpectedEOF
		}
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// parseStatusLine reads "HTTP/1.1 302 Found"; the reason phrase may be missing.
func parseStatusLine(line string) (int, error) {
	fields := strings.SplitN(line, " ", statusLineFields+1)
	if len(fields) < statusLineFields || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return 0, fmt.Errorf("%w: no HTTP/1 status line", errHeadMalformed)
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil || status < minStatus || status > maxStatus || len(fields[1]) != 3 {
		return 0, fmt.Errorf("%w: no status code between %d and %d", errHeadMalformed, minStatus, maxStatus)
	}
	return status, nil
}
