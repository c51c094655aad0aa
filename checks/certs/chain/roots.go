package chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Roots is what is trusted: public roots with the constraints that Mozilla
// puts on them, and private ones. It never changes once made and is safe for
// concurrent use. The zero value trusts nobody.
type Roots struct {
	public  []anchor
	private []anchor
}

type anchor struct {
	certificate *x509.Certificate
	constraint  func([]*x509.Certificate) error // nil: none
}

// MozillaRoots returns the roots of Mozilla's store that may sign server
// certificates, as built into this program. Constraints that no X.509 field
// can say ('only certificates issued before ...') hold too.
func MozillaRoots() (*Roots, error) {
	roots := &Roots{}
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("reading a root of the built-in bundle: %w", err)
		}
		roots.public = append(roots.public, anchor{certificate: certificate, constraint: root.Constraint})
	}
	return roots, nil
}

// WithPrivate returns roots that hold every certificate of a PEM text as a
// private root besides those of r. A result that needs one of them says so.
func (r *Roots) WithPrivate(text []byte) (*Roots, error) {
	extended := &Roots{public: r.public, private: slices.Clone(r.private)}
	for number := 1; ; number++ {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("reading private roots: block %d is %q, not a certificate", number, block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading private roots: certificate %d: %w", number, err)
		}
		extended.private = append(extended.private, anchor{certificate: certificate})
	}
	if len(bytes.TrimSpace(text)) > 0 && len(extended.private) == len(r.private) {
		return nil, errors.New("reading private roots: the text is no PEM")
	}
	if len(extended.private) == len(r.private) {
		return nil, errors.New("reading private roots: the text holds no certificate")
	}
	return extended, nil
}

// Version names the trust data: it changes when the set of roots does, and
// only then. The order of roots does not matter.
func (r *Roots) Version() string {
	version := "mozilla-" + digest(r.public)
	if len(r.private) > 0 {
		version += "+private-" + digest(r.private)
	}
	return version
}

func digest(anchors []anchor) string {
	lines := make([]string, 0, len(anchors))
	for _, anchor := range anchors {
		line := fingerprint(anchor.certificate)
		if anchor.constraint != nil {
			line += " constrained"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range slices.Compact(lines) {
		sum.Write([]byte(line + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// pool returns anchors as a pool whose certificates are always in date: dates
// are judged apart from trust.
func pool(anchors []anchor, constrained bool) *x509.CertPool {
	roots := x509.NewCertPool()
	for _, anchor := range anchors {
		if anchor.constraint == nil || !constrained {
			roots.AddCert(undated(anchor.certificate))
			continue
		}
		roots.AddCertWithConstraint(undated(anchor.certificate), func(path []*x509.Certificate) error {
			return anchor.constraint(dated(path))
		})
	}
	return roots
}

// undated returns a copy of a certificate that is valid at every time. Only
// the parsed fields change: signatures are checked on the raw bytes.
func undated(certificate *x509.Certificate) *x509.Certificate {
	changed := *certificate
	changed.NotBefore = time.Time{}
	changed.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	return &changed
}

// dated takes back what undated did: constraints look at dates of issue.
func dated(path []*x509.Certificate) []*x509.Certificate {
	originals := make([]*x509.Certificate, 0, len(path))
	for _, certificate := range path {
		original, err := x509.ParseCertificate(certificate.Raw)
		if err != nil {
			original = certificate // cannot be: it was parsed before
		}
		originals = append(originals, original)
	}
	return originals
}

func fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}
