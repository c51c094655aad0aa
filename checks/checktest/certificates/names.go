package certificates

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net/netip"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func named(names ...string) func(*leaf) { return func(l *leaf) { l.Names = names } }

// alternativeNames writes the extension by hand: DNS names that crypto/x509
// would not write, and other kinds of names by their tag (RFC 5280 section
// 4.2.1.6), beside a common name.
func alternativeNames(tag int, names ...string) func(*leaf) {
	return func(l *leaf) {
		var list []byte
		for _, name := range names {
			value, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(name)})
			if err != nil {
				panic(err) // cannot be: any bytes will do
			}
			list = append(list, value...)
		}
		value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: list})
		if err != nil {
			panic(err) // as above
		}
		l.Template = func(template *x509.Certificate) { template.Subject.CommonName = Host }
		l.Rewrite = func(tbs *pki.TBS) {
			tbs.SetExtension(pkix.Extension{Id: []int{2, 5, 29, 17}, Value: value})
		}
	}
}

const (
	tagEmail = 1
	tagDNS   = 2
)

// nameCase is one whose certificate holds names, looked at as host.
func nameCase(name, why, host string, want Want, names ...string) Case {
	return Case{Name: name, Why: why, Host: host, Make: issue(named(names...)), Want: want}
}

func mismatch(more ...checks.Question) Want {
	return Want{Yes: append(yes(checks.NameMismatch), more...), Letter: checks.GradeM}
}

func nameCases() []Case {
	const lint = checks.LintError
	return []Case{
		nameCase("wrong name", "no name fits (RFC 9525 section 6.3)", Host, mismatch(), "other.example.com"),
		nameCase("second of two names", "any name will do", Host, Want{}, "example.com", Host),
		nameCase("host with a final dot", "the dot belongs to DNS, not to the name (RFC 6066 section 3)", Host+".", Want{}, Host),
		nameCase("capitals", "names compare without case (RFC 9525 section 6.3)", Host, Want{}, "WWW.Example.COM"),
		nameCase("wildcard", "a wildcard fits one label (RFC 9525 section 6.3)", Host, Want{}, "*.example.com"),
		nameCase("wildcard and the bare domain", "a wildcard fits one label, not none", "example.com", mismatch(), "*.example.com"),
		nameCase("wildcard and two labels", "a wildcard fits one label, not two", "a.b.example.com", mismatch(), "*.example.com"),
		nameCase("wildcard alone", "no name at all may be meant (Baseline Requirements section 3.2.2.6)", Host, mismatch(lint), "*"),
		nameCase("wildcard of a top-level domain", "clients want two labels behind a wildcard (mozilla::pkix); who owns com may have one (Baseline Requirements section 3.2.2.6)", "example.com", mismatch(), "*.com"),
		nameCase("wildcard in the second label", "it must be the leftmost label (RFC 9525 section 6.3)", "a.b.example.com", mismatch(lint), "a.*.example.com"),
		nameCase("wildcard in part of a label", "it must be the whole label (RFC 9525 section 6.3)", Host, mismatch(lint), "w*.example.com"),
		nameCase("two wildcards", "it must be the leftmost label alone", "a.b.example.com", mismatch(lint), "*.*.example.com"),
		nameCase("wildcard in an A-label", "it must be the whole label", "xn--bcher-kva.example.com", mismatch(lint), "xn--*.example.com"),
		nameCase("international name", "A-labels compare as they are (RFC 9525 section 6.3)", "xn--bcher-kva.example.com", Want{}, "xn--bcher-kva.example.com"),
		nameCase("wildcard and an international name", "an A-label is one label", "xn--bcher-kva.example.com", Want{}, "*.example.com"),
		nameCase("NUL in a name", "the whole name counts, not what comes before NUL (CVE-2009-2408)", Host, mismatch(lint), Host+"\x00.attacker.example"),
		nameCase("name with a final dot", "a certificate's name has none (RFC 5280 section 4.2.1.6)", Host, mismatch(lint), Host+"."),
		nameCase("underscore", "it fits, but Baseline Requirements section 7.1.4.2.1 forbids the character", "a_b.example.com", Want{Yes: yes(lint)}, "a_b.example.com"),
		nameCase("internal name beside", "it fits, and the other name is in no top-level domain (Baseline Requirements section 4.2.2)", Host, Want{Yes: yes(lint)}, Host, "server.corp"),
		nameCase("1,000 names", "any of them will do", Host, Want{}, append(thousandNames(), Host)...),
		nameCase("1,000 other names", "none of them fits", Host, mismatch(), thousandNames()...),
		{
			Name: "common name only", Why: "it does not count (RFC 9525 section 6.2), and names are required (Baseline Requirements section 7.1.2.7.12)",
			Make: issue(func(l *leaf) { l.OnlyCommonName = true }), Want: mismatch(lint),
		},
		{
			Name: "empty name", Why: "it fits no host, and no name may be empty (Baseline Requirements section 7.1.2.7.12)",
			Make: issue(alternativeNames(tagDNS, "")), Want: mismatch(lint),
		},
		{
			Name: "list of no names", Why: "there is none to fit; RFC 5280 section 4.2.1.6 wants one",
			Make: issue(alternativeNames(tagDNS)), Want: mismatch(lint),
		},
		{
			Name: "only a mail address beside a common name", Why: "the common name does not count where other names are (RFC 9525)",
			Make: issue(alternativeNames(tagEmail, "admin@example.com")),
			Want: mismatch(lint),
		},
		{
			Name: "name in UTF-8", Why: "dNSName is an IA5String (RFC 5280 section 4.2.1.6): crypto/x509 parses no such certificate",
			Host: "xn--bcher-kva.example.com",
			Make: issue(alternativeNames(tagDNS, "bücher.example.com")),
			Want: Want{Yes: yes(checks.Unparsable, checks.NameMismatch, lint), Inconclusive: yes(checks.KeyUsage, checks.StapleInvalid), NotAsked: yes(checks.Revoked, checks.RenewalAsked), Letter: checks.GradeM},
		},
	}
}

