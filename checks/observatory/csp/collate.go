package csp

import (
	"cmp"
	"strings"
)

// order is what ASCII stands in order of (Unicode Technical Standard #10, CLDR
// root collation), letters in lower case. The Observatory sorts sources so, and
// which of them are neighbors decides what is left of two policies.
const order = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

// collate compares two texts in lower case by that order; what is not ASCII
// comes behind it, by code point.
func collate(a, b string) int {
	runesA, runesB := []rune(a), []rune(b)
	for i := range min(len(runesA), len(runesB)) {
		if difference := cmp.Compare(weight(runesA[i]), weight(runesB[i])); difference != 0 {
			return difference
		}
	}
	return cmp.Compare(len(runesA), len(runesB))
}

func weight(r rune) int {
	if r < 0x80 {
		return strings.IndexRune(order, r)
	}
	return int(r)
}
