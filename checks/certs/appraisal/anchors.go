package appraisal

import (
	"crypto/x509"

	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// Anchors returns the certificates of the deciding store and of the private
// roots, for those who collect what a path needs.
func (t *Trust) Anchors() []*x509.Certificate {
	stores := []*chain.Store{t.public}
	if t.private != nil {
		stores = append(stores, t.private)
	}
	var certificates []*x509.Certificate
	for _, store := range stores {
		for _, anchor := range store.Anchors() {
			certificates = append(certificates, anchor.Certificate)
		}
	}
	return certificates
}
