package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/gradewatch/gradewatch/checks"
)

// Bounds of Lookup in one look.
const (
	lookupLimit     = 64       // questions
	recordLimit     = 200      // records of one answer
	recordSetBytes  = 64 << 10 // and of their data
	serversAtMost   = 3        // of resolv.conf, as in the C library
	resolvConfBytes = 64 << 10
)

// recordQuestion is what a look has asked of DNS.
type recordQuestion struct {
	name   string
	rrtype uint16
}

// Lookup implements checks.Network. The answer holds for the life of this
// Network. A name may have underscores; an address literal is no name. The
// root is ".". What the answer says of DNSSEC counts where the resolver may be
// believed (see believable); elsewhere Authenticated is never set.
func (n *Network) Lookup(ctx context.Context, name string, rrtype uint16) checks.Fact[checks.RecordSet] {
	question := recordQuestion{name: strings.ToLower(dns.Fqdn(name)), rrtype: rrtype}
	if name == "" || !isRecordName(question.name) {
		n.Logf("look up %q: no record can be called this", name)
		return checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound)
	}
	fact := n.recordSet.ask(ctx, question, func() checks.Fact[checks.RecordSet] { return n.lookupRecords(ctx, question) })
	if fact.Reason == checks.ReasonBudget {
		n.Logf("look up %s: more than %d questions in one look", question, lookupLimit)
	}
	fact.Value.Aliases, fact.Value.Data = slices.Clone(fact.Value.Aliases), slices.Clone(fact.Value.Data)
	return fact
}

// String names the question as people write it.
func (q recordQuestion) String() string { return dns.Type(q.rrtype).String() + " of " + q.name }

// isRecordName says whether name, in lower case with its trailing dot, can be
// asked for.
func isRecordName(name string) bool { return name == "." || isName(strings.TrimSuffix(name, ".")) }

// lookupRecords asks the resolvers in turn until one answers.
func (n *Network) lookupRecords(ctx context.Context, question recordQuestion) checks.Fact[checks.RecordSet] {
	servers, err := n.prober.recordServers()
	for _, server := range servers {
		var set checks.RecordSet
		set, err = server.lookup(ctx, question, min(attemptTimeout, n.limits.ReadTimeout))
		if err == nil {
			n.Logf("look up %s: %d records, authenticated %t, aliases %q", question, len(set.Data), set.Authenticated, set.Aliases)
			return checks.KnownFact(set)
		}
		if reason := ReasonOf(err); reason == checks.ReasonNameNotFound || reason == checks.ReasonNoRecord {
			n.Logf("look up %s: %s", question, reason)
			return checks.AbsentFact[checks.RecordSet](reason)
		}
		if ctx.Err() != nil {
			break
		}
	}
	n.Logf("look up %s: %v", question, err)
	switch reason := ReasonOf(err); {
	case ctx.Err() != nil:
		return checks.InconclusiveFact[checks.RecordSet](ReasonOf(ctx.Err()))
	case reason == checks.ReasonTooLarge, reason == checks.ReasonMalformed:
		return checks.InconclusiveFact[checks.RecordSet](reason)
	}
	return checks.InconclusiveFact[checks.RecordSet](checks.ReasonResolverFailed)
}

// recordServer is one resolver that is asked for records.
type recordServer struct {
	dnsResolver
	believable bool
}

// recordServers returns the resolver that the operator named, else those of the
// system's resolv.conf, which is read anew: a laptop changes networks. Unlike
// the resolver of addresses, nothing here knows the hosts file or search
// domains; no record that is asked for stands there.
func (p *Prober) recordServers() ([]recordServer, error) {
	if p.config.Resolver != "" {
		address, err := ParseResolver(p.config.Resolver)
		if err != nil {
			return nil, withReason(err)
		}
		return []recordServer{{dnsResolver{address: address}, true}}, nil
	}
	text, err := readBounded(p.resolvConf)
	if err != nil {
		return nil, withReason(fmt.Errorf("read the system's resolvers: %w", err))
	}
	config, err := dns.ClientConfigFromReader(strings.NewReader(text))
	if err != nil {
		return nil, withReason(fmt.Errorf("read the system's resolvers: %w", err))
	}
	if len(config.Servers) == 0 {
		return nil, withReason(errors.New("the system names no resolver"))
	}
	var servers []recordServer
	for _, server := range config.Servers[:min(len(config.Servers), serversAtMost)] {
		address := net.JoinHostPort(server, p.resolverPort)
		servers = append(servers, recordServer{dnsResolver{address: address}, believable(server, text)})
	}
	return servers, nil
}

func readBounded(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the program's own constant, or a test's
	if err != nil {
		return "", err
	}
	defer file.Close()
	text := make([]byte, resolvConfBytes)
	length, err := file.Read(text)
	if length == 0 && err != nil {
		return "", err
	}
	return string(text[:length]), nil
}

