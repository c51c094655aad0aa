package crl

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	encoding "encoding/asn1"
)

// scope is what a list is about (RFC 5280 section 5.2.5). The zero scope is
// every certificate of the issuer.
type scope struct {
	// names of the distribution point, each a GeneralName in DER; bound says
	// that there is such a field.
	bound       bool
	names       [][]byte
	onlyUser    bool
	onlyCA      bool
	onlyOther   bool // attribute certificates
	someReasons bool
}

func (s scope) size() int {
	total := 0
	for _, name := range s.names {
		total += len(name)
	}
	return total
}

// readScope reads a list's extensions. Those that are critical and not
// understood make it ErrUnsupported (RFC 5280 section 5.2).
func readScope(extensions []pkix.Extension) (scope, error) {
	var found scope
	for _, extension := range extensions {
		switch {
		case extension.Id.Equal(encoding.ObjectIdentifier{2, 5, 29, 28}):
			if err := found.read(extension.Value); err != nil {
				return scope{}, err
			}
		case extension.Id.Equal(encoding.ObjectIdentifier{2, 5, 29, 27}): // whether or not it says that it is critical
			return scope{}, fmt.Errorf("%w: it is a delta", ErrUnsupported)
		case extension.Critical && !extension.Id.Equal(encoding.ObjectIdentifier{2, 5, 29, 35}) && !extension.Id.Equal(encoding.ObjectIdentifier{2, 5, 29, 20}):
			return scope{}, fmt.Errorf("%w: it has the critical extension %s", ErrUnsupported, extension.Id)
		}
	}
	return found, nil
}

func context(tag asn1.Tag) asn1.Tag { return tag.ContextSpecific() }

// read reads an IssuingDistributionPoint.
func (s *scope) read(value []byte) error {
	var point, reasons cryptobyte.String
	input := cryptobyte.String(value)
	malformed := fmt.Errorf("%w: the issuing distribution point", ErrMalformed)
	if !input.ReadASN1(&point, asn1.SEQUENCE) || !input.Empty() {
		return malformed
	}
	var err error
	if s.names, s.bound, err = readPointName(&point); err != nil {
		return malformed
	}
	indirect := false
	if !readFlag(&point, 1, &s.onlyUser) || !readFlag(&point, 2, &s.onlyCA) ||
		!point.ReadOptionalASN1(&reasons, &s.someReasons, context(3)) ||
		!readFlag(&point, 4, &indirect) || !readFlag(&point, 5, &s.onlyOther) || !point.Empty() {
		return malformed
	}
	if indirect {
		return fmt.Errorf("%w: it is indirect", ErrUnsupported)
	}
	return nil
}

// readFlag reads an optional BOOLEAN with an implicit tag.
func readFlag(point *cryptobyte.String, tag asn1.Tag, flag *bool) bool {
	var value cryptobyte.String
	present := false
	if !point.ReadOptionalASN1(&value, &present, context(tag)) {
		return false
	}
	*flag = present && len(value) == 1 && value[0] != 0
	return !present || len(value) == 1
}

// readPointName reads an optional DistributionPointName. A name that is
// relative to the issuer is bound to names that nothing matches.
func readPointName(point *cryptobyte.String) (names [][]byte, bound bool, err error) {
	var outer, full cryptobyte.String
	if !point.ReadOptionalASN1(&outer, &bound, context(0).Constructed()) {
		return nil, false, ErrMalformed
	}
	if !bound {
		return nil, false, nil
	}
	isFull := false
	if !outer.ReadOptionalASN1(&full, &isFull, context(0).Constructed()) {
		return nil, false, ErrMalformed
	}
	for isFull && !full.Empty() {
		var name cryptobyte.String
		var tag asn1.Tag
		if !full.ReadAnyASN1Element(&name, &tag) {
			return nil, false, ErrMalformed
		}
		names = append(names, slices.Clone(name))
	}
	return names, true, nil
}

// Point is one distribution point that a certificate names (RFC 5280 section
// 4.2.1.13).
type Point struct {
	URLs  []string // in the certificate's order
	names [][]byte
	// someReasons: its list is about some reasons only. otherIssuer: somebody
	// else than the certificate's issuer signs it.
	someReasons, otherIssuer bool
}

// Points returns the distribution points of a certificate.
func Points(certificate *x509.Certificate) ([]Point, error) {
	var points []Point
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(encoding.ObjectIdentifier{2, 5, 29, 31}) {
			continue
		}
		var all cryptobyte.String
		input := cryptobyte.String(extension.Value)
		if !input.ReadASN1(&all, asn1.SEQUENCE) {
			return nil, fmt.Errorf("the distribution points: %w", ErrMalformed)
		}
		for !all.Empty() {
			point, err := readPoint(&all)
			if err != nil {
				return nil, err
			}
			points = append(points, point)
		}
	}
	return points, nil
}

func readPoint(all *cryptobyte.String) (Point, error) {
	var fields, ignored cryptobyte.String
	var point Point
	if !all.ReadASN1(&fields, asn1.SEQUENCE) {
		return Point{}, fmt.Errorf("a distribution point: %w", ErrMalformed)
	}
	names, _, err := readPointName(&fields)
	if err != nil || !fields.ReadOptionalASN1(&ignored, &point.someReasons, context(1)) ||
		!fields.ReadOptionalASN1(&ignored, &point.otherIssuer, context(2).Constructed()) {
		return Point{}, fmt.Errorf("a distribution point: %w", ErrMalformed)
	}
	point.names = names
	for _, name := range names {
		value, content := cryptobyte.String(name), cryptobyte.String(nil)
		if value.ReadASN1(&content, context(6)) { // uniformResourceIdentifier
			point.URLs = append(point.URLs, string(content))
		}
	}
	return point, nil
}

// Coverage is whether a list can tell about a certificate.
type Coverage uint8

// What a list can tell.
const (
	OutOfScope Coverage = iota // it is not about this certificate
	Partly                     // it is about some reasons only: who is not on it may be revoked for another
	Wholly                     // who is not on it is not revoked
)

// Find returns whether the list is about a certificate that names it by point,
// and the certificate's entry where revoked says that there is one (RFC 5280
// section 6.3.3). An entry to be removed counts as none.
func (l *List) Find(certificate *x509.Certificate, point Point) (entry Entry, revoked bool, coverage Coverage) {
	authority := certificate.BasicConstraintsValid && certificate.IsCA
	switch {
	case point.otherIssuer, l.scope.onlyOther, l.scope.onlyUser && authority, l.scope.onlyCA && !authority,
		l.scope.bound && !shareName(l.scope.names, point.names):
		return Entry{}, false, OutOfScope
	}
	coverage = Wholly
	if l.scope.someReasons || point.someReasons {
		coverage = Partly
	}
	entry, revoked = l.entries.find(certificate.SerialNumber)
	if revoked && entry.Reason == ReasonRemoveFromCRL {
		return Entry{}, false, coverage
	}
	return entry, revoked, coverage
}

func shareName(a, b [][]byte) bool {
	return slices.ContainsFunc(a, func(name []byte) bool {
		return slices.ContainsFunc(b, func(other []byte) bool { return string(name) == string(other) })
	})
}
