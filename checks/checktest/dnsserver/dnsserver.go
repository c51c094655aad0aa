// Package dnsserver is a DNS server for tests, on loopback, over UDP and TCP.
// Its answers may change from query to query. It is no resolver: it must never
// forward a query, and nothing but tests may import it.
package dnsserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Answer is what the server says to one query. The zero Answer is NOERROR
// without records: the name exists and has no address.
type Answer struct {
	// Addresses are answered by family: 4-byte addresses to A queries, 16-byte
	// addresses (also IPv4-mapped ones) to AAAA queries.
	Addresses []netip.Addr
	// CNAME, when set, is the canonical name of the name asked for; Addresses
	// then belong to it, as a recursive resolver answers.
	CNAME string
	// Records are further records of the name asked for, or of its canonical name,
	// each as type and data in the form of zone files: 'CAA 0 issue "ca.example"'.
	// Those of the type asked for are answered. A CNAME among them is followed by
	// nobody.
	Records []string
	// Authenticated sets the AD bit, where the query asks for it (RFC 6840
	// section 5.7).
	Authenticated bool
	// RCode is the response code (RFC 1035 section 4.1.1); 0 is NOERROR.
	RCode int
	// Truncate answers UDP with the TC bit and no records, so that a client has
	// to ask again over TCP.
	Truncate bool
	// Drop leaves the query unanswered.
	Drop bool
}

// Records answers one query. name is in lower case without the trailing dot,
// qtype is dns.TypeA, dns.TypeAAAA and so on. It may be called concurrently,
// and must not block.
type Records func(name string, qtype uint16) Answer

// Addresses returns an answer with the given addresses. It panics on one that
// is no address.
func Addresses(addresses ...string) Answer {
	var answer Answer
	for _, address := range addresses {
		answer.Addresses = append(answer.Addresses, netip.MustParseAddr(address))
	}
	return answer
}

// NXDOMAIN answers that the name does not exist.
func NXDOMAIN() Answer { return Answer{RCode: dns.RcodeNameError} }

// SERVFAIL answers that the server failed.
func SERVFAIL() Answer { return Answer{RCode: dns.RcodeServerFailure} }

// Drop answers nothing at all.
func Drop() Answer { return Answer{Drop: true} }

// Map answers from names to addresses, and NXDOMAIN for every other name. A
// name with no addresses is one that exists without any.
func Map(names map[string][]string) Records {
	answers := make(map[string]Answer, len(names))
	for name, addresses := range names {
		answers[canonical(name)] = Addresses(addresses...)
	}
	return func(name string, _ uint16) Answer {
		if answer, ok := answers[name]; ok {
			return answer
		}
		return NXDOMAIN()
	}
}

// Sequence answers every name with the first answer to its first query of a
// type, the second to its second, and so on; the last answer stays. It is how a
// name is rebound between two look-ups.
func Sequence(first Answer, more ...Answer) Records {
	type key struct {
		name  string
		qtype uint16
	}
	var mu sync.Mutex
	asked := make(map[key]int)
	answers := append([]Answer{first}, more...)
	return func(name string, qtype uint16) Answer {
		mu.Lock()
		defer mu.Unlock()
		n := asked[key{name, qtype}]
		asked[key{name, qtype}]++
		return answers[min(n, len(answers)-1)]
	}
}

// Server is a running server.
type Server struct {
	address string
	records Records

	mu      sync.Mutex
	queries map[string]int // guarded by mu
}

// Start serves records on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB, records Records) *Server {
	t.Helper()
	packets, listener, err := listen()
	if err != nil {
		t.Fatalf("start the DNS server: %v", err)
	}
	server := &Server{
		address: listener.Addr().String(),
		records: records,
		queries: make(map[string]int),
	}
	server.run(t, &dns.Server{PacketConn: packets, Handler: server, ReadTimeout: time.Second})
	server.run(t, &dns.Server{Listener: listener, Handler: server, ReadTimeout: time.Second})
	return server
}

