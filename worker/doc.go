// Package worker runs River's jobs, one file a kind: claim takes what is due,
// look fills an assessment, deliver sends one message, upkeep tidies. What a
// job produced and its own completion commit together or not at all. The
// package dials nothing, holds no SQL and decides nothing: checks look, store
// writes, monitor and policy decide.
//
//	claim ──assessments + look jobs──▶ look ──verdicts──▶ incident + deliver jobs ──▶ deliver
//	                                    ▲────confirm job────┘
package worker
