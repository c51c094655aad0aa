package session

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func TestRenegotiation(t *testing.T) {
	t.Parallel()
	certificate := issue(t, pki.RSA)
	for _, version := range []uint16{wire.TLS10, wire.TLS11, wire.TLS12} {
		for _, insecure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%04X insecure %t", version, insecure), func(t *testing.T) {
				t.Parallel() // s_server sleeps a second at each renegotiation
				willing := checktest.StartOpenSSL(t, certificate, "-client_renegotiation", "-legacy_renegotiation", "-cipher", "ALL:@SECLEVEL=0")
				config := Config{MaxVersion: version, NoRenegotiationInfo: insecure, EncryptThenMAC: true}
				ctx, conn := dial(t, willing)
				session, err := Handshake(ctx, conn, config)
				require.NoError(t, err)
				require.Equal(t, !insecure, session.SecureRenegotiation)
				for range 2 {
					session, err = session.Renegotiate(ctx, config)
					require.NoError(t, err)
					require.Equal(t, !insecure, session.SecureRenegotiation)
				}
			})
		}
	}
}

func TestRenegotiationRefused(t *testing.T) {
	t.Parallel()
	openSSL := checktest.StartOpenSSL(t, issue(t, pki.RSA)) // OpenSSL 3 refuses unless told otherwise
	goServer := checktest.StartGoServer(t, checktest.GoServerConfig{})
	for name, peer := range map[string]struct {
		refusal wire.Alert
		connect func(*testing.T) (*Session, error)
	}{
		"OpenSSL": {wire.Alert{Level: 1, Code: 100}, func(t *testing.T) (*Session, error) { return renegotiateOnce(t, openSSL) }},
		"Go":      {wire.Alert{Level: 2, Code: 10}, func(t *testing.T) (*Session, error) { return renegotiateOnce(t, goServer) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := peer.connect(t)
			var refused *Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, PhaseRenegotiation, refused.Phase)
			var alert *wire.Alert
			require.ErrorAs(t, err, &alert)
			require.Equal(t, peer.refusal, *alert)
		})
	}
}
