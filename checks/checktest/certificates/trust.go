package certificates

import (
	"crypto/x509"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// ownRoot is a leaf of another root, through an intermediate.
func ownRoot(root func(*Maker) *Issuer, changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.issuerBelow(root(m), func(a *pki.Authority) { a.NotBefore = founded() })
		return Served{Issued: m.leafOf(append([]func(*leaf){func(l *leaf) { l.issuer = issuer }}, changes...)...)}
	}
}

// selfSigned is made as somebody would with one command: no policy, no
// timestamps, nowhere to ask.
func (m *Maker) selfSigned(change func(*pki.Leaf)) *pki.Issued {
	m.t.Helper()
	wanted := pki.Leaf{Names: []string{m.host}, Serial: randomSerial(m.t), Template: func(template *x509.Certificate) {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.SubjectKeyId = []byte("its own")
		template.AuthorityKeyId = template.SubjectKeyId
	}}
	if change != nil {
		change(&wanted)
	}
	issued, err := pki.SelfSigned(wanted)
	require.NoError(m.t, err)
	return issued
}

func trustCases() []Case {
	return []Case{
		{
			Name: "self-signed", Why: "T-SELF", Want: untrusted(checks.GradeT, checks.SelfSigned),
			Make: func(m *Maker) Served { return Served{Issued: m.selfSigned(nil)} },
		},
		{
			Name: "self-signed authority", Why: "T-SELF: an authority's certificate on a server is self-signed all the same",
			Want: untrusted(checks.GradeT, checks.SelfSigned),
			Make: func(m *Maker) Served {
				return Served{Issued: m.selfSigned(func(l *pki.Leaf) {
					change := l.Template
					l.Template = func(template *x509.Certificate) {
						change(template)
						template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
					}
				})}
			},
		},
		{
			Name: "self-signed and expired, for another name", Why: "every fault is told; T goes before M", Want: untrusted(checks.GradeT, checks.SelfSigned, checks.Expired, checks.NameMismatch, checks.RenewalOverdue),
			Make: func(m *Maker) Served {
				return Served{Issued: m.selfSigned(func(l *pki.Leaf) {
					l.Names, l.NotBefore, l.NotAfter = []string{"localhost"}, time.Now().Add(-400*day), time.Now().Add(-35*day)
				})}
			},
		},
		{
			Name: "named like its issuer, and not self-signed", Why: "T-UNKNOWN: its own key does not verify it",
			Want: untrusted(checks.GradeT, checks.UnknownIssuer),
			Make: func(m *Maker) Served {
				issuer, err := pki.NewRoot(pki.Authority{Name: "Example Twin", Template: func(template *x509.Certificate) { template.Subject.Organization = nil }})
				require.NoError(m.t, err)
				issued, err := issuer.Issue(pki.Leaf{Names: []string{m.host}, Template: func(template *x509.Certificate) {
					template.Subject.CommonName, template.AuthorityKeyId = "Example Twin", issuer.Certificate.SubjectKeyId
					template.KeyUsage = x509.KeyUsageDigitalSignature
				}})
				require.NoError(m.t, err)
				return Served{Issued: issued}
			},
		},
		{
			Name: "private root", Why: "whoever runs this trusts it; public policies do not bind it",
			Want: Want{Path: Private}, Make: ownRoot(func(m *Maker) *Issuer { return m.PrivateRoot }, withoutTimestamps),
		},
		{
			Name: "private root itself sent", Why: "clients that trust it have it",
			Want: Want{Yes: yes(checks.RootSent), Path: Private},
			Make: func(m *Maker) Served {
				issuer := m.issuerBelow(m.PrivateRoot, nil)
				issued := m.leafOf(func(l *leaf) { l.issuer = issuer }, withoutTimestamps)
				return chain(issued, append(issued.Certificate.Certificate, m.PrivateRoot.Certificate.Raw)...)
			},
		},
		{
			Name: "root that nobody knows", Why: "T-UNKNOWN", Want: untrusted(checks.GradeT, checks.UnknownIssuer),
			Make: ownRoot(func(m *Maker) *Issuer { return m.StrangerRoot }, withoutTimestamps),
		},
		{
			Name: "root that nobody knows sent", Why: "T-UNKNOWN: being sent makes no root trusted", Want: untrusted(checks.GradeT, checks.UnknownIssuer, checks.RootSent),
			Make: func(m *Maker) Served {
				issuer := m.issuerBelow(m.StrangerRoot, nil)
				issued := m.leafOf(func(l *leaf) { l.issuer = issuer }, withoutTimestamps)
				return chain(issued, append(issued.Certificate.Certificate, m.StrangerRoot.Certificate.Raw)...)
			},
		},
		{
			Name: "distrusted root", Why: "T-DISTRUST: issued after the store's date", Want: untrusted(checks.GradeT, checks.Distrusted),
			Make: ownRoot(func(m *Maker) *Issuer { return m.DistrustedRoot }),
		},
		{
			Name: "distrusted root, issued in time", Why: "Mozilla keeps trusting what was issued before its date", At: DistrustedAfter().Add(day),
			Make: ownRoot(func(m *Maker) *Issuer { return m.DistrustedRoot }, func(l *leaf) {
				l.NotBefore, l.NotAfter = DistrustedAfter().Add(-day), DistrustedAfter().Add(80*day)
			}),
		},
		{
			Name: "cross-signed by an expired root", Why: "the cross-certificate of old leads to a root that is over; the newer root is trusted by itself (Let's Encrypt, September 2021)",
			Want: Want{Yes: yes(checks.Superfluous)},
			Make: func(m *Maker) Served { return m.crossSigned(m.ExpiredRoot) },
		},
		{
			Name: "cross-signed by a distrusted root", Why: "one trusted path is enough (rating guide section 3.2)",
			Want: Want{Yes: yes(checks.Superfluous)},
			Make: func(m *Maker) Served { return m.crossSigned(m.DistrustedRoot) },
		},
		{
			Name: "cross-signed by an unknown root", Why: "one trusted path is enough (rating guide section 3.2)",
			Want: Want{Yes: yes(checks.Superfluous)},
			Make: func(m *Maker) Served { return m.crossSigned(m.StrangerRoot) },
		},
		{
			Name: "new root that only a cross-certificate makes trusted", Why: "the new root is in no store yet, and the old one vouches for it",
			Make: func(m *Maker) Served {
				key := newKey(m.t, pki.ECDSA)
				cross := m.Root.below(m.t, pki.Authority{Name: "Example Young Root", PrivateKey: key, Template: pathLength(1)})
				issuer := cross.below(m.t, pki.Authority{Name: "Example Young Issuer"})
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
			},
		},
		{
			Name: "root that expired", Why: "T-EXPIRED: every path needs it, and clients that check the dates of roots refuse it (the end of AddTrust, May 2020)",
			Want: Want{Yes: yes(checks.Expired), Letter: checks.GradeT},
			Make: ownRoot(func(m *Maker) *Issuer { return m.ExpiredRoot }),
		},
	}
}

func withoutTimestamps(l *leaf) { l.logs = nil }

// crossSigned serves a certificate of Issuer, and behind it one that vouches
// for Root by another root.
func (m *Maker) crossSigned(by *Issuer) Served {
	m.t.Helper()
	cross := by.below(m.t, pki.Authority{Name: "Example Root", PrivateKey: m.Root.Signer(), Template: func(template *x509.Certificate) {
		template.Subject = m.Root.Certificate.Subject
		template.MaxPathLen, template.MaxPathLenZero = -1, false
	}})
	issued := m.leafOf()
	return chain(issued, append(issued.Certificate.Certificate, cross.Certificate.Raw)...)
}
