package appraisal

import (
	"crypto/x509"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Path is the way from a leaf to a root that a careful client takes: in date
// where there is such a way, then to a public root, then the one that ends last.
type Path struct {
	Certificates []checks.Fingerprint // leaf first, root last; empty: there is no trusted way
	Private      bool                 // it needs a root that is not public
}

// Path returns the way of a chain as sent (DER, leaf first). Names, revocation
// and everything else that Appraise asks are not asked.
func (t *Trust) Path(sent [][]byte, at time.Time) Path {
	certificates := make([]*certificate, 0, min(len(sent), maxSent))
	for _, der := range sent[:min(len(sent), maxSent)] {
		certificates = append(certificates, t.certificate(checks.NewCertificate(der).SHA256, der))
	}
	if len(certificates) == 0 || certificates[0].outline == nil {
		return Path{}
	}
	way, found := t.build(certificates, nil).best(at)
	if !found {
		return Path{}
	}
	return Path{Certificates: way.fingerprints(), Private: way.private}
}

// Root returns the root with this fingerprint; nil where t has none. It must
// not be changed.
func (t *Trust) Root(fingerprint checks.Fingerprint) *x509.Certificate {
	for standard, anchor := range t.anchors {
		if anchor.fingerprint == fingerprint {
			return standard
		}
	}
	return nil
}
