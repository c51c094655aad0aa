package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

// encode writes the form that hsts.Preloaded searches: names with their labels
// turned around, sorted, each as what it shares with the one before and the
// rest, in blocks that begin with a whole name.
func encode(version string, entries []hsts.Entry) ([]byte, error) {
	if len(entries) == 0 {
		return nil, errors.New("the list is empty")
	}
	sorted := slices.Clone(entries)
	for i := range sorted {
		sorted[i].Name = hsts.ReverseLabels(sorted[i].Name)
	}
	slices.SortFunc(sorted, func(a, b hsts.Entry) int { return cmp.Compare(a.Name, b.Name) })
	var data, offsets []byte
	before := ""
	for i, entry := range sorted {
		if i > 0 && sorted[i-1].Name == entry.Name {
			return nil, fmt.Errorf("%s stands twice", entry.Name)
		}
		name := entry.Name
		if !entry.IncludeSubDomains {
			name += hsts.Alone
		}
		if len(name) > 254 || entry.Name == "" {
			return nil, fmt.Errorf("%q is no host name", entry.Name)
		}
		shared := sharedBytes(before, name)
		if i%hsts.BlockNames == 0 {
			shared = 0
			offsets = binary.BigEndian.AppendUint32(offsets, uint32(len(data))) //nolint:gosec // a few megabytes
		}
		data = append(data, byte(shared), byte(len(name)-shared)) //nolint:gosec // a name has at most 254 bytes
		data = append(data, name[shared:]...)
		before = name
	}
	content := append([]byte(version), '\n')
	content = binary.BigEndian.AppendUint32(content, uint32(len(offsets)/4)) //nolint:gosec // likewise
	return append(append(content, offsets...), data...), nil
}

func sharedBytes(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
