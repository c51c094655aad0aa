// Package key says what a public key of a certificate is worth: its size in
// RSA equivalents (rating guide, section 4.2) and whether it is known to be
// broken. It reads keys that crypto/x509 does not know, and never uses one.
package key
