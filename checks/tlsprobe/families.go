package tlsprobe

import (
	"context"
	"maps"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/feature"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/oracle"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/simulation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/vulnerability"
)

// intrusiveConnections bounds the probes that send what no honest client
// sends, on top of what a full look may use without them.
const intrusiveConnections = 300

// Each family below is guarded: a fault of ours in one leaves its facts not
// asked, and the others as they are.

func (i *inspection) features(ctx context.Context, server known.Server) (features checks.Features) {
	i.together(func() { features = feature.Probe(ctx, i.peer, server) })
	return features
}

func (i *inspection) simulations(ctx context.Context, look checks.FullLook) (simulations checks.Simulations) {
	i.together(func() {
		simulations = simulation.Simulate(ctx, i.peer, simulation.Known{
			TLS: look.TLS, Suites: look.Full.Suites, Chains: look.Full.Chains, Certificates: i.allCertificates(),
		})
	})
	return simulations
}

// vulnerabilities says which a server has by what it accepts, and asks for the
// one that needs no leave.
func (i *inspection) vulnerabilities(ctx context.Context, server known.Server, look checks.FullLook) checks.Vulnerabilities {
	found := checks.Vulnerabilities{}
	i.together(func() {
		configuration := vulnerability.Configuration(server, look.Full.Features, look.Full.Simulations)
		maps.Copy(found, vulnerability.Confirm(ctx, i.peer, server, configuration))
		found[checks.InsecureRenegotiation] = vulnerability.InsecureRenegotiation(ctx, i.peer, server)
	})
	return found
}

// intrusive asks for those that need leave, one family after the other: a
// server that the first one harms is not asked for the next.
func (i *inspection) intrusive(ctx context.Context, server known.Server, features checks.Features, passive checks.Vulnerabilities) checks.Vulnerabilities {
	found := checks.Vulnerabilities{}
	i.together(func() { maps.Copy(found, vulnerability.Intrusive(ctx, i.peer, server, features)) })
	if drown, detailed := found[checks.DROWN]; detailed && drown.Result == checks.Vulnerable && passive[checks.DROWN].Result != checks.Vulnerable {
		found[checks.DROWN] = passive[checks.DROWN] // it was not seen again
	}
	i.together(func() {
		maps.Copy(found, oracle.Probe(ctx, i.peer.WithBudget(oracle.Connections), oracle.Known{TLS: server.TLS, Accepted: server.Suites.Accepted}))
	})
	return found
}
