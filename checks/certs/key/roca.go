package key

import "math/big"

// ROCA says whether an RSA modulus carries the mark of the library behind
// CVE-2017-15361: its primes are k*M + 65537^a mod M for a primorial M, so that
// modulo every prime factor of M the modulus is a power of 65537. The primes
// used here are those of the paper's fingerprint (Nemec, Sys, Svenda, Klinec,
// Matyas: The Return of Coppersmith's Attack, CCS 2017, section 3.2), 3 to 167.
// A random modulus passes them all once in about 2^27 keys; those with a
// subgroup that is the whole group tell nothing and are left out.
func ROCA(modulus *big.Int) bool {
	if modulus == nil || modulus.BitLen() < 512 {
		return false
	}
	remainder := new(big.Int)
	for _, prime := range discriminants() {
		remainder.Mod(modulus, big.NewInt(prime))
		if !powerOf65537(remainder.Int64(), prime) {
			return false
		}
	}
	return true
}

// discriminants are the primes up to 167 modulo which 65537 does not generate
// the whole group. TestDiscriminants computes them again.
func discriminants() []int64 {
	return []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}
}

func powerOf65537(remainder, prime int64) bool {
	generator := 65537 % prime
	for power := generator; ; power = power * generator % prime {
		if power == remainder {
			return true
		}
		if power == 1 {
			return false
		}
	}
}
