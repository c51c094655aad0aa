package probe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// serve runs handle for every connection to a free loopback port.
func serve(t *testing.T, handle func(*net.TCPConn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer func() { _ = connection.Close() }()
				handle(connection.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wait.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// silence reads until the peer closes, and says nothing.
func silence(connection *net.TCPConn) { _, _ = io.Copy(io.Discard, connection) }

// closedPort is a loopback port that nothing listens on.
func closedPort(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

func lookAnywhere(limits checks.Limits) *Network { return New(Config{AllowAny: true}).Network(limits) }

func TestDialCountsWhatPasses(t *testing.T) {
	t.Parallel()
	address := serve(t, func(connection *net.TCPConn) {
		request := make([]byte, 5)
		if _, err := io.ReadFull(connection, request); err == nil {
			_, _ = connection.Write([]byte("hello, world"))
		}
	})
	network := lookAnywhere(checks.Limits{})
	before := time.Now()
	connection, err := network.Dial(t.Context(), netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), address.Port()))
	require.NoError(t, err)
	_, err = connection.Write([]byte("hello"))
	require.NoError(t, err)
	answer, err := io.ReadAll(connection)
	require.NoError(t, err, "EOF passes as it is")
	require.Equal(t, "hello, world", string(answer))
	source := connection.LocalAddr().(*net.TCPAddr).AddrPort()
	require.NoError(t, connection.Close())
	require.NoError(t, connection.Close(), "a second Close is harmless")

	measurements := network.Measurements()
	require.Len(t, measurements.Connections, 1)
	got := measurements.Connections[0]
	require.Equal(t, address, got.Destination, "the mapped form is the IPv4 address")
	require.Equal(t, source, got.Source)
	require.EqualValues(t, 5, got.Sent)
	require.EqualValues(t, 12, got.Received)
	require.Empty(t, got.Reason)
	require.False(t, got.At.Before(before))
	require.Positive(t, got.Connect)
	require.False(t, measurements.StartedAt.After(before))
	require.GreaterOrEqual(t, measurements.Duration, got.Connect)
}

func TestDialReasons(t *testing.T) {
	t.Parallel()
	failing := func(err error) func(context.Context, netip.AddrPort) (net.Conn, error) {
		return func(_ context.Context, destination netip.AddrPort) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(destination), Err: err}
		}
	}
	stuck := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, test := range map[string]struct {
		connect func(context.Context, netip.AddrPort) (net.Conn, error)
		want    checks.Reason
	}{
		"refused":     {nil, checks.ReasonRefused},
		"no answer":   {stuck, checks.ReasonTimeout},
		"unreachable": {failing(syscall.EHOSTUNREACH), checks.ReasonUnreachable},
		"no IPv6":     {failing(syscall.EAFNOSUPPORT), checks.ReasonUnreachable},
		"no file":     {failing(syscall.EMFILE), checks.ReasonInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Config{AllowAny: true})
			p.connect = test.connect
			network := p.Network(checks.Limits{ConnectTimeout: 50 * time.Millisecond})
			address := closedPort(t)
			connection, err := network.Dial(t.Context(), address)
			require.Nil(t, connection)
			require.Equal(t, test.want, ReasonOf(err), "%v", err)
			var reason checks.ReasonError
			require.ErrorAs(t, err, &reason)
			records := network.Measurements().Connections
			require.Len(t, records, 1)
			require.Equal(t, test.want, records[0].Reason)
			require.Equal(t, address, records[0].Destination)
		})
	}
}

func TestDialBudgetIsPerAddress(t *testing.T) {
	t.Parallel()
	var sockets destinations
	p := New(Config{AllowAny: true})
	p.connect = sockets.connect
	network := p.Network(checks.Limits{ConnectionsPerAddress: 3})
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		got  = make(map[checks.Reason]int)
	)
	for i := range 10 {
		wait.Go(func() {
			// Ports and the mapped form share the budget of their address.
			address := []string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2]
			_, err := network.Dial(t.Context(), netip.AddrPortFrom(netip.MustParseAddr(address), uint16(443+i)))
			mu.Lock()
			defer mu.Unlock()
			got[ReasonOf(err)]++
		})
	}
	wait.Wait()
	require.Equal(t, map[checks.Reason]int{checks.ReasonRefused: 3, checks.ReasonBudget: 7}, got)
	require.Len(t, sockets.seen, 3, "no packet past the budget")
	require.Len(t, network.Measurements().Connections, 3)
	_, err := network.Dial(t.Context(), netip.MustParseAddrPort("192.0.2.2:443"))
	require.Equal(t, checks.ReasonRefused, ReasonOf(err), "another address has its own budget")
}

func TestConnByteLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent   int
		limit  int64
		reason checks.Reason
		read   int
	}{
		"below":         {100, 1000, "", 100},
		"exactly":       {1000, 1000, "", 1000},
		"one more":      {1001, 1000, checks.ReasonTooLarge, 1000},
		"far more":      {1 << 20, 1000, checks.ReasonTooLarge, 1000},
		"default limit": {2 << 20, 0, checks.ReasonTooLarge, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(connection *net.TCPConn) {
				_, _ = connection.Write(bytes.Repeat([]byte("a"), test.sent))
			})
			network := lookAnywhere(checks.Limits{BytesPerConnection: test.limit})
			connection, err := network.Dial(t.Context(), address)
			require.NoError(t, err)
			defer func() { require.NoError(t, connection.Close()) }()
			body, err := io.ReadAll(connection)
			require.Equal(t, test.reason, ReasonOf(err), "%v", err)
			require.Len(t, body, test.read)
			if test.reason != "" {
				_, err = connection.Read(make([]byte, 10))
				require.Equal(t, test.reason, ReasonOf(err), "the limit stays passed")
			}
		})
	}
}

func TestConnDeadlines(t *testing.T) {
	t.Parallel()
	address := serve(t, silence)
	const soon, late = 50 * time.Millisecond, time.Hour
	for name, test := range map[string]struct {
		timeout time.Duration
		set     func(net.Conn) error
	}{
		"read timeout":              {soon, func(net.Conn) error { return nil }},
		"caller's earlier deadline": {late, func(c net.Conn) error { return c.SetDeadline(time.Now().Add(soon)) }},
		"caller's later deadline":   {soon, func(c net.Conn) error { return c.SetReadDeadline(time.Now().Add(late)) }},
		"caller takes it back": {soon, func(c net.Conn) error {
			if err := c.SetReadDeadline(time.Now().Add(-late)); err != nil {
				return err
			}
			return c.SetReadDeadline(time.Time{})
		}},
		"caller's past deadline": {late, func(c net.Conn) error { return c.SetReadDeadline(time.Now().Add(-late)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := lookAnywhere(checks.Limits{ReadTimeout: test.timeout}).Dial(t.Context(), address)
			require.NoError(t, err)
			defer func() { require.NoError(t, connection.Close()) }()
			require.NoError(t, test.set(connection))
			_, err = connection.Read(make([]byte, 1))
			require.Equal(t, checks.ReasonTimeout, ReasonOf(err), "%v", err)
		})
	}
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		stuck, client := net.Pipe() // nobody reads
		defer func() { _ = stuck.Close() }()
		connection := newConn(t.Context(), client, checks.Limits{ReadTimeout: soon}, &record{})
		defer func() { require.NoError(t, connection.Close()) }()
		_, err := connection.Write([]byte("a"))
		require.Equal(t, checks.ReasonTimeout, ReasonOf(err), "%v", err)
		require.NoError(t, connection.CloseWrite(), "a pipe has no half to close")
	})
}

