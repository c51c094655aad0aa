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
