// Package oraclepeer is a TLS 1.0 to 1.2 server for tests, written at the
// level of bytes, that meets malformed messages as stacks with padding oracles
// did, as healthy ones do, or at random:
//
//	ClientHello ──▶ ServerHelloDone ──▶ Config.Premaster ──▶ Finished ──▶ Config.Record
//
// It speaks RSA key transport only. It must never be linked into the program,
// listen on anything but loopback, or use a key that means something.
package oraclepeer
