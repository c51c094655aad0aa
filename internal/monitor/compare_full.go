package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// full compares what only full looks know of an address. A look that did not
// ask has no conclusive fact here, and so no change.
func (c *comparison) full(address netip.Addr, before, after checks.FullTLS) {
	subject := fmt.Sprintf("addresses[%s]", address)
	c.suites(subject, address, before.Suites, after.Suites)
	c.groups(subject, address, before.Suites, after.Suites)
	c.servedChains(subject, address, before.Chains, after.Chains)
	c.features(subject, address, before.Features, after.Features)
	c.findings(subject, address, before.Vulnerabilities, after.Vulnerabilities)
	c.findings(subject, address, before.Intrusive, after.Intrusive)
	c.clients(subject, address, before.Simulations, after.Simulations)
}

// suites compares which suites a protocol version takes, and whose order
// decides. A version that appeared or went is said by itself.
func (c *comparison) suites(subject string, address netip.Addr, before, after checks.Suites) {
	for _, protocol := range checks.Protocols() {
		was, is := before.Accepted[protocol], after.Accepted[protocol]
		path := fmt.Sprintf("%s.suites.%s", subject, protocol)
		if was.State == checks.Known && is.State == checks.Known {
			c.suiteList(path, address, protocol, was.Value, is.Value, before.Preference[protocol], after.Preference[protocol])
		}
		wasWhose, isWhose := before.Preference[protocol], after.Preference[protocol]
		if wasWhose.State == checks.Known && isWhose.State == checks.Known && wasWhose.Value != isWhose.Value {
			c.drift(checks.CauseConfiguration, fmt.Sprintf("%s.preference.%s", subject, protocol), string(wasWhose.Value), string(isWhose.Value),
				fmt.Sprintf("In %s %s now decides by %s order of suites, before by %s.", protocol.Title(), address, whose(isWhose.Value), whose(wasWhose.Value)))
		}
	}
	c.truth(subject+".prefers_chacha20", before.PrefersChaCha20, after.PrefersChaCha20,
		fmt.Sprintf("%s now takes ChaCha20 from clients that put it first.", address),
		fmt.Sprintf("%s no longer takes ChaCha20 from clients that put it first.", address))
}

func whose(preference checks.Preference) string {
	if preference == checks.ServerPreference {
		return "its own"
	}
	return "the client's"
}

func (c *comparison) suiteList(path string, address netip.Addr, protocol checks.Protocol, was, is []checks.Suite, wasWhose, isWhose checks.Fact[checks.Preference]) {
	before, after := suiteNames(was), suiteNames(is)
	added, removed := without(setOf(after), setOf(before)), without(setOf(before), setOf(after))
	if len(added)+len(removed) > 0 {
		var parts []string
		if len(added) > 0 {
			parts = append(parts, "now also accepts "+join(added))
		}
		if len(removed) > 0 {
			parts = append(parts, "no longer accepts "+join(removed))
		}
		c.drift(checks.CauseConfiguration, path, join(before), join(after),
			fmt.Sprintf("In %s %s %s.", protocol.Title(), address, strings.Join(parts, " and ")))
		return
	}
	server := checks.KnownFact(checks.ServerPreference)
	if wasWhose == server && isWhose == server && !slices.Equal(before, after) {
		c.drift(checks.CauseConfiguration, path, join(before), join(after),
			fmt.Sprintf("In %s %s now prefers %s, and has another order of the same suites.", protocol.Title(), address, after[0]))
	}
}

func suiteNames(suites []checks.Suite) []string {
	names := make([]string, 0, len(suites))
	for _, suite := range suites {
		names = append(names, cmp.Or(suite.Name, suite.ID))
	}
	return names
}

