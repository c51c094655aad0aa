package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// verdicts compares conclusive verdicts. The previous snapshot's verdicts must
// be the last conclusive ones, so that a spell of not knowing hides no change.
func (c *comparison) verdicts() {
	was := map[string]checks.Verdict{}
	for _, verdict := range c.previous.Verdicts {
		was[verdict.Requirement] = verdict
	}
	for _, after := range c.next.Verdicts {
		before, judged := was[after.Requirement]
		if !judged || !before.Result.Conclusive() || !after.Result.Conclusive() || before.Result == after.Result {
			continue
		}
		change := Change{
			OccurredAt: c.next.At, Class: Regression, Cause: c.causeOfVerdict(after),
			Subject: VerdictSubject(after.Requirement), Before: string(before.Result), After: string(after.Result),
			Sentence: fmt.Sprintf("%s fails now: %s", after.Requirement, proofText(after)),
		}
		if after.Result == checks.Pass {
			change.Class = Recovery
			change.Sentence = fmt.Sprintf("%s passes again: %s", after.Requirement, proofText(after))
		}
		c.changes = append(c.changes, change)
	}
}

// verdictSubjects is what the Subject of every change of a verdict begins with.
const verdictSubjects = "verdicts."

// VerdictSubject is the Subject of a change of a requirement's verdict.
func VerdictSubject(requirement string) string { return verdictSubjects + requirement }

func proofText(verdict checks.Verdict) string {
	for _, proof := range verdict.Proof {
		if proof.Text != "" {
			return proof.Text
		}
	}
	return "no fact was given as proof."
}

func (c *comparison) causeOfVerdict(after checks.Verdict) checks.Cause {
	otherRules := c.previous.Profile != c.next.Profile && !slices.Contains(strings.Split(c.previous.Profile, ","), after.Profile)
	return c.cause(restsOn(after.Proof), otherRules)
}

// cause says why a judgement is another one than before: the facts it rests on,
// where they differ, else the rules, else the passing of time.
func (c *comparison) cause(rests families, otherRules bool) checks.Cause {
	before, now := &c.previous.Observation, &c.next.Observation
	switch {
	case rests.certificates && (certificatesDiffer(before, now) || revocationsDiffer(before.PKI, now.PKI)):
		return checks.CauseCertificate
	case rests.dns && !equalForms(before.DNS, now.DNS),
		rests.protocols && addressesDiffer(before, now, func(a checks.AddressObservation) any { return a.TLS.Protocols }),
		rests.full && addressesDiffer(before, now, func(a checks.AddressObservation) any { return a.Full }),
		(rests.records || rests.certificates) && !equalForms(before.Records, now.Records), // CAA and TLSA are judged with chains
		rests.http && addressesDiffer(before, now, func(a checks.AddressObservation) any { return a.HTTP }):
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

// families says which families of facts a judgement rests on.
type families struct{ dns, protocols, certificates, full, records, http bool }

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
		case containsAny(proof.Fact, "suites", "groups", "features", "vulnerabilities", "intrusive", "simulations", "preference"):
			rests.full = true
		case strings.Contains(proof.Fact, "protocols"):
			rests.protocols = true
		case strings.HasPrefix(proof.Fact, "dns"):
			rests.dns = true
		case strings.Contains(proof.Fact, "http"), strings.Contains(proof.Fact, "hops"), strings.Contains(proof.Fact, "cookies"):
			rests.http = true
		}
	}
	if rests == (families{}) {
		return families{dns: true, protocols: true, certificates: true, full: true, records: true, http: true}
	}
	return rests
}

// restsOnFullLook says whether a verdict rests on something that only a full
// look asks.
func restsOnFullLook(verdict checks.Verdict) bool {
	return slices.ContainsFunc(verdict.Proof, func(proof checks.Proof) bool {
		return strings.HasPrefix(proof.Fact, "records") || containsAny(proof.Fact, ".suites", ".preference", ".groups", ".legacy_groups",
			".features", ".vulnerabilities", ".intrusive", ".simulations", ".stapled", ".grade")
	})
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
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

// addressesDiffer compares one part of what addresses showed. Addresses are
// sorted, so another set of them differs too; one without the part is known
// from another family of facts.
func addressesDiffer(before, now *checks.Observation, part func(checks.AddressObservation) any) bool {
	return !slices.EqualFunc(having(before, part), having(now, part), func(a, b checks.AddressObservation) bool {
		return a.Address == b.Address && equalForms(part(a), part(b))
	})
}

func having(observation *checks.Observation, part func(checks.AddressObservation) any) []checks.AddressObservation {
	nothing := part(checks.AddressObservation{})
	return slices.DeleteFunc(slices.Clone(observation.Addresses), func(a checks.AddressObservation) bool {
		return equalForms(part(a), nothing)
	})
}

// equalForms compares canonical forms: a stored component and a fresh one may
// differ in nil and empty slices, which mean the same.
func equalForms(a, b any) bool {
	_, first, firstErr := checks.Canonical(a)
	_, second, secondErr := checks.Canonical(b)
	return firstErr == nil && secondErr == nil && first == second
}
