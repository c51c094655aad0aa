// Package session makes complete handshakes from SSL 3.0 to TLS 1.3 with full
// control over every record: what needs secrets (key schedules, record
// protection, resumption, renegotiation) and what no library lets a caller do,
// such as a CBC record without MAC or a ClientKeyExchange of any content.
//
//	Start (hello .. ServerHelloDone) ──▶ Finish ──▶ Write/Read ──▶ Renegotiate
//
// Its parts serve both roles, so that a test can write a faulty server on the
// same Layer, Secrets and Writer. It must not dial, retry, judge or trust: no
// certificate and no signature is ever verified here, what it returns are
// facts about a server, and nothing secret may travel over such a session.
package session