// groups compares named groups. Without post-quantum groups, what is recorded
// today can be read once quantum computers are there: losing them is worse.
func (c *comparison) groups(subject string, address netip.Addr, before, after checks.Suites) {
	c.groupList(subject+".groups", address, "TLS 1.3", before.Groups, after.Groups)
	c.groupList(subject+".legacy_groups", address, "versions up to TLS 1.2", before.LegacyGroups, after.LegacyGroups)
	if before.Groups.State != checks.Known || after.Groups.State != checks.Known {
		return
	}
	was, is := hybrids(before.Groups.Value), hybrids(after.Groups.Value)
	path := subject + ".post_quantum"
	switch {
	case len(was) > 0 && len(is) == 0:
		c.add(Regression, checks.CauseConfiguration, path, join(was), "",
			fmt.Sprintf("%s no longer takes any post-quantum group (before: %s).", address, join(was)))
	case len(was) == 0 && len(is) > 0:
		c.add(Recovery, checks.CauseConfiguration, path, "", join(is),
			fmt.Sprintf("%s now takes post-quantum groups: %s.", address, join(is)))
	}
}

func (c *comparison) groupList(path string, address netip.Addr, where string, was, is checks.Fact[[]checks.Group]) {
	if was.State != checks.Known || is.State != checks.Known {
		return
	}
	before, after := groupNames(was.Value), groupNames(is.Value)
	var parts []string
	if added := without(setOf(after), setOf(before)); len(added) > 0 {
		parts = append(parts, "now also takes "+join(added))
	}
	if removed := without(setOf(before), setOf(after)); len(removed) > 0 {
		parts = append(parts, "no longer takes "+join(removed))
	}
	if len(parts) > 0 {
		c.drift(checks.CauseConfiguration, path, join(before), join(after),
			fmt.Sprintf("In %s %s %s.", where, address, strings.Join(parts, " and ")))
	}
}

func groupNames(groups []checks.Group) []string {
	names := make([]string, 0, len(groups))
	for _, group := range groups {
		names = append(names, cmp.Or(group.Name, group.ID))
	}
	return names
}

func hybrids(groups []checks.Group) []string {
	return groupNames(slices.DeleteFunc(slices.Clone(groups), func(g checks.Group) bool { return !g.PostQuantum }))
}

// servedChains compares the chains beside the one that every look asks for.
func (c *comparison) servedChains(subject string, address netip.Addr, before, after checks.Chains) {
	c.truth(subject+".sni_required", before.SNIRequired, after.SNIRequired,
		fmt.Sprintf("%s now requires SNI.", address), fmt.Sprintf("%s no longer requires SNI.", address))
	if before.Served.State != checks.Known || after.Served.State != checks.Known {
		return
	}
	was, is := chainsByKey(before.Served.Value), chainsByKey(after.Served.Value)
	keys := setOf(slices.Collect(maps.Keys(was)))
	maps.Copy(keys, setOf(slices.Collect(maps.Keys(is))))
	for _, key := range without(keys, nil) {
		path := fmt.Sprintf("%s.chains[%s]", subject, key)
		switch {
		case was[key] == is[key]:
		case was[key] == "":
			c.drift(checks.CauseCertificate, path, "", is[key], fmt.Sprintf("%s now also serves a certificate of type %s.", address, key))
		case is[key] == "":
			c.drift(checks.CauseCertificate, path, was[key], "", fmt.Sprintf("%s no longer serves a certificate of type %s.", address, key))
		default:
			c.drift(checks.CauseCertificate, path, was[key], is[key], fmt.Sprintf("%s serves another chain of type %s.", address, key))
		}
	}
}

// chainsByKey says which chains are served, by the leaf's key and whether the
// client sent SNI.
func chainsByKey(served []checks.ServedChain) map[string]string {
	all := map[string][]string{}
	for _, chain := range served {
		key := chain.Key
		if !chain.SNI {
			key += " without SNI"
		}
		all[key] = append(all[key], join(chain.Certificates))
	}
	chains := make(map[string]string, len(all))
	for key, list := range all {
		slices.Sort(list)
		chains[key] = strings.Join(list, "; ")
	}
	return chains
}

