package tlsprobe

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
)

// samples is how many times a full look sends each version's first hello.
const samples = 3

// Full finds out everything about the TLS of one address. It never fails: what
// it cannot tell is inconclusive. It calls done for each of checks.FullStages
// as it ends; done may be nil. It uses up to ConnectionsPerAddress less 4
// connections, and with leave to intrude up to 300 of them for that.
func Full(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort, done func(stage string)) checks.FullLook {
	limits := target.Limits.WithDefaults()
	budget := limits.ConnectionsPerAddress - leftForHTTP
	if target.Intrusive {
		budget = max(budget-intrusiveConnections, budget/2)
	}
	if done == nil {
		done = func(string) {}
	}
	i := newInspection(target, samples, conversation.Config{
		Network: network, Address: address, ReadTimeout: limits.ReadTimeout, Connections: max(1, budget),
	})
	return i.run(ctx, target, done)
}

func (i *inspection) run(ctx context.Context, target checks.Target, done func(stage string)) checks.FullLook {
	var look checks.FullLook
	versions := allVersions(candidates)
	i.sample(ctx, versions)
	i.settleAll(ctx, versions)
	look.TLS.Protocols = protocols(versions)
	done(checks.StageTLS)

	before := i.isMixed()
	found := i.suites(ctx, versions)
	if !before && i.isMixed() { // only these hellos showed that servers behind this address differ
		i.sampleInTurns(ctx, versions, samples)
		look.TLS.Protocols = protocols(versions)
		found = i.suites(ctx, versions)
	}
	look.Full.Chains = i.chainsComponent(ctx, versions, &found)
	look.Full.Suites = found.component
	done(checks.StageSuites)

	server := known.Server{TLS: look.TLS, Suites: look.Full.Suites}
	look.Full.Features = i.features(ctx, server)
	done(checks.StageFeatures)
	look.Full.Simulations = i.simulations(ctx, look)
	done(checks.StageClients)
	look.Full.Vulnerabilities = i.vulnerabilities(ctx, server, look)
	if target.Intrusive {
		look.Full.Intrusive = i.intrusive(ctx, server, look.Full.Features, look.Full.Vulnerabilities)
	}
	done(checks.StageVulnerabilities)
	i.distrustLateRefusals(ctx, versions, &look)
	look.TLS.Chain = i.chain(look.TLS.Protocols)
	look.Certificates = i.allCertificates()
	look.Shares = i.shares(versions)
	return look
}

// protocols says what is known of each version.
func protocols(versions []*version) map[checks.Protocol]checks.Fact[checks.Accepted] {
	facts := map[checks.Protocol]checks.Fact[checks.Accepted]{}
	for _, one := range versions {
		switch {
		case one.accepted > 0:
			facts[one.protocol] = checks.KnownFact(one.proof())
		case one.refused:
			facts[one.protocol] = checks.AbsentFact[checks.Accepted]("")
		default:
			facts[one.protocol] = checks.InconclusiveFact[checks.Accepted](cmp.Or(one.reason, checks.ReasonBudget))
		}
	}
	return facts
}

// proof is what shows that a version is on.
func (v *version) proof() checks.Accepted {
	accepted := checks.Accepted{Mixed: v.acceptedSamples > 0 && v.refusedSamples > 0}
	if specs := v.first.SSLv2; specs != nil {
		if len(specs.Specs) == 0 {
			accepted.WithoutSuites = true
			return accepted
		}
		accepted.Suite = specValue(specs.Specs[0])
		return accepted
	}
	accepted.Suite = tlsparameters.SuiteID(v.first.Hello.Suite)
	return accepted
}

// shares says on how many samples each version was accepted that some refused.
func (i *inspection) shares(versions []*version) []checks.Share {
	var shares []checks.Share
	for _, one := range versions {
		if one.acceptedSamples > 0 && one.refusedSamples > 0 {
			shares = append(shares, checks.Share{
				Address: i.peer.Address().Addr(), What: string(one.protocol),
				Seen: one.acceptedSamples, Of: one.acceptedSamples + one.refusedSamples,
			})
		}
	}
	slices.SortFunc(shares, func(a, b checks.Share) int { return cmp.Compare(a.What, b.What) })
	return shares
}

// negotiated is the component Suites, and the values behind it.
type negotiated struct {
	component checks.Suites
	values    map[checks.Protocol][]uint16
}

