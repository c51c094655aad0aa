package tlsprobe_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// BenchmarkQuick is the TLS half of a quick look, server's work included.
func BenchmarkQuick(b *testing.B) {
	for name, start := range map[string]func() netip.AddrPort{
		"nginx": func() netip.AddrPort { return checktest.StartNginx(b, checktest.NginxConfig{}).Addr },
		"go":    func() netip.AddrPort { return checktest.StartGoServer(b, checktest.GoServerConfig{}) },
	} {
		b.Run(name, func(b *testing.B) {
			address := start()
			network := checktest.Loopback(b)
			target := checks.Target{Host: host, Port: address.Port()}
			for b.Loop() {
				component, _ := tlsprobe.Quick(b.Context(), network, target, address)
				require.Equal(b, checks.Known, component.Protocols[checks.TLSv13].State)
			}
		})
	}
}

// BenchmarkFull is the TLS part of a full look without leave to intrude, and
// with it.
func BenchmarkFull(b *testing.B) {
	address := checktest.StartNginx(b, checktest.NginxConfig{Ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20"}).Addr
	for name, intrusive := range map[string]bool{"passive": false, "intrusive": true} {
		b.Run(name, func(b *testing.B) {
			limits := checks.LimitsFor(checks.Full, intrusive)
			target := checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: intrusive}
			connections := 0
			for b.Loop() {
				network := checktest.Loopback(b)
				look := tlsprobe.Full(b.Context(), network, target, address, nil)
				require.Equal(b, checks.Known, look.TLS.Protocols[checks.TLSv13].State)
				connections = len(network.Measurements().Connections)
			}
			b.ReportMetric(float64(connections), "connections")
		})
	}
}
