package sidebyside_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// site is a local host of its own name and what it answers.
type site struct {
	name string // what it is about; the host is made of it
	host string // instead
	// pages answer over https, by path; plain over http. Without plain port 80
	// leads to https. closed is what listens on neither: "80" or "443".
	pages, plain map[string]page
	closed       string
	options      []string // fields of the answer to OPTIONS
	untrusted    bool     // nobody knows who signed its certificate
	// differs says why the outcomes differ: the name of an entry of differences.
	differs string
}

// page is one answer.
type page struct {
	status int // default 200
	fields []string
	body   string
}

// html is a page of the usual kind with fields and a body.
func html(body string, fields ...string) page {
	return page{fields: append([]string{"Content-Type: text/html; charset=utf-8"}, fields...), body: body}
}

func moved(to string, fields ...string) page {
	return page{status: http.StatusFound, fields: append([]string{"Location: " + to}, fields...)}
}

// root is pages with one at /.
func root(one page) map[string]page { return map[string]page{"/": one} }

func (s site) hostname() string {
	if s.host != "" {
		return s.host
	}
	return strings.ReplaceAll(s.name, " ", "-") + ".test"
}

// farm is every site on loopback: one server a kind, told apart by Host.
type farm struct {
	sites map[string]site
	// places are where "host:port" is; what is missing is closed.
	places map[string]uint16
	// addresses stand for the hosts in our look: 127.77.x.y.
	addresses map[string]netip.Addr
	hosts     map[netip.Addr]string
	closed    uint16
	roots     []byte // PEM of the CA that signed all but the untrusted
}

func startFarm(t *testing.T, sites []site) *farm {
	t.Helper()
	f := &farm{
		sites: map[string]site{}, places: map[string]uint16{},
		addresses: map[string]netip.Addr{}, hosts: map[netip.Addr]string{},
	}
	var names []string
	for i, one := range sites {
		host := one.hostname()
		require.NotContains(t, f.sites, host, "two sites of one name")
		f.sites[host] = one
		f.addresses[host] = netip.AddrFrom4([4]byte{127, 77, byte(i / 250), byte(i%250 + 1)})
		f.hosts[f.addresses[host]] = host
		names = append(names, host)
	}
	f.closed = closedPort(t)
	ca := checktest.NewCA(t, "Side by side")
	f.roots = ca.PEM()
	secure := func(ca *pki.CA) uint16 {
		return checktest.StartGoServer(t, checktest.GoServerConfig{
			Certificate: checktest.Issue(t, ca, pki.Leaf{Names: names}), Handler: f.handler(true),
		}).Port()
	}
	trusted, untrusted := secure(ca), secure(checktest.NewCA(t, "Nobody"))
	plain := startPlain(t, f.handler(false))
	for host, one := range f.sites {
		if one.closed != "80" {
			f.places[host+":80"] = plain
		}
		switch {
		case one.closed == "443":
		case one.untrusted:
			f.places[host+":443"] = untrusted
		default:
			f.places[host+":443"] = trusted
		}
	}
	return f
}

// closedPort is a port of loopback that nothing listens on.
func closedPort(t *testing.T) uint16 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return netip.MustParseAddrPort(listener.Addr().String()).Port()
}

func startPlain(t *testing.T, handler http.Handler) uint16 {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String()).Port()
}

func (f *farm) handler(secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := f.sites[strings.ToLower(r.Host)]
		switch {
		case r.Method == http.MethodOptions:
			answer(w, r, page{status: http.StatusNoContent, fields: one.options})
		case secure:
			answerAt(w, r, one.pages)
		case one.plain != nil:
			answerAt(w, r, one.plain)
		default:
			answer(w, r, page{status: http.StatusMovedPermanently, fields: []string{"Location: https://" + r.Host + r.URL.Path}})
		}
	})
}

func answerAt(w http.ResponseWriter, r *http.Request, pages map[string]page) {
	one, found := pages[r.URL.Path]
	if !found {
		one = page{status: http.StatusNotFound}
	}
	answer(w, r, one)
}

// answer writes a page; {origin} stands for the Origin that asks.
func answer(w http.ResponseWriter, r *http.Request, one page) {
	w.Header()["Content-Type"] = nil // no guess of ours
	for _, field := range one.fields {
		name, value, _ := strings.Cut(field, ":")
		value = strings.ReplaceAll(strings.TrimSpace(value), "{origin}", r.Header.Get("Origin"))
		w.Header()[name] = append(w.Header()[name], value)
	}
	status := one.status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, one.body)
}

// network is what our look sees of the farm.
type network struct {
	*checktest.LoopbackNetwork
	farm *farm
}

func (f *farm) network(t *testing.T) *network {
	t.Helper()
	loopback := checktest.Loopback(t)
	for host, address := range f.addresses {
		loopback.Names[host] = []netip.Addr{address}
	}
	return &network{LoopbackNetwork: loopback, farm: f}
}

// Dial goes to where the host of an address of the farm listens.
func (n *network) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	port, found := n.farm.places[fmt.Sprintf("%s:%d", n.farm.hosts[address.Addr()], address.Port())]
	if !found {
		port = n.farm.closed
	}
	return n.LoopbackNetwork.Dial(ctx, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
}

var _ checks.Network = (*network)(nil)