// suites enumerates each version that is on, and the groups.
func (i *inspection) suites(ctx context.Context, versions []*version) negotiated {
	found := negotiated{values: map[checks.Protocol][]uint16{}}
	found.component.Accepted = map[checks.Protocol]checks.Fact[[]checks.Suite]{}
	found.component.Preference = map[checks.Protocol]checks.Fact[checks.Preference]{}
	orders := i.orders(ctx, versions)
	for _, one := range versions {
		accepted, preference := i.describe(one, orders[one.protocol])
		found.component.Accepted[one.protocol], found.component.Preference[one.protocol] = accepted, preference
		found.values[one.protocol] = orders[one.protocol].suites
	}
	i.groups(ctx, &found)
	i.parameters(ctx, &found.component)
	found.component.PrefersChaCha20 = i.chaCha20(ctx, &found.component, orders)
	return found
}

// enumerated is the suites of one version in order.
type enumerated struct {
	ordering
	broken bool
	reason checks.Reason
}

func (i *inspection) orders(ctx context.Context, versions []*version) map[checks.Protocol]enumerated {
	var mu sync.Mutex
	orders := map[checks.Protocol]enumerated{}
	var parts []func()
	for _, one := range versions {
		if one.accepted == 0 || one.protocol == checks.SSLv2 {
			continue
		}
		parts = append(parts, func() {
			list := i.enumerate(ctx, one)
			ordered := i.order(ctx, one.protocol, list)
			mu.Lock()
			defer mu.Unlock()
			orders[one.protocol] = enumerated{ordering: ordered, broken: list.broken, reason: list.reason}
		})
	}
	i.together(parts...)
	return orders
}

// describe gives the facts about one version's suites.
func (i *inspection) describe(one *version, list enumerated) (checks.Fact[[]checks.Suite], checks.Fact[checks.Preference]) {
	switch {
	case one.refused && one.accepted == 0:
		return checks.AbsentFact[[]checks.Suite](""), checks.AbsentFact[checks.Preference]("")
	case one.accepted == 0:
		reason := cmp.Or(one.reason, checks.ReasonBudget)
		return checks.InconclusiveFact[[]checks.Suite](reason), checks.InconclusiveFact[checks.Preference](reason)
	case one.protocol == checks.SSLv2:
		suites := specSuites(one)
		if len(suites) < 2 { // no choice
			return checks.KnownFact(suites), checks.AbsentFact[checks.Preference]("")
		}
		return checks.KnownFact(suites), checks.KnownFact(checks.ClientPreference)
	}
	described := []checks.Suite{}
	sights := i.sightings(func(sight sighting) bool { return sight.offer.protocol == one.protocol })
	for _, value := range list.suites {
		described = append(described, newSuite(value, sights))
	}
	fact := checks.KnownFact(described)
	for index, value := range list.suites {
		if described[index].Group == "" && one.protocol != checks.TLSv13 && namesGroup(value) { // that message never came whole
			fact.State, fact.Reason = checks.Inconclusive, checks.ReasonHandshakeFailed
		}
	}
	if list.broken { // what was found is there, and more may be
		fact.State, fact.Reason = checks.Inconclusive, list.reason
	}
	return fact, list.preference
}

// namesGroup says whether a server that takes a suite names its group or field.
func namesGroup(value uint16) bool {
	suite, _ := tlsparameters.SuiteByValue(value)
	return suite.ECDHE() || suite.DHE()
}

// specSuites are the cipher specs that SSL 2.0 offered back, among which the
// client chooses.
func specSuites(one *version) []checks.Suite {
	described := []checks.Suite{}
	for _, spec := range slices.Compact(slices.Sorted(slices.Values(one.first.SSLv2.Specs))) {
		described = append(described, cipherSpecSuite(spec))
	}
	return described
}

// groups finds the groups of TLS 1.3 and of the newest version below that is on.
func (i *inspection) groups(ctx context.Context, found *negotiated) {
	component := &found.component
	i.together(
		func() { component.LegacyGroups = i.legacyGroups(ctx, found) },
		func() { i.modernGroups(ctx, found) },
	)
}

func (i *inspection) legacyGroups(ctx context.Context, found *negotiated) checks.Fact[[]checks.Group] {
	for _, protocol := range []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10} {
		if suites := found.values[protocol]; len(suites) > 0 {
			return i.legacyGroupList(ctx, protocol, suites).groups
		}
	}
	return unless(found.component.Accepted[checks.TLSv12])
}

