package chain

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Store is one set of trust anchors, prepared once. It never changes and is
// safe for concurrent use.
type Store struct {
	anchors   []Anchor
	pool      *x509.CertPool                  // of undated copies, without constraints
	dated     map[*x509.Certificate]*Anchor   // undated copy -> anchor
	bySubject map[string][]*Anchor            // raw subject -> anchors
	bySPKI    map[[sha256.Size]byte][]*Anchor // key -> anchors
}

// Anchor is one certificate that is trusted by itself.
type Anchor struct {
	Certificate *x509.Certificate
	// Constraint returns an error for a path that the store does not trust to
	// this anchor; nil: it trusts every one.
	Constraint func(path []*x509.Certificate) error
}

// Path is a path of good signatures that breaks no rule of RFC 5280 section 6,
// dates aside: leaf first, anchor last.
type Path struct {
	Certificates []*x509.Certificate
	// Distrust says why the store does not trust it; nil where it does.
	Distrust error
}

// NewStore prepares a set of anchors.
func NewStore(anchors []Anchor) *Store {
	store := &Store{
		anchors: slices.Clone(anchors), pool: x509.NewCertPool(),
		dated:     make(map[*x509.Certificate]*Anchor, len(anchors)),
		bySubject: make(map[string][]*Anchor, len(anchors)),
		bySPKI:    make(map[[sha256.Size]byte][]*Anchor, len(anchors)),
	}
	for index := range store.anchors {
		anchor := &store.anchors[index]
		changed := undated(anchor.Certificate)
		store.pool.AddCert(changed)
		store.dated[changed] = anchor
		subject := string(anchor.Certificate.RawSubject)
		store.bySubject[subject] = append(store.bySubject[subject], anchor)
		key := sha256.Sum256(anchor.Certificate.RawSubjectPublicKeyInfo)
		store.bySPKI[key] = append(store.bySPKI[key], anchor)
	}
	return store
}

// MozillaAnchors returns the anchors of Mozilla's store that may sign server
// certificates, with their constraints, as built into this program.
func MozillaAnchors() ([]Anchor, error) {
	var anchors []Anchor
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("reading a root of the built-in bundle: %w", err)
		}
		anchors = append(anchors, Anchor{Certificate: certificate, Constraint: root.Constraint})
	}
	return anchors, nil
}

// Anchors returns the store's anchors. They must not be changed.
func (s *Store) Anchors() []Anchor { return s.anchors }

// Named returns the anchors with this subject (DER).
func (s *Store) Named(subject []byte) []*Anchor { return s.bySubject[string(subject)] }

// Trusts says whether the store has this certificate, or another with the same
// subject and key, as an anchor, dates and constraints aside.
func (s *Store) Trusts(certificate *x509.Certificate) bool {
	for _, anchor := range s.bySPKI[sha256.Sum256(certificate.RawSubjectPublicKeyInfo)] {
		if string(anchor.Certificate.RawSubject) == string(certificate.RawSubject) {
			return true
		}
	}
	return false
}

// Version changes with the anchors, and only then: 16 digits of hex.
func (s *Store) Version() string {
	lines := make([]string, 0, len(s.anchors))
	for _, anchor := range s.anchors {
		line := fingerprint(anchor.Certificate)
		if anchor.Constraint != nil {
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

// Candidate is a certificate that may become part of a path.
type Candidate struct {
	Certificate *x509.Certificate
	undated     *x509.Certificate
}

// NewCandidate prepares a certificate for building paths.
func NewCandidate(certificate *x509.Certificate) *Candidate {
	return &Candidate{Certificate: certificate, undated: undated(certificate)}
}

// Heavy says whether checking signatures with the certificate's key costs more
// than any honest one: such a certificate must not be used as an issuer.
func Heavy(certificate *x509.Certificate) bool { return heavyIssuer(certificate) }

// Paths returns every path from leaf through some of issuers to an anchor, for
// use as a TLS server; the standard library bounds the signatures that it
// checks on the way (100). The error says why there is none.
func (s *Store) Paths(leaf *Candidate, issuers []*Candidate) ([]Path, error) {
	originals := map[*x509.Certificate]*x509.Certificate{leaf.undated: leaf.Certificate}
	intermediates := x509.NewCertPool()
	for _, issuer := range issuers {
		originals[issuer.undated] = issuer.Certificate
		intermediates.AddCert(issuer.undated)
	}
	found, err := leaf.undated.Verify(x509.VerifyOptions{
		Roots: s.pool, Intermediates: intermediates,
		CurrentTime: leaf.Certificate.NotBefore, // any time will do: nothing here has dates
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // callers tell the kinds apart
	}
	paths := make([]Path, 0, len(found))
	for _, undatedPath := range found {
		paths = append(paths, s.path(undatedPath, originals))
	}
	return paths, nil
}

func (s *Store) path(found []*x509.Certificate, originals map[*x509.Certificate]*x509.Certificate) Path {
	path := Path{Certificates: make([]*x509.Certificate, 0, len(found))}
	for _, certificate := range found[:len(found)-1] {
		path.Certificates = append(path.Certificates, originals[certificate])
	}
	last := found[len(found)-1]
	if anchor, known := s.dated[last]; known {
		path.Certificates = append(path.Certificates, anchor.Certificate)
		if anchor.Constraint != nil {
			path.Distrust = anchor.Constraint(path.Certificates)
		}
		return path
	}
	// The leaf is an anchor itself.
	path.Certificates = append(path.Certificates, originals[last])
	return path
}
