package prime

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
)

// Named is a prime that has a name.
type Named struct {
	// Name is what it is known as: "ffdhe2048" (RFC 7919), "RFC 3526 group 14",
	// "Apache mod_ssl 1024-bit".
	Name string
	// Group names its field where RFCs use it as a group: "ffdhe2048" as IANA
	// writes it, "modp2048" of RFC 3526. Empty for the others.
	Group string
	// Weak: so many servers used it that whoever can break 1024 bits once gains
	// all of them (CVE-2015-4000).
	Weak bool
}

// Lookup returns what is known of the prime p.
func Lookup(p *big.Int) (Named, bool) {
	sum := sha256.Sum256(p.Bytes())
	named, known := named()[hex.EncodeToString(sum[:])]
	return named, known
}

// testable bounds the numbers that are tested for primality, in bits: larger
// ones take seconds, and a hostile server may send many.
const testable = 4096

// Weak says whether the parameters p and g break the exchange by themselves: p
// is no prime (Baillie-PSW; not tested above 4096 bits), g generates a group of
// at most two elements, or p is a widely used one of at most 1024 bits.
func Weak(p, g *big.Int) bool {
	if p.Sign() <= 0 {
		return true
	}
	// 0, 1 and -1 modulo p.
	residue := new(big.Int).Mod(g, p)
	if residue.Cmp(big.NewInt(1)) <= 0 || residue.Cmp(new(big.Int).Sub(p, big.NewInt(1))) == 0 {
		return true
	}
	if known, found := Lookup(p); found {
		return known.Weak
	}
	return p.BitLen() <= testable && !p.ProbablyPrime(0)
}
