// Package certs asks others than the server about the certificates that a look
// saw: who issued them (AIA), whether they were revoked (CRL, OCSP), when their
// issuer wants them renewed (ARI), and, in a full look, what the server staples.
//
//	observation ─▶ chains ─▶ issuers: sent, known or fetched ─▶ lists, responders, windows
//	address ─▶ one handshake ─▶ staple, SCTs ─▶ judged against the issuer
//
// Signatures and dates are checked when an answer is read, since an answer that
// does not hold is none. Everything else is judged elsewhere: this package builds
// no path, trusts nobody, and never dials by itself. What it fetched is cached
// in the Collector, bounded in bytes.
package certs
