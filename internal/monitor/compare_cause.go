package monitor

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// cause says why a judgement is another one than before: the facts it rests on,
// where they differ, else the rules, else the passing of time. A field that the
// engine before never filled is no difference of the facts. What another engine
// sees otherwise is the engine's doing, for all that we know (otherEyes); names
// and certificates are what they are, whoever reads them.
func (c *comparison) cause(rests families, otherRules, otherEyes bool) checks.Cause {
	before, now := &c.previous.Observation, &c.next.Observation
	quick, full := c.differ(rests.quick), c.differ(rests.full)
	switch {
	case rests.certificates && (certificatesDiffer(before, now) || revocationsDiffer(before.PKI, now.PKI)):
		return checks.CauseCertificate
	case c.namesDiffer(rests):
		return checks.CauseConfiguration
	case otherEyes && quick, full && c.suitesSeenOtherwise():
		return checks.CauseEngine
	case quick, full:
		return checks.CauseConfiguration
	case otherRules:
		return checks.CauseCriteria
	case c.previous.TrustData != c.next.TrustData:
		return checks.CauseTrustData
	case c.previous.Engine != c.next.Engine:
		return checks.CauseEngine
	case rests.certificates:
		return checks.CauseTime
	default: // nothing else depends on the time: it was mended, or went down
		return checks.CauseConfiguration
	}
}

// namesDiffer says whether what DNS says is another than before, where a
// judgement rests on it. CAA and TLSA are judged with chains.
func (c *comparison) namesDiffer(rests families) bool {
	before, now := &c.previous.Observation, &c.next.Observation
	return rests.dns && !c.same(before.DNS, now.DNS) || (rests.records || rests.certificates) && !c.same(before.Records, now.Records)
}

// differ says whether one of parts is another than before.
func (c *comparison) differ(parts []part) bool {
	return slices.ContainsFunc(parts, func(p part) bool {
		return c.addressesDiffer(&c.previous.Observation, &c.next.Observation, p)
	})
}

// part is one part of what an address showed.
type part func(checks.AddressObservation) any

// families says which families of facts a judgement rests on.
type families struct {
	dns, certificates, records bool
	quick, full                []part // what every look sees, and what only a full one does
}

func everything() families {
	return families{
		dns: true, certificates: true, records: true,
		quick: []part{
			func(a checks.AddressObservation) any { return a.TLS.Protocols },
			func(a checks.AddressObservation) any { return a.HTTP },
		},
		full: []part{func(a checks.AddressObservation) any { return a.Full }},
	}
}

// restsOn reads the families off the paths of a proof. One without a path that
// says so counts as resting on all of them.
func restsOn(proofs []checks.Proof) families {
	var rests families
	for _, proof := range proofs {
		switch {
		case containsAny(proof.Fact, "certificate", "chain", "pki", "revocation", "staple"):
			rests.certificates = true
		case strings.HasPrefix(proof.Fact, "records"):
			rests.records = true
		case strings.HasPrefix(proof.Fact, "dns"):
			rests.dns = true
		default:
			quick, full := partsOf(proof.Fact)
			rests.quick, rests.full = append(rests.quick, quick...), append(rests.full, full...)
			rests.certificates = rests.certificates || strings.Contains(proof.Fact, ".grade") // it falls with them, and with time
		}
	}
	if !rests.dns && !rests.certificates && !rests.records && len(rests.quick)+len(rests.full) == 0 {
		return everything()
	}
	return rests
}

// partsOf are the parts of an address that a path is in: those that every look
// sees, and those that only a full one does.
func partsOf(path string) (quick, full []part) {
	suites := func(a checks.AddressObservation) any { return a.Full.Suites }
	_, protocol, one := strings.Cut(path, "protocols.")
	switch {
	case strings.Contains(path, "grade"):
		return []part{func(a checks.AddressObservation) any { return a.TLS.Protocols }}, []part{suites}
	case containsAny(path, "suites", "groups", "preference", "primes", "signature_schemes"):
		return nil, []part{suites}
	case strings.Contains(path, "features"):
		return nil, []part{func(a checks.AddressObservation) any { return a.Full.Features }}
	case containsAny(path, "vulnerabilities", "intrusive"):
		return nil, []part{func(a checks.AddressObservation) any { return results(a.Full) }}
	case strings.Contains(path, "simulations"):
		return nil, []part{func(a checks.AddressObservation) any { return a.Full.Simulations }}
	case one && slices.Contains(checks.Protocols(), checks.Protocol(protocol)):
		return []part{func(a checks.AddressObservation) any { return a.TLS.Protocols[checks.Protocol(protocol)] }}, nil
	case strings.Contains(path, "protocols"):
		return []part{func(a checks.AddressObservation) any { return a.TLS.Protocols }}, nil
	case containsAny(path, "versions", "script_cookies"):
		return nil, []part{func(a checks.AddressObservation) any { return []any{a.Full.Versions, a.Full.ScriptCookies} }}
	case containsAny(path, "http", "hops", "cookies"):
		return []part{func(a checks.AddressObservation) any { return a.HTTP }}, nil
	}
	return nil, nil
}

