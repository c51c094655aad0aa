package chain

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"time"
)

const (
	// Keys of issuers check up to 100 signatures a path: 64 keys of 16384 bits
	// with the largest exponent kept one chain busy for 14 seconds. crypto/tls
	// takes no more than 8192 bits, and no root program a larger exponent.
	maxIssuerRSABits  = 8192
	maxIssuerExponent = 65537
)

func heavyIssuer(certificate *x509.Certificate) bool {
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	return ok && (key.N.BitLen() > maxIssuerRSABits || key.E > maxIssuerExponent)
}

// undated returns a copy of a certificate that is valid at every time. Only
// the parsed fields change: signatures are checked on the raw bytes.
func undated(certificate *x509.Certificate) *x509.Certificate {
	changed := *certificate
	changed.NotBefore = time.Time{}
	changed.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	return &changed
}

func fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}
