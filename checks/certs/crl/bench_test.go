package crl_test

import (
	"crypto/x509"
	"math/big"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/crl"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// million is a list of a million entries, about as long as a list may be.
func million(b *testing.B) (*pki.CA, []byte) {
	b.Helper()
	ca := newCA(b, pki.ECDSA)
	entries := make([]x509.RevocationListEntry, 1_000_000)
	at := time.Now().Add(-time.Hour)
	for i := range entries {
		// A step that visits every number once, so that they are in no order.
		serial := uint64(i)*0x9E3779B97F4A7C15>>1 | 1<<62
		entries[i] = x509.RevocationListEntry{SerialNumber: new(big.Int).SetUint64(serial), RevocationTime: at}
	}
	der, err := authority.NewCRL(ca, entries, nil)
	require.NoError(b, err)
	return ca, der
}

// BenchmarkRead reads a list of a million entries. kept-B/entry is what stays,
// B/op what reading takes besides the list's own bytes.
func BenchmarkRead(b *testing.B) {
	ca, der := million(b)
	b.SetBytes(int64(len(der)))
	b.ReportAllocs()
	var list *crl.List
	for b.Loop() {
		var err error
		if list, err = crl.Read(der, ca.Certificate); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(list.Size())/float64(list.Len()), "kept-B/entry")
	runtime.KeepAlive(list)
}

func BenchmarkFind(b *testing.B) {
	ca, der := million(b)
	list, err := crl.Read(der, ca.Certificate)
	require.NoError(b, err)
	leaf := certificate(b, ca, 12345)
	b.ReportAllocs()
	for b.Loop() {
		list.Find(leaf, crl.Point{})
	}
}
