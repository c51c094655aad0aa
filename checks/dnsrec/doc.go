// Package dnsrec asks DNS what it says of a host besides its addresses: aliases,
// who may issue for it (CAA), which certificates it announces (TLSA), and
// whether DNSSEC vouches for it. It asks through checks.Network only, so that
// it never resolves or dials by itself, and judges nothing.
package dnsrec
