package tlsprobe_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// full looks once at everything.
func full(t *testing.T, address netip.AddrPort) (checks.FullLook, *checktest.LoopbackNetwork) {
	t.Helper()
	network := checktest.Loopback(t)
	look := tlsprobe.Full(t.Context(), network, checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: checks.LimitsFor(checks.Full, false)}, address, nil)
	return look, network
}

func names(fact checks.Fact[[]checks.Suite]) []string {
	var names []string
	for _, suite := range fact.Value {
		names = append(names, suite.Name)
	}
	return names
}

func TestFullNginx(t *testing.T) {
	t.Parallel()
	server := checktest.StartNginx(t, checktest.NginxConfig{
		Ciphers: "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA", Server: "ssl_prefer_server_ciphers on;",
	})
	look, network := full(t, server.Addr)
	suites := look.Full.Suites
	require.Equal(t, []string{
		"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA",
	}, names(suites.Accepted[checks.TLSv12]))
	require.Equal(t, checks.KnownFact(checks.ServerPreference), suites.Preference[checks.TLSv12])
	require.Equal(t, "x25519", suites.Accepted[checks.TLSv12].Value[0].Group)
	require.Empty(t, suites.Accepted[checks.TLSv12].Value[2].Group)
	require.Len(t, suites.Accepted[checks.TLSv13].Value, 3)
	require.Equal(t, checks.AbsentFact[[]checks.Suite](""), suites.Accepted[checks.TLSv11])
	require.Equal(t, "x25519", suites.Groups.Value[0].Name)
	require.Equal(t, checks.KnownFact(false), look.Full.Chains.SNIRequired)
	require.Len(t, look.Full.Chains.Served.Value, 2)
	require.LessOrEqual(t, len(network.Measurements().Connections), 93, "what sslscan needs")
}
