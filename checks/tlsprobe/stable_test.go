package tlsprobe_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// Looks at a server that does not change: fewer of the intrusive ones, which
// take long, and of those at a server that takes one connection at a time.
const (
	passiveLooks   = 10
	intrusiveLooks = 3
	serialLooks    = 3
)

// TestFullIsStable looks again and again at servers that do not change: every
// component is the same to the byte, or each look would be stored as a change.
func TestFullIsStable(t *testing.T) {
	t.Parallel()
	for name, start := range unchanged() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := start(t)
			same(t, address, passiveLooks, false)
			same(t, address, intrusiveLooks, true)
		})
	}
	t.Run("OpenSSL s_server", func(t *testing.T) {
		t.Parallel()
		same(t, checktest.StartOpenSSL(t, nil, "-www"), serialLooks, false)
	})
}

// unchanged are servers of several stacks.
func unchanged() map[string]func(*testing.T) netip.AddrPort {
	return map[string]func(*testing.T) netip.AddrPort{
		"nginx":  func(t *testing.T) netip.AddrPort { return checktest.StartNginx(t, checktest.NginxConfig{}).Addr },
		"Apache": func(t *testing.T) netip.AddrPort { return checktest.StartApache(t, checktest.ApacheConfig{}).Addr },
		"Go":     func(t *testing.T) netip.AddrPort { return checktest.StartGoServer(t, checktest.GoServerConfig{}) },
		"Node 0.10": func(t *testing.T) netip.AddrPort {
			return checktest.StartNode010(t, checktest.NodeConfig{})
		},
		"TLS 1.3 alone with two certificates": func(t *testing.T) netip.AddrPort {
			ca := checktest.NewCA(t, "Root")
			return checktest.StartNginx(t, checktest.NginxConfig{
				Protocols:   []string{"TLSv1.3"},
				Certificate: checktest.Issue(t, ca, pki.Leaf{Names: []string{host}, Key: pki.RSA}),
				More:        []*pki.Issued{checktest.Issue(t, ca, pki.Leaf{Names: []string{host}, Key: pki.ECDSA})},
			}).Addr
		},
	}
}

// same looks several times and compares every look with the first.
func same(t *testing.T, address netip.AddrPort, looks int, intrusive bool) {
	t.Helper()
	var first map[string]string
	for look := range looks {
		limits := checks.LimitsFor(checks.Full, intrusive)
		ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
		network := checktest.Loopback(t)
		found := tlsprobe.Full(ctx, network, checks.Target{
			Host: host, Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: intrusive,
		}, address, nil)
		cancel()
		require.LessOrEqual(t, len(network.Measurements().Connections), limits.ConnectionsPerAddress)
		components := canonical(t, found)
		if look == 0 {
			first = components
			continue
		}
		require.Equal(t, first, components, "look %d, intrusive: %t", look+1, intrusive)
	}
}

// canonical is the canonical form of every component of a look.
func canonical(t *testing.T, look checks.FullLook) map[string]string {
	t.Helper()
	forms := map[string]string{}
	for name, component := range map[string]any{
		"tls": look.TLS, "suites": look.Full.Suites, "chains": look.Full.Chains, "features": look.Full.Features,
		"simulations": look.Full.Simulations, "vulnerabilities": look.Full.Vulnerabilities, "intrusive": look.Full.Intrusive,
		"certificates": look.Certificates, "shares": look.Shares,
	} {
		form, _, err := checks.Canonical(component)
		require.NoError(t, err)
		forms[name] = string(form)
	}
	return forms
}
