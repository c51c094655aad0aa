// Package prime knows the primes of finite-field Diffie-Hellman that many
// servers share: those of RFCs, and what widespread products came with.
//
// It must not judge a key exchange by its size, and does no I/O.
package prime
