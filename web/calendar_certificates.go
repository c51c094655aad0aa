package web

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/store"
)

// longestName bounds the name of a certificate on the calendar, in characters.
const longestName = 80

// CertificateCalendar lists what is to come until a time for the certificates
// that endpoints serve, as the calendar's page does.
func CertificateCalendar(served store.ServedCertificates, trust *appraisal.Trust, now, until time.Time) []renewal.Entry {
	return renewal.Calendar(calendarCertificates(served, trust, now), nil, now, until)
}

// calendarReader turns what endpoints serve into what the calendar needs. A
// certificate is read once, whoever serves it.
type calendarReader struct {
	served store.ServedCertificates
	trust  *appraisal.Trust
	now    time.Time

	list  []*renewal.Certificate
	known map[string]*renewal.Certificate // by role and fingerprint
	paths map[string]issuerPath           // by what issuerKey says of a leaf
	names map[*renewal.Certificate]string // of leaves: what a renewal has in common with them
}

// issuerPath is the path from a leaf's issuer to a root, whose certificate is
// last; empty where there is none.
type issuerPath struct {
	issuers []checks.Fingerprint
	public  bool
}

// calendarCertificates lists leaves, and the other certificates of the paths
// that they lead to roots by. What cannot be parsed is left out: nobody can say
// when it ends.
func calendarCertificates(served store.ServedCertificates, trust *appraisal.Trust, now time.Time) []renewal.Certificate {
	reader := calendarReader{
		served: served, trust: trust, now: now, known: map[string]*renewal.Certificate{}, paths: map[string]issuerPath{},
		names: map[*renewal.Certificate]string{},
	}
	for _, endpoint := range served.Endpoints {
		for _, sent := range endpoint.Chains {
			reader.add(endpoint.EndpointID, sent)
		}
		reader.compare(endpoint.Chains)
	}
	certificates := make([]renewal.Certificate, 0, len(reader.list))
	for _, certificate := range reader.list {
		certificates = append(certificates, *certificate)
	}
	return certificates
}

func (r *calendarReader) add(endpoint int64, sent []checks.Fingerprint) {
	path := r.path(sent)
	r.note(endpoint, sent[0], renewal.Leaf, path.public)
	for i, fingerprint := range path.issuers {
		role := renewal.Intermediate
		if i == len(path.issuers)-1 {
			role = renewal.Root
		}
		r.note(endpoint, fingerprint, role, path.public)
	}
}

// compare marks the leaves of one endpoint that were renewed: it serves a newer
// one for the same names, with the same kind of key.
func (r *calendarReader) compare(chains [][]checks.Fingerprint) {
	newest := map[string]time.Time{}
	for _, sent := range chains {
		if leaf := r.known[string(renewal.Leaf)+string(sent[0])]; leaf != nil && leaf.NotBefore.After(newest[r.names[leaf]]) {
			newest[r.names[leaf]] = leaf.NotBefore
		}
	}
	for _, sent := range chains {
		if leaf := r.known[string(renewal.Leaf)+string(sent[0])]; leaf != nil && leaf.NotBefore.Before(newest[r.names[leaf]]) {
			leaf.Replaced = true
		}
	}
}

// path finds the path of a chain. Where one was found, leaves of the same issuer
// with the same certificates beside them have it too: the calendar says when a
// path ends, not whether a leaf is genuine.
func (r *calendarReader) path(sent []checks.Fingerprint) issuerPath {
	key := r.issuerKey(sent)
	if known, found := r.paths[key]; found {
		return known
	}
	ders := make([][]byte, 0, len(sent))
	for _, fingerprint := range sent {
		ders = append(ders, r.served.Certificates[fingerprint])
	}
	way := r.trust.Path(ders, r.now)
	if len(way.Certificates) == 0 {
		return issuerPath{}
	}
	path := issuerPath{issuers: way.Certificates[1:], public: !way.Private}
	r.paths[key] = path
	return path
}

// issuerKey names who issued the first certificate of a chain, and what was
// sent beside it.
func (r *calendarReader) issuerKey(sent []checks.Fingerprint) string {
	var key strings.Builder
	leaf, err := x509.ParseCertificate(r.served.Certificates[sent[0]])
	if err != nil {
		fmt.Fprintf(&key, "%s ", sent[0])
	} else {
		fmt.Fprintf(&key, "%x %x ", leaf.RawIssuer, leaf.AuthorityKeyId)
	}
	for _, fingerprint := range sent[1:] {
		fmt.Fprintf(&key, "%s ", fingerprint)
	}
	return key.String()
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
		if parsed = r.trust.Root(fingerprint); parsed == nil {
			return nil
		}
	}
	certificate := &renewal.Certificate{
		SHA256: fingerprint, Role: role, NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter,
		Name: printable(nameOf(parsed, role)), Issuer: printable(issuerOf(parsed)),
	}
	if role == renewal.Leaf {
		names := slices.Clone(parsed.DNSNames)
		for _, address := range parsed.IPAddresses {
			names = append(names, address.String())
		}
		slices.Sort(names)
		r.names[certificate] = strings.Join(append(names, parsed.PublicKeyAlgorithm.String()), " ")
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
