package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

// hostCharacters are those of names in the list.
const hostCharacters = "-.0123456789abcdefghijklmnopqrstuvwxyz"

// trieReach is how far behind its codes a trie ends at most.
const trieReach = 8 << 20

// rootCharacters is how many characters names end with at least.
const rootCharacters = 20

var errNoList = errors.New("no preload list is in that program")

// decodeProgram finds the list in a program: the Huffman tree is unmistakable,
// and the trie behind it has many names and no fault.
func decodeProgram(program []byte) ([]hsts.Entry, error) {
	for at := range program {
		codes, found := treeAt(program[at:])
		if !found {
			continue
		}
		bits := program[at+len(codes) : min(len(program), at+len(codes)+trieReach)]
		if entries := decodeTrie(bits, codes); len(entries) > 0 {
			return entries, nil
		}
	}
	return nil, errNoList
}

// treeAt says whether the Huffman tree of the host characters and the two marks
// begins here: each character once, and each pair but the root.
func treeAt(data []byte) (huffman, bool) {
	leaves := len(hostCharacters) + 2
	if len(data) < 2*(leaves-1) {
		return nil, false
	}
	codes := data[:2*(leaves-1)]
	var seen [256]bool
	for _, value := range codes {
		character := value & 0x7f
		leaf := value&0x80 != 0
		known := character == endOfName || character == endOfTable || strings.IndexByte(hostCharacters, character) >= 0
		if seen[value] || leaf && !known || !leaf && int(value) >= leaves-2 {
			return nil, false
		}
		seen[value] = true
	}
	return huffman(slices.Clone(codes)), true
}

// decodeTrie returns the entries below the position that has the most of them:
// the root, which nothing in the data names.
func decodeTrie(bits []byte, codes huffman) []hsts.Entry {
	var most []hsts.Entry
	for position := range len(bits) * 8 {
		t := trie{bits: bits, codes: codes}
		if !t.rootAt(position) {
			continue
		}
		if entries, err := t.walk(position, nil, nil); err == nil && len(entries) > len(most) {
			most = entries
		}
	}
	return most
}

// rootAt says whether the table of a root may begin at a position: it has no
// prefix, ends no name, and names end with many characters.
func (t *trie) rootAt(position int) bool {
	t.at = position
	if prefix, err := t.size(); err != nil || prefix != 0 {
		return false
	}
	before, previous := -1, endOfName
	for count := 0; ; count++ {
		character, err := t.character()
		if err != nil || int(character) <= previous {
			return false
		}
		if character == endOfTable {
			return count >= rootCharacters
		}
		previous = int(character)
		if before, err = t.jump(position, before); err != nil {
			return false
		}
	}
}
