package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Resend sends the client's own ClientHello, and reads how the server meets it.
// What is known serves for names of finite fields only. Absent: the server
// refused, or answered with what this client does not take. Inconclusive:
// nobody can tell.
func Resend(ctx context.Context, peer *conversation.Peer, profile Profile, known Known) checks.Simulation {
	simulation := checks.Simulation{Client: profile.Name, Reference: profile.Reference, Resent: true}
	name := peer.ServerName()
	if profile.NoSNI {
		name = ""
	}
	hello, err := profile.Hello(name)
	if err != nil {
		peer.Logf("%v", err)
		simulation.Handshake = checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonInternal)
		return simulation
	}
	answer := peer.Ask(ctx, conversation.Question{Name: "as " + profile.Name, Hello: hello, Until: conversation.UntilDone})
	if answer.Accepted() && answer.Hello != nil {
		simulation.Handshake = read(profile, answer, known)
		return simulation
	}
	if refusal, reason := peer.Refused(ctx, answer); !refusal {
		simulation.Handshake = inconclusive(checks.Inconclusive, reason)
		return simulation
	}
	simulation.Handshake = refused()
	return simulation
}

// read says what an answer means to the client.
func read(profile Profile, answer conversation.Answer, known Known) handshake {
	hello := answer.Hello
	protocol := protocolOf(hello.Version)
	suite, _ := tlsparameters.SuiteByValue(hello.Suite)
	if !slices.Contains(profile.protocols(), protocol) || !slices.Contains(profile.Suites, hello.Suite) {
		return refused()
	}
	result := checks.SimulatedHandshake{
		Protocol: protocol, Suite: tlsparameters.SuiteID(hello.Suite), SuiteName: tlsparameters.SuiteName(hello.Suite),
		ForwardSecrecy: forwardSecret(suite),
	}
	group := hello.Group
	if protocol != checks.TLSv13 {
		if !suite.ECDHE() && !suite.DHE() {
			return checks.KnownFact(result)
		}
		exchange, err := wire.ParseServerKeyExchange(answer.KeyExchange, exchangeForm(suite), hello.Version)
		if err != nil {
			return checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonMalformed)
		}
		if suite.DHE() {
			return readPrime(profile, exchange.P, known, result)
		}
		group = exchange.Group
	}
	if !slices.Contains(profile.Groups, group) {
		return refused()
	}
	named, _ := tlsparameters.GroupByValue(group)
	result.Group, result.GroupBits = tlsparameters.GroupName(group), named.Bits
	return checks.KnownFact(result)
}

func exchangeForm(suite tlsparameters.Suite) wire.KeyExchangeForm {
	form := wire.KeyExchangeForm{Kind: wire.KeyExchangeECDHE, Signed: !suite.Anonymous()}
	if suite.DHE() {
		form.Kind = wire.KeyExchangeDHE
	}
	return form
}

// readPrime names a finite field as the suites that were seen before do.
func readPrime(profile Profile, p []byte, known Known, result checks.SimulatedHandshake) handshake {
	number := new(big.Int).SetBytes(p)
	bits := number.BitLen()
	if !profile.takesPrime(bits) {
		return refused()
	}
	sum := sha256.Sum256(number.Bytes())
	result.Group, result.GroupBits = fieldName(hex.EncodeToString(sum[:]), known.Suites), bits
	return checks.KnownFact(result)
}

func fieldName(sum string, suites checks.Suites) string {
	for _, protocol := range checks.Protocols() {
		for _, suite := range suites.Accepted[protocol].Value {
			if suite.Prime == sum {
				return suite.Group
			}
		}
	}
	return "dh"
}
