package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// observer learns of a real server what Known holds, in the plainest way: it
// takes nothing from the code under test but the lists of the profiles.
type observer struct {
	t    *testing.T
	peer *conversation.Peer
	sni  bool
}

func observe(t *testing.T, peer *conversation.Peer) Known {
	t.Helper()
	o := observer{t, peer, true}
	known := Known{
		TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}},
		Suites: checks.Suites{
			Accepted: map[checks.Protocol]checks.Fact[[]checks.Suite]{}, Preference: map[checks.Protocol]checks.Fact[checks.Preference]{},
			PrefersChaCha20: checks.AbsentFact[bool](""), Groups: checks.AbsentFact[[]checks.Group](""), LegacyGroups: checks.AbsentFact[[]checks.Group](""),
		},
	}
	for _, protocol := range checks.Protocols()[1:] {
		o.protocol(protocol, &known)
	}
	known.Chains.Served, known.Certificates = o.chains()
	return known
}

func (o observer) protocol(protocol checks.Protocol, found *Known) {
	suites := o.eliminate(offeredIn(protocol), func(rest []uint16) (uint16, bool) {
		answer := o.ask(protocol, rest, nil)
		return suiteOf(answer), answer.Accepted() && answer.Hello.Version == known.WireVersion(protocol)
	})
	if len(suites) == 0 {
		found.TLS.Protocols[protocol] = checks.AbsentFact[checks.Accepted](checks.ReasonHandshakeFailed)
		found.Suites.Accepted[protocol] = checks.AbsentFact[[]checks.Suite]("")
		return
	}
	found.TLS.Protocols[protocol] = checks.KnownFact(checks.Accepted{})
	found.Suites.Accepted[protocol] = checks.KnownFact(o.named(protocol, suites))
	found.Suites.Preference[protocol] = o.preference(protocol, suites)
	o.chacha(protocol, suites, found)
	o.groups(protocol, suites, found)
}

// offeredIn is every suite that some client offers and that the version has.
func offeredIn(protocol checks.Protocol) []uint16 {
	var list []uint16
	for _, profile := range Profiles() {
		for _, value := range profile.Suites {
			suite, registered := tlsparameters.SuiteByValue(value)
			if registered && suite.ValidFor(known.WireVersion(protocol)) && !slices.Contains(list, value) {
				list = append(list, value)
			}
		}
	}
	return list
}

func offeredGroups(protocol checks.Protocol) []uint16 {
	var list []uint16
	for _, group := range tlsparameters.Groups() {
		if protocol == checks.TLSv13 && group.TLS13 || protocol != checks.TLSv13 && group.Legacy {
			list = append(list, group.Value)
		}
	}
	return list
}

func (o observer) ask(protocol checks.Protocol, suites, groups []uint16) conversation.Answer {
	if groups == nil {
		groups = offeredGroups(protocol)
	}
	version := known.WireVersion(protocol)
	hello := wire.ClientHello{Version: min(version, wire.TLS12), Suites: suites}
	schemes := []uint16{0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0202}
	if version > wire.SSL30 {
		hello.Extensions = []wire.Extension{wire.RenegotiationInfo(nil), wire.PointFormats(), wire.SupportedGroups(groups), wire.SignatureAlgorithms(schemes)}
		if name, ok := wire.ServerName(o.peer.ServerName()); ok && o.sni {
			hello.Extensions = append(hello.Extensions, name)
		}
	}
	if version == wire.TLS13 {
		hello.Extensions = append(hello.Extensions, wire.SupportedVersions(version), wire.PSKKeyExchangeModes(), wire.KeyShares())
	}
	question := conversation.Question{
		Name: fmt.Sprintf("%s with %d suites, %d groups", protocol, len(suites), len(groups)), Hello: hello, Until: conversation.UntilDone,
	}
	answer := o.peer.Ask(o.t.Context(), question)
	if answer.Accepted() {
		o.peer.SetControl(question)
	}
	return answer
}

// eliminate asks until nothing that is left is picked.
func (o observer) eliminate(rest []uint16, ask func(rest []uint16) (uint16, bool)) []uint16 {
	var picks []uint16
	for len(rest) > 0 {
		value, ok := ask(rest)
		if !ok || !slices.Contains(rest, value) {
			break
		}
		picks = append(picks, value)
		rest = slices.DeleteFunc(slices.Clone(rest), func(v uint16) bool { return v == value })
	}
	return picks
}

func suiteOf(answer conversation.Answer) uint16 {
	if !answer.Accepted() {
		return 0
	}
	return answer.Hello.Suite
}

