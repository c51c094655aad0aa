package tlsparameters

import (
	"cmp"
	"slices"
)

// CipherSpec is a cipher of SSL 2.0, under the name that
// draft-hickman-netscape-ssl-00 (or SSLeay) gives it.
type CipherSpec struct {
	Value  uint32 // 24 bits: 0x010080
	Name   string // "SSL_CK_RC4_128_WITH_MD5"
	Bits   int    // nominal strength (rating.md section 4.3)
	Export bool
}

// CipherSpecs returns all cipher specs of SSL 2.0, sorted by value.
func CipherSpecs() []CipherSpec { return slices.Clone(cipherSpecs[:]) }

// CipherSpecByValue returns the cipher spec of this value.
func CipherSpecByValue(value uint32) (CipherSpec, bool) {
	at, found := slices.BinarySearchFunc(cipherSpecs[:], value, func(c CipherSpec, value uint32) int { return cmp.Compare(c.Value, value) })
	if !found {
		return CipherSpec{}, false
	}
	return cipherSpecs[at], true
}