// dockerResolver passes the answers of the host's resolver on, wherever that
// is, so that its own address says nothing of the way they came.
var dockerResolver = netip.AddrFrom4([4]byte{127, 0, 0, 11})

// believable says whether a resolver of the system may be believed that DNSSEC
// vouches for an answer (AD). The bit is worth what the way to the resolver is
// (RFC 6840 section 5.7): it is believed from this machine, and where the
// machine's administrator says 'options trust-ad' (resolv.conf(5)). A resolver
// that the operator configured for this program is believed too.
func believable(server, resolvConf string) bool {
	for line := range strings.SplitSeq(resolvConf, "\n") {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "options" && slices.Contains(fields[1:], "trust-ad") {
			return true
		}
	}
	address, err := netip.ParseAddr(server)
	return err == nil && address.Unmap().IsLoopback() && address.Unmap() != dockerResolver
}

// lookup asks for the records of question, again after a failure, then without
// EDNS. DO and AD both ask for the AD bit (RFC 6840 section 5.7).
func (s recordServer) lookup(ctx context.Context, question recordQuestion, timeout time.Duration) (checks.RecordSet, error) {
	var failure error
	for attempt := range resolverAttempts {
		query := new(dns.Msg).SetQuestion(question.name, question.rrtype)
		query.AuthenticatedData = true
		if attempt == 0 {
			query.SetEdns0(udpSize, true)
		}
		reply, err := s.exchange(ctx, query, timeout)
		if err == nil {
			return s.recordsIn(reply)
		}
		failure = fmt.Errorf("ask %s for %s: %w", s.address, question, err)
		if ctx.Err() != nil {
			return checks.RecordSet{}, withReason(failure)
		}
	}
	return checks.RecordSet{}, &reasonError{reason: checks.ReasonResolverFailed, err: failure}
}

// recordsIn returns the records of the name asked for, or of what it is an
// alias of. Records of other names and types count for nothing.
func (s recordServer) recordsIn(reply *dns.Msg) (checks.RecordSet, error) {
	question := reply.Question[0]
	set := checks.RecordSet{Authenticated: reply.AuthenticatedData && s.believable}
	name := ""
	name, set.Aliases = followAliases(reply)
	total := 0
	for _, record := range reply.Answer {
		header := record.Header()
		if header.Rrtype != question.Qtype || header.Class != question.Qclass || dns.CanonicalName(header.Name) != name {
			continue
		}
		data, err := rdata(record)
		if err != nil {
			return checks.RecordSet{}, reasonErrorf(checks.ReasonMalformed, "%s of %s: %w", dns.Type(header.Rrtype), name, err)
		}
		set.Data = append(set.Data, data)
		if total += len(data); total > recordSetBytes || len(set.Data) > recordLimit {
			return checks.RecordSet{}, reasonErrorf(checks.ReasonTooLarge, "too many records of %s", name)
		}
	}
	switch {
	case len(set.Data) > 0:
		return set, nil
	case reply.Rcode == dns.RcodeNameError:
		return checks.RecordSet{}, reasonErrorf(checks.ReasonNameNotFound, "%s does not exist", name)
	}
	return checks.RecordSet{}, reasonErrorf(checks.ReasonNoRecord, "%s has no such record", name)
}

// followAliases follows the CNAME records of an answer from the name asked for.
// Whoever asks for CNAME records wants to see them, and no further.
func followAliases(reply *dns.Msg) (name string, way []string) {
	name = dns.CanonicalName(reply.Question[0].Name)
	if reply.Question[0].Qtype == dns.TypeCNAME {
		return name, nil
	}
	aliases := make(map[string]string)
	for _, record := range reply.Answer {
		if alias, ok := record.(*dns.CNAME); ok {
			aliases[dns.CanonicalName(alias.Hdr.Name)] = dns.CanonicalName(alias.Target)
		}
	}
	for range aliasLimit {
		target, alias := aliases[name]
		if !alias {
			break
		}
		name = target
		way = append(way, strings.TrimSuffix(target, "."))
	}
	return name, way
}

// rdata returns a record's data in wire form, without compressed names.
func rdata(record dns.RR) ([]byte, error) {
	if caa, ok := record.(*dns.CAA); ok && len(caa.Tag) <= 255 {
		// The library reads a value as it is, and would write its backslashes as escapes.
		return slices.Concat([]byte{caa.Flag, byte(len(caa.Tag))}, []byte(caa.Tag), []byte(caa.Value)), nil //nolint:gosec // at most 255
	}
	const rootHeader = 1 + 10 // owner ".", then type, class, TTL and length (RFC 1035 section 3.2.1)
	plain := dns.Copy(record)
	plain.Header().Name = "."
	wire := make([]byte, dns.Len(plain)+rootHeader)
	end, err := dns.PackRR(plain, wire, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	if end < rootHeader {
		return nil, errors.New("a record without data")
	}
	return wire[rootHeader:end:end], nil
}