// named returns the suites with the finite field that each one is done in.
func (o observer) named(protocol checks.Protocol, values []uint16) []checks.Suite {
	var list []checks.Suite
	for _, value := range values {
		kind, _ := tlsparameters.SuiteByValue(value)
		suite := checks.Suite{ID: tlsparameters.SuiteID(value), Name: kind.Name, KeyExchange: kind.KeyExchange}
		if protocol != checks.TLSv13 && kind.DHE() {
			answer := o.ask(protocol, []uint16{value}, nil)
			exchange, err := wire.ParseServerKeyExchange(answer.KeyExchange, wire.KeyExchangeForm{Kind: wire.KeyExchangeDHE, Signed: true}, answer.Hello.Version)
			require.NoError(o.t, err)
			p := new(big.Int).SetBytes(exchange.P)
			sum := sha256.Sum256(p.Bytes())
			suite.Prime, suite.Group, suite.GroupBits = hex.EncodeToString(sum[:]), "dh", p.BitLen()
		}
		list = append(list, suite)
	}
	return list
}

func (o observer) preference(protocol checks.Protocol, suites []uint16) checks.Fact[checks.Preference] {
	if len(suites) < 2 {
		return checks.AbsentFact[checks.Preference]("")
	}
	turned := slices.Clone(suites)
	slices.Reverse(turned)
	if at := slices.IndexFunc(turned, func(v uint16) bool { return !isChaCha20(v) }); at > 0 {
		turned[0], turned[at] = turned[at], turned[0]
	}
	if suiteOf(o.ask(protocol, turned, nil)) == turned[0] && turned[0] != suites[0] {
		return checks.KnownFact(checks.ClientPreference)
	}
	return checks.KnownFact(checks.ServerPreference)
}

func (o observer) chacha(protocol checks.Protocol, suites []uint16, known *Known) {
	at := slices.IndexFunc(suites, isChaCha20)
	if at <= 0 || known.Suites.Preference[protocol].Value != checks.ServerPreference {
		return
	}
	first := suites[at]
	turned := append([]uint16{first}, slices.DeleteFunc(slices.Clone(suites), func(v uint16) bool { return v == first })...)
	known.Suites.PrefersChaCha20 = checks.KnownFact(isChaCha20(suiteOf(o.ask(protocol, turned, nil))))
}

func (o observer) groups(protocol checks.Protocol, suites []uint16, known *Known) {
	if protocol != checks.TLSv13 {
		suites = slices.DeleteFunc(slices.Clone(suites), func(v uint16) bool { kind, _ := tlsparameters.SuiteByValue(v); return !kind.ECDHE() })
	}
	if len(suites) == 0 || protocol == checks.SSLv3 {
		return
	}
	ask := func(rest []uint16) (uint16, bool) {
		answer := o.ask(protocol, suites, rest)
		if !answer.Accepted() {
			return 0, false
		}
		if protocol == checks.TLSv13 {
			return answer.Hello.Group, true
		}
		exchange, err := wire.ParseServerKeyExchange(answer.KeyExchange, wire.KeyExchangeForm{Kind: wire.KeyExchangeECDHE, Signed: true}, answer.Hello.Version)
		return exchange.Group, err == nil
	}
	picks := o.eliminate(offeredGroups(protocol), ask)
	var list []checks.Group
	for _, value := range picks {
		group, _ := tlsparameters.GroupByValue(value)
		list = append(list, checks.Group{ID: tlsparameters.SuiteID(value), Name: group.Name, Bits: group.Bits, PostQuantum: group.PostQuantum()})
	}
	if protocol != checks.TLSv13 {
		known.Suites.LegacyGroups = checks.KnownFact(list)
		return
	}
	known.Suites.Groups, known.Suites.GroupPreference = checks.KnownFact(list), checks.AbsentFact[checks.Preference]("")
	if len(picks) > 1 {
		turned := slices.Clone(picks)
		slices.Reverse(turned)
		known.Suites.GroupPreference = checks.KnownFact(checks.ServerPreference)
		if group, _ := ask(turned); group == turned[0] {
			known.Suites.GroupPreference = checks.KnownFact(checks.ClientPreference)
		}
	}
}

// chains asks in every version up to TLS 1.2, where certificates come in the
// clear, for each kind of key, with SNI and without.
func (o observer) chains() (checks.Fact[[]checks.ServedChain], []checks.Certificate) {
	var served []checks.ServedChain
	var certificates []checks.Certificate
	for _, sni := range []bool{true, false} {
		o.sni = sni
		for _, key := range []string{"ECDSA", "RSA"} {
			suites := slices.DeleteFunc(offeredIn(checks.TLSv12), func(v uint16) bool {
				kind, _ := tlsparameters.SuiteByValue(v)
				return kind.Authentication() != key
			})
			answer := o.ask(checks.TLSv12, suites, nil)
			if len(answer.Certificates) == 0 {
				continue
			}
			leaf := checks.NewCertificate(answer.Certificates[0].DER)
			certificates = append(certificates, leaf)
			served = append(served, checks.ServedChain{Key: key, SNI: sni, Certificates: []checks.Fingerprint{leaf.SHA256}})
		}
	}
	return checks.KnownFact(served), certificates
}
