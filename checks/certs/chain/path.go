package chain

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// bestPath returns the path a careful client would use, with the certificates
// as they were sent: one in date before one out of date, a public root before
// a private one, one that lasts longer before one that ends earlier.
func bestPath(leaf *x509.Certificate, sent []*x509.Certificate, at time.Time, roots *Roots) (path []*x509.Certificate, private bool) {
	public := longest(findPaths(leaf, sent, pool(roots.public, true), x509.ExtKeyUsageServerAuth), at)
	if public != nil && inDate(public, at) {
		return public, false
	}
	if len(roots.private) == 0 {
		return public, false
	}
	own := longest(findPaths(leaf, sent, pool(roots.private, true), x509.ExtKeyUsageServerAuth), at)
	if own != nil && (public == nil || inDate(own, at)) {
		return own, true
	}
	return public, false
}

// findPaths returns every path, dates aside. The standard library bounds how
// many signatures it checks on the way (100).
func findPaths(leaf *x509.Certificate, sent []*x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage) [][]*x509.Certificate {
	paths, err := verify(leaf, sent, roots, usage)
	if err != nil {
		return nil
	}
	for index, path := range paths {
		paths[index] = dated(path)
	}
	return paths
}

func verify(leaf *x509.Certificate, sent []*x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	intermediates := x509.NewCertPool()
	for _, certificate := range sent {
		intermediates.AddCert(undated(certificate))
	}
	changed := undated(leaf)
	return changed.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates,
		CurrentTime: leaf.NotBefore, // any time will do: nothing here has dates
		KeyUsages:   []x509.ExtKeyUsage{usage},
	})
}

func longest(paths [][]*x509.Certificate, at time.Time) []*x509.Certificate {
	var best []*x509.Certificate
	for _, path := range paths {
		switch {
		case best == nil, inDate(path, at) && !inDate(best, at):
			best = path
		case inDate(path, at) == inDate(best, at) && earliestEnd(path).After(earliestEnd(best)):
			best = path
		}
	}
	return best
}

func inDate(path []*x509.Certificate, at time.Time) bool { return checkDates(path, at).Answer == Yes }

// explain says why no path was found. All that applies is said.
func explain(leaf *x509.Certificate, sent []*x509.Certificate, malformed int, roots *Roots) Aspect {
	all := &Roots{public: append(append([]anchor(nil), roots.public...), roots.private...)}
	paths, err := verify(leaf, sent, pool(all.public, false), x509.ExtKeyUsageServerAuth)
	if err == nil {
		root := paths[0][len(paths[0])-1]
		return refused(Fault{
			Code: Distrusted, Certificate: fingerprint(root),
			Text: fmt.Sprintf("The root %q is trusted, but no longer for this certificate.", root.Subject.String()),
		})
	}
	faults := weakSignatures(leaf, sent, all.public)
	if malformed > 0 {
		faults = append(faults, Fault{
			Code: Malformed, Text: fmt.Sprintf("%d of the certificates sent cannot be parsed, or have a key too large to check.", malformed),
		})
	}
	if fault, found := notAuthorized(leaf, err); found {
		return refused(append(faults, fault)...)
	}
	if isSelfSigned(leaf) {
		return refused(append(faults, Fault{
			Code: SelfSigned, Certificate: fingerprint(leaf), Text: "The certificate is self-signed.",
		})...)
	}
	if fault, found := deadEnd(leaf, sent, all.public); found {
		faults = append(faults, fault)
	}
	if len(faults) == 0 {
		// Every issuer is there by name, and still nothing leads to a root: a
		// signature does not fit the key of the issuer of that name.
		faults = append(faults, Fault{
			Code: UntrustedRoot, Certificate: fingerprint(leaf),
			Text: fmt.Sprintf("No path of valid signatures leads from the certificate to a trusted root; its issuer is %q.", leaf.Issuer.String()),
		})
	}
	return refused(faults...)
}

