package dnsrec

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// FuzzRDATA reads the data of CAA and TLSA records as anybody may publish them.
func FuzzRDATA(f *testing.F) {
	f.Add([]byte("\x80\x05issueca.example"), []byte("\x00\x05iodefmailto:a@b"))
	f.Add([]byte{3, 1, 1, 0xAA}, []byte{})
	f.Add([]byte("\x00\xffissue"), []byte("\x00\x05ISSUE\xff\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		caa := readCAA("example.com", [][]byte{first, second})
		require.True(t, caa.State == checks.Known || caa.Reason != "")
		for _, record := range caa.Value.Records {
			require.NotEmpty(t, record.Tag)
			require.True(t, utf8.ValidString(record.Value))
		}
		swapped := readCAA("example.com", [][]byte{second, first})
		if caa.State == checks.Known {
			require.Equal(t, caa, swapped, "the order of records does not matter")
		}
		tlsa := readTLSA([][]byte{first, second})
		require.True(t, tlsa.State == checks.Known || tlsa.Reason != "")
		_, err := json.Marshal(checks.Records{CAA: caa, TLSA: tlsa})
		require.NoError(t, err)
	})
}