func (i *inspection) modernGroups(ctx context.Context, found *negotiated) {
	component := &found.component
	suites := found.values[checks.TLSv13]
	if len(suites) == 0 {
		component.Groups = unless(component.Accepted[checks.TLSv13])
		component.GroupPreference = checks.Fact[checks.Preference]{State: component.Groups.State, Reason: component.Groups.Reason}
		component.PostQuantum = checks.Fact[checks.PostQuantum]{State: component.Groups.State, Reason: component.Groups.Reason}
		return
	}
	list := i.modernGroupList(ctx, suites)
	component.Groups = list.groups
	i.together(
		func() { component.GroupPreference = i.groupPreference(ctx, suites, list) },
		func() { component.PostQuantum = i.postQuantum(ctx, suites, list) },
	)
}

// unless is Absent where a version is refused, else as inconclusive as it is.
func unless(accepted checks.Fact[[]checks.Suite]) checks.Fact[[]checks.Group] {
	if accepted.State == checks.Inconclusive {
		return checks.InconclusiveFact[[]checks.Group](accepted.Reason)
	}
	return checks.AbsentFact[[]checks.Group]("")
}

func (i *inspection) parameters(ctx context.Context, component *checks.Suites) {
	i.askLoneKeysAgain(ctx)
	i.askWithoutFields(ctx, component)
	seen := newParameters(i.sightings(func(sighting) bool { return true }))
	missed := missedSuites(component)
	component.Primes = seen.sortedPrimes(ctx)
	component.DHReuse, component.ECDHEReuse = seen.reuse(true, missed), seen.reuse(false, missed)
	component.SignatureSchemes = seen.signatureSchemes(missed)
}

// askLoneKeysAgain asks again for a kind of ephemeral key that came only once:
// whether it is used twice cannot be told by one.
func (i *inspection) askLoneKeysAgain(ctx context.Context) {
	for _, finite := range []bool{false, true} {
		lone := i.sightings(func(sight sighting) bool {
			exchange := serverKeyExchange(sight.answer)
			return exchange != nil && len(exchange.Public) > 0 && len(exchange.P) > 0 == finite
		})
		if len(lone) == 1 {
			offered, suite := lone[0].offer, lone[0].answer.Hello.Suite
			offered.suites = []uint16{suite}
			i.ask(ctx, offered.protocol.Title()+", "+tlsparameters.SuiteName(suite)+" again", offered)
		}
	}
}

// askWithoutFields asks for DHE as a client does that names no group of
// RFC 7919. A server that has given one of them uses parameters of its own for
// such a client (section 4), which no other hello shows.
func (i *inspection) askWithoutFields(ctx context.Context, component *checks.Suites) {
	for _, protocol := range []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10} {
		var suites []uint16
		for _, one := range component.Accepted[protocol].Value {
			if value, err := known.Value(one.ID); err == nil && strings.HasPrefix(one.Group, "ffdhe") {
				suites = append(suites, value)
			}
		}
		if len(suites) > 0 {
			curves := slices.DeleteFunc(legacyGroups(), func(group uint16) bool { return group >= firstField })
			i.ask(ctx, protocol.Title()+", DHE without groups of RFC 7919", offer{protocol: protocol, suites: suites, groups: curves})
			return
		}
	}
}

// missedSuites is why suites may be accepted that were not seen; empty where
// all are known.
func missedSuites(component *checks.Suites) checks.Reason {
	for _, protocol := range newestFirst() {
		if fact := component.Accepted[protocol]; !fact.Conclusive() {
			return cmp.Or(fact.Reason, checks.ReasonInternal)
		}
	}
	return ""
}

// chaCha20 asks the newest version that has both kinds of suites.
func (i *inspection) chaCha20(ctx context.Context, component *checks.Suites, orders map[checks.Protocol]enumerated) checks.Fact[bool] {
	for _, protocol := range []checks.Protocol{checks.TLSv13, checks.TLSv12} {
		if fact := component.Accepted[protocol]; !fact.Conclusive() {
			return checks.InconclusiveFact[bool](cmp.Or(fact.Reason, checks.ReasonInternal))
		}
		if fact := i.prefersChaCha20(ctx, protocol, orders[protocol].ordering); fact.State != checks.Absent {
			return fact
		}
	}
	return checks.AbsentFact[bool]("")
}

