package inventory

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Row is one URL as a file writes it: text that nobody has checked yet. An
// empty field says nothing: what is registered stays as it is.
type Row struct {
	Place       string // where it stands in its file: line 12, row 12 of the sheet URLs, $.urls[10]
	Fault       string // why the file could not be read here, in a sentence; empty: it could
	Application string
	Type        string
	Environment string
	Kind        string
	ValueKind   string
	Value       string
	ProbeURL    string
	Method      string
	Interval    string // in minutes
	PostAllowed string
	ClientID    string // of the application in the environment
}

// Columns are the names of a row's fields in files, in their order.
func Columns() []string {
	return []string{
		"application", "type", "environment", "kind", "value_kind", "value", "probe_url", "method", "interval_minutes", "post_allowed", "client_id",
	}
}

// Fields returns pointers to the fields that Columns names.
func (r *Row) Fields() []*string {
	return []*string{
		&r.Application, &r.Type, &r.Environment, &r.Kind, &r.ValueKind, &r.Value, &r.ProbeURL, &r.Method, &r.Interval, &r.PostAllowed, &r.ClientID,
	}
}

// empty says whether a row says nothing at all.
func (r *Row) empty() bool {
	for _, field := range r.Fields() {
		if *field != "" {
			return false
		}
	}
	return r.Fault == ""
}

// RowOf writes an endpoint as a row: read again, it changes nothing.
func RowOf(endpoint monitor.Endpoint) Row {
	return Row{
		Application: endpoint.ApplicationName, Type: string(endpoint.ApplicationType), Environment: string(endpoint.Environment),
		Kind: string(endpoint.Kind), ValueKind: string(endpoint.ValueKind), Value: endpoint.Value, ProbeURL: endpoint.ProbeURL,
		Method: endpoint.Method, Interval: minutesOf(endpoint.Interval), PostAllowed: yesOrNo(endpoint.PostAllowed), ClientID: endpoint.ClientID,
	}
}

func minutesOf(interval time.Duration) string {
	return strconv.FormatFloat(interval.Minutes(), 'f', -1, 64)
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Bounds of a file.
const (
	MaxBytes = 32 << 20 // of an uploaded file
	MaxRows  = 50_000

	maxText       = 32 << 20 // of all fields together, as far as they are kept
	maxField      = 4096     // over every bound of a field, so that a longer one is still refused for its length
	maxNotes      = 500
	maxPlaceRunes = 200
)

// FileError is why a whole file cannot be read, in a sentence for people.
type FileError struct{ Sentence string }

// Error implements error.
func (e *FileError) Error() string { return e.Sentence }

// File is what a file says.
type File struct {
	Format Format
	Rows   []Row
	Notes  []string // what was left aside, in sentences
}

// Format is how a file is written.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	JSON   Format = "json"
	XLSX   Format = "xlsx"
	Portal Format = "portal" // configuration of an application, from SuperOffice's Developer Portal
)

// collector gathers rows and notes within their bounds.
type collector struct {
	file  File
	text  int
	notes int
}

// add keeps a row, with what Postgres can store of it.
func (c *collector) add(row Row) error {
	for _, field := range row.Fields() {
		clean := strings.TrimSpace(storable(*field))
		if len(clean) > maxField {
			clean = strings.ToValidUTF8(clean[:maxField], "")
		}
		if *field != clean && storable(*field) != *field {
			row.Fault = "The row holds characters that cannot be seen or stored. Type it anew."
		}
		*field = clean
		c.text += len(clean)
	}
	if row.empty() {
		return nil
	}
	row.Place = shorten(storable(row.Place))
	c.file.Rows = append(c.file.Rows, row)
	switch {
	case len(c.file.Rows) > MaxRows:
		return &FileError{"The file has more than " + grouped(MaxRows) + " rows. Split it."}
	case c.text > maxText:
		return &FileError{"The file holds more than 32 MiB of text. Split it."}
	}
	return nil
}

// note keeps a sentence about what was left aside.
func (c *collector) note(sentence string) {
	c.notes++
	if c.notes <= maxNotes {
		c.file.Notes = append(c.file.Notes, storable(sentence))
	}
}

// done returns the file. One that holds no row at all is refused.
func (c *collector) done() (File, error) {
	if len(c.file.Rows) == 0 {
		return c.file, &FileError{"The file holds no URL that we understand."}
	}
	if c.notes > maxNotes {
		c.file.Notes = append(c.file.Notes, grouped(c.notes-maxNotes)+" more places of the file were left aside.")
	}
	return c.file, nil
}

// storable leaves out what Postgres does not take as text.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// shorten bounds a text that stands in a sentence.
func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxPlaceRunes {
		return text
	}
	return string([]rune(text)[:maxPlaceRunes]) + "…"
}

// grouped writes a number with its thousands apart.
func grouped(number int) string {
	text := strconv.Itoa(number)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
