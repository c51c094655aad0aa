package appraisal

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"

	zx509 "github.com/zmap/zcrypto/x509"
	"golang.org/x/net/idna"

	"github.com/gradewatch/gradewatch/checks"
)

// nameMismatch follows RFC 9525: subject alternative names only, a wildcard is
// the whole leftmost label and fits exactly one, addresses fit addresses. The
// guide lets the common name count where there is no subject alternative name
// (section 3.2, 'legacy'); it is ignored here, as every browser does since
// Chrome 58 and Firefox 101: a user would see the warning all the same.
func (s *subject) nameMismatch() checks.ChainFinding {
	names, err := s.leaf.names()
	if err != nil {
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The names of the certificate "+s.leaf.name+" cannot be read.")
	}
	host := asciiHost(s.observation.DNS.Host)
	if names.VerifyHostname(host) == nil {
		return no()
	}
	return yes(about(s.leaf, listNames(names), "The certificate %s is not for %s: %s.", s.leaf.name, checks.Clean(host, 255), saysNames(names, s.leaf)))
}

// names returns a certificate that holds the leaf's subject alternative names.
func (c *certificate) names() (*x509.Certificate, error) {
	if c.standard != nil {
		return c.standard, nil
	}
	tolerant, err := zx509.ParseCertificate(c.outline.Raw)
	if err != nil {
		return nil, fmt.Errorf("reading the names: %w", err)
	}
	return &x509.Certificate{DNSNames: tolerant.DNSNames, IPAddresses: tolerant.IPAddresses}, nil
}

// asciiHost returns a host as certificates write it: labels in their ASCII form
// (RFC 5891), no final dot, no brackets.
func asciiHost(host string) string {
	host = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.WithZone("").String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return strings.ToLower(host)
}

const shownNames = 5

func saysNames(names *x509.Certificate, leaf *certificate) string {
	switch {
	case len(names.DNSNames)+len(names.IPAddresses) > 0:
		return "it names " + listNames(names)
	case len(attributes(leaf.outline.RawSubject, oidCommonName)) > 0:
		return "it has no subject alternative name, and the common name does not count"
	default:
		return "it has no subject alternative name"
	}
}

func listNames(names *x509.Certificate) string {
	var shown []string
	for _, name := range names.DNSNames[:min(len(names.DNSNames), shownNames)] {
		shown = append(shown, checks.Clean(name, maxNameLength))
	}
	for _, address := range names.IPAddresses[:min(len(names.IPAddresses), shownNames-len(shown))] {
		shown = append(shown, net.IP(address).String())
	}
	text := strings.Join(shown, ", ")
	if more := len(names.DNSNames) + len(names.IPAddresses) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
