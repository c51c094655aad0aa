package checks

import "time"

// Result is the answer to a requirement.
type Result string

// The four results. NotApplicable and Inconclusive never open, resolve or
// worsen anything.
const (
	Pass               Result = "pass"
	Fail               Result = "fail"
	NotApplicable      Result = "not_applicable"
	ResultInconclusive Result = "inconclusive"
)

// Conclusive says whether the result is pass or fail.
func (r Result) Conclusive() bool { return r == Pass || r == Fail }

// Severity says how binding a requirement is.
type Severity string

// The severities of superoffice.md, section 0.
const (
	Must        Severity = "must"        // the documents say must, required, not accepted
	Recommended Severity = "recommended" // the documents say aim, recommend
	Advice      Severity = "advice"      // ours; never shown as SuperOffice's
	Record      Severity = "record"      // kept, never judged bad
)

// Verdict is the result of one requirement for one endpoint at one time, with
// its proof. It holds nothing volatile: 'expires on 2027-03-01', never 'in 12 days'.
type Verdict struct {
	Requirement string   `json:"requirement"` // T-01, C-02, ...
	Profile     string   `json:"profile"`     // "superoffice@2026-07"
	Result      Result   `json:"result"`
	Severity    Severity `json:"severity"`
	Proof       []Proof  `json:"proof,omitempty"`
	// Remedy is what to do, in a sentence; empty unless the result is fail or
	// inconclusive.
	Remedy string `json:"remedy,omitempty"`
	// RemedyID names the configuration lines that belong to it; empty: none.
	RemedyID string `json:"remedy_id,omitempty"`
	// Quiet: it never alarms. Advice that a team may well decide against, such as
	// CAA records, would otherwise open an incident for almost every endpoint.
	Quiet bool `json:"quiet,omitempty"`
	// Waived: a fail that somebody answers for until a date. It never alarms.
	Waived *Waiver `json:"waived,omitempty"`
}

// Waiver is a dated exception from one requirement.
type Waiver struct {
	Owner  string    `json:"owner"`  // who answers for it
	Reason string    `json:"reason"` // why
	Until  time.Time `json:"until"`  // it holds before this time
	// Fact limits it to proofs about this fact, such as one cookie; empty: all.
	Fact string `json:"fact,omitempty"`
}

// Proof names one fact that a verdict rests on.
type Proof struct {
	Fact  string `json:"fact"`            // path into the report: addresses[192.0.2.1].protocols.SSLv3
	Value string `json:"value"`           // its value: accepted
	Text  string `json:"text"`            // a sentence for people
	Cause Cause  `json:"cause,omitempty"` // what the fact hangs on
}

// Cause is what made a judgement what it is, or made it change.
type Cause string

// The causes of a change.
const (
	CauseConfiguration Cause = "configuration"
	CauseCertificate   Cause = "certificate"
	CauseTime          Cause = "time"
	CauseCriteria      Cause = "criteria"
	CauseTrustData     Cause = "trust_data"
	CauseEngine        Cause = "engine"
)

// Alarms says whether a fail of the requirement is told to people.
func (v Verdict) Alarms() bool { return v.Severity != Record && !v.Quiet }
