package httpsec_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// BenchmarkWalk is the HTTP half of a quick look: a redirect, its target, and
// port 80, server's work included.
func BenchmarkWalk(b *testing.B) {
	nginx := checktest.StartNginx(b, checktest.NginxConfig{
		Server: `location = /callback { add_header Set-Cookie "sid=1; Secure; HttpOnly"; return 302 /signed-in; }`,
	})
	network := checktest.Loopback(b)
	network.Names["app.example.com"] = []netip.Addr{nginx.Addr.Addr()}
	through := &rerouted{Network: network, ports: map[uint16]netip.AddrPort{80: nginx.PlainAddr}}
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/callback", nginx.Addr.Port()), checks.Quick, checks.Limits{})
	require.NoError(b, err)
	for b.Loop() {
		result := httpsec.Walk(b.Context(), through, target, nginx.Addr).HTTP
		require.Equal(b, checks.KnownFact(200), result.End)
		require.Len(b, result.Hops, 2)
	}
}
