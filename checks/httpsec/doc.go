// Package httpsec asks an address for its HTTP answer: every redirect hop,
// every Set-Cookie, and what TCP port 80 does. It must not dial or resolve by
// itself (checks.Network does), keep anything that differs between two looks
// at an unchanged server, or judge what it saw.
package httpsec
