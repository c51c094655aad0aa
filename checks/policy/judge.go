package policy

import (
	"fmt"
	"net/url"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// Judge gives the verdict of every requirement of profile on subject, in order
// of their ids. observation may be nil or empty: then nothing that needs the
// network passes or fails. at is the time that the judgement is about, roots
// what is trusted.
func Judge(observation *checks.Observation, subject Subject, at time.Time, profile Profile, roots *chain.Roots) []checks.Verdict {
	if observation == nil {
		observation = &checks.Observation{}
	}
	q := question{observation: observation, subject: subject, at: at, roots: roots}
	if u, err := url.Parse(subject.URL()); err == nil {
		q.url = u
	}
	known := judges()
	verdicts := make([]checks.Verdict, 0, len(profile.Requirements))
	for _, requirement := range profile.Requirements {
		judge := known[requirement.ID]
		if judge == nil {
			continue // not reached: ParseProfile refuses ids that are not known
		}
		answer := judge(q)
		verdict := checks.Verdict{
			Requirement: requirement.ID, Profile: profile.Name(), Severity: requirement.Severity(subject),
			Result: answer.result, Proof: bounded(answer.proof),
		}
		if answer.result == checks.Fail || answer.result == checks.ResultInconclusive {
			verdict.Remedy = answer.remedy
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// Bounds of a proof: a server decides how many cookies it sets, and what stands
// in its certificates.
const (
	maxProofs     = 100 // of one verdict
	maxProofBytes = 600 // of each text
)

// bounded cleans what servers wrote, and bounds it.
func bounded(proofs []checks.Proof) []checks.Proof {
	if more := len(proofs) - maxProofs; more > 0 {
		text := fmt.Sprintf("%d more of this kind are left out.", more+1)
		proofs = append(proofs[:maxProofs-1:maxProofs-1], checks.Proof{Fact: "proof", Value: "left out", Text: text})
	}
	for i, proof := range proofs {
		proofs[i].Fact, proofs[i].Value = checks.Clean(proof.Fact, maxProofBytes), checks.Clean(proof.Value, maxProofBytes)
		proofs[i].Text = checks.Clean(proof.Text, maxProofBytes)
	}
	return proofs
}

// question is what a requirement is judged on.
type question struct {
	observation *checks.Observation
	subject     Subject
	at          time.Time
	roots       *chain.Roots
	url         *url.URL // what was looked at; nil when it cannot be parsed
}

// judgement is a result with its proof and what to do.
type judgement struct {
	result checks.Result
	proof  []checks.Proof
	remedy string
}

// judges maps every requirement that is known to its judge.
func judges() map[string]func(question) judgement {
	return map[string]func(question) judgement{
		"T-01": func(q question) judgement { return q.protocolRefused(checks.SSLv2) },
		"T-02": func(q question) judgement { return q.protocolRefused(checks.SSLv3) },
		"T-03": func(q question) judgement { return q.protocolAccepted(checks.TLSv12) },
		"T-07": question.secureOnly,
		"T-09": question.certificateValid,
		"C-01": question.cookiesHTTPOnly,
		"C-02": question.cookiesSecure,
		"E-01": question.answers,
		"L-01": question.fullURL,
		"L-02": question.notOnSuperOffice,
		"L-03": question.nativeLoopback,
	}
}

// native says whether there is nothing that a network could show.
func (q question) native() bool {
	return q.subject.ValueKind == NativeLoopback || q.subject.ValueKind == CustomScheme
}

func (q question) scheme() string {
	if q.url == nil {
		return ""
	}
	return q.url.Scheme
}

// notApplicable says why a requirement cannot apply.
func notApplicable(fact, value, text string) judgement {
	return judgement{result: checks.NotApplicable, proof: []checks.Proof{{Fact: fact, Value: value, Text: text}}}
}

func (q question) nativeNotApplicable() judgement {
	return notApplicable("value_kind", string(q.subject.ValueKind),
		"The application takes the answer on the person's own device, which nobody can look at from outside.")
}

func (q question) noTLS() judgement {
	return notApplicable("url", q.scheme(), "The URL uses http, so there is no TLS to look at; T-07 says what that means.")
}

// needsTLS returns the judgement of a requirement that is about TLS where
// there is none, and whether that is so.
func (q question) needsTLS() (judgement, bool) {
	switch {
	case q.native():
		return q.nativeNotApplicable(), true
	case q.scheme() == "http":
		return q.noTLS(), true
	}
	return judgement{}, false
}

// finding is what one address shows.
type finding struct {
	result checks.Result
	proof  []checks.Proof
}

func oneFinding(result checks.Result, fact, value, text string) finding {
	return finding{result: result, proof: []checks.Proof{{Fact: fact, Value: value, Text: text, Cause: checks.CauseConfiguration}}}
}

// overAddresses judges every address: one that fails fails the whole, else one
// that cannot be told leaves it open. The proof is that of the addresses that
// decided.
func (q question) overAddresses(remedy string, judge func(checks.AddressObservation) finding) judgement {
	var findings []finding
	for _, address := range q.observation.Addresses {
		findings = append(findings, judge(address))
	}
	findings = append(findings, q.notLookedAt()...)
	return combine(findings, remedy)
}

// notLookedAt gives what keeps a judgement open beside the addresses that were
// looked at: no address at all, or more of them than the limit.
func (q question) notLookedAt() []finding {
	addresses := q.observation.DNS.Addresses
	switch seen := len(q.observation.Addresses); {
	case seen == 0 && addresses.State == checks.Known:
		return []finding{oneFinding(checks.ResultInconclusive, "addresses", checks.NotAsked.String(), "No address was looked at.")}
	case seen == 0:
		return []finding{oneFinding(checks.ResultInconclusive, "dns.addresses", factValue(addresses), "There is no address to look at: "+q.dnsSentence())}
	case len(addresses.Value) > seen:
		text := fmt.Sprintf("The name has %d addresses; %d of them were looked at.", len(addresses.Value), seen)
		return []finding{oneFinding(checks.ResultInconclusive, "dns.addresses", string(checks.ReasonBudget), text)}
	}
	return nil
}

// notPublic says whether nothing but our own refusal to connect left a
// judgement open: then no next look can tell either.
func notPublic(proof []checks.Proof) bool {
	for _, p := range proof {
		if p.Value != string(checks.ReasonSpecialPurpose) {
			return false
		}
	}
	return len(proof) > 0
}

func combine(findings []finding, remedy string) judgement {
	result := checks.Pass
	for _, finding := range findings {
		if finding.result == checks.Fail || finding.result == checks.ResultInconclusive && result != checks.Fail {
			result = finding.result
		}
	}
	if len(findings) == 0 {
		result = checks.ResultInconclusive
	}
	answer := judgement{result: result, remedy: remedy}
	for _, finding := range findings {
		if finding.result == result {
			answer.proof = append(answer.proof, finding.proof...)
		}
	}
	if result == checks.ResultInconclusive {
		answer.remedy = remedyInconclusive
		if notPublic(answer.proof) {
			answer.remedy = remedyNotPublic
		}
	}
	return answer
}
