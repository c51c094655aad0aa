package certificates

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// The reasons of RFC 5280 section 5.3.1 that the cases use.
const (
	keyCompromise   = 1
	superseded      = 4
	certificateHold = 6
)

// onlyList names a list and no responder; onlyResponder the other way round.
func onlyList(issuer *Issuer) func(*leaf) { return func(l *leaf) { l.issuer = issuer } }

func onlyResponder(issuer *Issuer) func(*leaf) {
	return func(l *leaf) { l.issuer, l.CRL, l.OCSP = issuer, []string{}, []string{issuer.Services.OCSPURL()} }
}

func both(issuer *Issuer) func(*leaf) {
	return func(l *leaf) { l.issuer, l.OCSP = issuer, []string{issuer.Services.OCSPURL()} }
}

// revokedFor revokes the certificate at its issuer.
func revokedFor(reason int) func(*leaf) {
	return func(l *leaf) { l.issuer.Services.Revoke(l.Serial, reason) }
}

// ownList is a certificate of an issuer of its own: looks share what they
// fetched, and a list of before has nothing new on it.
func ownList(changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.ownIssuer(nil)
		return Served{Issued: m.leafOf(append([]func(*leaf){onlyList(issuer)}, changes...)...)}
	}
}

// faultyList is a certificate whose list does not say whether it is revoked.
func faultyList(name, why string, fault authority.Fault) Case {
	return Case{
		Name: name, Why: why + ": no effect on the grade (rating guide section 3.2)",
		Make: func(m *Maker) Served { return Served{Issued: m.leafOf(onlyList(m.faulty(authority.CRL, fault)))} },
		Want: Want{Inconclusive: yes(checks.Revoked)},
	}
}

func listCases() []Case {
	revoked := Want{Yes: yes(checks.Revoked), Letter: checks.GradeF}
	return []Case{
		{Name: "revoked on the list", Why: "F-REVOKED", Make: ownList(revokedFor(keyCompromise)), Want: revoked},
		{Name: "on hold on the list", Why: "F-REVOKED: a certificate on hold is not to be used (RFC 5280 section 5.3.1)", Make: ownList(revokedFor(certificateHold)), Want: revoked},
		{
			Name: "revoked and expired, for another name", Why: "F goes before T and M (rating guide section 8); every fault is told",
			Make: ownList(revokedFor(keyCompromise), from(-45*day), until(-time.Hour), named("other.example.com")),
			Want: Want{Yes: yes(checks.Revoked, checks.Expired, checks.RenewalOverdue, checks.NameMismatch), Letter: checks.GradeF},
		},
		{
			Name: "revoked certificate of a private root", Why: "F-REVOKED: an authority of one's own revokes too",
			Want: Want{Yes: yes(checks.Revoked), Path: Private, Letter: checks.GradeF},
			Make: ownRoot(func(m *Maker) *Issuer { return m.PrivateRoot }, withoutTimestamps, revokedFor(superseded)),
		},
		{
			Name: "revoked on a shard of the list", Why: "F-REVOKED; a shard names its own address (RFC 5280 section 5.2.5)", Want: revoked,
			Make: issue(func(l *leaf) { l.CRL = []string{l.issuer.Services.ShardURL(7)} }, revokedFor(superseded)),
		},
		{
			Name: "good on a shard of the list", Why: "it is not on the shard that its address names",
			Make: issue(func(l *leaf) { l.CRL = []string{l.issuer.Services.ShardURL(8)} }),
		},
		{
			Name: "revoked intermediate", Why: "F-REVOKED: every path needs it", Want: revoked,
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(func(a *pki.Authority) { a.CRL = []string{m.Root.Services.ShardURL(1)} })
				m.Root.Services.Revoke(issuer.Certificate.SerialNumber, keyCompromise)
				return Served{Issued: m.leafOf(onlyList(issuer))}
			},
		},
		{
			Name: "revoked intermediate and its successor", Why: "a path without the revoked one is enough",
			Want: Want{Yes: yes(checks.Superfluous)},
			Make: func(m *Maker) Served {
				good := m.ownIssuer(nil)
				old := m.issuerBelow(m.Root, func(a *pki.Authority) {
					a.PrivateKey, a.NotAfter = good.Signer(), dissolved().Add(-day)
					a.CRL = []string{m.Root.Services.ShardURL(2)}
				})
				m.Root.Services.Revoke(old.Certificate.SerialNumber, superseded)
				issued := m.leafOf(onlyList(good))
				return chain(issued, append(issued.Certificate.Certificate, old.Certificate.Raw)...)
			},
		},
	}
}

