// Package checks holds what a check is given and what it gives back: Target,
// Fact, Observation and the Runner that walks a target's addresses. It does no
// input or output of its own, knows no grade, no requirement and no database.
//
// The flow, always in this direction:
//
//	Target ──Runner──▶ dns, tls and http families ──▶ Observation + Measurements
//	Observation ──policy.Judge (pure)──▶ []Verdict ──▶ Report
//
// An Observation holds facts only, in canonical components: nothing volatile
// is in them, so that two looks at an unchanged server are byte for byte equal.
// What is volatile (timings, source addresses, transcripts) is in Measurements.
package checks
