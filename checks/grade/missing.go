package grade

import (
	"cmp"
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// components are the groups of facts that can be missing.
type components uint16

const (
	protocolsMissing components = 1 << iota
	suitesMissing
	featuresMissing
	vulnerabilitiesMissing
	intrusiveMissing
	simulationsMissing
	hstsMissing
	pinsMissing
	chainMissing  // no chain was seen, or it could not be appraised
	chainsMissing // there may be others
	keyMissing
	componentsEnd
)

// missing names each group once, with the fact that stands for it.
func (f *facts) missing(of components) []checks.Proof {
	var list []checks.Proof
	for one := protocolsMissing; one < componentsEnd; one <<= 1 {
		if of&one != 0 {
			list = append(list, f.missingProof(one))
		}
	}
	return list
}

func (f *facts) missingProof(one components) checks.Proof {
	full := &f.observed.Full
	at := "addresses[" + f.address + "]."
	switch one {
	case protocolsMissing:
		return f.missingProtocols()
	case suitesMissing:
		return f.missingSuites()
	case featuresMissing:
		return lack(at+"features", stateOf(full.Features.Compression, full.Features.SecureRenegotiation, full.Features.FallbackSCSV), "TLS features, such as secure renegotiation and compression")
	case vulnerabilitiesMissing:
		return lack(at+"vulnerabilities", openFinding(full.Vulnerabilities), "known vulnerabilities")
	case intrusiveMissing:
		return lack(at+"vulnerabilities", openFinding(full.Intrusive), "vulnerabilities that only intrusive probes show, such as Heartbleed and ROBOT")
	case simulationsMissing:
		return lack(at+"simulations", f.openSimulation(), "what known clients negotiate")
	case hstsMissing:
		return lack("http["+f.address+"].hops", f.hsts.why, "the Strict-Transport-Security header (HSTS)")
	case pinsMissing:
		return lack("http["+f.address+"].hops", f.hsts.why, "the Public-Key-Pins header (HPKP)")
	case chainsMissing:
		return lack(at+"chains", why(full.Chains.Served.State, full.Chains.Served.Reason), "other certificates that this address may serve")
	case keyMissing:
		return lack(at+"certificates", "unparsable", "the size of the certificate's key")
	}
	return f.missingChain()
}

// lack is the proof that a group of facts is missing.
func lack(fact, value, what string) checks.Proof {
	if value == checks.NotAsked.String() || value == "" {
		return checks.Proof{Fact: fact, Value: checks.NotAsked.String(), Text: fmt.Sprintf("Not asked for: %s.", what)}
	}
	return checks.Proof{Fact: fact, Value: value, Text: fmt.Sprintf("We could not tell everything about %s.", what)}
}

// why is a state that decides nothing, as proofs write it.
func why(state checks.State, reason checks.Reason) string {
	if reason != "" {
		return string(reason)
	}
	return state.String()
}

func stateOf(one checks.Fact[string], others ...checks.Fact[bool]) string {
	if !one.Conclusive() {
		return why(one.State, one.Reason)
	}
	for _, fact := range others {
		if !fact.Conclusive() {
			return why(fact.State, fact.Reason)
		}
	}
	return checks.NotAsked.String()
}

func openFinding(findings checks.Vulnerabilities) string {
	for _, name := range checks.AllVulnerabilities() {
		if finding := findings[name]; finding.Result == checks.VulnerabilityInconclusive {
			return cmp.Or(string(finding.Reason), string(finding.Result))
		}
	}
	return checks.NotAsked.String()
}

func (f *facts) openSimulation() string {
	for _, c := range f.clients {
		if c.state == checks.Inconclusive {
			return why(c.state, c.Handshake.Reason)
		}
	}
	return checks.NotAsked.String()
}

func (f *facts) missingProtocols() checks.Proof {
	value, names := checks.NotAsked.String(), ""
	for _, v := range f.versions {
		if v.accepted != unknown {
			continue
		}
		if names != "" {
			names += ", "
		}
		names += v.protocol.Title()
		if fact := f.observed.TLS.Protocols[v.protocol]; fact.State == checks.Inconclusive {
			value = why(fact.State, fact.Reason)
		}
	}
	return lack("addresses["+f.address+"].protocols", value, "protocol versions ("+names+")")
}

func (f *facts) missingSuites() checks.Proof {
	value := checks.NotAsked.String()
	for _, v := range f.versions {
		if v.open == suitesMissing {
			if fact := f.observed.Full.Suites.Accepted[v.protocol]; fact.State == checks.Inconclusive {
				value = why(fact.State, fact.Reason)
			}
		}
	}
	return lack("addresses["+f.address+"].suites", value, "the cipher suites")
}

// missingChain says why the certificate's appraisal is not complete.
func (f *facts) missingChain() checks.Proof {
	path := "addresses[" + f.address + "].certificates"
	if len(f.chains) == 0 {
		return lack(path, why(checks.NotAsked, f.appraised.Reason), "the certificate")
	}
	for _, c := range f.chains {
		for _, question := range questions() {
			if finding := c.Findings[question]; finding.Answer == checks.FaultInconclusive {
				return lack(path, cmp.Or(string(finding.Reason), string(finding.Answer)), fmt.Sprintf("the certificate (%s)", question))
			}
		}
	}
	for _, c := range f.chains {
		for _, question := range questions() {
			if c.Findings[question].Answer == checks.FaultNotAsked {
				return lack(path, checks.NotAsked.String(), fmt.Sprintf("the certificate (%s)", question))
			}
		}
	}
	return lack(path, checks.NotAsked.String(), "all about the certificate")
}
