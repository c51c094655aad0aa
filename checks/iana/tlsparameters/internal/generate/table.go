package main

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// row is a row of a registry that assigns one value.
type row struct {
	value       uint32
	name        string
	recommended bool
	unassigned  bool
	cells       map[string]string // by column
}

// readTable returns the rows of a table by column name. Ranges, and rows that
// assign nothing (Unassigned, Reserved), are left out.
func readTable(registry fs.FS, name string) ([]row, error) {
	file, err := registry.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open a registry: %w", err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("parse the registry %s: %w", name, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("the registry %s has no header", name)
	}
	var rows []row
	for number, record := range records[1:] {
		cells := map[string]string{}
		for at, column := range records[0] {
			cells[column] = record[at]
		}
		description := cells["Description"] + cells["Extension Name"]
		if strings.HasPrefix(description, "Unassigned") || strings.HasPrefix(description, "Reserved") {
			continue
		}
		value, err := parseValue(cells["Value"])
		if err != nil {
			return nil, fmt.Errorf("read row %d of the registry %s: %w", number+2, name, err)
		}
		rows = append(rows, row{value: value, name: description, recommended: cells["Recommended"] == "Y", cells: cells})
	}
	return rows, nil
}

// parseValue reads "0xC0,0x2F", "0x0804", "0x010080" and "29".
func parseValue(text string) (uint32, error) {
	value, err := strconv.ParseUint(strings.Replace(text, ",0x", "", 1), 0, 32)
	if err != nil {
		return 0, fmt.Errorf("value %q: %w", text, err)
	}
	return uint32(value), nil
}

// withUnassigned returns rows and those that unassigned.csv has of a registry,
// sorted by value. A value or a name that comes twice is an error.
func withUnassigned(registry fs.FS, kind string, rows []row) ([]row, error) {
	more, err := readTable(registry, "unassigned.csv")
	if err != nil {
		return nil, err
	}
	for _, r := range more {
		if r.cells["Registry"] == kind {
			r.unassigned = true
			rows = append(rows, r)
		}
	}
	return sorted(kind, rows)
}

func sorted(kind string, rows []row) ([]row, error) {
	slices.SortFunc(rows, func(a, b row) int { return int(a.value) - int(b.value) })
	names := map[string]bool{}
	for at, r := range rows {
		if at > 0 && rows[at-1].value == r.value {
			return nil, fmt.Errorf("%s %#x is assigned twice", kind, r.value)
		}
		if names[r.name] {
			return nil, fmt.Errorf("%s %s has two values", kind, r.name)
		}
		names[r.name] = true
	}
	return rows, nil
}