func thousandNames() []string {
	names := make([]string, 0, 1001)
	for index := range 1000 {
		names = append(names, fmt.Sprintf("n%03d.example.com", index))
	}
	return names
}

// addressCases are looked at by address. No public authority may issue for
// 127.0.0.1 and ::1 (Baseline Requirements section 4.2.2), which is an error of
// zlint and changes nothing else.
func addressCases() []Case {
	const four, six = "127.0.0.1", "::1"
	return []Case{
		nameCase("IPv4 address", "an iPAddress fits (RFC 9525 section 6.4)", four, Want{Yes: yes(checks.LintError)}, four),
		{
			Name: "IPv6 address", Why: "an iPAddress fits (RFC 9525 section 6.4)", Host: six,
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(named(six)), Address: netip.MustParseAddr(six)}
			},
			Want: Want{Yes: yes(checks.LintError)},
		},
		nameCase("another IPv4 address", "an address fits itself only", four, mismatch(checks.LintError), "127.0.0.2"),
		{
			Name: "IPv4 address as a DNS name", Why: "a dNSName fits no address (RFC 9525 section 6.4)", Host: four,
			Make: issue(alternativeNames(tagDNS, four)), Want: mismatch(checks.LintError),
		},
		{
			Name: "IPv4 address in the common name", Why: "the common name does not count", Host: four,
			Make: issue(func(l *leaf) { l.OnlyCommonName = true }), Want: mismatch(checks.LintError),
		},
		nameCase("name, looked at by address", "a dNSName fits no address", four, mismatch(), Host),
		nameCase("address, looked at by name", "an iPAddress fits no name", Host, mismatch(checks.LintError), four),
	}
}
