package oracle

import (
	"crypto"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// combination is one suite in one version: what a trial is made with.
type combination struct {
	protocol checks.Protocol
	version  uint16
	suite    session.Suite
	name     string // "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA"
}

// plan is the combinations that are worth asking, the most telling first.
type plan struct {
	combinations []combination
	reasons      []checks.Reason // why there may be more than is known
	noTLS        bool            // no version of TLS at all
}

// maxCombinations bounds what the CBC probes ask: 10 combinations of 12
// connections for a server without fault.
const maxCombinations = 10

func versionOf(protocol checks.Protocol) uint16 {
	return map[checks.Protocol]uint16{
		checks.SSLv3: wire.SSL30, checks.TLSv10: wire.TLS10,
		checks.TLSv11: wire.TLS11, checks.TLSv12: wire.TLS12,
	}[protocol]
}

// blockVersions are those with padding that can be checked, newest first.
func blockVersions() []checks.Protocol {
	return []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10}
}

// suites returns what a version takes, or why nobody knows.
func (k Known) suites(protocol checks.Protocol) ([]checks.Suite, checks.Reason) {
	accepted, asked := k.Accepted[protocol]
	switch {
	case asked && accepted.State == checks.Known:
		return accepted.Value, ""
	case asked && accepted.State == checks.Inconclusive:
		return accepted.Value, accepted.Reason
	case asked && accepted.State == checks.Absent:
		return nil, ""
	}
	switch fact := k.TLS.Protocols[protocol]; fact.State {
	case checks.Absent:
		return nil, ""
	case checks.Inconclusive:
		return nil, fact.Reason
	default:
		return nil, checks.ReasonInternal // its suites were not enumerated
	}
}

// choose returns what of each version wanted picks, version by version. Suites
// that are wanted and that no session can be made with leave the plan unsure.
func (k Known) choose(versions []checks.Protocol, wanted func(checks.Suite) bool) ([][]combination, plan) {
	var chosen [][]combination
	var plan plan
	for _, protocol := range versions {
		suites, reason := k.suites(protocol)
		if reason != "" {
			plan.reasons = append(plan.reasons, reason)
		}
		var found []combination
		for _, accepted := range suites {
			id, err := known.Value(accepted.ID)
			if err != nil || !wanted(accepted) {
				continue
			}
			if suite, ok := session.SuiteOf(id); ok {
				found = append(found, combination{protocol, versionOf(protocol), suite, protocol.Title() + " " + accepted.Name})
			} else {
				found = append(found, combination{protocol: protocol, version: versionOf(protocol), name: accepted.Name})
			}
		}
		if runnable := slices.DeleteFunc(slices.Clone(found), func(c combination) bool { return c.suite.ID == 0 }); len(runnable) > 0 {
			chosen = append(chosen, runnable)
		} else if len(found) > 0 {
			plan.reasons = append(plan.reasons, checks.ReasonInternal)
		}
	}
	return chosen, plan
}

// unsure is a finding for what the plan could not plan.
func (p plan) unsure() []checks.Finding {
	var findings []checks.Finding
	for _, reason := range p.reasons {
		findings = append(findings, inconclusive(reason, valueFailed))
	}
	return findings
}

// newest says whether a combination is of the newest version in the plan.
func (p plan) newest(at int) bool { return p.combinations[at].version == p.combinations[0].version }

// robotPlan is one suite for each version, and SSL 3.0 only where it is alone:
// the code that unwraps the premaster secret is the same.
func (k Known) robotPlan() plan {
	wanted := func(suite checks.Suite) bool { return suite.KeyExchange == "RSA" }
	chosen, plan := k.choose(blockVersions(), wanted)
	if len(chosen) == 0 {
		old, more := k.choose([]checks.Protocol{checks.SSLv3}, wanted)
		chosen, plan.reasons = old, append(plan.reasons, more.reasons...)
	}
	for _, version := range chosen {
		slices.SortStableFunc(version, func(a, b combination) int { return robotRank(a) - robotRank(b) })
		plan.combinations = append(plan.combinations, version[0])
	}
	return plan
}

// robotRank is the order of the rating guide's section 10.8.
func robotRank(c combination) int {
	order := []uint16{0x009D, 0x009C, 0x003D, 0x0035, 0x003C, 0x002F}
	if at := slices.Index(order, c.suite.ID); at >= 0 {
		return at
	}
	return len(order)
}

func isCBC(suite checks.Suite) bool { return strings.Contains(suite.Name, "_CBC_") }

// cbcPlan is every distinct pair of cipher and MAC once in each version: what
// checks padding does not know how keys were exchanged. The newest version
// comes with all of its pairs, the older ones take turns, up to
// maxCombinations: in practice that leaves out the third pair of TLS 1.1 and
// 1.0, whose code is that of the first.
func (k Known) cbcPlan() plan {
	chosen, plan := k.choose(blockVersions(), isCBC)
	plan.noTLS = k.noTLS()
	for at := range chosen {
		chosen[at] = distinct(chosen[at])
	}
	if len(chosen) == 0 {
		return plan
	}
	plan.combinations = chosen[0]
	for turn := 0; turn < maxCombinations; turn++ {
		for _, older := range chosen[1:] {
			if turn < len(older) {
				plan.combinations = append(plan.combinations, older[turn])
			}
		}
	}
	plan.combinations = plan.combinations[:min(len(plan.combinations), maxCombinations)]
	return plan
}

// distinct keeps the first of each pair of cipher and MAC; of several, the one
// whose key exchange costs the server least.
func distinct(version []combination) []combination {
	slices.SortStableFunc(version, func(a, b combination) int { return exchangeRank(a) - exchangeRank(b) })
	type pair struct {
		cipher session.Cipher
		mac    crypto.Hash
	}
	seen := map[pair]bool{}
	var kept []combination
	for _, one := range version {
		key := pair{one.suite.Cipher, one.suite.MAC}
		if !seen[key] && !one.suite.Export {
			seen[key] = true
			kept = append(kept, one)
		}
	}
	return kept
}

func exchangeRank(c combination) int {
	return slices.Index([]session.KeyExchange{
		session.KeyExchangeECDHE, session.KeyExchangeRSA, session.KeyExchangeDHE,
		session.KeyExchangeECDHAnon, session.KeyExchangeDHAnon, session.KeyExchangeAny,
	}, c.suite.KeyExchange)
}

// luckyPlan is AES-CBC-SHA with both sizes of key, in the newest version that
// has it: the code with the bug is the cipher's.
func (k Known) luckyPlan() plan {
	chosen, plan := k.choose(blockVersions(), func(suite checks.Suite) bool {
		return strings.Contains(suite.Name, "_WITH_AES_") && strings.HasSuffix(suite.Name, "_CBC_SHA")
	})
	for _, size := range []session.Cipher{session.CipherAES128CBC, session.CipherAES256CBC} {
		for _, version := range chosen {
			at := slices.IndexFunc(version, func(c combination) bool { return c.suite.Cipher == size })
			if at >= 0 {
				plan.combinations = append(plan.combinations, version[at])
				break
			}
		}
	}
	return plan
}

// noTLS says whether every version of TLS is refused.
func (k Known) noTLS() bool {
	return !slices.ContainsFunc(append(blockVersions(), checks.TLSv13), func(protocol checks.Protocol) bool {
		return k.TLS.Protocols[protocol].State != checks.Absent
	})
}
