package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trap is a set of real listeners on one port of several loopback addresses.
type trap struct {
	port     string
	number   uint16
	accepted atomic.Int64
}

// setTrap listens on a free port of 127.0.0.1, 127.0.0.2 and, where this
// machine has it, ::1, and counts what it accepts until the test ends.
func setTrap(t *testing.T) *trap {
	t.Helper()
	for range 20 {
		first, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		port := strconv.Itoa(first.Addr().(*net.TCPAddr).Port)
		listeners, busy := []net.Listener{first}, false
		for _, address := range []string{"127.0.0.2", "::1"} {
			listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
			switch {
			case errors.Is(err, syscall.EADDRINUSE):
				busy = true
			case err == nil:
				listeners = append(listeners, listener)
			default:
				require.Equal(t, "::1", address, "listen on %s: %v", address, err)
			}
		}
		if !busy {
			set := &trap{port: port, number: uint16(first.Addr().(*net.TCPAddr).Port)}
			for _, listener := range listeners {
				set.serve(t, listener)
			}
			return set
		}
		for _, listener := range listeners {
			require.NoError(t, listener.Close())
		}
	}
	t.Fatal("no port is free on every loopback address")
	return nil
}

func (s *trap) serve(t *testing.T, listener net.Listener) {
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			_ = connection.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wait.Wait()
	})
}

// guarded is one way to lead a look to an address that it must not reach.
type guarded struct {
	host      string   // as in a URL, without brackets
	addresses []string // what DNS says about host; nil: host is no name that DNS knows
}

// guardedHosts lead by literal, by spelling and by name. The listeners of
// setTrap hear what goes to any loopback address; where nothing of ours can
// listen, the empty record of connections is the proof.
var guardedHosts = []guarded{
	// Literals.
	{host: "127.0.0.1"},
	{host: "127.0.0.2"},
	{host: "127.255.255.254"},
	{host: "0.0.0.0"}, // Linux connects to loopback
	{host: "0.0.0.1"},
	{host: "10.0.0.1"},
	{host: "172.16.0.1"},
	{host: "172.31.255.255"},
	{host: "192.168.1.1"},
	{host: "100.64.0.1"},
	{host: "100.100.100.200"}, // Alibaba Cloud's metadata
	{host: "169.254.169.254"}, // metadata of most clouds
	{host: "169.254.170.2"},   // task metadata of Amazon ECS
	{host: "168.63.129.16"},   // Azure's platform
	{host: "192.0.0.192"},     // Oracle Cloud's metadata
	{host: "192.0.2.1"},
	{host: "198.18.0.1"},
	{host: "224.0.0.1"},
	{host: "255.255.255.255"},
	{host: "::1"},
	{host: "::"}, // Linux connects to loopback
	{host: "::ffff:127.0.0.1"},
	{host: "::ffff:7f00:2"},
	{host: "::ffff:169.254.169.254"},
	{host: "::127.0.0.1"},
	{host: "::ffff:0:127.0.0.1"},
	{host: "64:ff9b::127.0.0.1"},
	{host: "64:ff9b::a9fe:a9fe"},
	{host: "64:ff9b:1::127.0.0.1"},
	{host: "2002:7f00:1::1"},
	{host: "2002:a9fe:a9fe::"},
	{host: "2001:0:7f00:1::"},
	{host: "fe80::1"},
	{host: "fe80::1%lo"},
	{host: "::1%lo"},
	{host: "fec0::1"},
	{host: "fd00:ec2::254"}, // Amazon's metadata
	{host: "fd20:ce::254"},  // Google's metadata
	{host: "fdaa::3"},       // Fly's private network
	{host: "ff02::1"},
	// Spellings that inet_aton, browsers or resolvers read as an address.
	{host: "127.0.0.1."},
	{host: "127.1"},
	{host: "127.0.1"},
	{host: "2130706433"},
	{host: "017700000001"},
	{host: "0177.0.0.1"},
	{host: "0x7f.1"},
	{host: "0x7f000001"},
	{host: "0X7F.0x0.0x0.0x1"},
	{host: "0x7f.0.0.1."},
	{host: "127.0.0.01"},
	{host: "0"},
	{host: "0x"},
	{host: "１２７.0.0.1"},
	{host: "①②⑦.⓪.⓪.①"},
	{host: "127。0。0。1"},
	// Names.
	{host: "localhost"},
	{host: "LOCALHOST."},
	{host: "app.localhost"},
	{host: "loopback.example", addresses: []string{"127.0.0.1"}},
	{host: "Loopback.EXAMPLE.", addresses: []string{"127.0.0.2"}},
	{host: "six.example", addresses: []string{"::1"}},
	{host: "both.example", addresses: []string{"127.0.0.1", "::1"}},
	{host: "zero.example", addresses: []string{"0.0.0.0", "::"}},
	{host: "private.example", addresses: []string{"10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1"}},
	{host: "metadata.example", addresses: []string{"169.254.169.254", "fd00:ec2::254", "168.63.129.16"}},
	{host: "mapped.example", addresses: []string{"::ffff:127.0.0.1"}},
	{host: "nat64.example", addresses: []string{"64:ff9b::7f00:1", "64:ff9b:1::7f00:1"}},
	{host: "6to4.example", addresses: []string{"2002:7f00:1::"}},
	{host: "link.example", addresses: []string{"fe80::1", "169.254.1.1"}},
	{host: "many.example", addresses: []string{"127.0.0.3", "127.0.0.1", "127.0.0.2", "127.0.0.1"}},
	{host: "127.0.0.1.nip.example", addresses: []string{"127.0.0.1"}},
}