// findings compares known vulnerabilities: one that appears is worse, one that
// is gone is better. What could not be told or was not asked is neither.
func (c *comparison) findings(subject string, address netip.Addr, before, after checks.Vulnerabilities) {
	for _, vulnerability := range checks.AllVulnerabilities() {
		was, is := before[vulnerability].Result, after[vulnerability].Result
		had, hadKnown := afflicted(was)
		has, hasKnown := afflicted(is)
		if !hadKnown || !hasKnown || had == has {
			continue
		}
		class, words := Regression, "is now "+resultWords(is)+" "+vulnerability.Title()
		if had {
			class, words = Recovery, "is no longer "+resultWords(was)+" "+vulnerability.Title()
		}
		c.add(class, checks.CauseConfiguration, fmt.Sprintf("%s.vulnerabilities.%s", subject, vulnerability), string(was), string(is),
			fmt.Sprintf("%s %s.", address, words))
	}
}

// afflicted says whether a result is bad news, and whether it is news at all.
func afflicted(result checks.VulnerabilityResult) (bad, conclusive bool) {
	switch result {
	case checks.Vulnerable, checks.Exposed:
		return true, true
	case checks.NotVulnerable, checks.NotExposed, checks.VulnerabilityInapplicable:
		return false, true
	default:
		return false, false
	}
}

func resultWords(result checks.VulnerabilityResult) string {
	if result == checks.Exposed {
		return "exposed to"
	}
	return "vulnerable to"
}

// clients compares which simulated clients get a handshake, and whether with
// forward secrecy. What else they get follows from the suites.
func (c *comparison) clients(subject string, address netip.Addr, before, after checks.Simulations) {
	was := map[string]checks.Fact[checks.SimulatedHandshake]{}
	for _, client := range before.Clients {
		was[client.Client] = client.Handshake
	}
	for _, client := range after.Clients {
		old, current := was[client.Client], client.Handshake
		if !old.Conclusive() || !current.Conclusive() {
			continue
		}
		path := fmt.Sprintf("%s.simulations[%s]", subject, client.Client)
		switch {
		case old.State == checks.Known && current.State == checks.Absent:
			c.add(Regression, checks.CauseConfiguration, path, old.Value.SuiteName, "",
				fmt.Sprintf("%s no longer gets a handshake with %s.", client.Client, address))
		case old.State == checks.Absent && current.State == checks.Known:
			c.add(Recovery, checks.CauseConfiguration, path, "", current.Value.SuiteName,
				fmt.Sprintf("%s now gets a handshake with %s: %s.", client.Client, address, current.Value.SuiteName))
		case old.Value.ForwardSecrecy && !current.Value.ForwardSecrecy && current.State == checks.Known:
			c.add(Regression, checks.CauseConfiguration, path, old.Value.SuiteName, current.Value.SuiteName,
				fmt.Sprintf("%s no longer gets forward secrecy with %s: %s.", client.Client, address, current.Value.SuiteName))
		case !old.Value.ForwardSecrecy && current.Value.ForwardSecrecy && old.State == checks.Known:
			c.add(Recovery, checks.CauseConfiguration, path, old.Value.SuiteName, current.Value.SuiteName,
				fmt.Sprintf("%s now gets forward secrecy with %s: %s.", client.Client, address, current.Value.SuiteName))
		}
	}
}

// truth compares a fact that is true or not.
func (c *comparison) truth(path string, before, after checks.Fact[bool], becameTrue, becameFalse string) {
	was, is := before.State == checks.Known && before.Value, after.State == checks.Known && after.Value
	if !before.Conclusive() || !after.Conclusive() || was == is {
		return
	}
	sentence := becameTrue
	if !is {
		sentence = becameFalse
	}
	c.drift(checks.CauseConfiguration, path, strconv.FormatBool(was), strconv.FormatBool(is), sentence)
}
