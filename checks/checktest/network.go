package checktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// LoopbackNetwork is a checks.Network that reaches loopback addresses only. It
// counts connections and keeps the log, which it prints when the test fails.
type LoopbackNetwork struct {
	// Names are the names that resolve, besides address literals and
	// localhost. Set it before use.
	Names map[string][]netip.Addr
	// Records are what Lookup answers, by name and type. Set it before use.
	Records map[string]map[uint16]checks.RecordSet

	started time.Time
	mu      sync.Mutex
	records []checks.ConnectionRecord
	log     []checks.LogLine
}

var _ checks.Network = (*LoopbackNetwork)(nil)

// Loopback returns a network for t.
func Loopback(t testing.TB) *LoopbackNetwork {
	t.Helper()
	network := &LoopbackNetwork{Names: map[string][]netip.Addr{}, started: time.Now()}
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range network.Measurements().Log {
				t.Logf("%8s %s", line.At.Round(time.Millisecond), line.Text)
			}
		}
	})
	return network
}

// Resolve implements checks.Network.
func (n *LoopbackNetwork) Resolve(_ context.Context, host string) checks.Fact[[]netip.Addr] {
	if address, err := netip.ParseAddr(host); err == nil {
		return checks.KnownFact([]netip.Addr{address.Unmap().WithZone("")})
	}
	if addresses, found := n.Names[host]; found {
		return checks.KnownFact(addresses)
	}
	if host == "localhost" {
		return checks.KnownFact([]netip.Addr{loopback})
	}
	return checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)
}

// Dial implements checks.Network.
func (n *LoopbackNetwork) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	if !address.Addr().IsLoopback() {
		return nil, &dialError{reason: checks.ReasonSpecialPurpose, err: fmt.Errorf("%s is not loopback", address)}
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address.String())
	record := checks.ConnectionRecord{At: started, Destination: address, Connect: time.Since(started)}
	if err != nil {
		failed := &dialError{reason: dialReason(err), err: err}
		record.Reason = failed.reason
		n.record(record)
		return nil, failed
	}
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		record.Source = local.AddrPort()
	}
	n.record(record)
	return conn, nil
}

// Logf implements checks.Network.
func (n *LoopbackNetwork) Logf(format string, arguments ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, checks.LogLine{At: time.Since(n.started), Text: fmt.Sprintf(format, arguments...)})
}

// Lookup implements checks.Network, from Records.
func (n *LoopbackNetwork) Lookup(_ context.Context, name string, rrtype uint16) checks.Fact[checks.RecordSet] {
	types, known := n.Records[name]
	if !known {
		return checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound)
	}
	set, known := types[rrtype]
	if !known {
		return checks.AbsentFact[checks.RecordSet](checks.ReasonNoRecord)
	}
	return checks.KnownFact(set)
}

// Measurements implements checks.Network.
func (n *LoopbackNetwork) Measurements() checks.Measurements {
	n.mu.Lock()
	defer n.mu.Unlock()
	return checks.Measurements{
		StartedAt: n.started, Duration: time.Since(n.started),
		Connections: append([]checks.ConnectionRecord(nil), n.records...),
		Log:         append([]checks.LogLine(nil), n.log...),
	}
}

func (n *LoopbackNetwork) record(record checks.ConnectionRecord) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.records = append(n.records, record)
}

// dialError is a checks.ReasonError.
type dialError struct {
	reason checks.Reason
	err    error
}

func (e *dialError) Error() string         { return e.err.Error() }
func (e *dialError) Unwrap() error         { return e.err }
func (e *dialError) Reason() checks.Reason { return e.reason }

func dialReason(err error) checks.Reason {
	switch {
	case errors.Is(err, context.Canceled):
		return checks.ReasonCanceled
	case errors.Is(err, syscall.ECONNREFUSED):
		return checks.ReasonRefused
	case errors.Is(err, syscall.ECONNRESET):
		return checks.ReasonReset
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return checks.ReasonTimeout
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return checks.ReasonUnreachable
	default:
		return checks.ReasonInternal
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
