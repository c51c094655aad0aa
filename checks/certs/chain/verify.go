package chain

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	maxCertificates = 64    // how many of a chain are looked at; real ones have up to 10
	maxRSABits      = 16384 // a key of a megabit would keep one signature check busy for minutes
	// Keys of issuers check up to 100 signatures a path: 64 keys of 16384 bits
	// with the largest exponent kept one chain busy for 14 seconds. crypto/tls
	// takes no more than 8192 bits, and no root program a larger exponent.
	maxIssuerRSABits  = 8192
	maxIssuerExponent = 65537
)

// Verify judges a chain as it was sent, leaf first, for a host (a name in its
// ASCII form, or an IP address literal) at a time. It never fails: what it
// cannot tell is an answer too. Trust does not hang on dates or name, so that
// an expired certificate still says whether its issuer is trusted.
func Verify(chain [][]byte, host string, at time.Time, roots *Roots) Result {
	if len(chain) == 0 {
		return unknown(NoCertificate, "The server sent no certificate.")
	}
	leaf, err := parse(chain[0])
	if err != nil {
		result := unknown(Malformed, "The certificate cannot be parsed.")
		result.ParseError = err.Error()
		return result
	}
	sent, malformed := parseOthers(chain[1:])
	result := describe(leaf)
	result.Name = checkName(leaf, host)

	path, private := bestPath(leaf, sent, at, roots)
	if path == nil {
		result.Path = explain(leaf, sent, malformed, roots)
		result.Dates = checkDates([]*x509.Certificate{leaf}, at)
		return result
	}
	result.Path = Aspect{Answer: Yes}
	result.PrivateRoot = private
	result.Dates = checkDates(path, at)
	result.PathNotAfter = earliestEnd(path)
	for _, certificate := range path {
		result.Trust = append(result.Trust, fingerprint(certificate))
	}
	result.OutOfOrder, result.RootSent, result.Superfluous = compareWithSent(path, chain)
	return result
}

func parse(der []byte) (*x509.Certificate, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the certificate: %w", err)
	}
	if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return nil, fmt.Errorf("an RSA key of %d bits is longer than %d", key.N.BitLen(), maxRSABits)
	}
	return certificate, nil
}

func parseOthers(chain [][]byte) (sent []*x509.Certificate, malformed int) {
	for _, der := range chain[:min(len(chain), maxCertificates)] {
		certificate, err := parse(der)
		if err != nil || heavyIssuer(certificate) {
			malformed++
			continue
		}
		sent = append(sent, certificate)
	}
	return sent, malformed
}

func heavyIssuer(certificate *x509.Certificate) bool {
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	return ok && (key.N.BitLen() > maxIssuerRSABits || key.E > maxIssuerExponent)
}

func describe(leaf *x509.Certificate) Result {
	names := slices.Clone(leaf.DNSNames)
	for _, address := range leaf.IPAddresses {
		names = append(names, address.String())
	}
	return Result{
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
		Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
		Names: names, Signature: leaf.SignatureAlgorithm.String(),
	}
}

// checkName follows RFC 9525: subject alternative names only (the common name
// is ignored), a wildcard is the whole leftmost label, addresses match
// addresses.
func checkName(leaf *x509.Certificate, host string) Aspect {
	if leaf.VerifyHostname(host) == nil {
		return Aspect{Answer: Yes}
	}
	text := fmt.Sprintf("The certificate is not for %s: %s.", host, listNames(leaf))
	return refused(Fault{Code: NameMismatch, Certificate: fingerprint(leaf), Text: text})
}

func listNames(leaf *x509.Certificate) string {
	const shown = 5
	names := describe(leaf).Names
	switch {
	case len(names) == 0 && net.ParseIP(leaf.Subject.CommonName) == nil && leaf.Subject.CommonName != "":
		return "it has no subject alternative name, and the common name does not count"
	case len(names) == 0:
		return "it has no subject alternative name"
	case len(names) > shown:
		return fmt.Sprintf("it names %s and %d more", join(names[:shown]), len(names)-shown)
	default:
		return "it names " + join(names)
	}
}

func join(names []string) string {
	var text bytes.Buffer
	for index, name := range names {
		if index > 0 {
			text.WriteString(", ")
		}
		text.WriteString(strings.Map(visible, name))
	}
	return text.String()
}

// visible replaces what a name may not hold and a certificate may carry: an
// IA5String takes NUL and escape sequences, which no database and no terminal
// should see.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// checkDates names every certificate of the path that is out of date.
func checkDates(path []*x509.Certificate, at time.Time) Aspect {
	var faults []Fault
	for index, certificate := range path {
		what := "The certificate"
		if index > 0 {
			what = fmt.Sprintf("The issuer certificate %q", certificate.Subject.String())
		}
		switch {
		case at.After(certificate.NotAfter):
			faults = append(faults, Fault{
				Code: Expired, Certificate: fingerprint(certificate),
				Text: fmt.Sprintf("%s expired on %s.", what, moment(certificate.NotAfter)),
			})
		case at.Before(certificate.NotBefore):
			faults = append(faults, Fault{
				Code: NotYetValid, Certificate: fingerprint(certificate),
				Text: fmt.Sprintf("%s is not valid before %s.", what, moment(certificate.NotBefore)),
			})
		}
	}
	if len(faults) > 0 {
		return refused(faults...)
	}
	return Aspect{Answer: Yes}
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func earliestEnd(path []*x509.Certificate) time.Time {
	end := path[0].NotAfter
	for _, certificate := range path[1:] {
		if certificate.NotAfter.Before(end) {
			end = certificate.NotAfter
		}
	}
	return end
}

// compareWithSent says how the path differs from what was sent.
func compareWithSent(path []*x509.Certificate, chain [][]byte) (outOfOrder, rootSent bool, superfluous int) {
	last, used := 0, 1 // the leaf was sent first
	for position, certificate := range path[1:] {
		index := slices.IndexFunc(chain, func(der []byte) bool { return bytes.Equal(der, certificate.Raw) })
		if index < 0 {
			continue
		}
		used++
		outOfOrder = outOfOrder || index != last+1
		last = index
		rootSent = rootSent || position == len(path)-2
	}
	return outOfOrder, rootSent, len(chain) - used
}
