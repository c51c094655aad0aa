package tlsprobe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// groupList is the groups that a server takes.
type groupList struct {
	groups checks.Fact[[]checks.Group]
	picks  []uint16
}

// legacyGroupList finds the groups of ECDHE up to TLS 1.2: with suites of
// ECDHE alone, groups are left out as they are picked. Suites of ECDSA are kept
// out where there are others: without the curve of its key among the groups, a
// certificate cannot be used (RFC 8422 section 5.1).
func (i *inspection) legacyGroupList(ctx context.Context, protocol checks.Protocol, suites []uint16) groupList {
	suites = slices.DeleteFunc(slices.Clone(suites), func(value uint16) bool {
		suite, _ := tlsparameters.SuiteByValue(value)
		return !suite.ECDHE()
	})
	if len(suites) == 0 {
		return groupList{groups: checks.AbsentFact[[]checks.Group]("")}
	}
	ask := func(rest []uint16) (uint16, conversation.Answer) {
		answer := i.ask(ctx, fmt.Sprintf("%s, %d groups", protocol.Title(), len(rest)), offer{protocol: protocol, suites: suites, groups: rest})
		return keyExchangeGroup(answer), answer
	}
	if others := slices.DeleteFunc(slices.Clone(suites), signedByECDSA); len(others) > 0 {
		suites = others
		return i.eliminateGroups(ctx, legacyGroups(), ask)
	}
	curve := i.keyCurve(protocol)
	if curve == 0 {
		return i.eliminateGroups(ctx, legacyGroups(), ask)
	}
	return i.groupsBesideKey(ctx, curve, ask)
}

// groupsBesideKey finds the groups of a server whose every suite needs the
// curve of its key in the list: that one is offered last each time. Once it is
// picked, nothing else is taken, or the server likes it better than the rest: a
// list that begins with it tells which.
func (i *inspection) groupsBesideKey(ctx context.Context, curve uint16, ask func(rest []uint16) (uint16, conversation.Answer)) groupList {
	var last conversation.Answer
	list := i.eliminateGroups(ctx, without(legacyGroups(), curve), func(rest []uint16) (uint16, conversation.Answer) {
		var group uint16
		group, last = ask(append(slices.Clone(rest), curve))
		return group, last
	})
	if list.groups.State == checks.Inconclusive || !last.Accepted() || keyExchangeGroup(last) != curve {
		return list
	}
	if len(list.picks) == 0 {
		list.picks = []uint16{curve}
		list.groups = checks.Fact[[]checks.Group]{State: checks.Inconclusive, Reason: checks.ReasonHidden, Value: namedGroups(list.picks)}
		return list
	}
	group, answer := ask([]uint16{curve, list.picks[0]})
	list.picks = append(list.picks, curve)
	list.groups = checks.KnownFact(namedGroups(list.picks))
	if !answer.Accepted() || group != curve { // its own order: what comes after the curve cannot be seen
		list.groups.State, list.groups.Reason = checks.Inconclusive, checks.ReasonHidden
	}
	return list
}

// keyCurve is the group of the curve of the ECDSA key that a version sends; 0
// where nothing tells.
func (i *inspection) keyCurve(protocol checks.Protocol) uint16 {
	sights := i.sightings(func(sight sighting) bool { return sight.offer.protocol == protocol && len(sight.chain) > 0 })
	if len(sights) == 0 {
		return 0
	}
	i.mu.Lock()
	der := i.certificates[sights[0].chain[0]]
	i.mu.Unlock()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return 0
	}
	key, isECDSA := certificate.PublicKey.(*ecdsa.PublicKey)
	if !isECDSA {
		return 0
	}
	switch key.Curve {
	case elliptic.P256():
		return 23
	case elliptic.P384():
		return 24
	case elliptic.P521():
		return 25
	default:
		return 0
	}
}

// keyExchangeGroup is the group that the server chose, 0 where it named none.
func keyExchangeGroup(answer conversation.Answer) uint16 {
	if !answer.Accepted() || answer.Hello == nil {
		return 0
	}
	if answer.Hello.Version == wire.TLS13 {
		return answer.Hello.Group
	}
	exchange := serverKeyExchange(answer)
	if exchange == nil {
		return 0
	}
	return exchange.Group
}

