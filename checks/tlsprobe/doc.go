// Package tlsprobe asks a server on the wire which protocol versions it
// accepts, SSL 2.0 to TLS 1.3, each by a hello of its own, and which
// certificates it sends. It builds and reads its own messages, since no
// library speaks the old versions:
//
//	Quick ──▶ exchange (one connection, one hello) ──▶ reaction ──▶ judge (pure) ──▶ checks.TLS
//
// It must not judge certificates, resolve or dial by itself, or keep what is
// volatile in its answer: whether a server says no by FIN or RST is a race, so
// that stands in the log only.
package tlsprobe
