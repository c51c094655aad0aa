// Package oracle asks a server the questions of a padding oracle attack:
//
//	Known ──▶ combinations ──▶ rounds of connections ──▶ reactions ──▶ judge ──▶ findings
//
// Each round sends the malformed messages of the rating guide's sections 10.8
// (ROBOT), 10.10 (the CBC family) and 10.11 (CVE-2016-2107), one to a
// connection. A judge is a pure function of the reactions of all rounds: it
// sees no clock and no network. These probes are intrusive; whoever calls has
// leave. The package must not decrypt anything of anybody, time answers to
// tell secrets apart, or call a server vulnerable whose reactions it did not
// see repeat.
package oracle
