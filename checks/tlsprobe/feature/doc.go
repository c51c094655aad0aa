// Package feature finds out what a server's TLS can do beside suites and
// groups, and which hellos it cannot stand:
//
//	Probe ──▶ two hellos that offer everything, whole handshakes, odd hellos ──▶ checks.Features
//
// Every extension is offered together with others where that cannot blur the
// answer, so that a connection answers as much as it can. It must not send
// what an honest client could not send.
package feature
