package monitor

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Carry returns what a look is judged on: what it saw, and of what it did not
// ask what full looks before it knew of the same addresses and certificates. It
// changes neither. What the look itself saw contradicts is not carried:
//   - chains and staples of an address that sends another chain now;
//   - suites of a protocol version that is refused now and was accepted, or the
//     other way.
//
// What issuers said is carried certificate by certificate: of revocation where the
// look did not ask, of the rest where it has no conclusive answer of its own.
func Carry(fresh, known checks.Observation) checks.Observation {
	whole := fresh
	whole.Addresses = slices.Clone(fresh.Addresses)
	needed := map[checks.Fingerprint]bool{}
	for i := range whole.Addresses {
		address := &whole.Addresses[i]
		at := slices.IndexFunc(known.Addresses, func(a checks.AddressObservation) bool {
			return a.Address == address.Address && a.Port == address.Port
		})
		if at >= 0 {
			address.Full = carryFull(*address, known.Addresses[at].Full)
		}
		for _, chain := range address.Full.Chains.Served.Value {
			maps.Copy(needed, setOf(chain.Certificates))
		}
	}
	whole.Records = orOlder(fresh.Records, known.Records)
	for _, certificate := range fresh.Certificates {
		needed[certificate.SHA256] = true
	}
	whole.PKI = carryPKI(fresh.PKI, known.PKI, needed)
	whole.Certificates = carryCertificates(fresh.Certificates, known.Certificates, needed)
	return whole
}

// orOlder is the older answer where nobody asked for a fresh one.
func orOlder[T any](fresh, older T) T {
	if reflect.ValueOf(&fresh).Elem().IsZero() {
		return older
	}
	return fresh
}

func carryFull(address checks.AddressObservation, known checks.FullTLS) checks.FullTLS {
	full := address.Full
	full.Suites = orOlder(full.Suites, stillAccepted(known.Suites, address.TLS.Protocols))
	full.Features = orOlder(full.Features, known.Features)
	full.Vulnerabilities = orOlder(full.Vulnerabilities, known.Vulnerabilities)
	full.Intrusive = orOlder(full.Intrusive, known.Intrusive)
	full.Simulations = orOlder(full.Simulations, known.Simulations)
	full.Versions = orOlder(full.Versions, known.Versions)
	full.ScriptCookies = orOlder(full.ScriptCookies, known.ScriptCookies)
	if stillServed(known.Chains, address.TLS.Chain) {
		full.Chains = orOlder(full.Chains, known.Chains)
		full.Stapled = orOlder(full.Stapled, known.Stapled)
	}
	return full
}

// stillServed says whether the chain that a look saw is one of those that a
// full look before knew, or nothing speaks against it.
func stillServed(known checks.Chains, seen checks.Fact[[]checks.Fingerprint]) bool {
	if seen.State != checks.Known || known.Served.State != checks.Known {
		return true
	}
	return slices.ContainsFunc(known.Served.Value, func(chain checks.ServedChain) bool {
		return chain.SNI && slices.Equal(chain.Certificates, seen.Value)
	})
}

// stillAccepted is known without the protocol versions that turned.
func stillAccepted(known checks.Suites, seen map[checks.Protocol]checks.Fact[checks.Accepted]) checks.Suites {
	turned := func(protocol checks.Protocol) bool {
		was, is := known.Accepted[protocol], seen[protocol]
		return was.Conclusive() && is.Conclusive() && was.State != is.State
	}
	if !slices.ContainsFunc(checks.Protocols(), turned) {
		return known
	}
	left := known
	left.Accepted, left.Preference = maps.Clone(known.Accepted), maps.Clone(known.Preference)
	left.SignatureSchemes = maps.Clone(known.SignatureSchemes)
	for _, protocol := range checks.Protocols() {
		if turned(protocol) {
			delete(left.Accepted, protocol)
			delete(left.Preference, protocol)
			delete(left.SignatureSchemes, protocol)
		}
	}
	return left
}

// carryPKI takes what issuers said of the needed certificates together, and
// adds to needed the issuers that it names.
func carryPKI(fresh, known checks.PKI, needed map[checks.Fingerprint]bool) checks.PKI {
	whole := checks.PKI{
		Issuers:     carryFacts(fresh.Issuers, known.Issuers, needed),
		Revocation:  maps.Clone(fresh.Revocation),
		RenewalInfo: carryFacts(fresh.RenewalInfo, known.RenewalInfo, needed),
	}
	for fingerprint, older := range known.Revocation {
		if !needed[fingerprint] {
			continue
		}
		if whole.Revocation == nil {
			whole.Revocation = map[checks.Fingerprint]checks.Revocation{}
		}
		whole.Revocation[fingerprint] = carryRevocation(whole.Revocation[fingerprint], older)
	}
	for _, issuers := range whole.Issuers {
		maps.Copy(needed, setOf(issuers.Value))
	}
	return whole
}

// carryRevocation takes an older answer where nobody asked for a fresh one, and
// an older 'revoked', which is final, where a fresh one could not be had. An older
// 'good' in its place would take back a revocation that was seen since.
func carryRevocation(fresh, older checks.Revocation) checks.Revocation {
	told := fresh.CRL.State == checks.Known || fresh.OCSP.State == checks.Known
	if fresh == (checks.Revocation{}) || !told && saysRevoked(older) {
		return older
	}
	return fresh
}

func saysRevoked(revocation checks.Revocation) bool {
	return revocation.CRL.Value.State == checks.RevocationRevoked || revocation.OCSP.Value.State == checks.RevocationRevoked
}

func carryFacts[T any](fresh, older map[checks.Fingerprint]checks.Fact[T], needed map[checks.Fingerprint]bool) map[checks.Fingerprint]checks.Fact[T] {
	whole := maps.Clone(fresh)
	for fingerprint, fact := range older {
		known := whole[fingerprint]
		if !needed[fingerprint] || known.Conclusive() || known.State == checks.Inconclusive && !fact.Conclusive() {
			continue
		}
		if whole == nil {
			whole = map[checks.Fingerprint]checks.Fact[T]{}
		}
		whole[fingerprint] = fact
	}
	return whole
}

// carryCertificates adds those of known that are needed.
func carryCertificates(fresh, known []checks.Certificate, needed map[checks.Fingerprint]bool) []checks.Certificate {
	whole := slices.Clone(fresh)
	for _, certificate := range known {
		if needed[certificate.SHA256] {
			whole = append(whole, certificate)
		}
	}
	slices.SortStableFunc(whole, func(a, b checks.Certificate) int { return cmp.Compare(a.SHA256, b.SHA256) })
	return slices.CompactFunc(whole, func(a, b checks.Certificate) bool { return a.SHA256 == b.SHA256 })
}
