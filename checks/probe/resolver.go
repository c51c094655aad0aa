package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	resolverPort     = "53"
	resolverAttempts = 2
	// attemptTimeout bounds one query: two of them and the look's other steps
	// have to fit into its deadline.
	attemptTimeout = 2 * time.Second
	// udpSize is the EDNS payload size that no path fragments (RFC 9715).
	udpSize = 1232
	// aliasLimit bounds a chain of CNAME records.
	aliasLimit = 16
)

// ParseResolver reads the address of a DNS server: "host:port", or a host alone
// with port 53. Empty stays empty: the system's resolver.
func ParseResolver(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), resolverPort
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || parseHost(host).reason != "" {
		return "", fmt.Errorf("resolver %q is no host:port of a DNS server", text)
	}
	return net.JoinHostPort(host, port), nil
}

// resolver looks a name up. Its error always answers ReasonOf; it may come with
// addresses, where only one of the two families could be asked. No addresses
// and no error mean that the name exists and has none.
type resolver interface {
	lookup(ctx context.Context, name string, timeout time.Duration) ([]netip.Addr, error)
}

func newResolver(config Config) resolver {
	if config.Resolver == "" {
		return systemResolver{resolver: &net.Resolver{PreferGo: true}, search: config.AllowAny}
	}
	address, err := ParseResolver(config.Resolver)
	if err != nil {
		address = config.Resolver // every look-up then says what is wrong
	}
	return dnsResolver{address: address}
}

// systemResolver asks what the machine is set up to ask, its hosts file first.
type systemResolver struct {
	resolver *net.Resolver
	// search follows the machine's search domains, which a service must not:
	// a stranger's name would lead to a host of the service's own network.
	search bool
}

func (r systemResolver) lookup(ctx context.Context, name string, timeout time.Duration) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, resolverAttempts*timeout)
	defer cancel()
	if !r.search {
		name += "."
	}
	addresses, err := r.resolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, withReason(fmt.Errorf("look up %s: %w", name, err))
	}
	return addresses, nil
}

// dnsResolver asks one DNS server.
type dnsResolver struct{ address string }

func (r dnsResolver) lookup(ctx context.Context, name string, timeout time.Duration) ([]netip.Addr, error) {
	var (
		wait      sync.WaitGroup
		families  = [...]uint16{dns.TypeA, dns.TypeAAAA}
		addresses [len(families)][]netip.Addr
		failures  [len(families)]error
	)
	for i, qtype := range families {
		wait.Go(func() { addresses[i], failures[i] = r.ask(ctx, name, qtype, timeout) })
	}
	wait.Wait()
	found := slices.Concat(addresses[0], addresses[1])
	return found, joinFamilies(len(found) > 0, failures[0], failures[1])
}

// joinFamilies says what two answers mean together. A name that does not exist
// has no record of any type (RFC 8020); other failures count where they may
// hide an address.
func joinFamilies(found bool, a, aaaa error) error {
	missing := func(err error) bool { return ReasonOf(err) == checks.ReasonNameNotFound }
	switch {
	case missing(a) && missing(aaaa):
		return a
	case missing(a) && (found || aaaa == nil), missing(aaaa) && (found || a == nil):
		return nil // a server that denies the name for one type only
	case missing(a):
		return a
	case missing(aaaa):
		return aaaa
	}
	if err := errors.Join(a, aaaa); err != nil {
		return withReason(err)
	}
	return nil
}

// ask asks for one record type, again after a failure, then without EDNS, which
// some servers do not know.
func (r dnsResolver) ask(ctx context.Context, name string, qtype uint16, timeout time.Duration) ([]netip.Addr, error) {
	var failure error
	for attempt := range resolverAttempts {
		query := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
		if attempt == 0 {
			query.SetEdns0(udpSize, false)
		}
		answer, err := r.exchange(ctx, query, timeout)
		if err == nil {
			return addressesIn(answer)
		}
		failure = fmt.Errorf("ask %s for %s %s: %w", r.address, dns.TypeToString[qtype], name, err)
		if ctx.Err() != nil {
			return nil, withReason(failure)
		}
	}
	return nil, &reasonError{reason: checks.ReasonResolverFailed, err: failure}
}

// exchange asks over UDP, and over TCP where the answer was truncated.
func (r dnsResolver) exchange(ctx context.Context, query *dns.Msg, timeout time.Duration) (*dns.Msg, error) {
	answer, err := r.exchangeOver(ctx, "udp", query, timeout)
	if err == nil && answer.Truncated {
		answer, err = r.exchangeOver(ctx, "tcp", query, timeout)
	}
	if err != nil {
		return nil, err
	}
	if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("the answer is %s", dns.RcodeToString[answer.Rcode])
	}
	return answer, nil
}

func (r dnsResolver) exchangeOver(ctx context.Context, network string, query *dns.Msg, timeout time.Duration) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, network, r.address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer func() {
		if stop() {
			_ = connection.Close()
		}
	}()
	client := &dns.Client{Net: network, Timeout: timeout}
	answer, _, err := client.ExchangeWithConnContext(ctx, query, &dns.Conn{Conn: connection, UDPSize: udpSize})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case !answers(answer, query):
		return nil, errors.New("the answer does not belong to the question")
	}
	return answer, nil
}

// answers says whether answer repeats the question of query; the client
// library has compared their ids.
func answers(answer, query *dns.Msg) bool {
	return answer.Response && answer.Id == query.Id && len(answer.Question) == 1 &&
		answer.Question[0].Qtype == query.Question[0].Qtype &&
		dns.CanonicalName(answer.Question[0].Name) == dns.CanonicalName(query.Question[0].Name)
}

// addressesIn returns the addresses of the name asked for, or of what it is an
// alias of. Records of other names count for nothing.
func addressesIn(answer *dns.Msg) ([]netip.Addr, error) {
	name, _ := followAliases(answer)
	if answer.Rcode == dns.RcodeNameError {
		return nil, reasonErrorf(checks.ReasonNameNotFound, "%s does not exist", answer.Question[0].Name)
	}
	var owned []netip.Addr
	for _, record := range answer.Answer {
		if dns.CanonicalName(record.Header().Name) != name {
			continue
		}
		switch record := record.(type) {
		case *dns.A:
			if address, ok := netip.AddrFromSlice(record.A); ok {
				owned = append(owned, address)
			}
		case *dns.AAAA:
			if address, ok := netip.AddrFromSlice(record.AAAA); ok {
				owned = append(owned, address)
			}
		}
	}
	return owned, nil
}
