package certificates

import (
	"crypto/x509"
	"math/big"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// arranged serves the leaf and its issuers, in the order that arrange gives
// them.
func arranged(arrange func(m *Maker, sent [][]byte) [][]byte) func(*Maker) Served {
	return func(m *Maker) Served {
		issued := m.leafOf()
		return chain(issued, arrange(m, slices.Clone(issued.Certificate.Certificate))...)
	}
}

// orderCases. Where crypto/x509 parses something that was sent not at all,
// crypto/tls shakes no hands: whether a staple comes is then inconclusive. A leaf
// that it does not parse names nobody who could be asked about it.
func orderCases() []Case {
	return []Case{
		{
			Name: "intermediates in the wrong order", Why: "RFC 5246 section 7.4.2; rating guide section 3.4: no effect on the grade",
			Make: func(m *Maker) Served {
				upper := m.ownIssuer(longer)
				lower := m.issuerBelow(upper, func(a *pki.Authority) { a.Name += " below" })
				issued := m.leafOf(func(l *leaf) { l.issuer = lower })
				sent := issued.Certificate.Certificate
				return chain(issued, sent[0], sent[2], sent[1])
			},
			Want: Want{Yes: yes(checks.WrongOrder)},
		},
		{
			Name: "intermediate sent twice", Why: "once is enough; both are in their place",
			Make: arranged(func(_ *Maker, sent [][]byte) [][]byte { return append(sent, sent[1]) }),
			Want: Want{Yes: yes(checks.Duplicates)},
		},
		{
			Name: "leaf sent twice", Why: "once is enough",
			Make: arranged(func(_ *Maker, sent [][]byte) [][]byte { return [][]byte{sent[0], sent[0], sent[1]} }),
			Want: Want{Yes: yes(checks.Duplicates)},
		},
		{
			Name: "root sent", Why: "rating guide section 3.4: no effect on the grade",
			Make: arranged(func(m *Maker, sent [][]byte) [][]byte { return append(sent, m.Root.Certificate.Raw) }),
			Want: Want{Yes: yes(checks.RootSent)},
		},
		{
			Name: "unneeded intermediate at the end", Why: "it is in nobody's way",
			Make: arranged(func(m *Maker, sent [][]byte) [][]byte { return append(sent, m.RSAIssuer.Certificate.Raw) }),
			Want: Want{Yes: yes(checks.Superfluous)},
		},
		{
			Name: "unneeded intermediate in between", Why: "the issuer does not follow what it certifies (RFC 5246 section 7.4.2)",
			Make: arranged(func(m *Maker, sent [][]byte) [][]byte {
				return [][]byte{sent[0], m.RSAIssuer.Certificate.Raw, sent[1]}
			}),
			Want: Want{Yes: yes(checks.Superfluous, checks.WrongOrder)},
		},
		{
			Name: "garbage in between", Why: "what nothing can parse is of no use, and the issuer does not follow what it certifies",
			Make: arranged(func(_ *Maker, sent [][]byte) [][]byte {
				return [][]byte{sent[0], []byte("this is no certificate"), sent[1]}
			}),
			Want: Want{Yes: yes(checks.Unparsable, checks.Superfluous, checks.WrongOrder), Inconclusive: yes(checks.StapleInvalid)},
		},
		{
			Name: "garbage at the end", Why: "what nothing can parse is of no use",
			Make: arranged(func(_ *Maker, sent [][]byte) [][]byte { return append(sent, []byte{0x30, 0x82, 0x10, 0x00, 0x30}) }),
			Want: Want{Yes: yes(checks.Unparsable, checks.Superfluous), Inconclusive: yes(checks.StapleInvalid)},
		},
		{
			Name: "garbage alone", Why: "nothing can be said of it, and no client could use it: no effect on the grade, whose letter nothing supports",
			Make: arranged(func(*Maker, [][]byte) [][]byte { return [][]byte{[]byte("this is no certificate")} }),
			Want: Want{Yes: yes(checks.Unparsable), Inconclusive: unanswerable(), Path: Nobody},
		},
		{
			Name: "issuer before the leaf", Why: "the first certificate is the server's (RFC 8446 section 4.4.2): an authority's, of 19 years, without names and timestamps",
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(validFor(-100*day, 7000*day))
				issued := m.leafOf(func(l *leaf) { l.issuer = issuer })
				return chain(issued, issued.Certificate.Certificate[1], issued.Certificate.Certificate[0])
			},
			Want: mismatch(checks.Superfluous, checks.LifetimeTooLong, checks.TooFewSCTs),
		},
		{
			Name: "negative serial number", Why: "RFC 5280 section 4.1.2.2 wants a positive one; crypto/x509 parses no other",
			Make: issue(func(l *leaf) { l.Rewrite = func(tbs *pki.TBS) { tbs.SerialNumber = big.NewInt(-0x51E9) } }),
			Want: Want{Yes: yes(checks.Unparsable, checks.LintError), Inconclusive: yes(checks.KeyUsage, checks.StapleInvalid), NotAsked: yes(checks.Revoked, checks.RenewalAsked)},
		},
		{
			Name: "serial number of 21 bytes", Why: "RFC 5280 section 4.1.2.2 allows 20; every client takes it",
			Make: issue(func(l *leaf) { l.Serial = new(big.Int).Lsh(big.NewInt(1), 161) }),
			Want: Want{Yes: yes(checks.LintError)},
		},
		{
			Name: "version 1", Why: "extensions are of version 3 (RFC 5280 section 4.1.2.1): without them no name fits, and much is missing",
			Make: issue(func(l *leaf) {
				l.logs = nil
				l.Rewrite = func(tbs *pki.TBS) { tbs.Version, tbs.Extensions = 0, nil }
				l.Template = func(template *x509.Certificate) { template.Subject.CommonName = Host }
			}),
			Want: mismatch(checks.LintError, checks.TooFewSCTs),
		},
	}
}

// unanswerable is every question that needs a leaf that can be parsed, or a path
// from it.
func unanswerable() []checks.Question {
	return slices.DeleteFunc(checks.Questions(), func(question checks.Question) bool {
		switch question {
		case checks.Unparsable, checks.Duplicates, checks.Blacklisted: // by its fingerprint it is not
			return true
		}
		return false
	})
}
