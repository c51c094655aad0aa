package crl_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/crl"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func newCA(t testing.TB, key pki.Key) *pki.CA {
	t.Helper()
	ca, err := pki.NewRoot(pki.Authority{Name: "Lists", Key: key})
	require.NoError(t, err)
	return ca
}

// certificate is a leaf of ca with this serial number and these addresses.
func certificate(t testing.TB, ca *pki.CA, serial int64, urls ...string) *x509.Certificate {
	t.Helper()
	issued, err := ca.Issue(pki.Leaf{Names: []string{"a.example"}, Serial: big.NewInt(serial), CRL: urls})
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	return leaf
}

func revoke(serials ...int64) []x509.RevocationListEntry {
	var entries []x509.RevocationListEntry
	for i, serial := range serials {
		entries = append(entries, x509.RevocationListEntry{
			SerialNumber: big.NewInt(serial), RevocationTime: time.Unix(1_700_000_000+int64(i), 0), ReasonCode: i % 7,
		})
	}
	return entries
}

func TestFind(t *testing.T) {
	t.Parallel()
	serials := []int64{5, 0x80, 1, 0x7FFFFFFFFFFFFFFF, 127, 256, 65535}
	for name, key := range map[string]pki.Key{"ECDSA": pki.ECDSA, "RSA": pki.RSA, "Ed25519": pki.Ed25519} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := newCA(t, key)
			der, err := authority.NewCRL(ca, revoke(serials...), nil)
			require.NoError(t, err)
			list, err := crl.Read(der, ca.Certificate)
			require.NoError(t, err)
			require.Equal(t, len(serials), list.Len())
			require.True(t, list.NextUpdate.After(list.ThisUpdate))
			for i, serial := range serials {
				entry, revoked, coverage := list.Find(certificate(t, ca, serial), crl.Point{})
				require.True(t, revoked, serial)
				require.Equal(t, crl.Entry{RevokedAt: time.Unix(1_700_000_000+int64(i), 0).UTC(), Reason: i % 7}, entry)
				require.Equal(t, crl.Wholly, coverage)
			}
			for _, serial := range []int64{2, 0x81, 4, 6, 128 << 8, 0x7FFFFFFFFFFFFFFE} {
				_, revoked, coverage := list.Find(certificate(t, ca, serial), crl.Point{})
				require.False(t, revoked, serial)
				require.Equal(t, crl.Wholly, coverage)
			}
		})
	}
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	der, err := authority.NewCRL(ca, nil, nil)
	require.NoError(t, err)
	list, err := crl.Read(der, ca.Certificate)
	require.NoError(t, err)
	_, revoked, _ := list.Find(certificate(t, ca, 1), crl.Point{})
	require.False(t, revoked)
}

func TestWhoMaySign(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	der, err := authority.NewCRL(ca, revoke(1), nil)
	require.NoError(t, err)
	_, err = crl.Read(der, newCA(t, pki.ECDSA).Certificate)
	require.ErrorIs(t, err, crl.ErrSignature, "a stranger of the same name")
	other, err := pki.NewCA("Others")
	require.NoError(t, err)
	_, err = crl.Read(der, other.Certificate)
	require.ErrorIs(t, err, crl.ErrSignature, "another name")
	notForLists := *ca.Certificate
	notForLists.KeyUsage = x509.KeyUsageCertSign
	_, err = crl.Read(der, &notForLists)
	require.ErrorIs(t, err, crl.ErrSignature, "a key that is not for lists")
	changed := append([]byte(nil), der...)
	changed[len(changed)-1] ^= 1
	_, err = crl.Read(changed, ca.Certificate)
	require.ErrorIs(t, err, crl.ErrSignature)
}

// An entry that is added after signing makes the signature worthless, though
// the library reads the list without its entries.
func TestEntriesAreSigned(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	der, err := authority.NewCRL(ca, revoke(0x41424344), nil)
	require.NoError(t, err)
	at := 0
	for i := range len(der) - 4 {
		if string(der[i:i+4]) == "ABCD" {
			at = i
		}
	}
	require.NotZero(t, at)
	der[at]++
	_, err = crl.Read(der, ca.Certificate)
	require.ErrorIs(t, err, crl.ErrSignature)
}

func TestMalformedLists(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	der, err := authority.NewCRL(ca, revoke(1, 2, 3), nil)
	require.NoError(t, err)
	for _, bytes := range [][]byte{nil, {0x30}, {0x30, 0}, []byte("<!DOCTYPE html>"), der[:len(der)/2], append(append([]byte(nil), der...), 0), make([]byte, crl.MaxBytes+1), ca.Certificate.Raw} {
		_, err := crl.Read(bytes, ca.Certificate)
		require.ErrorIs(t, err, crl.ErrMalformed)
	}
}

