package browser

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGateStaysShut(t *testing.T) {
	t.Parallel()
	network := checktest.Loopback(t)
	network.Names["internal.example.com"] = []netip.Addr{netip.MustParseAddr("10.0.0.1")}
	g := &gate{network: network, host: "app.example.com", port: 443, address: netip.MustParseAddrPort("127.0.0.1:1")}
	for host, reason := range map[string]checks.Reason{
		"sod.superoffice.com":        checks.ReasonSignInService,
		"qaonline.superoffice.com":   checks.ReasonSignInService,
		"online.superoffice.com":     checks.ReasonSignInService,
		"Online3.SuperOffice.com.":   checks.ReasonSignInService,
		"id.superoffice.com":         checks.ReasonSignInService,
		"nowhere.invalid":            checks.ReasonNameNotFound,
		"nobody.example.com":         checks.ReasonNameNotFound,
		"internal.example.com":       checks.ReasonSpecialPurpose,
		"169.254.169.254":            checks.ReasonSpecialPurpose,
		"online.superoffice.com.com": checks.ReasonNameNotFound,
	} {
		_, err := g.dial(t.Context(), host, 443)
		require.Error(t, err, host)
		require.Equal(t, reason, g.refusal(host), host)
	}
}

func TestGateCounts(t *testing.T) {
	t.Parallel()
	network := checktest.Loopback(t)
	network.Names["other.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	g := &gate{network: network, host: "app.example.com", port: 443, address: netip.MustParseAddrPort("127.0.0.1:1")}
	for range maxConnections { // all are refused by the machine, and count
		_, err := g.dial(t.Context(), "app.example.com", 443)
		require.Error(t, err)
	}
	require.Equal(t, checks.ReasonRefused, g.refusal("app.example.com"))
	_, err := g.dial(t.Context(), "other.example.com", 443)
	require.Error(t, err)
	require.Equal(t, checks.ReasonBudget, g.refusal("other.example.com"))
	require.Len(t, network.Measurements().Connections, maxConnections)
}

func FuzzPairOf(f *testing.F) {
	f.Add("sid=1; Path=/")
	f.Add("\t a b \t=\t= c ;;=")
	f.Fuzz(func(t *testing.T, line string) {
		got := pairOf(line)
		if again := pairOf(got.name + "=" + got.value + "; Path=/"); again != got {
			t.Errorf("%q is %q, and that is %q", line, got, again)
		}
	})
}
