package certs

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
)

// shelf holds the certificates at hand, to find who issued what. It is not safe
// for concurrent use.
type shelf struct {
	anchors   func(rawSubject, keyID []byte) []*x509.Certificate
	bySubject map[string][]*x509.Certificate
	verified  map[[2]*x509.Certificate]bool // child, parent
}

// maxRSABits bounds the work of verifying one signature with a stranger's key.
const maxRSABits = 16384

func (s *shelf) put(certificate *x509.Certificate) {
	if s.bySubject == nil {
		s.bySubject = map[string][]*x509.Certificate{}
	}
	name := string(certificate.RawSubject)
	s.bySubject[name] = append(s.bySubject[name], certificate)
}

// issuerOf returns who signed child: among those put here, then among the
// anchors; nil where it is neither.
func (s *shelf) issuerOf(child *x509.Certificate) *x509.Certificate {
	candidates := s.bySubject[string(child.RawIssuer)]
	for _, candidate := range candidates {
		if s.signed(child, candidate) {
			return candidate
		}
	}
	return s.anchorOf(child)
}

// anchorOf returns the known anchor that signed child, nil where none did.
func (s *shelf) anchorOf(child *x509.Certificate) *x509.Certificate {
	if s.anchors == nil {
		return nil
	}
	for _, candidate := range s.anchors(child.RawIssuer, child.AuthorityKeyId) {
		if s.signed(child, candidate) {
			return candidate
		}
	}
	return nil
}

// selfSigned says whether a certificate is its own issuer.
func (s *shelf) selfSigned(certificate *x509.Certificate) bool {
	return bytes.Equal(certificate.RawSubject, certificate.RawIssuer) && s.signed(certificate, certificate)
}

// signed says whether parent signed child. A signature of a kind that the
// standard library does not verify (MD5, DSA) counts where the key identifiers
// agree: what parent publishes about child is verified by itself.
func (s *shelf) signed(child, parent *x509.Certificate) bool {
	pair := [2]*x509.Certificate{child, parent}
	if known, done := s.verified[pair]; done {
		return known
	}
	if !verifiable(parent) || len(s.verified) >= signaturesOfALook {
		return false
	}
	if s.verified == nil {
		s.verified = map[[2]*x509.Certificate]bool{}
	}
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	if _, insecure := errors.AsType[x509.InsecureAlgorithmError](err); insecure || errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		s.verified[pair] = child == parent && len(child.AuthorityKeyId) == 0 ||
			len(child.AuthorityKeyId) > 0 && bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId)
	} else {
		s.verified[pair] = err == nil
	}
	return s.verified[pair]
}

// verifiable says whether verifying with this key is bounded work.
func verifiable(certificate *x509.Certificate) bool {
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	return !ok || key.N.BitLen() <= maxRSABits
}
