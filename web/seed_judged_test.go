package web_test

import (
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// richly writes a full look at endpoint, an nginx at two addresses, with a
// judgement in which every part of the page has something to say.
func (s *site) richly(endpoint monitor.Endpoint, at time.Time) (assessed int64) {
	s.Helper()
	observation := &checks.Observation{
		Depth: checks.Full, Certificates: []checks.Certificate{certificate()},
		DNS: checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.11")})},
	}
	for _, address := range observation.DNS.Addresses.Value {
		hop := checks.Hop{
			URL: endpoint.Value, Scheme: "https", Host: "app.example.com", SameSite: true,
			Answer: checks.KnownFact(checks.Response{Status: 200, TLS: checks.TLSv13, Server: "nginx"}),
		}
		observation.Addresses = append(observation.Addresses, checks.AddressObservation{
			Address: address, Port: 443, Full: checktest.FullFacts(chainOf(), false),
			TLS:  checks.TLS{Protocols: protocols(false), Chain: checks.KnownFact(chainOf())},
			HTTP: checks.HTTP{Hops: []checks.Hop{hop}, End: checks.KnownFact(200)},
		})
	}
	grades := []checks.Grade{gradeB(), {Letter: checks.GradeAMinus, Criteria: "2009r", Rules: []checks.GradeRule{}, Next: []checks.GradeStep{}}}
	return s.judged(endpoint, observation, checks.Judgement{Appraisal: appraised(), Grade: &grades[0], Grades: grades, Verdicts: manyVerdicts()}, at)
}

func gradeB() checks.Grade {
	return checks.Grade{
		Letter: checks.GradeB, TrustIgnored: checks.GradeB, Future: checks.GradeC, Provisional: true, HasWarnings: true, Criteria: "2009r",
		Missing: []checks.Proof{{Fact: "addresses[192.0.2.10].vulnerabilities.robot", Value: "not_asked", Text: "192.0.2.10: whether ROBOT works was not asked."}},
		Scores:  &checks.Scores{Protocol: 9500, KeyExchange: 9000, Cipher: 9000, Total: 9150},
		Rules: []checks.GradeRule{
			{ID: "B-TLS10", Effect: checks.EffectCap, Letter: checks.GradeB, Text: "TLS 1.0 is accepted", Proof: []checks.Proof{{
				Fact: "addresses[192.0.2.10].protocols.TLSv1.0", Value: "accepted", Text: "192.0.2.10 accepts TLS 1.0 <script>alert(1)</script>.",
			}}},
			{ID: "A-HSTS", Effect: checks.EffectWarning, Letter: checks.GradeAMinus, Text: "there is no forward secrecy with all reference clients"},
			{ID: "N-CAA", Effect: checks.EffectNote, Text: "no CAA record limits who may issue certificates for this name, so that any of the authorities which browsers trust may do so"},
		},
		Next: []checks.GradeStep{
			{Letter: checks.GradeA, Without: []string{"B-TLS10", "A-HSTS"}, Text: "without TLS 1.0 and with forward secrecy: A"},
			{Letter: checks.GradeAPlus, Without: []string{"B-TLS10", "A-HSTS", "PLUS-HSTS"}, Text: "with a long HSTS period besides: A+"},
		},
	}
}

// appraised finds one fault, cannot tell another, and answers all others no.
func appraised() checks.Appraisal {
	findings := map[checks.Question]checks.ChainFinding{}
	for _, question := range checks.Questions() {
		findings[question] = checks.ChainFinding{Answer: checks.FaultNotFound}
	}
	findings[checks.IncompleteChain] = checks.ChainFinding{Answer: checks.FaultFound, Details: []checks.FindingDetail{{
		Certificate: certificate().SHA256, Text: "The issuer <b>CN=R10</b> was not sent; where it is was found in the certificate.",
	}}}
	findings[checks.Revoked] = checks.ChainFinding{Answer: checks.FaultInconclusive, Reason: checks.ReasonTimeout}
	chain := checks.ChainAppraisal{
		SNI: true, Served: chainOf(), Path: chainOf(), Stores: map[string]bool{"mozilla": true, "system": true}, Findings: findings,
		Leaf: checks.LeafAppraisal{
			SHA256: certificate().SHA256, Key: "ECDSA", KeyBits: 256, Curve: "secp256r1", RSABits: 3072, Signature: "ECDSA-SHA256",
			Lifetime: 90 * 24 * time.Hour, RenewalDue: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), PathNotAfter: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
		},
	}
	both := checks.Appraisal{}
	for _, address := range []string{"192.0.2.10", "192.0.2.11"} {
		both.Addresses = append(both.Addresses, checks.AddressAppraisal{Address: netip.MustParseAddr(address), Port: 443, Chains: []checks.ChainAppraisal{chain}})
	}
	return both
}

// of is a verdict of a profile.
func of(profile, id string, result checks.Result, severity checks.Severity, proofs ...checks.Proof) checks.Verdict {
	v := verdict(id, result, severity, id+" is what it is.")
	v.Profile = profile + "@2026-11"
	if len(proofs) > 0 {
		v.Proof = proofs
	}
	return v
}

// manyVerdicts have every result in every section.
func manyVerdicts() []checks.Verdict {
	unasked := checks.Proof{Fact: "suites", Value: checks.NotAsked.String(), Text: "Which suites are accepted was not asked."}
	cookies := []checks.Proof{
		{Fact: "cookies[session]", Value: "without Secure", Text: "The cookie session lacks Secure."},
		{Fact: "cookies[<i>theme</i>]", Value: "without Secure", Text: "The cookie <i>theme</i> lacks Secure."},
	}
	waived := of("superoffice", "T-07", checks.Fail, checks.Must)
	waived.Waived = &checks.Waiver{Owner: "Grace", Reason: "Moves in <May>", Until: time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)}
	old := of("superoffice", "T-05", checks.Fail, checks.Advice)
	old.RemedyID = "protocols-off"
	mozilla := of("mozilla-intermediate", "MI-01", checks.Fail, checks.Must)
	mozilla.RemedyID = "protocols-off"
	return []checks.Verdict{
		of("superoffice", "T-01", checks.Pass, checks.Must),
		of("superoffice", "C-02", checks.Fail, checks.Must, cookies...), waived, old,
		of("superoffice", "T-09", checks.ResultInconclusive, checks.Must, unasked),
		of("superoffice", "T-08", checks.NotApplicable, checks.Recommended),
		of("superoffice", "T-04", checks.Pass, checks.Record),
		of("gradewatch", "G-01", checks.Pass, checks.Advice), of("gradewatch", "G-02", checks.Pass, checks.Advice),
		of("gradewatch", "G-03", checks.Fail, checks.Advice),
		of("gradewatch", "V-01", checks.ResultInconclusive, checks.Advice, unasked),
		mozilla,
		of("mozilla-intermediate", "MI-02", checks.Pass, checks.Must),
		of("mozilla-intermediate", "MI-04", checks.ResultInconclusive, checks.Must, unasked),
	}
}