// results are those of the known vulnerabilities, without their proof.
func results(full checks.FullTLS) map[checks.Vulnerability]checks.VulnerabilityResult {
	all := map[checks.Vulnerability]checks.VulnerabilityResult{}
	for _, found := range []checks.Vulnerabilities{full.Vulnerabilities, full.Intrusive} {
		for vulnerability, finding := range found {
			if finding.Result != checks.VulnerabilityNotAsked {
				all[vulnerability] = finding.Result
			}
		}
	}
	return all
}

// revocationsDiffer says whether an issuer answers otherwise about a
// certificate than before. What either look could not tell is no difference.
func revocationsDiffer(before, now checks.PKI) bool {
	differ := func(was, is checks.Fact[checks.RevocationStatus]) bool {
		return was.State == checks.Known && is.State == checks.Known && was.Value.State != is.Value.State
	}
	for fingerprint, is := range now.Revocation {
		was := before.Revocation[fingerprint]
		if differ(was.CRL, is.CRL) || differ(was.OCSP, is.OCSP) {
			return true
		}
	}
	return false
}

// certificatesDiffer compares the certificates and the chains they were sent
// in, whichever addresses sent them: a name that answers with another share of
// its addresses each time has not changed its certificate.
func certificatesDiffer(before, now *checks.Observation) bool {
	return !equalCertificates(sent(before), sent(now)) ||
		!maps.Equal(chains(before), chains(now))
}

func chains(observation *checks.Observation) map[string]bool {
	set := map[string]bool{}
	for _, address := range observation.Addresses {
		if address.TLS.Chain.State == checks.Known {
			set[join(address.TLS.Chain.Value)] = true
		}
	}
	return set
}

// addressesDiffer compares one part of what addresses showed, whichever showed
// it: a name that answers with another share of its addresses each time has not
// changed. An address without the part is known from another family of facts.
func (c *comparison) addressesDiffer(before, now *checks.Observation, p part) bool {
	was, is := having(before, p), having(now, p)
	if len(was) == 0 && c.previous.Engine != c.next.Engine {
		return false // the engine before did not look for it
	}
	alike := func(old, current any) bool { return c.same(old, current) }
	return slices.ContainsFunc(is, func(current any) bool {
		return !slices.ContainsFunc(was, func(old any) bool { return alike(old, current) })
	}) || slices.ContainsFunc(was, func(old any) bool {
		return !slices.ContainsFunc(is, func(current any) bool { return alike(old, current) })
	})
}

func having(observation *checks.Observation, p part) []any {
	nothing := p(checks.AddressObservation{})
	var list []any
	for _, address := range observation.Addresses {
		if shown := p(address); !equalForms(shown, nothing) {
			list = append(list, shown)
		}
	}
	return list
}

// same says whether two facts are the same, as far as both engines fill them.
func (c *comparison) same(before, now any) bool {
	if equalForms(before, now) {
		return true
	}
	if c.previous.Engine == c.next.Engine {
		return false
	}
	return sameAsFarAsFilled(generic(before), generic(now))
}

// generic is a value as its canonical form reads.
func generic(value any) (read any) {
	form, _, err := checks.Canonical(value)
	if err != nil || json.Unmarshal(form, &read) != nil {
		return nil
	}
	return read
}

// sameAsFarAsFilled compares what an older engine reported with what a newer
// one does: what the older one left out, or did not ask, is no difference.
func sameAsFarAsFilled(before, now any) bool {
	switch old := before.(type) {
	case nil:
		return true
	case map[string]any:
		current, ok := now.(map[string]any)
		if old["state"] == checks.NotAsked.String() {
			return true
		}
		for key, value := range old {
			if !ok || !sameAsFarAsFilled(value, current[key]) {
				return false
			}
		}
		return ok
	case []any:
		current, ok := now.([]any)
		return ok && slices.EqualFunc(old, current, sameAsFarAsFilled)
	default:
		return reflect.DeepEqual(before, now)
	}
}

// equalForms compares canonical forms: a stored component and a fresh one may
// differ in nil and empty slices, which mean the same.
func equalForms(a, b any) bool {
	_, first, firstErr := checks.Canonical(a)
	_, second, secondErr := checks.Canonical(b)
	return firstErr == nil && secondErr == nil && first == second
}