func faultyListCases() []Case {
	return []Case{
		faultyList("list out of date", "an old list says nothing about now", authority.Expired),
		faultyList("list not valid yet", "a list of the future says nothing about now", authority.NotYetValid),
		faultyList("list of a stranger", "whoever signed it has another key", authority.OtherIssuer),
		faultyList("list with a broken signature", "nobody vouches for it", authority.BadSignature),
		faultyList("no list where it should be", "404 is no list", authority.NotFound),
		faultyList("a page where a list should be", "HTML is no list", authority.HTML),
		faultyList("half a list", "what is missing may be the certificate", authority.Truncated),
		faultyList("list of other certificates", "its distribution point is another (RFC 5280 section 6.3.3)", authority.OtherShard),
		faultyList("list of authorities only", "RFC 5280 section 5.2.5: it does not cover leaves", authority.OnlyCA),
		faultyList("list with an unknown critical extension", "RFC 5280 section 5.2: it must not be used to tell that a certificate is good", authority.UnknownCritical),
	}
}

func otherListCases() []Case {
	return []Case{
		{
			Name: "nobody serves the list", Why: "nobody can tell", Want: Want{Inconclusive: yes(checks.Revoked)},
			Make: func(m *Maker) Served {
				address := closedPort(m.t)
				return Served{Issued: m.leafOf(func(l *leaf) { l.CRL = []string{address} })}
			},
		},
		{
			Name: "second address of the list works", Why: "each address of a distribution point leads to the same list (RFC 5280 section 4.2.1.13)",
			Make: func(m *Maker) Served {
				address := closedPort(m.t)
				return Served{Issued: m.leafOf(func(l *leaf) { l.CRL = []string{address, l.issuer.Services.CRLURL()} })}
			},
		},
		{
			Name: "list out of date, and a responder that says good", Why: "one answer is enough",
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(both(m.faulty(authority.CRL, authority.Expired)))}
			},
		},
		{
			Name: "no list, and a responder that says revoked", Why: "F-REVOKED", Want: Want{Yes: yes(checks.Revoked), Letter: checks.GradeF},
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(both(m.faulty(authority.CRL, authority.NotFound)), revokedFor(0))}
			},
		},
	}
}

// responderCase is a certificate whose responder answers with a fault.
func responderCase(name, why string, fault authority.Fault, want Want) Case {
	return Case{
		Name: name, Why: why, Want: want,
		Make: func(m *Maker) Served { return Served{Issued: m.leafOf(onlyResponder(m.faulty(authority.OCSP, fault)))} },
	}
}

func responderCases() []Case {
	untold := Want{Inconclusive: yes(checks.Revoked)}
	return []Case{
		responderCase("responder says good", "RFC 6960 section 2.2", authority.Healthy, Want{}),
		responderCase("delegate of the responder says good", "RFC 6960 section 4.2.2.2: its certificate has OCSPSigning", authority.Delegated, Want{}),
		{
			Name: "responder says revoked", Why: "F-REVOKED", Want: Want{Yes: yes(checks.Revoked), Letter: checks.GradeF},
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(onlyResponder(m.Issuer), revokedFor(keyCompromise))}
			},
		},
		responderCase("responder does not know it", "unknown is neither good nor revoked (RFC 6960 section 2.2)", authority.Unknown, untold),
		responderCase("response out of date", "RFC 6960 section 3.2", authority.Expired, untold),
		responderCase("response not valid yet", "RFC 6960 section 3.2", authority.NotYetValid, untold),
		responderCase("response about another certificate", "RFC 6960 section 3.2", authority.OtherSerial, untold),
		responderCase("response with a broken signature", "RFC 6960 section 3.2", authority.BadSignature, untold),
		responderCase("response of a stranger", "RFC 6960 section 4.2.2.2", authority.OtherIssuer, untold),
		responderCase("response of a delegate without the usage", "RFC 6960 section 4.2.2.2", authority.DelegatedNoUsage, untold),
		responderCase("response of a delegate out of date", "RFC 6960 section 4.2.2.2", authority.DelegatedExpired, untold),
		responderCase("response of a stranger's delegate", "RFC 6960 section 4.2.2.2", authority.DelegatedStranger, untold),
		responderCase("responder asks to try later", "RFC 6960 section 2.3", authority.TryLater, untold),
		responderCase("a page where a response should be", "HTML is no response", authority.HTML, untold),
	}
}