// Address returns the server's host:port, the same over UDP and TCP.
func (s *Server) Address() string { return s.address }

// Queries returns how often the name was asked for, any type, dropped queries
// and both transports included.
func (s *Server) Queries(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries[canonical(name)]
}

// ServeDNS implements dns.Handler.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	if len(query.Question) != 1 {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(query, dns.RcodeFormatError))
		return
	}
	question := query.Question[0]
	name := canonical(question.Name)
	s.mu.Lock()
	s.queries[name]++
	s.mu.Unlock()
	answer := s.records(name, question.Qtype)
	if answer.Drop {
		return
	}
	_ = w.WriteMsg(reply(query, answer, w.RemoteAddr().Network() == "udp"))
}

// reply builds the message that says answer.
func reply(query *dns.Msg, answer Answer, udp bool) *dns.Msg {
	message := new(dns.Msg).SetRcode(query, answer.RCode)
	message.RecursionAvailable = true
	if answer.Truncate && udp {
		message.Truncated = true
		return message
	}
	question := query.Question[0]
	owner := question.Name
	if answer.CNAME != "" {
		target := dns.Fqdn(answer.CNAME)
		message.Answer = append(message.Answer, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME), Target: target})
		owner = target
	}
	for _, address := range answer.Addresses {
		switch {
		case question.Qtype == dns.TypeA && address.Is4():
			message.Answer = append(message.Answer, &dns.A{Hdr: header(owner, dns.TypeA), A: address.AsSlice()})
		case question.Qtype == dns.TypeAAAA && address.Is6():
			message.Answer = append(message.Answer, &dns.AAAA{Hdr: header(owner, dns.TypeAAAA), AAAA: address.AsSlice()})
		}
	}
	message.Answer = append(message.Answer, recordsOf(answer.Records, owner, question.Qtype)...)
	options := query.IsEdns0()
	if options != nil {
		message.SetEdns0(4096, options.Do())
	}
	message.AuthenticatedData = answer.Authenticated && (query.AuthenticatedData || options != nil && options.Do())
	if udp {
		size := dns.MinMsgSize
		if options != nil {
			size = int(options.UDPSize())
		}
		message.Truncate(size)
	}
	return message
}

// recordsOf reads those records that have the type. It panics on text that is
// no record: it is the test's own.
func recordsOf(texts []string, owner string, rrtype uint16) []dns.RR {
	var records []dns.RR
	for _, text := range texts {
		record, err := dns.NewRR(owner + " 300 IN " + text)
		if err != nil {
			panic(fmt.Sprintf("read the record %q: %v", text, err))
		}
		if record.Header().Rrtype == rrtype {
			records = append(records, record)
		}
	}
	return records
}

func header(owner string, rrtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET}
}

// run serves until the test ends, and waits for the server's goroutines.
func (s *Server) run(t testing.TB, server *dns.Server) {
	t.Helper()
	started, done := make(chan struct{}), make(chan error, 1)
	server.NotifyStartedFunc = func() { close(started) }
	go func() { done <- server.ActivateAndServe() }()
	select {
	case <-started:
	case err := <-done:
		t.Fatalf("start the DNS server: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Errorf("stop the DNS server: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve DNS: %v", err)
		}
	})
}

// listen takes one free port for both transports.
func listen() (net.PacketConn, net.Listener, error) {
	var failures []error
	for range 20 {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, nil, fmt.Errorf("listen for DNS over TCP: %w", err)
		}
		packets, err := net.ListenPacket("udp4", listener.Addr().String())
		if err == nil {
			return packets, listener, nil
		}
		failures = append(failures, err, listener.Close())
	}
	return nil, nil, fmt.Errorf("listen for DNS over UDP: %w", errors.Join(failures...))
}

// canonical is the form of a name that Records sees.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
