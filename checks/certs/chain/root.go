package chain

import "crypto/x509"

// Certificate returns the root with this SHA-256 fingerprint, nil where r has
// none. It must not be changed.
func (r *Roots) Certificate(sha256 string) *x509.Certificate {
	for _, anchors := range [][]anchor{r.public, r.private} {
		for _, anchor := range anchors {
			if fingerprint(anchor.certificate) == sha256 {
				return anchor.certificate
			}
		}
	}
	return nil
}