// modernGroupList finds the groups of TLS 1.3: without a key share, a server
// names the one that it wants in a HelloRetryRequest.
func (i *inspection) modernGroupList(ctx context.Context, suites []uint16) groupList {
	list := i.eliminateGroups(ctx, modernGroups(), i.askGroup(ctx, suites, false))
	if len(list.picks) == 0 && ctx.Err() == nil { // some take an empty list of shares for an error
		list = i.eliminateGroups(ctx, modernGroups(), i.askGroup(ctx, suites, true))
	}
	if list.groups.State == checks.Absent { // TLS 1.3 has no key exchange without a group that anybody uses
		list.groups = checks.InconclusiveFact[[]checks.Group](checks.ReasonDisagreement)
	}
	return list
}

func (i *inspection) askGroup(ctx context.Context, suites []uint16, grease bool) func(rest []uint16) (uint16, conversation.Answer) {
	return func(rest []uint16) (uint16, conversation.Answer) {
		answer := i.ask(ctx, fmt.Sprintf("TLS 1.3, %d groups", len(rest)), offer{
			protocol: checks.TLSv13, suites: suites, groups: rest, askGroup: !grease, greaseShare: grease,
		})
		return keyExchangeGroup(answer), answer
	}
}

// eliminateGroups leaves out what was picked until nothing is.
func (i *inspection) eliminateGroups(ctx context.Context, rest []uint16, ask func(rest []uint16) (uint16, conversation.Answer)) groupList {
	var list groupList
	refusals := 0
	for len(rest) > 0 {
		group, answer := ask(rest)
		if answer.Accepted() && slices.Contains(rest, group) {
			list.picks, rest, refusals = append(list.picks, group), without(rest, group), 0
			continue
		}
		if !answer.Accepted() {
			if refused, reason := i.relied(ctx, checks.TLSv12, answer); !refused {
				list.groups = checks.InconclusiveFact[[]checks.Group](reason)
				return list
			}
		} else if group == 0 { // the message that names it did not come whole
			list.groups = checks.InconclusiveFact[[]checks.Group](checks.ReasonHandshakeFailed)
			return list
		}
		// A group that was not offered is a refusal too: old stacks fall back to
		// one that everybody has.
		if refusals++; !i.isMixed() || refusals >= mixedRefusals {
			break
		}
	}
	if len(list.picks) == 0 {
		list.groups = checks.AbsentFact[[]checks.Group]("")
		return list
	}
	list.groups = checks.KnownFact(namedGroups(list.picks))
	return list
}

func namedGroups(values []uint16) []checks.Group {
	groups := make([]checks.Group, 0, len(values))
	for _, value := range values {
		group, known := tlsparameters.GroupByValue(value)
		if !known {
			group.Name = tlsparameters.GroupName(value)
		}
		groups = append(groups, checks.Group{
			ID: tlsparameters.SuiteID(value), Name: group.Name, Bits: group.Bits, PostQuantum: group.PostQuantum(),
		})
	}
	return groups
}

// groupPreference offers the groups of TLS 1.3 in the reverse order.
func (i *inspection) groupPreference(ctx context.Context, suites []uint16, list groupList) checks.Fact[checks.Preference] {
	switch {
	case list.groups.State != checks.Known:
		return checks.Fact[checks.Preference]{State: list.groups.State, Reason: list.groups.Reason}
	case len(list.picks) < 2:
		return checks.AbsentFact[checks.Preference]("")
	case i.isMixed():
		return checks.InconclusiveFact[checks.Preference](checks.ReasonDisagreement)
	}
	turned := slices.Clone(list.picks)
	slices.Reverse(turned)
	answer := i.ask(ctx, "TLS 1.3, groups in the reverse order", offer{protocol: checks.TLSv13, suites: suites, groups: turned, askGroup: true})
	switch group := keyExchangeGroup(answer); {
	case !answer.Accepted():
		return checks.InconclusiveFact[checks.Preference](answer.Unexpected())
	case group == turned[0]:
		return checks.KnownFact(checks.ClientPreference)
	default:
		return checks.KnownFact(checks.ServerPreference)
	}
}
