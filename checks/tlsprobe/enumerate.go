package tlsprobe

import (
	"context"
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// mixedRefusals is how many refusals in a row end a list where servers behind
// one address differ: each refusal speaks for one of them.
const mixedRefusals = 4

// enumeration is what a version takes.
type enumeration struct {
	picks  [][]uint16 // by batch, in the order of picking
	reason checks.Reason
	// broken: the list is not known to its end; reason says why.
	broken bool
}

// enumerate finds every suite that a version takes: what was picked is left
// out of the next hello, until nothing is picked.
func (i *inspection) enumerate(ctx context.Context, one *version) enumeration {
	found := enumeration{picks: make([][]uint16, len(one.batches))}
	for index, batch := range one.batches {
		rest := slices.Clone(batch)
		if first := one.first.Hello; first != nil && slices.Contains(rest, first.Suite) {
			found.picks[index] = append(found.picks[index], first.Suite)
			rest = without(rest, first.Suite)
		}
		for len(rest) > 0 {
			picked, reason, ok := i.eliminate(ctx, one.protocol, rest, index)
			found.picks[index] = append(found.picks[index], picked...)
			if !ok {
				found.broken, found.reason = true, reason
				return found
			}
			rest = hiddenByECDSA(found.picks[index], without(rest, picked...))
		}
	}
	return found
}

// hiddenByECDSA returns what of a refused list deserves another hello: a server
// that chooses its ECDSA certificate for whoever offers a suite of ECDSA, as
// HAProxy does, then refuses the suites of its RSA certificate.
func hiddenByECDSA(picked, refused []uint16) []uint16 {
	if !slices.ContainsFunc(picked, signedByECDSA) || !slices.ContainsFunc(refused, signedByECDSA) {
		return nil
	}
	return slices.DeleteFunc(refused, signedByECDSA)
}

func signedByECDSA(value uint16) bool {
	suite, _ := tlsparameters.SuiteByValue(value)
	return suite.Authentication() == "ECDSA"
}

// eliminate offers suites until none is picked. It returns false where a
// refusal cannot be relied on.
func (i *inspection) eliminate(ctx context.Context, protocol checks.Protocol, rest []uint16, batch int) (picked []uint16, reason checks.Reason, ok bool) {
	refusals := 0
	for len(rest) > 0 {
		name := fmt.Sprintf("%s, %d suites of batch %d", protocol.Title(), len(rest), batch+1)
		answer := i.ask(ctx, name, offer{protocol: protocol, suites: rest})
		if answer.Accepted() {
			picked, rest, refusals = append(picked, answer.Hello.Suite), without(rest, answer.Hello.Suite), 0
			continue
		}
		if refused, reason := i.relied(ctx, protocol, answer); !refused {
			return picked, reason, false
		}
		if refusals++; !i.isMixed() || refusals >= mixedRefusals {
			return picked, "", true
		}
	}
	return picked, "", true
}

func without(list []uint16, values ...uint16) []uint16 {
	return slices.DeleteFunc(slices.Clone(list), func(v uint16) bool { return slices.Contains(values, v) })
}

// ordering is in which order a version takes suites.
type ordering struct {
	suites     []uint16
	preference checks.Fact[checks.Preference]
}

// order finds out whose order decides, and puts batches together in the
// server's where it has one.
func (i *inspection) order(ctx context.Context, protocol checks.Protocol, found enumeration) ordering {
	batches := slices.DeleteFunc(slices.Clone(found.picks), func(picks []uint16) bool { return len(picks) == 0 })
	all := slices.Concat(batches...)
	sorted := slices.Sorted(slices.Values(all))
	switch {
	case i.isMixed():
		return ordering{sorted, checks.InconclusiveFact[checks.Preference](checks.ReasonDisagreement)}
	case len(all) < 2 && !found.broken:
		return ordering{all, checks.AbsentFact[checks.Preference]("")}
	case len(all) < 2:
		return ordering{all, checks.InconclusiveFact[checks.Preference](found.reason)}
	}
	list := batches[0]
	if len(list) < 2 {
		list = all
	}
	preference := i.preference(ctx, protocol, list)
	if preference.State != checks.Known || preference.Value == checks.ClientPreference {
		return ordering{sorted, preference}
	}
	merged := batches[0]
	for _, batch := range batches[1:] {
		var reason checks.Reason
		if merged, reason = i.merge(ctx, protocol, merged, batch); reason != "" {
			return ordering{sorted, checks.InconclusiveFact[checks.Preference](reason)}
		}
	}
	return ordering{merged, preference}
}

// preference offers a list in another order than before. picks[0] is what the
// server took first when the order was ours. The list does not begin with
// ChaCha20: some servers have an order of their own, and yet take that when a
// client puts it first.
func (i *inspection) preference(ctx context.Context, protocol checks.Protocol, picks []uint16) checks.Fact[checks.Preference] {
	turned := slices.Clone(picks)
	slices.Reverse(turned)
	if at := slices.IndexFunc(turned, func(suite uint16) bool { return !isChaCha20(suite) }); at > 0 && turned[at] != picks[0] {
		turned[0], turned[at] = turned[at], turned[0]
	}
	answer := i.ask(ctx, fmt.Sprintf("%s, suites in the reverse order", protocol.Title()), offer{protocol: protocol, suites: turned})
	switch {
	case !answer.Accepted():
		return checks.InconclusiveFact[checks.Preference](answer.Unexpected())
	case answer.Hello.Suite == picks[0]:
		return checks.KnownFact(checks.ServerPreference)
	case answer.Hello.Suite == turned[0]:
		return checks.KnownFact(checks.ClientPreference)
	default:
		// Neither its first nor ours: an order with conditions, such as the key
		// of the certificate, which is the server's all the same.
		return checks.KnownFact(checks.ServerPreference)
	}
}

func isChaCha20(value uint16) bool {
	suite, _ := tlsparameters.SuiteByValue(value)
	return suite.Cipher == "CHACHA20_POLY1305"
}

// merge puts two lists, each in the server's order, together in its order.
func (i *inspection) merge(ctx context.Context, protocol checks.Protocol, one, other []uint16) ([]uint16, checks.Reason) {
	var merged []uint16
	for len(one) > 0 && len(other) > 0 {
		answer := i.ask(ctx, protocol.Title()+", one suite of two batches each", offer{protocol: protocol, suites: []uint16{one[0], other[0]}})
		switch {
		case !answer.Accepted():
			return nil, answer.Unexpected()
		case answer.Hello.Suite == one[0]:
			merged, one = append(merged, one[0]), one[1:]
		default:
			merged, other = append(merged, other[0]), other[1:]
		}
	}
	return slices.Concat(merged, one, other), ""
}

// prefersChaCha20 says whether a server with an order of its own in which
// ChaCha20 is not first takes it when a client puts it first.
func (i *inspection) prefersChaCha20(ctx context.Context, protocol checks.Protocol, ordered ordering) checks.Fact[bool] {
	at := slices.IndexFunc(ordered.suites, isChaCha20)
	if at >= 0 && ordered.preference.State == checks.Inconclusive {
		return checks.InconclusiveFact[bool](ordered.preference.Reason)
	}
	if at <= 0 || ordered.preference.State != checks.Known || ordered.preference.Value != checks.ServerPreference {
		return checks.AbsentFact[bool]("")
	}
	first := ordered.suites[at]
	answer := i.ask(ctx, protocol.Title()+", ChaCha20 first", offer{
		protocol: protocol, suites: append([]uint16{first}, without(ordered.suites, first)...),
	})
	if !answer.Accepted() {
		return checks.InconclusiveFact[bool](answer.Unexpected())
	}
	return checks.KnownFact(isChaCha20(answer.Hello.Suite))
}
