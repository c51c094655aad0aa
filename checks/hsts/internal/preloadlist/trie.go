package main

import (
	"errors"
	"slices"

	"github.com/gradewatch/gradewatch/checks/hsts"
)

// Chromium keeps its list as a trie of names read from their end, of bits: a
// node is a common prefix, then a table of characters, each with where its node
// is, in the characters' order; an entry stands at the end of a name. Characters
// are Huffman codes. (net/extras/preload_data/decoder.cc in Chromium's source,
// of versions that pin no keys.)

var errMalformed = errors.New("no trie of names is here")

const (
	endOfName  = 0
	endOfTable = 127
	longest    = 253 // RFC 1035 section 2.3.4
)

// huffman is the tree of the codes: pairs of bytes, the root last; a byte with
// the high bit is a character, another the number of a pair.
type huffman []byte

// trie is the bits, and a position in them.
type trie struct {
	bits  []byte
	codes huffman
	at    int
}

// read returns the next n bits.
func (t *trie) read(n int) (int, error) {
	value := 0
	for range n {
		if t.at>>3 >= len(t.bits) {
			return 0, errMalformed
		}
		value = value<<1 | int(t.bits[t.at>>3]>>(7-t.at&7))&1
		t.at++
	}
	return value, nil
}

func (t *trie) character() (byte, error) {
	pair := len(t.codes)/2 - 1
	for {
		bit, err := t.read(1)
		if err != nil {
			return 0, err
		}
		value := t.codes[2*pair+bit]
		if value&0x80 != 0 {
			return value & 0x7f, nil
		}
		pair = int(value)
	}
}

// size reads the length of a prefix: 00 is 0; 100, 101 and 110 are 1, 2 and 3;
// 010 is 4; and beyond, ones behind 01 for even and 11 for odd lengths.
func (t *trie) size() (int, error) {
	kind, err := t.read(2)
	if err != nil || kind == 0 {
		return 0, err
	}
	third, err := t.read(1)
	if err != nil {
		return 0, err
	}
	switch {
	case kind == 2:
		return 1 + third, nil
	case kind == 3 && third == 0:
		return 3, nil
	case kind == 1 && third == 0:
		return 4, nil
	}
	for length := 4; length < longest; length++ {
		bit, err := t.read(1)
		if err != nil {
			return 0, err
		}
		if bit == 0 {
			return (length-2)*2 - (kind-1)/2, nil
		}
	}
	return 0, errMalformed
}

// entry reads what holds for a name: one bit for the usual, https with
// subdomains; else a bit for each.
func (t *trie) entry() (https, subdomains bool, err error) {
	usual, err := t.read(1)
	if err != nil || usual == 1 {
		return true, true, err
	}
	both, err := t.read(2)
	return both&1 == 1, both&2 == 2, err
}

// jump reads where the next node of a table is: the first back from the table's
// node, the others on from the one before.
func (t *trie) jump(node, before int) (int, error) {
	lengthBits, shortBits, sign, from := 5, 0, -1, node
	if before >= 0 {
		long, err := t.read(1)
		if err != nil {
			return 0, err
		}
		if lengthBits, shortBits, sign, from = 4, 8, 1, before; long == 0 {
			lengthBits, shortBits = 0, 7
		}
	}
	length, err := t.read(lengthBits)
	if err != nil {
		return 0, err
	}
	delta, err := t.read(length + shortBits)
	to := from + sign*delta
	if err != nil || to < 0 || to >= node {
		return 0, errMalformed
	}
	return to, nil
}

// walk gathers the entries below a node; reversed is what the name ends with.
func (t *trie) walk(node int, reversed []byte, entries []hsts.Entry) ([]hsts.Entry, error) {
	t.at = node
	prefix, err := t.size()
	if err != nil {
		return nil, err
	}
	for range prefix {
		character, err := t.character()
		if err != nil {
			return nil, err
		}
		reversed = append(reversed, character)
	}
	if len(reversed) > longest || slices.Contains(reversed, endOfName) || slices.Contains(reversed, endOfTable) {
		return nil, errMalformed
	}
	before, previous := -1, -1
	for {
		character, err := t.character()
		if err != nil || int(character) <= previous {
			return nil, errMalformed
		}
		previous = int(character)
		switch character {
		case endOfTable:
			return entries, nil
		case endOfName:
			https, subdomains, err := t.entry()
			if err != nil {
				return nil, err
			}
			if https {
				entries = append(entries, hsts.Entry{Name: turned(reversed), IncludeSubDomains: subdomains})
			}
			continue
		}
		if before, err = t.jump(node, before); err != nil {
			return nil, err
		}
		here := t.at
		below := append(slices.Clip(reversed), character)
		if entries, err = t.walk(before, below, entries); err != nil {
			return nil, err
		}
		t.at = here
	}
}

func turned(reversed []byte) string {
	name := slices.Clone(reversed)
	slices.Reverse(name)
	return string(name)
}
