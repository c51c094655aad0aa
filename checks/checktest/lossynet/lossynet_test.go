package lossynet_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/lossynet"
)

// echoed starts a server that gives back what it is sent.
func echoed(t *testing.T, address netip.Addr) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
	require.NoError(t, err)
	var owned sync.WaitGroup
	owned.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			owned.Go(func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(time.Minute)) // the client's FIN may be lost for good
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); owned.Wait() })
	return netip.MustParseAddrPort(listener.Addr().String())
}

// The kernel's own TCP meets the delay and the loss, and gets through.
func TestAcross(t *testing.T) {
	t.Parallel()
	link := lossynet.Link{RoundTrip: 40 * time.Millisecond, Jitter: 4 * time.Millisecond, Loss: 0.02, Seed: 1}
	lossynet.Across(t, link, echoed, func(t *testing.T, server netip.AddrPort) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		const connections = 50
		took := make([]time.Duration, connections)
		var running sync.WaitGroup
		for index := range connections {
			running.Go(func() {
				began := time.Now()
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.String())
				if err != nil {
					t.Errorf("connect: %v", err)
					return
				}
				took[index] = time.Since(began)
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
				sent := make([]byte, 20_000) // several packets each way: some are lost and sent again
				_, err = conn.Write(sent)
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, len(sent)))
				}
				if err != nil {
					t.Errorf("echo: %v", err)
				}
			})
		}
		running.Wait()
		slices.Sort(took)
		require.GreaterOrEqual(t, took[0], link.RoundTrip-link.Jitter)
		require.Less(t, took[connections/2], 10*link.RoundTrip, "the median connection loses no packet")
	})
}
