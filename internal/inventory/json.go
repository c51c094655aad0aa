package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Names of what stands around the rows in our JSON: docs/inventory.schema.json.
const (
	versionKey = "gradewatch_inventory"
	version    = 1
	rowsKey    = "urls"
)

const maxTokens = 3_000_000 // MaxRows with all their fields are under half of that

// readJSON reads our own form, a bare list of its rows, or the configuration of
// an application as SuperOffice's Developer Portal gives it.
func readJSON(content []byte) (File, error) {
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	if err := countTokens(content); err != nil {
		return File{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return File{}, notJSON(content, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return File{}, &FileError{"Something stands behind the end of the JSON document."}
	}
	switch document := document.(type) {
	case []any:
		if slices.ContainsFunc(document, flat) {
			return readRows("$", document, &collector{file: File{Format: JSON}})
		}
	case map[string]any:
		if document[versionKey] != nil {
			return readDocument(document)
		}
	}
	return readPortal(document)
}

// countTokens refuses a document of so many parts that holding it would take
// many times its size.
func countTokens(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	for count := 0; ; count++ {
		_, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return notJSON(content, err)
		case count > maxTokens:
			return &FileError{"The document has too many parts. Split it."}
		}
	}
}

func notJSON(content []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + bytes.Count(content[:min(int(syntax.Offset), len(content))], []byte("\n"))
		return &FileError{fmt.Sprintf("The file is not valid JSON: something is wrong in line %d.", line)}
	}
	return &FileError{"The file is not valid JSON: it ends too early."}
}

func readDocument(document map[string]any) (File, error) {
	c := &collector{file: File{Format: JSON}}
	if got := fmt.Sprint(document[versionKey]); got != fmt.Sprint(version) {
		return c.file, &FileError{fmt.Sprintf("The file has version %s of our format; we know version %d.", quoted(got), version)}
	}
	rows, ok := document[rowsKey].([]any)
	if !ok {
		return c.file, &FileError{"The document has no list called urls."}
	}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if name != versionKey && name != rowsKey && name != "$schema" {
			c.note(fmt.Sprintf("%s is not understood and was left aside.", quoted("$."+name)))
		}
	}
	return readRows("$."+rowsKey, rows, c)
}

// flat says whether an element is a row of ours: it names its value.
func flat(element any) bool {
	object, ok := element.(map[string]any)
	if !ok {
		return false
	}
	for name, value := range object {
		if _, text := value.(string); text && columnOf(name) == columnOf("value") {
			return true
		}
	}
	return false
}

func readRows(path string, rows []any, c *collector) (File, error) {
	unknown := map[string]bool{}
	for i, element := range rows {
		row := rowOf(element, unknown)
		row.Place = fmt.Sprintf("%s[%d]", path, i)
		if err := c.add(row); err != nil {
			return c.file, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		c.note(fmt.Sprintf("The field %s is not understood and was left aside.", quoted(name)))
	}
	return c.done()
}

// rowOf reads one element, and adds names that it does not understand to unknown.
func rowOf(element any, unknown map[string]bool) Row {
	object, ok := element.(map[string]any)
	if !ok {
		return Row{Fault: "This element is no object with the fields of a URL."}
	}
	var row Row
	fields := row.Fields()
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := columnOf(name)
		if at < 0 {
			unknown[shorten(name)] = true
			continue
		}
		text, ok := scalar(object[name])
		switch {
		case !ok:
			row.Fault = fmt.Sprintf("The field %s is no text, number, true or false.", quoted(name))
		case *fields[at] != "" && text != "":
			row.Fault = fmt.Sprintf("The field %s is said twice.", quoted(Columns()[at]))
		case text != "":
			*fields[at] = text
		}
	}
	return row
}

// scalar writes a JSON value that is no list and no object as text.
func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "", true
	case string:
		return strings.TrimSpace(value), true
	case json.Number:
		return value.String(), true
	case bool:
		return yesOrNo(value), true
	}
	return "", false
}
