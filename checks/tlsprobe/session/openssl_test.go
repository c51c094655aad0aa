package session

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func issue(t testing.TB, key pki.Key) *pki.Issued {
	t.Helper()
	return checktest.Issue(t, checktest.NewCA(t, "Session root"), pki.Leaf{Names: []string{"localhost"}, Key: key})
}

// Every suite that Debian's OpenSSL 3 still has, in every version.
func TestOpenSSLSuites(t *testing.T) {
	t.Parallel()
	everything := []string{"-cipher", "ALL:eNULL:@SECLEVEL=0", "-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"}
	rsa := checktest.StartOpenSSL(t, issue(t, pki.RSA), everything...)
	ecdsa := checktest.StartOpenSSL(t, issue(t, pki.ECDSA), everything...)
	for _, version := range []uint16{wire.TLS10, wire.TLS11, wire.TLS12, wire.TLS13} {
		for _, id := range openSSLSuites(version) {
			address := rsa
			switch id {
			case 0xC02B, 0xC02C, 0xCCA9, 0xC0AC, 0xC0AD, 0xC0AE, 0xC0AF, 0xC023, 0xC024, 0xC009, 0xC00A, 0xC006:
				address = ecdsa
			}
			for _, bound := range []bool{true, false} {
				t.Run(fmt.Sprintf("%04X %04X %t", version, id, bound), func(t *testing.T) {
					session := connect(t, address, Config{
						MaxVersion: version, Suites: []uint16{id}, ServerName: "localhost",
						NoExtendedMasterSecret: !bound, EncryptThenMAC: bound,
					})
					require.Equal(t, version, session.Version)
					require.Equal(t, id, session.Suite)
					require.Equal(t, bound && version < wire.TLS13, session.ExtendedMasterSecret)
					require.Equal(t, bound && version < wire.TLS13 && session.SuiteFacts().CBC(), session.EncryptThenMAC)
					exchange(t, session)
				})
			}
		}
	}
}

// openSSLSuites leaves out what OpenSSL 3 no longer has: DES, RC4, export and
// DSS, whose certificates nobody issues.
func openSSLSuites(version uint16) []uint16 {
	var ids []uint16
	for _, id := range SupportedSuites(version) {
		suite, _ := SuiteOf(id)
		switch {
		case suite.Export, suite.Cipher == CipherRC4, suite.Cipher == CipherDES, suite.Cipher == Cipher3DES, suite.MAC == 2: // MD5
			continue
		}
		switch id {
		case 0xA2, 0xA3, 0x40, 0x6A, 0x32, 0x38:
			continue
		}
		ids = append(ids, id)
	}
	return ids
}
