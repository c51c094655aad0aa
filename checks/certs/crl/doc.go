// Package crl reads certificate revocation lists (RFC 5280 section 5) and says
// what one says of a certificate. It fetches nothing and knows no time: whether
// a list is current is for whoever holds it. A list of a million entries is kept
// in some 20 bytes each.
package crl
