// Package wire builds and reads the messages of SSL 2.0 to TLS 1.3 as bytes:
//
//	ClientHello ──▶ records ──▶ (a peer) ──▶ Reader ──▶ messages ──▶ ServerHello, Certificate, ...
//
// It holds no secrets and opens nothing: whoever calls brings the connection.
// Readers say what is there, also when no honest server would send it; they
// must not judge, and never read past their bounds.
package wire
