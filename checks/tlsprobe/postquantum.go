package tlsprobe

import (
	"context"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const groupX25519MLKEM768 uint16 = 0x11EC

// postQuantum meets the server as browsers do since 2024: X25519MLKEM768 and
// x25519, each with a key share, and once more with x25519's alone.
func (i *inspection) postQuantum(ctx context.Context, suites []uint16, list groupList) checks.Fact[checks.PostQuantum] {
	if list.groups.State != checks.Known {
		return checks.Fact[checks.PostQuantum]{State: list.groups.State, Reason: list.groups.Reason}
	}
	if !slices.ContainsFunc(list.groups.Value, func(group checks.Group) bool { return group.PostQuantum }) {
		return checks.AbsentFact[checks.PostQuantum]("")
	}
	shares, err := hybridShares()
	if err != nil {
		return checks.InconclusiveFact[checks.PostQuantum](checks.ReasonInternal)
	}
	both := i.askShares(ctx, "TLS 1.3 as a browser with hybrid and x25519 shares", suites, shares)
	alone := i.askShares(ctx, "TLS 1.3 as a browser with an x25519 share alone", suites, shares[1:])
	for _, answer := range []conversation.Answer{both, alone} {
		if !answer.Accepted() {
			return checks.InconclusiveFact[checks.PostQuantum](answer.Unexpected())
		}
	}
	return checks.KnownFact(checks.PostQuantum{Chosen: tlsparameters.GroupName(both.Hello.Group), Retry: alone.Hello.Retry})
}

// hybridShares are those of X25519MLKEM768 (the ML-KEM key first) and x25519.
func hybridShares() ([]wire.KeyShare, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err //nolint:wrapcheck // crypto/rand does not fail
	}
	decapsulation, err := mlkem.GenerateKey768()
	if err != nil {
		return nil, err //nolint:wrapcheck // crypto/rand does not fail
	}
	classical := key.PublicKey().Bytes()
	return []wire.KeyShare{
		{Group: groupX25519MLKEM768, Key: slices.Concat(decapsulation.EncapsulationKey().Bytes(), classical)},
		{Group: groupX25519, Key: classical},
	}, nil
}

// askShares sends a hello with these shares, listing the groups of a browser.
func (i *inspection) askShares(ctx context.Context, name string, suites []uint16, shares []wire.KeyShare) conversation.Answer {
	offered := offer{protocol: checks.TLSv13, suites: suites, groups: []uint16{groupX25519MLKEM768, 0x11EB, 0x11ED, groupX25519, 23, 24}}
	question, err := offered.question(name, i.host)
	if err != nil {
		return conversation.Answer{}
	}
	for index := range question.Hello.Extensions {
		if question.Hello.Extensions[index].Type == wire.ExtensionKeyShare {
			question.Hello.Extensions[index] = wire.KeyShares(shares...)
		}
	}
	answer := i.peer.Ask(ctx, question)
	if answer.Accepted() && i.misfit(offered, answer) != nil {
		return conversation.Answer{Reaction: conversation.Reaction{Kind: conversation.Malformed}}
	}
	return answer
}
