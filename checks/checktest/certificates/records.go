package certificates

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// The types of records that the cases have (RFC 8659, RFC 6698).
const (
	TypeA    = 1
	TypeNS   = 2
	TypeTLSA = 52
	TypeCAA  = 257
)

// announced serves a certificate and has DNS announce what announce makes of
// its chain. DNSSEC vouches for it.
func announced(announce func(m *Maker, issued *pki.Issued) [][]byte) func(*Maker) Served {
	return func(m *Maker) Served {
		issued := m.leafOf()
		return Served{Issued: issued, Records: map[uint16]checks.RecordSet{
			TypeTLSA: {Data: announce(m, issued), Authenticated: true},
		}}
	}
}

// tlsa is one record (RFC 6698 section 2.1) about a certificate of the chain.
func tlsa(usage, selector, matching byte, index int) func(*Maker, *pki.Issued) [][]byte {
	return func(m *Maker, issued *pki.Issued) [][]byte {
		certificate, err := x509.ParseCertificate(issued.Certificate.Certificate[index])
		require.NoError(m.t, err)
		data := certificate.Raw
		if selector == 1 {
			data = certificate.RawSubjectPublicKeyInfo
		}
		switch matching {
		case 1:
			sum := sha256.Sum256(data)
			data = sum[:]
		case 2:
			sum := sha512.Sum512(data)
			data = sum[:]
		}
		return [][]byte{append([]byte{usage, selector, matching}, data...)}
	}
}

// wrongly announces the same with another last byte.
func wrongly(right func(*Maker, *pki.Issued) [][]byte) func(*Maker, *pki.Issued) [][]byte {
	return func(m *Maker, issued *pki.Issued) [][]byte {
		records := right(m, issued)
		last := records[len(records)-1]
		last[len(last)-1] ^= 1
		return records
	}
}

func together(all ...func(*Maker, *pki.Issued) [][]byte) func(*Maker, *pki.Issued) [][]byte {
	return func(m *Maker, issued *pki.Issued) (records [][]byte) {
		for _, one := range all {
			records = append(records, one(m, issued)...)
		}
		return records
	}
}

func tlsaCases() []Case {
	differs := Want{Yes: yes(checks.TLSAMismatch)}
	return []Case{
		{Name: "TLSA 3 1 1 of the key", Why: "RFC 6698: it fits", Make: announced(tlsa(3, 1, 1, 0))},
		{Name: "TLSA 3 1 1 of another key", Why: "RFC 6698: none fits", Make: announced(wrongly(tlsa(3, 1, 1, 0))), Want: differs},
		{Name: "TLSA 3 0 2 of the certificate", Why: "RFC 6698: it fits", Make: announced(tlsa(3, 0, 2, 0))},
		{Name: "TLSA 3 1 0 of the key", Why: "RFC 6698: it fits as it is", Make: announced(tlsa(3, 1, 0, 0))},
		{Name: "TLSA 1 1 1 of the key", Why: "RFC 6698: it fits, and the path is trusted", Make: announced(tlsa(1, 1, 1, 0))},
		{Name: "TLSA 2 1 1 of the issuer", Why: "RFC 6698: an anchor above the leaf", Make: announced(tlsa(2, 1, 1, 1))},
		{Name: "TLSA 2 0 1 of another issuer", Why: "RFC 6698: none fits", Make: announced(wrongly(tlsa(2, 0, 1, 1))), Want: differs},
		{Name: "TLSA 0 0 1 of the issuer", Why: "RFC 6698: an authority in the path", Make: announced(tlsa(0, 0, 1, 1))},
		{Name: "TLSA 2 1 1 of the leaf", Why: "an anchor is above the leaf (RFC 7671 section 5.2)", Make: announced(tlsa(2, 1, 1, 0)), Want: differs},
		{
			Name: "TLSA of two keys, one of them in use", Why: "one that fits is enough: the other may be the next key (RFC 7671 section 8.1)",
			Make: announced(together(wrongly(tlsa(3, 1, 1, 0)), tlsa(3, 1, 1, 0))),
		},
		{
			Name: "TLSA that nobody vouches for", Why: "without DNSSEC it means nothing (RFC 6698 section 4.1)",
			Make: func(m *Maker) Served {
				served := announced(wrongly(tlsa(3, 1, 1, 0)))(m)
				set := served.Records[TypeTLSA]
				set.Authenticated = false
				served.Records[TypeTLSA] = set
				return served
			},
		},
		{
			Name: "resolver that says nothing of DNSSEC", Why: "TLSA cannot be asked for", Want: Want{NotAsked: yes(checks.TLSAMismatch)},
			Make: func(m *Maker) Served {
				return Served{Issued: m.leafOf(), Records: map[uint16]checks.RecordSet{TypeA: {}, TypeNS: {}}}
			},
		},
	}
}

