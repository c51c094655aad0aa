package web

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/store"
)

// longestName bounds the name of a certificate on the calendar, in characters.
const longestName = 80

// calendarReader turns what endpoints serve into what the calendar needs. A
// certificate is parsed once and a chain verified once, whoever serves them.
type calendarReader struct {
	served store.ServedCertificates
	roots  *chain.Roots
	now    time.Time

	list   []*renewal.Certificate
	known  map[string]*renewal.Certificate // by role and fingerprint
	chains map[string]chain.Result         // by the fingerprints of the chain
}

// calendarCertificates lists leaves, and the other certificates of the paths
// that they lead to roots by. What cannot be parsed is left out: nobody can say
// when it ends.
func calendarCertificates(served store.ServedCertificates, roots *chain.Roots, now time.Time) []renewal.Certificate {
	reader := calendarReader{
		served: served, roots: roots, now: now, known: map[string]*renewal.Certificate{}, chains: map[string]chain.Result{},
	}
	for _, endpoint := range served.Endpoints {
		for _, sent := range endpoint.Chains {
			reader.add(endpoint.EndpointID, sent)
		}
	}
	certificates := make([]renewal.Certificate, 0, len(reader.list))
	for _, certificate := range reader.list {
		certificates = append(certificates, *certificate)
	}
	return certificates
}

func (r *calendarReader) add(endpoint int64, sent []checks.Fingerprint) {
	verified := r.verify(sent)
	public := len(verified.Trust) > 0 && !verified.PrivateRoot
	r.note(endpoint, sent[0], renewal.Leaf, public)
	for i, fingerprint := range verified.Trust {
		switch i {
		case 0:
		case len(verified.Trust) - 1:
			r.note(endpoint, checks.Fingerprint(fingerprint), renewal.Root, public)
		default:
			r.note(endpoint, checks.Fingerprint(fingerprint), renewal.Intermediate, public)
		}
	}
}

// verify finds the path of a chain. Its name is not asked here.
func (r *calendarReader) verify(sent []checks.Fingerprint) chain.Result {
	var key strings.Builder
	ders := make([][]byte, 0, len(sent))
	for _, fingerprint := range sent {
		fmt.Fprintf(&key, "%s ", fingerprint)
		ders = append(ders, r.served.Certificates[fingerprint])
	}
	result, known := r.chains[key.String()]
	if !known {
		result = chain.Verify(ders, "", r.now, r.roots)
		r.chains[key.String()] = result
	}
	return result
}

// note adds an endpoint to a certificate.
func (r *calendarReader) note(endpoint int64, fingerprint checks.Fingerprint, role renewal.Role, public bool) {
	key := string(role) + string(fingerprint)
	certificate, known := r.known[key]
	if !known {
		certificate = r.read(fingerprint, role)
		r.known[key] = certificate
		if certificate != nil {
			r.list = append(r.list, certificate)
		}
	}
	if certificate == nil {
		return
	}
	certificate.Public = certificate.Public || public
	if n := len(certificate.Endpoints); n == 0 || certificate.Endpoints[n-1] != endpoint {
		certificate.Endpoints = append(certificate.Endpoints, endpoint)
	}
}

// read returns nil where the certificate cannot be parsed or is not at hand.
func (r *calendarReader) read(fingerprint checks.Fingerprint, role renewal.Role) *renewal.Certificate {
	parsed, err := x509.ParseCertificate(r.served.Certificates[fingerprint])
	if err != nil {
		if parsed = r.roots.Certificate(string(fingerprint)); parsed == nil {
			return nil
		}
	}
	certificate := &renewal.Certificate{
		SHA256: fingerprint, Role: role, NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter,
		Name: printable(nameOf(parsed, role)), Issuer: printable(issuerOf(parsed)),
	}
	if info, published := r.served.RenewalInfo[fingerprint]; published && role == renewal.Leaf {
		certificate.Window = &info
	}
	return certificate
}

// nameOf is what people know a certificate by.
func nameOf(certificate *x509.Certificate, role renewal.Role) string {
	switch {
	case role == renewal.Leaf && len(certificate.DNSNames) > 0:
		return certificate.DNSNames[0]
	case role == renewal.Leaf && len(certificate.IPAddresses) > 0:
		return certificate.IPAddresses[0].String()
	case certificate.Subject.CommonName != "":
		return certificate.Subject.CommonName
	case len(certificate.Subject.OrganizationalUnit) > 0:
		return certificate.Subject.OrganizationalUnit[0]
	default:
		return certificate.Subject.String()
	}
}

func issuerOf(certificate *x509.Certificate) string {
	if len(certificate.Issuer.Organization) > 0 {
		return certificate.Issuer.Organization[0]
	}
	return certificate.Issuer.CommonName
}

// printable is a text of a certificate, which anybody may have written, as it
// can stand in a sentence.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > longestName {
		text = string(runes[:longestName]) + "..."
	}
	if text == "" {
		return "(no name)"
	}
	return text
}