func guardedRecords() dnsserver.Records {
	names := make(map[string][]string)
	for _, test := range guardedHosts {
		if test.addresses != nil {
			names[strings.ToLower(test.host)] = test.addresses
		}
	}
	return dnsserver.Map(names)
}

func TestSpecialPurposeIsNeverContacted(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(guardedHosts), 40)
	server := dnsserver.Start(t, guardedRecords())
	trap := setTrap(t)
	p := New(Config{Resolver: server.Address()})
	t.Run("hosts", func(t *testing.T) {
		for _, test := range guardedHosts {
			t.Run(test.host, func(t *testing.T) {
				t.Parallel()
				requireUnreached(t, p, test, trap)
				requireNotFetched(t, p, hostURL(test.host, trap.port))
			})
		}
	})
	require.Zero(t, trap.accepted.Load(), "the service connected to loopback")
}

// requireUnreached resolves and dials as a look does.
func requireUnreached(t *testing.T, p *Prober, test guarded, trap *trap) {
	t.Helper()
	network := p.Network(checks.Limits{})
	fact := network.Resolve(t.Context(), test.host)
	if test.addresses != nil {
		require.Equal(t, checks.Known, fact.State, "%s is known to the DNS server", test.host)
	}
	if fact.State != checks.Known {
		require.Contains(t, []checks.Reason{checks.ReasonNameNotFound, checks.ReasonSpecialPurpose}, fact.Reason)
	}
	for _, address := range fact.Value {
		for _, port := range []uint16{trap.number, 80, 443} {
			connection, err := network.Dial(t.Context(), netip.AddrPortFrom(address, port))
			require.Nil(t, connection)
			require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err), "dial %s: %v", address, err)
		}
	}
	require.Empty(t, network.Measurements().Connections, "nothing may be recorded as tried")
}

// requireNotFetched asks as a webhook does.
func requireNotFetched(t *testing.T, p *Prober, target string) {
	t.Helper()
	client := &http.Client{Transport: p.HTTPTransport(checks.Limits{})}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
	require.Contains(t, []checks.Reason{checks.ReasonNameNotFound, checks.ReasonSpecialPurpose}, ReasonOf(err), "%v", err)
}

func hostURL(host, port string) string {
	if strings.Contains(host, ":") {
		host = strings.Replace(host, "%", "%25", 1)
		return "http://[" + host + "]:" + port + "/"
	}
	return "http://" + host + ":" + port + "/"
}

// TestTheTrapHears proves that the listeners above would notice: the same
// hosts, with the filter off, reach them.
func TestTheTrapHears(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, guardedRecords())
	p := New(Config{Resolver: server.Address(), AllowAny: true})
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "0.0.0.0", "::ffff:127.0.0.1", "127.0.0.1.", "localhost",
		"loopback.example", "mapped.example", "many.example",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			trap := setTrap(t)
			network := p.Network(checks.Limits{})
			connection, err := network.dialHost(t.Context(), net.JoinHostPort(host, trap.port))
			require.NoError(t, err)
			_, err = connection.Read(make([]byte, 1))
			require.Equal(t, checks.ReasonClosed, ReasonOf(err))
			require.NoError(t, connection.Close())
			require.EqualValues(t, 1, trap.accepted.Load())
			require.NotEmpty(t, network.Measurements().Connections)
		})
	}
}

// TestRedirectTargetsAreVetted redirects from an allowed address to others.
func TestRedirectTargetsAreVetted(t *testing.T) {
	t.Parallel()
	names := dnsserver.Start(t, guardedRecords())
	p := New(Config{Resolver: names.Address(), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	trap := setTrap(t)
	t.Run("targets", func(t *testing.T) {
		for _, target := range []string{
			"127.0.0.2", "0.0.0.0", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.2", "64:ff9b::127.0.0.1",
			"2002:7f00:1::", "fe80::1%lo", "0x7f.2", "2130706434", "017700000002", "six.example", "zero.example",
			"metadata.example",
		} {
			t.Run(target, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int64
				redirector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					http.Redirect(w, r, hostURL(target, trap.port), http.StatusFound)
				}))
				defer redirector.Close()
				requireNotFetched(t, p, redirector.URL)
				require.EqualValues(t, 1, asked.Load(), "the redirect itself is allowed")
			})
		}
	})
	require.Zero(t, trap.accepted.Load(), "a redirect led to an address that is not allowed")
}