// TestConnEndsWithItsContext reads while the look is stopped, or out of time.
func TestConnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	address := serve(t, silence)
	for name, test := range map[string]struct {
		context func(context.Context) (context.Context, context.CancelFunc)
		want    checks.Reason
	}{
		"canceled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		}, checks.ReasonCanceled},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, checks.ReasonTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := test.context(t.Context())
			defer cancel()
			network := lookAnywhere(checks.Limits{})
			connection, err := network.Dial(ctx, address)
			require.NoError(t, err)
			failure := make(chan error, 1)
			go func() {
				_, err := connection.Read(make([]byte, 1))
				failure <- err
			}()
			if test.want == checks.ReasonCanceled {
				cancel()
			}
			require.Equal(t, test.want, ReasonOf(<-failure))
			_, err = connection.Write([]byte("a"))
			require.Equal(t, test.want, ReasonOf(err))
			require.NoError(t, connection.Close())

			tried := len(network.Measurements().Connections)
			_, err = network.Dial(ctx, address)
			require.Equal(t, test.want, ReasonOf(err))
			require.Len(t, network.Measurements().Connections, tried, "nothing is dialed for a look that ended")
		})
	}
}

func TestConnReset(t *testing.T) {
	t.Parallel()
	address := serve(t, func(connection *net.TCPConn) {
		_, _ = connection.Read(make([]byte, 1))
		_ = connection.SetLinger(0)
	})
	connection, err := lookAnywhere(checks.Limits{}).Dial(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	_, err = connection.Write([]byte("a"))
	require.NoError(t, err)
	_, err = connection.Read(make([]byte, 1))
	require.Equal(t, checks.ReasonReset, ReasonOf(err), "%v", err)
}

func TestConnCloseWrite(t *testing.T) {
	t.Parallel()
	address := serve(t, func(connection *net.TCPConn) {
		request, err := io.ReadAll(connection)
		if err == nil {
			_, _ = fmt.Fprintf(connection, "%d bytes", len(request))
		}
	})
	connection, err := lookAnywhere(checks.Limits{}).Dial(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	_, err = connection.Write([]byte("abc"))
	require.NoError(t, err)
	require.NoError(t, connection.(interface{ CloseWrite() error }).CloseWrite())
	answer, err := io.ReadAll(connection)
	require.NoError(t, err)
	require.Equal(t, "3 bytes", string(answer))
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	network := lookAnywhere(checks.Limits{})
	network.Logf("a\r\nforged line \x1b[31m%s", strings.Repeat("é", 1000))
	for i := range 2 * logLimit {
		network.Logf("line %d", i)
	}
	log := network.Measurements().Log
	require.Len(t, log, logLimit)
	require.True(t, strings.HasPrefix(log[0].Text, "a  forged line  [31mé"), log[0].Text)
	require.LessOrEqual(t, len(log[0].Text), logLineLimit+len(" ..."))
	require.Equal(t, strings.ToValidUTF8(log[0].Text, "?"), log[0].Text)
	require.Equal(t, logLimitReach, log[logLimit-1].Text)
}

func TestConnectivity(t *testing.T) {
	t.Parallel()
	open, closed := serve(t, silence).String(), closedPort(t).String()
	p := New(Config{}) // the filter holds for targets, not for references
	require.Equal(t, checks.Fact[bool]{}, p.Connectivity(t.Context(), nil))
	require.Equal(t, checks.KnownFact(true), p.Connectivity(t.Context(), []string{open}))
	require.Equal(t, checks.KnownFact(true), p.Connectivity(t.Context(), []string{closed, "nonsense", open}))
	require.Equal(t, checks.KnownFact(false), p.Connectivity(t.Context(), []string{closed}))
	require.Equal(t, checks.KnownFact(false), p.Connectivity(t.Context(), []string{"nonsense", "127.0.0.1:port", "127.1:80"}))
	require.Error(t, p.Vet(netip.MustParseAddr("127.0.0.1")), "the filter is on again")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, checks.InconclusiveFact[bool](checks.ReasonCanceled), p.Connectivity(ctx, []string{open}))
}

// BenchmarkDial measures one connection that is opened and closed on loopback.
func BenchmarkDial(b *testing.B) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(b, err)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	})
	defer wait.Wait()
	defer func() { _ = listener.Close() }()
	p := New(Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	address := listener.Addr().(*net.TCPAddr).AddrPort()
	for b.Loop() {
		connection, err := p.Network(checks.Limits{}).Dial(b.Context(), address)
		if err != nil {
			b.Fatal(err)
		}
		_ = connection.Close()
	}
}
