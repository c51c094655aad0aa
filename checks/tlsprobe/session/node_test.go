package session

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// What OpenSSL 1.0.1e serves to an RSA certificate, in each version.
func TestNode010Suites(t *testing.T) {
	t.Parallel()
	address := checktest.StartNode010(t, checktest.NodeConfig{Ciphers: "ALL:eNULL", Certificate: issue(t, pki.RSA)})
	old := []uint16{0x0005, 0x0004, 0x0009, 0x000A, 0x002F, 0x0035, 0x0002, 0x0001}
	suites := map[uint16][]uint16{
		wire.SSL30: old,
		wire.TLS10: old,
		wire.TLS11: old,
		wire.TLS12: {0x0005, 0x0004, 0x000A, 0x0009, 0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D, 0x003B},
	}
	for version, ids := range suites {
		for _, id := range ids {
			t.Run(fmt.Sprintf("%04X %04X", version, id), func(t *testing.T) {
				t.Parallel()
				session := connect(t, address, Config{MaxVersion: version, Suites: []uint16{id}})
				require.Equal(t, version, session.Version)
				require.Equal(t, id, session.Suite)
				require.Len(t, session.Certificates, 1)
				exchange(t, session)
			})
		}
	}
}