// destinations replaces the socket, and keeps where it would have connected to.
type destinations struct {
	mu   sync.Mutex
	seen []netip.AddrPort
}

func (d *destinations) connect(_ context.Context, destination netip.AddrPort) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, destination)
	return nil, syscall.ECONNREFUSED
}

// TestReboundNames changes a name's answer between two look-ups: within a look
// the first answer holds, and the next look vets what it finds anew.
func TestReboundNames(t *testing.T) {
	t.Parallel()
	for _, rebound := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"} {
		t.Run(rebound, func(t *testing.T) {
			t.Parallel()
			const public = "8.8.8.8"
			server := dnsserver.Start(t, dnsserver.Sequence(dnsserver.Addresses(public), dnsserver.Addresses(rebound)))
			trap := setTrap(t)
			var sockets destinations
			p := New(Config{Resolver: server.Address()})
			p.connect = sockets.connect

			first := p.Network(checks.Limits{})
			for range 3 {
				fact := first.Resolve(t.Context(), "rebind.example")
				require.Equal(t, checks.KnownFact([]netip.Addr{netip.MustParseAddr(public)}), fact)
				_, err := first.Dial(t.Context(), netip.AddrPortFrom(fact.Value[0], trap.number))
				require.Equal(t, checks.ReasonRefused, ReasonOf(err))
			}
			require.Equal(t, 2, server.Queries("rebind.example"), "one query for A, one for AAAA")

			p.connect = nil // the real socket
			second := p.Network(checks.Limits{})
			requireLookRefused(t, second, trap)
			requireNotFetched(t, p, hostURL("rebind.example", trap.port))
			require.Zero(t, trap.accepted.Load())
			for _, destination := range sockets.seen {
				require.Equal(t, public, destination.Addr().String())
			}
		})
	}
}

func requireLookRefused(t *testing.T, network *Network, trap *trap) {
	t.Helper()
	fact := network.Resolve(t.Context(), "rebind.example")
	require.Equal(t, checks.Known, fact.State)
	for _, address := range fact.Value {
		_, err := network.Dial(t.Context(), netip.AddrPortFrom(address, trap.number))
		require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err))
	}
	require.Empty(t, network.Measurements().Connections)
}

// TestTheSocketVetsToo goes around Dial: the last guard is where it connects.
func TestTheSocketVetsToo(t *testing.T) {
	t.Parallel()
	trap := setTrap(t)
	for _, address := range []string{"127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"} {
		_, err := New(Config{}).connectTCP(t.Context(), netip.AddrPortFrom(netip.MustParseAddr(address), trap.number))
		require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err), "%s: %v", address, err)
	}
	require.Zero(t, trap.accepted.Load())
	require.Equal(t, checks.ReasonInternal, ReasonOf(New(Config{}).control(t.Context(), "tcp", "nonsense", nil)))
}

func TestVet(t *testing.T) {
	t.Parallel()
	networks, err := ParseNetworks("127.0.0.1, 10.1.0.0/16, fdaa::/16")
	require.NoError(t, err)
	for _, test := range []struct {
		address string
		config  Config
		allowed bool
	}{
		{"8.8.8.8", Config{}, true},
		{"::ffff:8.8.8.8", Config{}, true},
		{"2606:4700::1", Config{}, true},
		{"192.0.0.9", Config{}, true},
		{"127.0.0.1", Config{}, false},
		{"127.0.0.1", Config{AllowNetworks: networks}, true},
		{"::ffff:127.0.0.1", Config{AllowNetworks: networks}, true},
		{"127.0.0.2", Config{AllowNetworks: networks}, false},
		{"64:ff9b::127.0.0.1", Config{AllowNetworks: networks}, false},
		{"10.1.2.3", Config{AllowNetworks: networks}, true},
		{"10.2.2.3", Config{AllowNetworks: networks}, false},
		{"fdaa::3", Config{AllowNetworks: networks}, true},
		{"fdab::3", Config{AllowNetworks: networks}, false},
		{"fdaa::3%eth0", Config{AllowNetworks: networks}, false},
		{"127.0.0.1", Config{AllowAny: true}, true},
		{"fe80::1", Config{AllowAny: true}, true},
		{"fe80::1%eth0", Config{AllowAny: true}, false},
		{"::ffff:8.8.8.8%eth0", Config{AllowAny: true}, false},
	} {
		err := New(test.config).Vet(netip.MustParseAddr(test.address))
		require.Equal(t, test.allowed, err == nil, "%s: %v", test.address, err)
		if err != nil {
			require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err))
		}
	}
	require.Error(t, New(Config{AllowAny: true}).Vet(netip.Addr{}))
	require.ErrorContains(t, New(Config{}).Vet(netip.MustParseAddr("10.0.0.1")),
		"10.0.0.1 is a special-purpose address (Private-Use [RFC1918])")
}

func TestPortZeroIsRefused(t *testing.T) {
	t.Parallel()
	network := New(Config{AllowAny: true}).Network(checks.Limits{})
	_, err := network.Dial(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"))
	require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err))
	require.Empty(t, network.Measurements().Connections)
}
