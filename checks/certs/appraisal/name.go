package appraisal

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
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
	if withoutBroadWildcards(names).VerifyHostname(host) == nil {
		return no()
	}
	return yes(about(s.leaf, listNames(names), "The certificate %s is not for %s: %s.", s.leaf.name, checks.Clean(host, 255), saysNames(names, s.leaf)))
}

// names returns a certificate that holds the leaf's subject alternative names.
func (c *certificate) names() (*x509.Certificate, error) {
	if c.standard != nil {
		return c.standard, nil
	}
	names := &x509.Certificate{}
	value, found := c.outline.Extension(oidSubjectAlternativeName)
	if !found {
		return names, nil
	}
	input := cryptobyte.String(value)
	var list cryptobyte.String
	if !input.ReadASN1(&list, der.SEQUENCE) || !input.Empty() {
		return nil, errors.New("reading the names: the extension is no list")
	}
	for !list.Empty() {
		var name cryptobyte.String
		var tag der.Tag
		if !list.ReadAnyASN1(&name, &tag) || len(names.DNSNames)+len(names.IPAddresses) >= maxNames {
			return nil, errors.New("reading the names: one is broken, or there are too many")
		}
		switch {
		case tag == tagDNSName:
			names.DNSNames = append(names.DNSNames, string(name))
		case tag == tagIPAddress && (len(name) == net.IPv4len || len(name) == net.IPv6len):
			names.IPAddresses = append(names.IPAddresses, net.IP(name))
		}
	}
	return names, nil
}

const oidSubjectAlternativeName = "2.5.29.17"

// The kinds of GeneralName (RFC 5280 section 4.2.1.6) that fit hosts.
const (
	tagDNSName   = der.Tag(2) | 0x80
	tagIPAddress = der.Tag(7) | 0x80
)

// withoutBroadWildcards leaves out what Firefox and Chrome take no wildcard
// from: "*" and "*.com", with fewer than two labels behind it.
func withoutBroadWildcards(names *x509.Certificate) *x509.Certificate {
	broad := func(name string) bool {
		rest, wildcard := strings.CutPrefix(name, "*")
		return wildcard && strings.Count(strings.TrimSuffix(rest, "."), ".") < 2
	}
	if !slices.ContainsFunc(names.DNSNames, broad) {
		return names
	}
	return &x509.Certificate{DNSNames: slices.DeleteFunc(slices.Clone(names.DNSNames), broad), IPAddresses: names.IPAddresses}
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
