package grade

import (
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// orParameters holds where the condition on suites does, or where parameters of
// finite-field Diffie-Hellman from and up to, less than, so many bits came that
// no suite is listed with. A suite is listed with the group that the server
// picks of all; who names no group of RFC 7919, as most clients do, gets others,
// and a ServerKeyExchange with them is enough (section 5). lead stands before
// what the rule's text names.
func orParameters(suites condition, from, below int, lead string) condition {
	return func(f *facts) answer {
		got := suites(f)
		if got.truth == yes {
			return got
		}
		for _, prime := range f.observed.Full.Suites.Primes {
			if prime.Bits >= from && prime.Bits < below && !f.listsPrime(prime.SHA256) {
				return fires(fmt.Sprintf("%s%d bits for some clients", lead, prime.Bits), f.primeProof(prime))
			}
		}
		return got
	}
}

func (f *facts) listsPrime(sum string) bool {
	for i := range f.versions {
		if slices.ContainsFunc(f.versions[i].suites, func(s suite) bool { return s.Prime == sum }) {
			return true
		}
	}
	return false
}

func (f *facts) primeProof(prime checks.Prime) checks.Proof {
	return checks.Proof{
		Fact: "addresses[" + f.address + "].primes", Value: prime.SHA256, Cause: checks.CauseConfiguration,
		Text: fmt.Sprintf("%s gives Diffie-Hellman parameters of %d bits to clients that name no group of RFC 7919.", f.address, prime.Bits),
	}
}
