// Package simulation says what each client that a user would know gets from a
// server: protocol, suite, group and forward secrecy.
//
//	profiles/*.json ──▶ Profile ──┬─▶ Compute (pure: what is known of the server decides) ─┐
//	                              └─▶ Resend (its own ClientHello, a connection)  ─────────┴─▶ checks.Simulation
//
// Profiles are written from public facts, each with its source. It must not
// judge a certificate as a client would, nor call a client refused when what is
// known does not decide it.
package simulation
