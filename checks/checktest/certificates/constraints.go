package certificates

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func pathLength(count int) func(*x509.Certificate) {
	return func(template *x509.Certificate) {
		template.MaxPathLen, template.MaxPathLenZero = count, count == 0
	}
}

// constrained is a leaf of an issuer that is changed.
func constrained(change func(*x509.Certificate), leafChanges ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.ownIssuer(func(a *pki.Authority) { a.Template = change })
		changes := append([]func(*leaf){func(l *leaf) { l.issuer = issuer }}, leafChanges...)
		return Served{Issued: m.leafOf(changes...)}
	}
}

func templated(change func(*x509.Certificate)) func(*leaf) {
	return func(l *leaf) { l.Template = change }
}

// critical is a critical extension that nobody knows, in the arc for examples
// (RFC 5612).
func critical(template *x509.Certificate) {
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
		Id: []int{1, 3, 6, 1, 4, 1, 32473, 9}, Critical: true, Value: []byte{5, 0},
	})
}

// refused is a chain that breaks a rule.
func refused() Want { return untrusted(checks.GradeT, checks.KeyUsage) }

// constraintCases are T-KEYUSE: rules of RFC 5280 section 6 besides signatures
// and dates. A chain that breaks one is not trusted: what is asked of publicly
// trusted ones is not asked of it. Leaves whose issuer is no authority name no
// list, since nobody could sign it.
func constraintCases() []Case {
	return []Case{
		{
			Name: "intermediate without basic constraints", Why: "RFC 5280 section 6.1.4 (k); and one that is no authority may not say that it signs certificates (section 4.2.1.3)",
			Want: untrusted(checks.GradeT, checks.KeyUsage, checks.LintError),
			Make: constrained(func(template *x509.Certificate) {
				template.BasicConstraintsValid, template.IsCA, template.MaxPathLen, template.MaxPathLenZero = false, false, 0, false
			}, sixDays),
		},
		{
			Name: "intermediate that is no authority", Why: "RFC 5280 section 6.1.4 (k)", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.IsCA, template.MaxPathLen, template.MaxPathLenZero = false, -1, false
				template.KeyUsage = x509.KeyUsageDigitalSignature
			}, sixDays),
		},
		{
			Name: "intermediate that may not sign certificates", Why: "RFC 5280 section 6.1.4 (n)", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.KeyUsage, template.MaxPathLen, template.MaxPathLenZero = x509.KeyUsageCRLSign, -1, false
			}),
		},
		{
			Name: "path too long", Why: "RFC 5280 section 6.1.4 (l)", Want: refused(),
			Make: func(m *Maker) Served {
				upper := m.ownIssuer(nil) // path length 0
				lower := m.issuerBelow(upper, func(a *pki.Authority) { a.Name += " below" })
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = lower })}
			},
		},
		{
			Name: "name among the permitted ones", Why: "RFC 5280 section 4.2.1.10: example.com and all below",
			Make: constrained(func(template *x509.Certificate) {
				template.PermittedDNSDomains, template.PermittedDNSDomainsCritical = []string{"example.com"}, true
			}),
		},
		{
			Name: "name not among the permitted ones", Why: "RFC 5280 section 6.1.3 (b)", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.PermittedDNSDomains, template.PermittedDNSDomainsCritical = []string{"example.net"}, true
			}),
		},
		{
			Name: "name among the excluded ones", Why: "RFC 5280 section 6.1.3 (c)", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.ExcludedDNSDomains, template.PermittedDNSDomainsCritical = []string{"example.com"}, true
			}),
		},
		{
			Name: "second name among the excluded ones", Why: "RFC 5280 section 6.1.3 (c): every name counts, not the host's alone", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.ExcludedDNSDomains, template.PermittedDNSDomainsCritical = []string{"example.org"}, true
			}, named(Host, "www.example.org")),
		},
		{
			Name: "address among the excluded ones", Why: "RFC 5280 section 4.2.1.10", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4(192, 0, 2, 0).To4(), Mask: net.CIDRMask(24, 32)}}
				template.PermittedDNSDomainsCritical = true
			}, named(Host, "192.0.2.1")),
		},
		{
			Name: "for clients only", Why: "RFC 5280 section 4.2.1.12: not for servers", Want: refused(),
			Make: issue(templated(func(template *x509.Certificate) {
				template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			})),
		},
		{
			Name: "for any purpose", Why: "it may be used, and Baseline Requirements section 7.1.2.7.10 forbid it", Want: Want{Yes: yes(checks.LintError)},
			Make: issue(templated(func(template *x509.Certificate) {
				template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
			})),
		},
		{
			Name: "for no named purpose", Why: "it may be used for all (RFC 5280), and Baseline Requirements section 7.1.2.7.6 want the extension", Want: Want{Yes: yes(checks.LintError)},
			Make: issue(templated(func(template *x509.Certificate) { template.ExtKeyUsage = nil })),
		},
		{
			Name: "intermediate for mail only", Why: "clients take the usages of issuers as limits", Want: refused(),
			Make: constrained(func(template *x509.Certificate) {
				template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
			}),
		},
		{
			Name: "unknown critical extension", Why: "RFC 5280 section 4.2: it must be refused", Want: refused(),
			Make: issue(templated(critical)),
		},
		{
			Name: "unknown critical extension in the intermediate", Why: "RFC 5280 section 4.2: it must be refused", Want: refused(),
			Make: constrained(critical),
		},
		{
			Name: "issued by a leaf", Why: "RFC 5280 section 6.1.4 (k): the leaf of somebody else is no authority", Want: refused(),
			Make: func(m *Maker) Served {
				issuer := m.issuerBelow(m.Issuer, func(a *pki.Authority) {
					a.Template = func(template *x509.Certificate) {
						template.IsCA, template.MaxPathLen, template.MaxPathLenZero = false, -1, false
						template.KeyUsage, template.DNSNames = x509.KeyUsageDigitalSignature, []string{"attacker.example.org"}
					}
				})
				return Served{Issued: m.leafOf(sixDays, func(l *leaf) { l.issuer = issuer })}
			},
		},
	}
}
