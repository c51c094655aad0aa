package tlsprobe_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// faulty is a network whose connections panic, as a parser of ours might.
type faulty struct{ checks.Network }

func (faulty) Dial(context.Context, netip.AddrPort) (net.Conn, error) { panic("a fault of ours") }
func (faulty) Logf(string, ...any)                                    {}

// Hellos run in goroutines of their own, where nobody above can recover: a
// panic there must not end the process and all its other looks.
func TestPanicInAHelloEndsNoProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	seen, _ := tlsprobe.Quick(ctx, faulty{}, checks.Target{Host: "app.test"}, netip.MustParseAddrPort("192.0.2.1:443"))
	for _, protocol := range checks.Protocols() {
		fact := seen.Protocols[protocol]
		require.Equal(t, checks.Inconclusive, fact.State, protocol)
		require.Equal(t, checks.ReasonInternal, fact.Reason, protocol)
	}
}
