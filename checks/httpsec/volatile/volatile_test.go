package volatile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

func TestWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"callback": false, "InternationalSettings": false, "includeSubDomains": false, "strict-origin-when-cross-origin": false, "20261122": false, "": false,
		"7f3b1c1e-9f0a-4f57-9a43-0c1d2e3f4a5b": true, "0123456789abcdef": true, "CfDJ8Nq1Yd0b0kVJmBq3x9y2": true, "lit3py55t21z5v55vlm25s55": true,
		// Tokens may be letters alone; words have vowels.
		"obiqtrrgqcpcttsraxzqaxpjxt": true, "lhuasvqldcgexijynaricwnlgf": true, "znljgqqlhtedtuhrdfofjmkkm": true, "affinity-asbyypmyonqfytmgulfdzlxjul": true,
		"authenticationcallback": false, "signinsuperofficecallback": false, "personopplysningsloven": false, "PERMISSIONSPOLICYREPORT": false,
	} {
		require.Equal(t, want, volatile.Word(word), word)
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"max-age=31536000; includeSubDomains; preload":                                                                   "max-age=31536000; includeSubDomains; preload",
		"script-src 'self' 'nonce-4a+/b=' 'SHA256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' https://cdn.example.com": "script-src 'self' 'nonce-*' 'SHA256-*' https://cdn.example.com",
		"default-src 'none'; report-uri /csp?id=0123456789abcdef0123":                                                    "default-src 'none'; report-uri /csp?id=*",
		"'nonce-": "'nonce-",
	} {
		require.Equal(t, want, volatile.Field(value))
	}
}
