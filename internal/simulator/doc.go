// Package simulator runs months of a fleet in seconds through the rules that
// decide when somebody is told: real schedules, real judgements of made-up
// observations, monitor.Decide, monitor.StepIncident and monitor.Route, with
// everything that they ask for carried out in memory. A script says what
// happens when and exactly what a person hears of it.
//
// It is for tests and for tuning: it does no input or output and reads no clock,
// and nothing of the program imports it. Equal scripts give equal messages.
package simulator
