package inventory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// readCSV reads comma, semicolon or tab separated values (RFC 4180) in UTF-8,
// with or without a byte order mark.
func readCSV(content []byte) (File, error) {
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	if !utf8.Valid(content) {
		return File{}, &FileError{"The file is not UTF-8 text. Save it as “CSV UTF-8”, or send an Excel workbook (.xlsx)."}
	}
	separator, skipped := sniff(content)
	reader := csv.NewReader(bytes.NewReader(content[skipped:]))
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord = separator, -1, true
	c := &collector{file: File{Format: CSV}}
	names, err := reader.Read()
	if err != nil {
		return c.file, &FileError{"The first row cannot be read. It must name the columns."}
	}
	h, err := readHeader(names, c)
	if err != nil {
		return c.file, err
	}
	first := 0
	if skipped > 0 {
		first = 1
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return c.done()
		}
		if err = addRecord(h, reader, cells, err, first); err != nil {
			return c.file, err
		}
	}
}

// addRecord keeps one record, or says of one that cannot be read where it is.
func addRecord(h *header, reader *csv.Reader, cells []string, err error, first int) error {
	if err == nil {
		line, _ := reader.FieldPos(0)
		return h.add(fmt.Sprintf("Line %d", first+line), cells)
	}
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) || wrong.Line != wrong.StartLine {
		if wrong != nil {
			return &FileError{fmt.Sprintf("A quotation mark in line %d is never closed, so nothing behind it can be read.", first+wrong.StartLine)}
		}
		return &FileError{"The file cannot be read to its end."}
	}
	return h.c.add(Row{Place: fmt.Sprintf("Line %d", first+wrong.StartLine), Fault: "The quotation marks in this line do not match."})
}

// sniff finds the separator that the first line uses most outside quotation
// marks. A line sep=; as Excel knows it says so, and is skipped.
func sniff(content []byte) (separator rune, skipped int) {
	line, rest, _ := bytes.Cut(content, []byte("\n"))
	if text := strings.ToLower(strings.TrimSpace(string(line[:min(len(line), 16)]))); len(text) == 5 && strings.HasPrefix(text, "sep=") && strings.ContainsAny(text[4:], ",;") {
		return rune(text[4]), len(content) - len(rest)
	}
	counts, inside := map[rune]int{}, false
	for _, r := range string(line[:min(len(line), maxField)]) {
		if r == '"' {
			inside = !inside
		}
		if !inside {
			counts[r]++
		}
	}
	separator = ','
	for _, other := range ";\t" {
		if counts[other] > counts[separator] {
			separator = other
		}
	}
	return separator, 0
}
