// Package chain builds paths from a certificate to the anchors of a store, as
// crypto/x509 does and with every date set aside: dates are judged apart from
// trust. It is pure, and must not do input or output, read a clock, or ask for
// revocation; it imports the standard library and the bundle of roots only.
package chain
