package grade

import (
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// rc4Modern: a client, or the order of the server, ends up with RC4 in TLS 1.1
// or later.
func rc4Modern(f *facts) answer {
	if got := f.negotiated(isRC4); len(got.proof) > 0 {
		return got
	}
	var byOrder components
	for i := tls11; i <= tls12; i++ {
		v := &f.versions[i]
		preference := f.observed.Full.Suites.Preference[v.protocol]
		switch {
		case v.open != 0:
			byOrder |= v.open
		case v.kinds&isRC4 == 0, preference.State == checks.Known && preference.Value == checks.ClientPreference:
		case len(v.suites) == 1, preference.State == checks.Known && v.suites[0].kind&isRC4 != 0:
			return fires(v.suites[0].Name, checks.Proof{
				Fact: "addresses[" + f.address + "].preference." + string(v.protocol), Value: v.suites[0].Name,
				Text:  fmt.Sprintf("%s prefers %s with %s.", f.address, v.suites[0].Name, v.protocol.Title()),
				Cause: checks.CauseConfiguration,
			})
		case !preference.Conclusive():
			byOrder |= suitesMissing
		}
	}
	return f.undecidedClients(isRC4, byOrder)
}

// smallBlocks: a client ends up with DES, 3DES, RC2 or IDEA in TLS 1.1 or later.
func smallBlocks(f *facts) answer {
	if got := f.negotiated(isSmallBlock); len(got.proof) > 0 {
		return got
	}
	return f.undecidedClients(isSmallBlock, 0)
}

// negotiated is the proof that suites of a kind are negotiated in TLS 1.1 or
// later: by simulated clients, or in the look itself, whose hello offers better
// suites first.
func (f *facts) negotiated(of kind) answer {
	var clients []string
	var proof []checks.Proof
	for i := range f.clients {
		c := &f.clients[i]
		if c.state != checks.Known || c.version < tls11 || c.kind&of == 0 {
			continue
		}
		clients = append(clients, c.Client)
		proof = f.clientProof(proof, c)
	}
	if len(proof) > 0 {
		return fires("with "+listed(clients), proof...)
	}
	for i := tls11; i <= tls12; i++ {
		chosen := f.observed.TLS.Protocols[f.versions[i].protocol]
		seen, found := registered().byID[chosen.Value.Suite]
		if chosen.State == checks.Known && found && traitOf(&seen).kind&of != 0 {
			return fires(seen.Name, checks.Proof{
				Fact: "addresses[" + f.address + "].protocols." + string(f.versions[i].protocol), Value: seen.Name,
				Text:  fmt.Sprintf("%s chooses %s with %s from a list that begins with better ones.", f.address, seen.Name, f.versions[i].protocol.Title()),
				Cause: checks.CauseConfiguration,
			})
		}
	}
	return never()
}

// clientProof adds what a client gets, as far as proofs go.
func (f *facts) clientProof(proof []checks.Proof, c *client) []checks.Proof {
	if len(proof) >= mostNamed {
		return proof
	}
	got := &c.Handshake.Value
	return append(proof, checks.Proof{
		Fact: "addresses[" + f.address + "].simulations[" + c.Client + "]", Value: got.SuiteName,
		Text:  fmt.Sprintf("%s gets %s with %s.", c.Client, got.SuiteName, got.Protocol.Title()),
		Cause: checks.CauseConfiguration,
	})
}

// undecidedClients says whether a client could end up with a suite of a kind in
// TLS 1.1 or later though none was seen; more is missing beside.
func (f *facts) undecidedClients(of kind, more components) answer {
	truth, missing := f.takes(of, tls11, tls12)
	if truth == no {
		return never()
	}
	if f.allSimulated() {
		missing = 0
	} else {
		missing |= simulationsMissing
	}
	if missing |= more; missing != 0 {
		return cannotTell(missing)
	}
	return never()
}

// allSimulated says whether it is known what every client gets.
func (f *facts) allSimulated() bool {
	for i := range f.clients {
		if state := f.clients[i].state; state != checks.Known && state != checks.Absent {
			return false
		}
	}
	return len(f.clients) > 0
}

// noForwardSecrecy: a reference client that connects gets no forward secrecy.
// Those that fail the handshake do not count (section 9). Where no simulation
// tells, the suites do if they leave no choice.
func noForwardSecrecy(f *facts) answer {
	got, connected, open := f.withoutSecrecy()
	if got.truth == yes {
		return got
	}
	some, none, missing := f.forwardSecretSuites()
	switch {
	case missing == 0 && !some && none:
		return fires("no suite has it", checks.Proof{
			Fact: "addresses[" + f.address + "].suites", Value: "no forward secrecy",
			Text: fmt.Sprintf("%s accepts no suite with forward secrecy.", f.address), Cause: checks.CauseConfiguration,
		})
	case missing == 0 && !none, connected > 0 && open == 0:
		return never()
	case open > 0 || !f.hasReference():
		return cannotTell(simulationsMissing)
	case missing != 0 && !some:
		return cannotTell(missing)
	}
	return never()
}

// withoutSecrecy names the reference clients without forward secrecy, and says
// how many connect and of how many it is not known.
func (f *facts) withoutSecrecy() (got answer, connected, open int) {
	var clients []string
	var proof []checks.Proof
	for i := range f.clients {
		c := &f.clients[i]
		switch {
		case !c.Reference, c.state == checks.Absent:
		case c.state != checks.Known:
			open++
		case c.Handshake.Value.ForwardSecrecy:
			connected++
		default:
			clients = append(clients, c.Client)
			proof = f.clientProof(proof, c)
		}
	}
	if len(clients) > 0 {
		got = fires("not by "+listed(clients), proof...)
	}
	return got, connected, open
}

func (f *facts) hasReference() bool {
	return slices.ContainsFunc(f.clients, func(c client) bool { return c.Reference })
}

// forwardSecretSuites says whether some known suites have forward secrecy, some
// have none, and what is missing of the suites.
func (f *facts) forwardSecretSuites() (some, none bool, missing components) {
	for i := range f.versions {
		v := &f.versions[i]
		if i == tls13 {
			some = some || v.accepted == yes
			if v.accepted == unknown {
				missing |= v.open
			}
			continue
		}
		missing |= v.open
		for _, s := range v.suites {
			if s.kind&isForwardSecret != 0 {
				some = true
			} else {
				none = true
			}
		}
	}
	return some, none, missing
}
