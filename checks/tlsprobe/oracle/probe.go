package oracle

import (
	"context"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// Connections is the most that Probe opens: of the 300 that all intrusive
// probes of one address share.
const Connections = 200

// Known is what was found out about the address before.
type Known struct {
	TLS checks.TLS
	// Accepted: checks.Suites.Accepted, the suites that each version takes.
	Accepted map[checks.Protocol]checks.Fact[[]checks.Suite]
}

// Probe asks one address for ROBOT, CVE-2016-2107 and the CBC padding oracles
// (rating guide, sections 10.8, 10.10 and 10.11), over at most Connections and
// what peer has left. It returns a finding for each of the seven, whatever
// happens: what cannot be told is inconclusive. It waits for every connection
// that it opened. The peer's server must be one that the caller may attack.
func Probe(ctx context.Context, peer *conversation.Peer, known Known) checks.Vulnerabilities {
	p := prober{peer: peer.WithBudget(min(Connections, peer.Left())), shared: peer, silence: leastSilence}
	return p.probe(ctx, known)
}

func (p prober) probe(ctx context.Context, known Known) checks.Vulnerabilities {
	robot, cbc, lucky := known.robotPlan(), known.cbcPlan(), known.luckyPlan()
	answers := p.probeCBC(ctx, cbc)
	answers[checks.OpenSSLPaddingOracle] = p.probeLucky(ctx, lucky)
	answers[checks.ROBOT] = p.probeROBOT(ctx, robot)
	for vulnerability, answer := range answers {
		p.peer.Logf("%s: %s %s", vulnerability, answer.Result, answer.Reason)
	}
	return answers
}

func (p prober) probeROBOT(ctx context.Context, plan plan) checks.Finding {
	var findings []checks.Finding
	for at, combination := range plan.combinations {
		findings = append(findings, p.robot(ctx, combination, at > 0).judge())
		if findings[at].Result == checks.Vulnerable {
			break
		}
	}
	return merge(append(findings, plan.unsure()...))
}

func (p prober) probeLucky(ctx context.Context, plan plan) checks.Finding {
	var findings []checks.Finding
	for _, combination := range plan.combinations {
		findings = append(findings, p.lucky(ctx, combination).judge())
	}
	return merge(append(findings, plan.unsure()...))
}

const (
	// enoughDifferences is after how many combinations whose reactions differ no
	// more are asked: the answer is there.
	enoughDifferences = 2
	// enoughControls is after how many combinations with a control that fails no
	// more are asked: whatever this is, it is no HTTP server.
	enoughControls = 2
)

func (p prober) probeCBC(ctx context.Context, plan plan) checks.Vulnerabilities {
	var trials []cbcTrial
	differences, failures := 0, 0
	for at, combination := range plan.combinations {
		trial := p.cbc(ctx, combination, plan.newest(at))
		trials = append(trials, trial)
		if said, _ := compare(trial.malformed()); said == different {
			differences++
		}
		if len(trial.rounds) == 0 || trial.control() != "" {
			failures++
		}
		if differences >= enoughDifferences || failures >= enoughControls {
			break
		}
	}
	answers := judgeCBC(trials)
	for vulnerability, answer := range answers {
		answers[vulnerability] = merge(append(append([]checks.Finding{}, plan.unsure()...), answer))
	}
	if plan.noTLS {
		no := poodleNoTLS
		answers[checks.POODLETLS] = checks.Finding{Result: checks.VulnerabilityInapplicable, SSLLabsValue: &no}
	}
	return answers
}
