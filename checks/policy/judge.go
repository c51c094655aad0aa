package policy

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// Evidence is what a judgement rests on.
type Evidence struct {
	// Observation may be nil or empty: then nothing that needs the network
	// passes or fails.
	Observation *checks.Observation `json:"observation"`
	// Appraisal and Grades belong to the observation's addresses, in their order.
	// Where they are missing, what they would say cannot be told.
	Appraisal checks.Appraisal `json:"appraisal"`
	Grades    []checks.Grade   `json:"grades,omitempty"`
	Grade     *checks.Grade    `json:"grade,omitempty"` // of the endpoint
	Subject   Subject          `json:"subject"`
	At        time.Time        `json:"at"` // that the judgement is about
}

// Judge gives the verdict of every requirement of profile, in order of their
// ids. It is pure: equal evidence gets equal verdicts. One judgement of a
// profile costs under a millisecond an address.
func Judge(evidence Evidence, profile *Profile) []checks.Verdict {
	w := newWorld(evidence, profile)
	verdicts := make([]checks.Verdict, 0, len(profile.Requirements))
	for _, requirement := range profile.Requirements {
		answer := w.judge(requirement)
		verdict := checks.Verdict{
			Requirement: requirement.ID, Profile: profile.Name(), Severity: requirement.Severity(evidence.Subject),
			Result: answer.result, Proof: bounded(answer.proof),
		}
		verdict.Quiet = requirement.quiet(verdict.Severity)
		if answer.result == checks.Fail || answer.result == checks.ResultInconclusive {
			verdict.Remedy, verdict.RemedyID = answer.remedy, answer.remedyID
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// quiet says whether a fail of this severity is told to nobody.
func (r Requirement) quiet(severity checks.Severity) bool {
	if r.Alarm != nil {
		return !*r.Alarm
	}
	return severity == checks.Advice
}

// NotAsked says whether a verdict is open for nothing but what nobody asked, as
// a quick look leaves what only a full one asks. Asking again does not help.
func NotAsked(verdict checks.Verdict) bool {
	return verdict.Result == checks.ResultInconclusive && openFor(verdict.Proof, checks.NotAsked.String())
}

func newWorld(evidence Evidence, profile *Profile) *world {
	if evidence.Observation == nil {
		evidence.Observation = &checks.Observation{}
	}
	w := &world{evidence: evidence, kinds: kinds(), scope: map[string]ref.Val{}}
	for name, value := range profile.Settings {
		w.scope["settings."+name] = settingValue(value)
	}
	for _, one := range variables(EachEndpoint) {
		w.scope[one.name] = one.get(w)
	}
	return w
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

// judgement is a result with its proof and what to do.
type judgement struct {
	result           checks.Result
	proof            []checks.Proof
	remedy, remedyID string
}

// finding is what a rule says of one element.
type finding struct {
	judgement
	element *element
}

// judge evaluates a requirement over its scope. First over nothing but the
// endpoint: what no element can change needs none.
func (w *world) judge(r Requirement) judgement {
	group := w.elements(r.Each)
	if r.Each == EachEndpoint {
		return combine([]finding{w.judgeElement(r, &group.whole)})
	}
	whole := w.judgeElement(r, &group.whole)
	if whole.result != checks.ResultInconclusive {
		return whole.judgement
	}
	var findings []finding
	for i := range group.elements {
		findings = append(findings, w.judgeElement(r, &group.elements[i]))
	}
	for i := range group.missing {
		if found := w.judgeElement(r, &group.missing[i]); found.result == checks.ResultInconclusive {
			findings = append(findings, found)
		}
	}
	findings = append(w.summarize(r, findings), group.empty...)
	slices.SortStableFunc(findings, func(a, b finding) int { return w.place(a) - w.place(b) })
	return combine(findings)
}

// place orders findings by their address; those of none come last.
func (w *world) place(f finding) int {
	observed := w.evidence.Observation.Addresses
	for i := range observed {
		if f.element.address == &observed[i] {
			return i
		}
	}
	return len(observed)
}

func (w *world) judgeElement(r Requirement, e *element) finding {
	found := finding{element: e}
	w.within(e.variables, func() {
		if r.compiled.applies != nil {
			switch applies := w.decide(r.compiled.applies); applies.answer {
			case answerFalse:
				found.result, found.proof = checks.NotApplicable, proofsOf(applies.enough())
				return
			case answerTrue:
			default:
				found.judgement = open(applies)
				return
			}
		}
		found.judgement = w.judgePass(r)
	})
	return found
}

func (w *world) judgePass(r Requirement) judgement {
	got := w.decide(r.compiled.pass)
	switch got.answer {
	case answerTrue:
		return judgement{result: checks.Pass, proof: w.prove(r.compiled.provePass, got, r.Text)}
	case answerFalse:
		failed := judgement{result: checks.Fail, remedy: r.Remedy, remedyID: r.RemedyID}
		failed.proof = w.prove(r.compiled.proveFail, got, "This is not so: "+r.Text)
		for i, when := range r.compiled.remedies {
			if holds, _ := w.evaluate(when); holds == answerTrue {
				failed.remedy, failed.remedyID = r.Remedies[i].Remedy, r.Remedies[i].RemedyID
				break
			}
		}
		return failed
	}
	return open(got)
}

// open is the judgement of what could not be told.
func open(got decision) judgement {
	left := judgement{result: checks.ResultInconclusive, proof: proofsOf(got.open)}
	for _, f := range got.open {
		if left.remedy == "" {
			left.remedy = f.remedy
		}
	}
	if got.answer == answerBroken {
		left.proof = []checks.Proof{{
			Fact: "rule", Value: string(checks.ReasonInternal), Text: "The rule could not be evaluated on what was seen.",
		}}
	}
	return left
}

// prove gives what the rule's expressions say, else the facts that decided,
// else the requirement itself.
func (w *world) prove(expressions []program, got decision, text string) []checks.Proof {
	if said := w.said(expressions, got); len(said) > 0 {
		return said
	}
	if decided := proofsOf(got.enough()); len(decided) > 0 {
		return decided
	}
	return []checks.Proof{proof("rule", "", text+".")}
}

// said evaluates the expressions that give better proofs: on what was seen of
// lists that may go on.
func (w *world) said(expressions []program, got decision) []checks.Proof {
	var proofs []checks.Proof
	var ended []*fact
	for _, expression := range expressions {
		for {
			value, _, err := expression.Eval(w)
			if err != nil {
				break
			}
			unknown, open := value.(*types.Unknown)
			if !open {
				proofs = append(proofs, spoken(value, got)...)
				break
			}
			more := slices.DeleteFunc(w.factsOf(unknown), func(f *fact) bool { return !f.more || w.assumed[f.id-1] != nil })
			if len(more) == 0 {
				break
			}
			for _, f := range more {
				w.assumed[f.id-1] = types.False
			}
			ended = append(ended, more...)
		}
	}
	for _, f := range ended {
		w.assumed[f.id-1] = nil
	}
	return proofs
}

// spoken turns what a proof expression gives into proofs. A text takes the
// place of that of the first fact that decided.
func spoken(value ref.Val, got decision) []checks.Proof {
	var proofs []checks.Proof
	switch value := value.(type) {
	case types.String:
		one := proof("rule", "", "")
		if decided := proofsOf(got.enough()); len(decided) > 0 {
			one = decided[0]
		}
		one.Text = string(value)
		proofs = append(proofs, one)
	case *object:
		if value.said != nil {
			proofs = append(proofs, value.said.proof)
		}
	case iterable:
		for it := value.Iterator(); it.HasNext() == types.True; {
			proofs = append(proofs, spoken(it.Next(), got)...)
		}
	}
	return slices.CompactFunc(proofs, func(a, b checks.Proof) bool { return a == b })
}

// combine makes one judgement of findings: one that fails fails the whole, else
// one that cannot be told leaves it open. The proof is that of the findings
// that decided.
func combine(findings []finding) judgement {
	ranks := []checks.Result{checks.Fail, checks.ResultInconclusive, checks.Pass, checks.NotApplicable}
	result := checks.NotApplicable
	for _, found := range findings {
		if slices.Index(ranks, found.result) < slices.Index(ranks, result) {
			result = found.result
		}
	}
	if len(findings) == 0 {
		result = checks.ResultInconclusive
	}
	whole := judgement{result: result}
	seen := map[checks.Proof]bool{}
	for _, found := range findings {
		if found.result != result {
			continue
		}
		for _, proof := range found.proof {
			if !seen[proof] {
				seen[proof] = true
				whole.proof = append(whole.proof, proof)
			}
		}
		if whole.remedy == "" {
			whole.remedy, whole.remedyID = found.remedy, found.remedyID
		}
	}
	if result == checks.ResultInconclusive && whole.remedy == "" {
		whole.remedy = openRemedy(whole.proof)
	}
	return whole
}
