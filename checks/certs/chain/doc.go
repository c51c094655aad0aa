// Package chain judges a certificate chain as it was sent: path, trust, name
// and dates, each by itself and all faults at once. It is pure: time and roots
// are arguments. It must not do input or output, read a clock, or ask for
// revocation; it imports the standard library and the bundle of roots only.
package chain
