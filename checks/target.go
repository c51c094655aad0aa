package checks

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Depth says how much a look asks.
type Depth string

// The depths of a look.
const (
	Quick Depth = "quick" // protocols, certificate, hops and cookies; hourly by default
	Full  Depth = "full"  // everything
)

// Target is what a look is given. URL is absolute with scheme http or https.
type Target struct {
	URL    string
	Host   string // host name or address literal, without brackets, as TLS SNI and certificates name it
	Port   uint16 // to connect to; the URL's, unless a caller says otherwise
	Depth  Depth
	Method string // GET (also when empty) or POST
	Limits Limits
	// SNI is sent instead of Host where it is not empty.
	SNI string
	// Intrusive: a full look also sends what no honest client sends. The caller
	// has leave: ownership is verified, or an operator said so.
	Intrusive bool
	// Provoke: the URL is also asked with an error that a sign-in service could
	// send (E-01, E-02).
	Provoke bool
	// SignInStart: the URL starts a sign-in, which is started twice (E-03 to E-07).
	SignInStart bool
	// AuthorizeURL is asked in a full look, with SuperOffice's consent, to learn
	// whether the URL is registered there (E-08); empty: nobody is asked.
	AuthorizeURL string
	// Post is what is sent besides, with leave of who registered the URL.
	Post Post
}

// Post is a request with content that a look sends.
type Post string

// What is posted.
const (
	PostNothing      Post = ""
	PostWebhookTest  Post = "webhook_test"  // the test event of SuperOffice's webhooks, which a receiver ignores (E-12)
	PostInvalidToken Post = "invalid_token" // a customer state change with a token that nobody signed (E-11)
)

// ServerName returns the name to send as SNI: SNI, else Host. It may be an
// address literal, which is never sent (RFC 6066 section 3).
func (t Target) ServerName() string {
	if t.SNI != "" {
		return t.SNI
	}
	return t.Host
}

// LimitsFor returns the default limits of a depth. A full look of a usual
// server takes under 100 connections; there is room for one that takes every
// suite of every version, on a path of 180 ms. An intrusive one has 300 more for
// the repeated rounds of the oracle probes.
func LimitsFor(depth Depth, intrusive bool) Limits {
	limits := Limits{}
	if depth == Full {
		limits.Deadline, limits.ConnectionsPerAddress = time.Minute, 400
	}
	if depth == Full && intrusive {
		limits.Deadline, limits.ConnectionsPerAddress = 4*time.Minute, 700
	}
	return limits.WithDefaults()
}

// Limits bounds what one look may use. A zero field means its default.
type Limits struct {
	Deadline              time.Duration // whole look; default 20 s
	ConnectTimeout        time.Duration // one TCP connection; default 3 s
	ReadTimeout           time.Duration // one answer; default 5 s
	ConnectionsPerAddress int           // default 12
	Addresses             int           // how many resolved addresses are looked at; default 16
	Hops                  int           // redirect hops; default 10
	BytesPerConnection    int64         // default 1 MiB
}

// WithDefaults returns l with every zero field set to its default.
func (l Limits) WithDefaults() Limits {
	if l.Deadline <= 0 {
		l.Deadline = 20 * time.Second
	}
	if l.ConnectTimeout <= 0 {
		l.ConnectTimeout = 3 * time.Second
	}
	if l.ReadTimeout <= 0 {
		l.ReadTimeout = 5 * time.Second
	}
	if l.ConnectionsPerAddress <= 0 {
		l.ConnectionsPerAddress = 12
	}
	if l.Addresses <= 0 {
		l.Addresses = 16
	}
	if l.Hops <= 0 {
		l.Hops = 10
	}
	if l.BytesPerConnection <= 0 {
		l.BytesPerConnection = 1 << 20
	}
	return l
}

// Network is what the families see of the network. checks/probe implements it,
// and is the only package that dials; tests may bring their own. One Network
// serves one look: it counts the look's connections and keeps its log.
type Network interface {
	// Resolve looks a name up once, A and AAAA, and remembers the answer for
	// the life of this Network, so that a name cannot change between two hops.
	// An address literal resolves to itself. The fact is Known with at least
	// one address (sorted, without duplicates, zones removed), Absent with
	// ReasonNameNotFound or ReasonNoAddress, or Inconclusive.
	Resolve(ctx context.Context, host string) Fact[[]netip.Addr]
	// Lookup asks for the records of one DNS type, by its number (257 is CAA).
	// Absent with ReasonNameNotFound or ReasonNoRecord: there are none.
	Lookup(ctx context.Context, name string, rrtype uint16) Fact[RecordSet]
	// Dial opens one TCP connection to a vetted address. It never resolves.
	// Its error always answers ReasonOf.
	Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error)
	// Logf adds a line to the look's transcript, kept in Measurements.
	Logf(format string, arguments ...any)
	// Measurements returns what was counted and logged so far.
	Measurements() Measurements
}

// PacketNetwork is a Network that also opens UDP sockets. A family that needs
// one asks whether its Network is one.
type PacketNetwork interface {
	Network
	// DialPacket opens a socket that exchanges datagrams with one vetted address
	// only. It counts as one connection of that address, and its error always
	// answers ReasonOf, or is errors.ErrUnsupported.
	DialPacket(ctx context.Context, address netip.AddrPort) (net.PacketConn, error)
}

// RecordSet is an answer of DNS.
type RecordSet struct {
	// Aliases are the CNAME targets on the way, in order.
	Aliases []string
	// Data are the records' RDATA in wire form, uncompressed, in no order.
	Data [][]byte
	// Authenticated: the resolver says that DNSSEC vouches for it (AD).
	Authenticated bool
}

// ReasonError is an error with a stable reason.
type ReasonError interface {
	error
	Reason() Reason
}
