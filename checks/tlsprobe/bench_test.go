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
