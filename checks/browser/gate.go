package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

const (
	maxConnections = 64
	maxBytes       = 32 << 20 // of all connections, both ways
	addressesTried = 3
	maxRefusals    = 1000 // that are remembered
	maxOddPlaces   = 4    // hosts with a port that is neither the URL's nor HTTP's
)

// gate decides which host the browser reaches, and where.
type gate struct {
	network checks.Network
	host    string // of the URL
	port    uint16 // of the URL
	address netip.AddrPort

	bytes       atomic.Int64
	connections atomic.Int64

	mu       sync.Mutex
	refusals map[string]checks.Reason // by host
	odd      []string                 // places at other ports
}

// refusedError is why the gate stays shut.
type refusedError struct{ reason checks.Reason }

func (e refusedError) Error() string { return string(e.reason) }

// dial connects to host, as a browser writes it.
func (g *gate) dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	conn, err := g.tryDial(ctx, site.Host(host), port)
	if err != nil {
		reason := dialReason(err)
		g.network.Logf("browser: %s port %d: %s", checks.Clean(host, 255), port, reason)
		g.refuse(site.Host(host), reason)
		return nil, err
	}
	return &countedConn{Conn: conn, gate: g}, nil
}

func (g *gate) tryDial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	switch {
	case httpsec.SignInHost(host):
		return nil, refusedError{checks.ReasonSignInService}
	case strings.HasSuffix(host, ".invalid"): // RFC 6761 section 6.4; see nowhere
		return nil, refusedError{checks.ReasonNameNotFound}
	case !g.usual(host, port) || g.connections.Add(1) > maxConnections || g.bytes.Load() > maxBytes:
		return nil, refusedError{checks.ReasonBudget}
	case host == g.host:
		return g.dialAt(ctx, g.address.Addr(), port)
	}
	addresses := g.network.Resolve(ctx, host)
	if addresses.State != checks.Known {
		return nil, refusedError{addresses.Reason}
	}
	var failed error
	for _, address := range addresses.Value[:min(len(addresses.Value), addressesTried)] {
		conn, err := g.dialAt(ctx, address, port)
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("connect to %s: %w", host, failed)
}

// usual keeps a page from having us try the ports of others: there are few that
// are neither the URL's nor HTTP's.
func (g *gate) usual(host string, port uint16) bool {
	if port == 80 || port == 443 || port == g.port {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	place := net.JoinHostPort(host, strconv.Itoa(int(port)))
	if !slices.Contains(g.odd, place) && len(g.odd) < maxOddPlaces {
		g.odd = append(g.odd, place)
	}
	return slices.Contains(g.odd, place)
}

// dialAt takes the place of the URL's port that the look was given.
func (g *gate) dialAt(ctx context.Context, address netip.Addr, port uint16) (net.Conn, error) {
	if address == g.address.Addr() && port == g.port {
		port = g.address.Port()
	}
	at := netip.AddrPortFrom(address, port)
	if dialer, ok := g.network.(interface {
		DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error)
	}); ok { // many files come over one connection of HTTP/2
		return dialer.DialLimited(ctx, at, maxBytes)
	}
	return g.network.Dial(ctx, at)
}

func dialReason(err error) checks.Reason {
	var refused refusedError
	if errors.As(err, &refused) {
		return refused.reason
	}
	var reasoned checks.ReasonError
	if errors.As(err, &reasoned) {
		return reasoned.Reason()
	}
	return checks.ReasonInternal
}

func (g *gate) refuse(host string, reason checks.Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusals == nil {
		g.refusals = map[string]checks.Reason{}
	}
	if len(g.refusals) < maxRefusals {
		g.refusals[host] = reason
	}
}

// refusal is why host was not reached; empty: it was, or nobody asked.
func (g *gate) refusal(host string) checks.Reason {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusals[site.Host(host)]
}

// countedConn ends when all connections together carried too much.
type countedConn struct {
	net.Conn
	gate *gate
}

var errTooMuch = errors.New("the page takes more than a look may carry")

func (c *countedConn) Read(p []byte) (int, error)  { return c.count(c.Conn.Read(p)) }
func (c *countedConn) Write(p []byte) (int, error) { return c.count(c.Conn.Write(p)) }

func (c *countedConn) count(n int, err error) (int, error) {
	if c.gate.bytes.Add(int64(n)) > maxBytes {
		return n, errTooMuch
	}
	return n, err
}

func portOf(u *url.URL) uint16 {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