// chainsComponent asks the newest version that shows certificates in the
// clear, and TLS 1.3, for every chain.
func (i *inspection) chainsComponent(ctx context.Context, versions []*version, found *negotiated) checks.Chains {
	required := checks.InconclusiveFact[bool](reasonOfAll(versions))
	sealed, clear := found.values[checks.TLSv13], checks.Protocol("")
	for _, protocol := range []checks.Protocol{checks.TLSv12, checks.TLSv11, checks.TLSv10} {
		if clear == "" && len(found.values[protocol]) > 0 {
			clear = protocol
		}
	}
	i.together(
		func() {
			if clear != "" {
				required = i.chains(ctx, clear, found.values[clear])
			}
		},
		func() {
			if fact := i.sealedChains(ctx, sealed, clear == ""); clear == "" && len(sealed) > 0 {
				required = fact
			}
		},
	)
	i.missChains(missedSuites(&found.component))
	if len(sealed) > 0 {
		found.component.SignatureSchemes[checks.TLSv13] = i.modernSchemes()
	}
	return checks.Chains{Served: i.knownChains(), SNIRequired: required}
}

func (i *inspection) modernSchemes() checks.Fact[[]string] {
	i.mu.Lock()
	defer i.mu.Unlock()
	fact := checks.KnownFact(schemeNames(i.schemes))
	if len(i.schemes) == 0 || i.chainsMissed != "" { // each kind of key signs with schemes of its own
		fact.State, fact.Reason = checks.Inconclusive, cmp.Or(i.chainsMissed, checks.ReasonHandshakeFailed)
	}
	return fact
}

// knownChains are the chains that were seen: all of them, unless some hello for
// more was not answered.
func (i *inspection) knownChains() checks.Fact[[]checks.ServedChain] {
	served := i.servedChains()
	i.mu.Lock()
	defer i.mu.Unlock()
	fact := checks.KnownFact(served)
	if len(served) == 0 || i.chainsMissed != "" {
		fact.State, fact.Reason = checks.Inconclusive, cmp.Or(i.chainsMissed, checks.ReasonHandshakeFailed)
	}
	return fact
}

func reasonOfAll(versions []*version) checks.Reason {
	for _, one := range versions {
		if one.reason != "" {
			return one.reason
		}
	}
	return checks.ReasonHandshakeFailed
}

// chain is the one that the newest version sends with SNI to a client that
// knows every signature scheme and, where there is none, why.
func (i *inspection) chain(versions map[checks.Protocol]checks.Fact[checks.Accepted]) checks.Fact[[]checks.Fingerprint] {
	reason := versions[checks.TLSv12].Reason
	for _, protocol := range newestFirst() {
		sights := i.sightings(func(sight sighting) bool {
			return sight.offer.protocol == protocol && !sight.offer.withoutSNI && sight.offer.schemes == nil
		})
		for _, sight := range sights {
			if len(sight.chain) > 0 {
				return checks.KnownFact(sight.chain)
			}
		}
		if versions[protocol].State == checks.Known {
			reason = chainReason(sights)
		}
	}
	return checks.InconclusiveFact[[]checks.Fingerprint](cmp.Or(reason, checks.ReasonHandshakeFailed))
}

// chainReason is why ServerHellos brought no certificates.
func chainReason(sights []sighting) checks.Reason {
	for _, sight := range sights {
		if rest := sight.answer.Rest; rest.Kind == conversation.Failed && rest.Reason != "" {
			return rest.Reason
		}
	}
	return checks.ReasonHandshakeFailed
}

func (i *inspection) allCertificates() []checks.Certificate {
	i.mu.Lock()
	defer i.mu.Unlock()
	certificates := []checks.Certificate{}
	for _, sum := range slices.Sorted(maps.Keys(i.certificates)) {
		certificates = append(certificates, checks.Certificate{SHA256: sum, DER: i.certificates[sum]})
	}
	return certificates
}

// distrustLateRefusals sends the control hello a last time. A server that does
// not answer it any more may have refused us, not what was asked: what it
// refused since it last worked is inconclusive.
func (i *inspection) distrustLateRefusals(ctx context.Context, versions []*version, look *checks.FullLook) {
	last := i.peer.LastWorked()
	for _, one := range versions {
		if one.accepted > 0 || !one.refused || !one.at.After(last) {
			continue
		}
		if i.peer.AnswersAfter(ctx, one.at) {
			return
		}
		look.TLS.Protocols[one.protocol] = checks.InconclusiveFact[checks.Accepted](checks.ReasonDegraded)
		look.Full.Suites.Accepted[one.protocol] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded)
		look.Full.Suites.Preference[one.protocol] = checks.InconclusiveFact[checks.Preference](checks.ReasonDegraded)
	}
}