// actalis makes an issuer whose name says that it is Actalis, which CAA records
// call actalis.it.
func (m *Maker) actalis() *Issuer {
	m.t.Helper()
	return m.ownIssuer(func(a *pki.Authority) {
		a.Template = func(template *x509.Certificate) { template.Subject.Organization = []string{"Actalis S.p.A."} }
	})
}

// authorized serves a certificate of Actalis to a host whose CAA records
// are these, each a tag and a value.
func authorized(records [][2]string, changes ...func(*leaf)) func(*Maker) Served {
	return func(m *Maker) Served {
		issuer := m.actalis()
		set := checks.RecordSet{}
		for _, record := range records {
			data := append([]byte{0, byte(len(record[0]))}, record[0]...)
			set.Data = append(set.Data, append(data, record[1]...))
		}
		own := func(l *leaf) { l.issuer = issuer }
		return Served{Issued: m.leafOf(append(changes, own)...), Records: map[uint16]checks.RecordSet{TypeCAA: set}}
	}
}

func caaCases() []Case {
	forbidden := Want{Yes: yes(checks.CAAForbids)}
	wild := named("*.example.com")
	return []Case{
		{Name: "CAA for the issuer", Why: "RFC 8659 section 4.2", Make: authorized([][2]string{{"issue", "actalis.it"}})},
		{Name: "CAA for the issuer with parameters", Why: "RFC 8659 section 4.2: what follows a semicolon does not name anybody", Make: authorized([][2]string{{"issue", " actalis.it ; validationmethods=dns-01"}})},
		{Name: "CAA for another issuer", Why: "RFC 8659 section 4.2; no effect on the grade (rating guide section 9)", Make: authorized([][2]string{{"issue", "digicert.com"}}), Want: forbidden},
		{Name: "CAA for two issuers", Why: "any of them may issue", Make: authorized([][2]string{{"issue", "digicert.com"}, {"issue", "actalis.it"}})},
		{Name: "CAA for nobody", Why: "RFC 8659 section 4.2: ';' allows none", Make: authorized([][2]string{{"issue", ";"}}), Want: forbidden},
		{Name: "CAA with a report address only", Why: "RFC 8659 section 4.1: without issue everybody may", Make: authorized([][2]string{{"iodef", "mailto:security@example.com"}})},
		{Name: "CAA for wildcards of another issuer, a plain name", Why: "RFC 8659 section 4.3: issuewild is for wildcards only", Make: authorized([][2]string{{"issue", "actalis.it"}, {"issuewild", "digicert.com"}})},
		{Name: "CAA for wildcards of another issuer, a wildcard", Why: "RFC 8659 section 4.3: issuewild goes before issue", Make: authorized([][2]string{{"issue", "actalis.it"}, {"issuewild", "digicert.com"}}, wild), Want: forbidden},
		{Name: "CAA for wildcards of the issuer, a wildcard", Why: "RFC 8659 section 4.3: issuewild goes before issue", Make: authorized([][2]string{{"issue", ";"}, {"issuewild", "actalis.it"}}, wild)},
		{Name: "CAA without issuewild, a wildcard", Why: "RFC 8659 section 4.3: issue holds for wildcards then", Make: authorized([][2]string{{"issue", "digicert.com"}}, wild), Want: forbidden},
		{
			Name: "CAA for somebody, of an issuer that nobody knows", Why: "which name an authority answers to is in its practice statement: not known of this one",
			Make: func(m *Maker) Served {
				served := authorized([][2]string{{"issue", "actalis.it"}})(m)
				served.Issued = m.leafOf()
				return served
			},
			Want: Want{Inconclusive: yes(checks.CAAForbids)},
		},
	}
}
