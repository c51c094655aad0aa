package hsts

import (
	_ "embed"
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

//go:generate go run ./internal/preloadlist -chromium /usr/lib/chromium/chromium -out preload.bin

// preloadList is Chromium's preload list in the form that internal/preloadlist
// writes: where it is from and a line end, the number of blocks and where each
// begins, and the blocks. It is searched as it is.
//
//go:embed preload.bin
var preloadList string

// BlockNames is how many names a block of the embedded list has.
const BlockNames = 16

// Alone ends a name of the embedded list that does not include subdomains.
const Alone = "!"

// Entry is one name of the preload list.
type Entry struct {
	Name              string
	IncludeSubDomains bool
}

// Preloaded returns the entry of the preload list that makes browsers ask host
// over https alone: its own, or that of the nearest domain above it which
// includes subdomains (RFC 6797 section 8.2).
func Preloaded(host string) (Entry, bool) {
	name := site.Host(host)
	if len(name) > 253 { // no host name (RFC 1035 section 2.3.4)
		return Entry{}, false
	}
	for own := true; name != ""; own = false {
		if entry, found := find(name); found && (own || entry.IncludeSubDomains) {
			return entry, true
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return Entry{}, false
}

// ListVersion says whose preload list is embedded, and which: "Chromium
// 156.0.8078.79".
func ListVersion() string {
	version, _, _ := strings.Cut(preloadList, "\n")
	return version
}

// find looks one name up.
func find(name string) (Entry, bool) {
	key := ReverseLabels(name)
	_, list, _ := strings.Cut(preloadList, "\n")
	blocks := number(list, 0)
	data := list[4+4*blocks:]
	block := func(i int) string { return data[number(list, 4+4*i):] }
	// The first block that begins behind key follows the one that has it.
	after := sort.Search(blocks, func(i int) bool { return firstName(block(i)) > key })
	if after == 0 {
		return Entry{}, false
	}
	end := len(data)
	if after < blocks {
		end = number(list, 4+4*after)
	}
	return scan(data[number(list, 4*after):end], key, name)
}

// scan reads the names of one block: how many bytes of the name before, how many
// of its own, and those.
func scan(block, key, name string) (Entry, bool) {
	current := ""
	for block != "" {
		shared, own := int(block[0]), int(block[1])
		current = current[:shared] + block[2:2+own]
		block = block[2+own:]
		if rest, found := strings.CutPrefix(current, key); found && (rest == "" || rest == Alone) {
			return Entry{Name: name, IncludeSubDomains: rest == ""}, true
		}
	}
	return Entry{}, false
}

func firstName(block string) string {
	return strings.TrimSuffix(block[2:2+int(block[1])], Alone)
}

func number(list string, at int) int {
	return int(binary.BigEndian.Uint32([]byte(list[at : at+4])))
}

// ReverseLabels turns a name around label by label, as the embedded list is
// sorted: "www.example.com" is "com.example.www".
func ReverseLabels(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