// notAuthorized recognizes what forbids a path that otherwise is one: name
// constraints, key usage, path length, unknown critical extensions.
func notAuthorized(leaf *x509.Certificate, err error) (Fault, bool) {
	var invalid x509.CertificateInvalidError
	var critical x509.UnhandledCriticalExtension
	fault := Fault{Code: NotAuthorized, Certificate: fingerprint(leaf)}
	switch {
	case errors.As(err, &critical):
		fault.Text = "The certificate has a critical extension that is not known."
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		fault.Text = "The certificate may not be used for servers (extended key usage)."
	case errors.As(err, &invalid) && invalid.Reason == x509.CANotAuthorizedForThisName:
		fault.Text = "An issuer may not issue certificates for these names (name constraints)."
	case errors.As(err, &invalid):
		fault.Text = "The path breaks a rule of RFC 5280, section 6."
	default:
		return Fault{}, false
	}
	return fault, true
}

// weakSignatures names every certificate on the way up whose signature nobody
// accepts any more. What a root is signed with does not matter.
func weakSignatures(leaf *x509.Certificate, sent []*x509.Certificate, anchors []anchor) []Fault {
	var faults []Fault
	for _, certificate := range climb(leaf, sent, anchors) {
		switch certificate.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			if certificate != leaf && isSelfIssued(certificate) {
				continue
			}
			faults = append(faults, Fault{
				Code: WeakSignature, Certificate: fingerprint(certificate),
				Text: fmt.Sprintf("%q is signed with %s.", certificate.Subject.String(), certificate.SignatureAlgorithm),
			})
		}
	}
	return faults
}

// deadEnd says where the way up by issuer names ends.
func deadEnd(leaf *x509.Certificate, sent []*x509.Certificate, anchors []anchor) (Fault, bool) {
	way := climb(leaf, sent, anchors)
	last := way[len(way)-1]
	fault := Fault{Certificate: fingerprint(last)}
	switch {
	case isAnchorIssued(last, anchors):
		return Fault{}, false
	case isSelfIssued(last):
		fault.Code = UntrustedRoot
		fault.Text = fmt.Sprintf("The chain ends at the root %q, which is not trusted.", last.Subject.String())
	case len(way) == 1, len(last.IssuingCertificateURL) > 0:
		fault.Code = IncompleteChain
		fault.Text = fmt.Sprintf("The issuer %q was not sent and is no trusted root.", last.Issuer.String())
	default:
		// Intermediates came, and the last of them does not say where to get
		// its issuer: what is missing is a root.
		fault.Code = UntrustedRoot
		fault.Text = fmt.Sprintf("The chain leads to %q, which is no trusted root.", last.Issuer.String())
	}
	return fault, true
}

// climb follows issuer names from the leaf up through what was sent, until an
// anchor takes over or nothing fits. Signatures are not looked at.
func climb(leaf *x509.Certificate, sent []*x509.Certificate, anchors []anchor) []*x509.Certificate {
	way := []*x509.Certificate{leaf}
	seen := map[*x509.Certificate]bool{leaf: true}
	for last := leaf; !isSelfIssued(last) && !isAnchorIssued(last, anchors); {
		next := issuerOf(last, sent, seen)
		if next == nil {
			break
		}
		seen[next] = true
		way = append(way, next)
		last = next
	}
	return way
}

func issuerOf(certificate *x509.Certificate, sent []*x509.Certificate, seen map[*x509.Certificate]bool) *x509.Certificate {
	for _, candidate := range sent {
		if !seen[candidate] && bytes.Equal(candidate.RawSubject, certificate.RawIssuer) {
			return candidate
		}
	}
	return nil
}

func isAnchorIssued(certificate *x509.Certificate, anchors []anchor) bool {
	for _, anchor := range anchors {
		if bytes.Equal(anchor.certificate.RawSubject, certificate.RawIssuer) {
			return true
		}
	}
	return false
}

func isSelfIssued(certificate *x509.Certificate) bool {
	return bytes.Equal(certificate.RawSubject, certificate.RawIssuer)
}

// isSelfSigned says whether a certificate is signed by its own key. Where the
// algorithm is too weak for anybody to check, equal names must do.
func isSelfSigned(certificate *x509.Certificate) bool {
	if !isSelfIssued(certificate) {
		return false
	}
	err := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure) || errors.Is(err, x509.ErrUnsupportedAlgorithm)
}
