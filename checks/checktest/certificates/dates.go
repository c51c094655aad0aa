package certificates

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// issue is a case's Make that serves one certificate of Issuer with changes.
func issue(changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served { return Served{Issued: m.leafOf(changes...)} }
}

// from and until set an end by its distance from now.
func from(offset time.Duration) func(*leaf) {
	return func(l *leaf) { l.NotBefore = time.Now().Add(offset) }
}

func until(offset time.Duration) func(*leaf) {
	return func(l *leaf) { l.NotAfter = time.Now().Add(offset) }
}

// sixDays is a short-lived certificate (Baseline Requirements section 1.6.1),
// which names no list and no responder.
func sixDays(l *leaf) {
	l.NotBefore, l.NotAfter = time.Now().Add(-day), time.Now().Add(5*day)
	l.CRL = []string{}
}

// midsummer is a date at which certificates of 2026 are judged to the second.
func midsummer() time.Time { return time.Date(2026, 6, 20, 12, 0, 0, 0, time.UTC) }

// around is a certificate that is valid from and to these seconds.
func around(notBefore, notAfter time.Time) func(*leaf) {
	return func(l *leaf) { l.NotBefore, l.NotAfter = notBefore, notAfter }
}

// ofOld is a certificate of the issuer of old with such dates.
func ofOld(notBefore, notAfter time.Time, changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		old := func(l *leaf) { l.issuer = m.OldIssuer }
		return Served{Issued: m.leafOf(append(changes, old, around(notBefore, notAfter))...)}
	}
}

// validFor is an authority with such dates, by their distance from now.
func validFor(notBefore, notAfter time.Duration) func(*pki.Authority) {
	return func(a *pki.Authority) { a.NotBefore, a.NotAfter = time.Now().Add(notBefore), time.Now().Add(notAfter) }
}

func dateCases() []Case {
	return []Case{
		{Name: "good", Why: "as the Baseline Requirements want it", Make: issue()},
		{
			Name: "good, RSA", Why: "RSA of 2048 bits is the least that Baseline Requirements section 6.1.5 allows",
			Make: issue(func(l *leaf) { l.Key = pki.RSA }),
		},
		{
			Name: "good, P-384 and an RSA issuer", Why: "Baseline Requirements section 6.1.5",
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(func(l *leaf) { l.Key, l.issuer = pki.ECDSAP384, m.RSAIssuer })}
			},
		},
		{
			Name: "expired an hour ago", Why: "T-EXPIRED; and a certificate that ended should have been renewed",
			Make: issue(from(-45*day), until(-time.Hour)),
			Want: Want{Yes: yes(checks.Expired, checks.RenewalOverdue), Letter: checks.GradeT},
		},
		{
			Name: "in its last second", Why: "RFC 5280 section 4.1.2.5: the validity includes notAfter",
			Make: ofOld(midsummer().Add(-40*day), midsummer()), At: midsummer(),
			Want: Want{Yes: yes(checks.RenewalOverdue)},
		},
		{
			Name: "a second after its last", Why: "T-EXPIRED: now is after notAfter",
			Make: ofOld(midsummer().Add(-40*day), midsummer()), At: midsummer().Add(time.Second),
			Want: Want{Yes: yes(checks.Expired, checks.RenewalOverdue), Letter: checks.GradeT},
		},
		{
			Name: "not yet valid", Why: "T-NOTYET",
			Make: issue(from(time.Hour), until(40*day)),
			Want: Want{Yes: yes(checks.NotYetValid), Letter: checks.GradeT},
		},
		{
			Name: "in its first second", Why: "RFC 5280 section 4.1.2.5: the validity includes notBefore",
			Make: ofOld(midsummer(), midsummer().Add(40*day)), At: midsummer(),
		},
		{
			Name: "a second before its first", Why: "T-NOTYET: now is before notBefore",
			Make: ofOld(midsummer(), midsummer().Add(40*day)), At: midsummer().Add(-time.Second),
			Want: Want{Yes: yes(checks.NotYetValid), Letter: checks.GradeT},
		},
		{
			Name: "two days before the end", Why: "a client that renews at two thirds did so two weeks ago; no grade rule knows it",
			Make: issue(from(-43*day), until(2*day)),
			Want: Want{Yes: yes(checks.RenewalOverdue)},
		},
		{
			Name: "expired intermediate", Why: "T-EXPIRED: every path has an expired intermediate",
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(validFor(-1000*day, -day))
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
			},
			Want: Want{Yes: yes(checks.Expired), Letter: checks.GradeT},
		},
		{
			Name: "intermediate not yet valid", Why: "T-NOTYET: an intermediate that every path needs",
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(validFor(day, 1000*day))
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
			},
			Want: Want{Yes: yes(checks.NotYetValid), Letter: checks.GradeT},
		},
		{
			Name: "expired intermediate and its successor",
			Why:  "one path in date is enough (rating guide section 3.2); the old certificate is of no use and stands in the way",
			Make: func(m *Maker) Served {
				good := m.ownIssuer(nil)
				old := m.issuerBelow(m.Root, func(a *pki.Authority) {
					a.PrivateKey = good.Signer()
					validFor(-1000*day, -day)(a)
				})
				issued := m.leafOf(func(l *leaf) { l.issuer = good })
				return chain(issued, issued.Certificate.Certificate[0], old.Certificate.Raw, good.Certificate.Raw)
			},
			Want: Want{Yes: yes(checks.Superfluous, checks.WrongOrder)},
		},
		{
			Name: "outlives its issuer", Why: "RFC 5280 wants no nesting of validities: it is good until the issuer ends",
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(validFor(-1000*day, 30*day))
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
			},
		},
	}
}
