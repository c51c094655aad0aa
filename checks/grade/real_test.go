package grade_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// look takes a full look at a real server, whose certificate is taken for good.
func look(t *testing.T, address netip.AddrPort, leave bool) *server {
	t.Helper()
	target := checks.Target{
		URL: "https://" + address.String() + "/", Host: "localhost", Port: address.Port(),
		Depth: checks.Full, Limits: checks.LimitsFor(checks.Full, leave), Intrusive: leave,
	}
	network := checktest.Loopback(t)
	full := tlsprobe.Full(t.Context(), network, target, address, nil)
	s := &server{observed: checks.AddressObservation{Address: address.Addr(), Port: address.Port(), TLS: full.TLS, Full: full.Full}}
	s.observed.HTTP = httpsec.Walk(t.Context(), network, target, address).HTTP
	for _, chain := range full.Full.Chains.Served.Value {
		appraised := trusted(chain.Key, map[string]int{"RSA": 2048, "ECDSA": 3072}[chain.Key])
		appraised.SNI = chain.SNI
		s.appraised.Chains = append(s.appraised.Chains, appraised)
	}
	return s
}

// What a look at a good server brings is enough for a letter that nothing can
// change, without leave to probe where it has TLS 1.3 and neither RSA key
// transport nor CBC, or says what leave it needs.
func TestRealNginx(t *testing.T) {
	t.Parallel()
	good := checktest.StartNginx(t, checktest.NginxConfig{
		Address: netip.MustParseAddr("127.93.0.1"), Ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20",
		Server: `add_header Strict-Transport-Security "max-age=31536000; includeSubDomains";`,
	})
	got := look(t, good.Addr, true).grade()
	require.Equal(t, checks.GradeAPlus, got.Letter, got.Rules)
	require.False(t, got.Provisional, got.Missing)
	require.Equal(t, checks.Points(9000), got.Scores.Cipher)

	got = look(t, good.Addr, false).grade()
	require.Equal(t, checks.GradeAPlus, got.Letter, got.Rules)
	require.False(t, got.Provisional, got.Missing)

	old := checktest.StartNginx(t, checktest.NginxConfig{
		Address: netip.MustParseAddr("127.93.0.2"), Protocols: []string{"TLSv1.2"}, Ciphers: "ECDHE+AESGCM",
	})
	got = look(t, old.Addr, false).grade()
	require.Equal(t, checks.GradeAMinus, got.Letter, got.Rules)
	require.True(t, got.Provisional)
	require.Len(t, got.Missing, 1, got.Missing)
	require.Contains(t, got.Missing[0].Text, "intrusive")
}

func TestRealNode010(t *testing.T) {
	t.Parallel()
	got := look(t, checktest.StartNode010(t, checktest.NodeConfig{}), true).grade()
	require.Equal(t, checks.GradeF, got.Letter)
	require.False(t, got.Provisional, got.Missing)
	require.Subset(t, ids(got.Rules), []string{"F-HEARTBLEED", "F-CCS", "B-TLS10", "W-NO-TLS13"})
}
