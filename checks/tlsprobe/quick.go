package tlsprobe

import (
	"context"
	"net/netip"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
)

const (
	// leftForHTTP is how many of an address's connections this package never uses.
	leftForHTTP = 4
	// quickAtOnce bounds the hellos of a quick look under way at the same time:
	// with 2, every one can be had alone within 8 connections from a server that
	// drops the others.
	quickAtOnce = 2
)

// Quick asks one address for each protocol version, by a connection and a
// hello of its own, and for the certificate chain. It uses up to
// ConnectionsPerAddress less 4 connections (8 by default; 6 to 8 are usual)
// and at most half of the look's deadline. It never fails: what it cannot tell
// is inconclusive. The certificates are those of the chain, sorted by their
// fingerprint, without duplicates.
func Quick(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort) (checks.TLS, []checks.Certificate) {
	limits := target.Limits.WithDefaults()
	ctx, cancel := context.WithTimeout(ctx, limits.Deadline/2)
	defer cancel()
	i := newInspection(target, 1, conversation.Config{
		Network: network, Address: address, ReadTimeout: limits.ReadTimeout, AtOnce: quickAtOnce, Economical: true,
		Connections: max(1, limits.ConnectionsPerAddress-leftForHTTP),
	})
	i.versionsAtOnce = quickAtOnce
	versions := allVersions(func(protocol checks.Protocol) [][]uint16 { return [][]uint16{offered(known.WireVersion(protocol))} })
	i.sample(ctx, versions)
	if sealed := versions[1]; sealed.accepted > 0 && !i.hasChain() {
		i.together(func() { i.fetchSealed(ctx, "the chain of TLS 1.3", firstBatch(sealed), nil, false) })
	}
	i.settleAll(ctx, versions)
	component := checks.TLS{Protocols: protocols(versions)}
	component.Chain = i.chain(component.Protocols)
	return component, i.allCertificates()
}

func (i *inspection) hasChain() bool {
	return len(i.sightings(func(sight sighting) bool { return len(sight.chain) > 0 })) > 0
}

// newestFirst is the order in which versions are asked for: what most servers
// accept comes first, and is the control for what follows.
func newestFirst() []checks.Protocol {
	return []checks.Protocol{checks.TLSv12, checks.TLSv13, checks.TLSv11, checks.TLSv10, checks.SSLv3, checks.SSLv2}
}