func TestScopeOfAuthorities(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	below, err := ca.NewIntermediate(pki.Authority{Name: "Below", Serial: big.NewInt(9)})
	require.NoError(t, err)
	leaf := certificate(t, ca, 9)
	for name, test := range map[string]struct {
		value           []byte
		leaf, authority crl.Coverage
	}{
		"everybody":              {[]byte{0x30, 0}, crl.Wholly, crl.Wholly},
		"user certificates":      {[]byte{0x30, 3, 0x81, 1, 0xFF}, crl.Wholly, crl.OutOfScope},
		"authorities":            {[]byte{0x30, 3, 0x82, 1, 0xFF}, crl.OutOfScope, crl.Wholly},
		"some reasons":           {[]byte{0x30, 4, 0x83, 2, 6, 0x40}, crl.Partly, crl.Partly},
		"attribute certificates": {[]byte{0x30, 3, 0x85, 1, 0xFF}, crl.OutOfScope, crl.OutOfScope},
		"false flags":            {[]byte{0x30, 3, 0x82, 1, 0}, crl.Wholly, crl.Wholly},
		"a relative name":        {[]byte{0x30, 4, 0xA0, 2, 0xA1, 0}, crl.OutOfScope, crl.OutOfScope},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template := &x509.RevocationList{ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: test.value}}}
			der, err := authority.NewCRL(ca, revoke(9), template)
			require.NoError(t, err)
			list, err := crl.Read(der, ca.Certificate)
			require.NoError(t, err)
			_, revoked, coverage := list.Find(leaf, crl.Point{})
			require.Equal(t, test.leaf, coverage)
			require.Equal(t, coverage != crl.OutOfScope, revoked)
			_, revoked, coverage = list.Find(below.Certificate, crl.Point{})
			require.Equal(t, test.authority, coverage)
			require.Equal(t, coverage != crl.OutOfScope, revoked)
		})
	}
}

func TestEntryExtensions(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	for name, test := range map[string]struct {
		extension pkix.Extension
		want      error
	}{
		"invalidityDate":    {pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: []byte{0x18, 0}}, nil},
		"unknown":           {pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}, nil},
		"unknown, critical": {pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}, crl.ErrUnsupported},
		"another issuer":    {pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}, crl.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries := revoke(1)
			entries[0].ExtraExtensions = []pkix.Extension{test.extension}
			der, err := authority.NewCRL(ca, entries, nil)
			require.NoError(t, err)
			_, err = crl.Read(der, ca.Certificate)
			require.ErrorIs(t, err, test.want)
		})
	}
}

func TestPoints(t *testing.T) {
	t.Parallel()
	ca := newCA(t, pki.ECDSA)
	points, err := crl.Points(certificate(t, ca, 1, "http://a.example/1.crl", "ldap://x"))
	require.NoError(t, err)
	var urls []string
	for _, point := range points {
		urls = append(urls, point.URLs...)
	}
	require.Equal(t, []string{"http://a.example/1.crl", "ldap://x"}, urls)
	points, err = crl.Points(certificate(t, ca, 1))
	require.NoError(t, err)
	require.Empty(t, points)
	for _, value := range [][]byte{{}, {0x30, 1}, {0x30, 2, 0x31, 0}} {
		_, err = crl.Points(&x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 31}, Value: value}}})
		require.ErrorIs(t, err, crl.ErrMalformed)
	}
}

func TestDatesOfEntries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"\x17\r260101000000Z": true, "\x17\r991231235959Z": true, "\x17\r260229000000Z": false, "\x17\r261301000000Z": false,
		"\x17\r260101240000Z": false, "\x17\r2601010000x0Z": false, "\x17\r2601010000000": false, "\x17\v2601010000Z": false,
		"\x18\x0f20260101000000Z": true, "\x18\x0f99991231235959Z": true, "\x18\x0f00010101000000Z": true, "\x04\x00": false,
	} {
		entry := "\x02\x01\x02" + text
		found, _, err := crl.ReadEntries([]byte("0"+string(rune(len(entry)))+entry), big.NewInt(2))
		require.Equal(t, want, err == nil, "%q", text)
		require.Equal(t, want, found)
	}
	reason := "\x02\x01\x02\x17\r260101000000Z0\x0c0\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"
	_, _, err := crl.ReadEntries([]byte("0"+string(rune(len(reason)+1))+reason+"\x0b"), big.NewInt(2))
	require.ErrorIs(t, err, crl.ErrMalformed, "a reason of nobody")
	_, _, err = crl.ReadEntries([]byte("0"+string(rune(len(reason)+1))+reason+"\x0a"), big.NewInt(2))
	require.NoError(t, err)
}

func FuzzRead(f *testing.F) {
	ca, err := pki.NewRoot(pki.Authority{Name: "Lists"})
	require.NoError(f, err)
	for _, entries := range [][]x509.RevocationListEntry{nil, revoke(1, 2, 3)} {
		der, err := authority.NewCRL(ca, entries, nil)
		require.NoError(f, err)
		f.Add(der)
	}
	leaf := certificate(f, ca, 2)
	f.Fuzz(func(t *testing.T, der []byte) {
		list, err := crl.Read(der, ca.Certificate)
		if err == nil {
			list.Find(leaf, crl.Point{})
			require.LessOrEqual(t, list.Size(), 2*len(der)+1024)
		}
	})
}

// FuzzEntries reads what a signature would protect.
func FuzzEntries(f *testing.F) {
	for _, text := range []string{"", "0\x18\x02\x01\x01\x17\r260101000000Z0\x04\x30\x02\x06\x00", "0\x12\x02\x01\x02\x17\r260101000000Z"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, revoked []byte) {
		found, size, err := crl.ReadEntries(revoked, big.NewInt(2))
		if err == nil {
			require.LessOrEqual(t, size, 2*len(revoked))
		}
		_ = found
	})
}
