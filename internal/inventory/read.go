package inventory

import (
	"bytes"
	"fmt"
	"strings"
)

// Defaults is what a file's rows are taken for where they do not say it.
type Defaults struct {
	Application string
	Type        string // standard or custom
}

// Read reads a file by what is in it, whatever it is called. What it does not
// understand is in the notes. Errors are of type *FileError: the file is too
// large, or cannot be read at all.
func Read(content []byte, defaults Defaults) (File, error) {
	if len(content) > MaxBytes {
		return File{}, &FileError{"The file is larger than 32 MiB. Split it."}
	}
	read := readCSV
	switch start := bytes.TrimLeft(bytes.TrimPrefix(content, []byte("\uFEFF")), " \t\r\n"); {
	case len(start) == 0:
		return File{}, &FileError{"The file is empty."}
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		read = readXLSX
	case bytes.HasPrefix(content, []byte("\xD0\xCF\x11\xE0")):
		return File{}, &FileError{"This is a workbook of an old kind, or one with a password. Save it as Excel Workbook (.xlsx) without a password."}
	case start[0] == '{' || start[0] == '[':
		read = readJSON
	}
	file, err := read(content)
	if err != nil {
		return file, err
	}
	for i := range file.Rows {
		file.Rows[i].fill(defaults)
	}
	return file, nil
}

// fill says for a row what the defaults say. The type is that of the default
// application only.
func (r *Row) fill(defaults Defaults) {
	if r.Application == "" {
		r.Application = strings.TrimSpace(defaults.Application)
	}
	if r.Type == "" && fold(r.Application) == fold(strings.TrimSpace(defaults.Application)) {
		r.Type = defaults.Type
	}
}

// header says which column of a table is which field of a row.
type header struct {
	fields []int // of each column: the place in Columns; -1: not understood
	c      *collector
}

// headerNames are further names of columns, without spaces and signs.
func headerNames() map[string]string {
	return map[string]string{
		"app": "application", "applicationname": "application", "appname": "application", "name": "application",
		"applicationtype": "type", "apptype": "type", "env": "environment",
		"urltype": "kind", "endpointtype": "kind", "purpose": "kind", "whatitisfor": "kind",
		"valuetype": "value_kind", "url": "value", "redirecturl": "value", "address": "value", "uri": "value",
		"probe": "probe_url", "httpmethod": "method", "callbackmethod": "method",
		"interval": "interval_minutes", "minutes": "interval_minutes", "lookevery": "interval_minutes", "post": "post_allowed", "leavetopost": "post_allowed",
		"client": "client_id",
	}
}

// readHeader understands a table's first row, in any order and case.
func readHeader(names []string, c *collector) (*header, error) {
	h := &header{c: c}
	taken := map[int]string{}
	for _, name := range names {
		at := columnOf(name)
		if at >= 0 && taken[at] != "" {
			return nil, &FileError{fmt.Sprintf("The columns %s and %s say the same. Take one of them out.", quoted(taken[at]), quoted(name))}
		}
		if at >= 0 {
			taken[at] = name
		} else if strings.TrimSpace(name) != "" {
			c.note(fmt.Sprintf("The column %s is not understood and was left aside.", quoted(name)))
		}
		h.fields = append(h.fields, at)
	}
	if taken[columnOf("value")] == "" {
		return nil, &FileError{"The first row must name the columns, and none of them is called value or URL. The columns are: " + strings.Join(Columns(), ", ") + "."}
	}
	if taken[columnOf("kind")] == "" {
		c.note("There is no column kind, so every URL without one counts as a redirect URL.")
	}
	return h, nil
}

// columnOf returns the place of a column in Columns; -1: it is none of them.
func columnOf(name string) int {
	short := plain(name)
	if more := headerNames()[short]; more != "" {
		short = plain(more)
	}
	for i, column := range Columns() {
		if plain(column) == short {
			return i
		}
	}
	return -1
}

// add keeps one row of a table.
func (h *header) add(place string, cells []string) error {
	row := Row{Place: place}
	fields := row.Fields()
	for i, cell := range cells {
		switch {
		case i >= len(h.fields):
			if strings.TrimSpace(cell) != "" {
				row.Fault = "The row has more cells than the first row has columns."
			}
		case h.fields[i] >= 0:
			*fields[h.fields[i]] = unescape(strings.TrimSpace(cell))
		}
	}
	return h.c.add(row)
}

// risky is how a cell begins that a spreadsheet takes for a formula.
const risky = "=+-@\t\r"

// escape keeps a spreadsheet from taking a cell for a formula, and unescape
// undoes it: the apostrophe is what spreadsheets themselves use.
func escape(cell string) string {
	if rest := strings.TrimLeft(cell, "'"); rest != "" && strings.ContainsRune(risky, rune(rest[0])) {
		return "'" + cell
	}
	return cell
}

func unescape(cell string) string {
	if rest := strings.TrimLeft(cell, "'"); rest != cell && rest != "" && strings.ContainsRune(risky, rune(rest[0])) {
		return cell[1:]
	}
	return cell
}
