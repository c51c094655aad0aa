package feature

import (
	"context"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const grease uint16 = 0x2A2A // RFC 8701

const (
	longHello     = 400  // bytes; within the 256 to 511 that some servers hang on
	largeHello    = 2400 // bytes; more than one packet of 1500
	manySuites    = 140
	unknownLength = 3
	fewSuites     = 40 // whose hello is well below longHello
)

// oddity is one way in which a hello is odd.
type oddity struct {
	name      string
	extension bool   // it needs one, which SSL 3.0 has not
	version   uint16 // the legacy version that is odd; 0: another thing is
	hello     func() wire.ClientHello
	// fails is Known true where a server fails on it.
	fails checks.Fact[bool]
}

// intolerances sends hellos that a server must get along with (rating guide,
// section 10.20): at first several oddities in one, each of which a server
// stands that answers it. Where one fails, each is sent alone, and counts when
// it fails again and again while the plain hello works.
func (p *probe) intolerances(ctx context.Context) checks.Intolerances {
	suites := p.server.Values(p.protocol)
	plain := func() wire.ClientHello { return p.hello(p.protocol, suites) }
	versioned := func(version uint16) func() wire.ClientHello {
		return func() wire.ClientHello { return withVersion(plain().Pad(), version) }
	}
	long := &oddity{name: "a hello of 256 to 511 bytes", extension: true, hello: func() wire.ClientHello { return p.long(suites) }}
	large := &oddity{name: "a hello of more than one packet", extension: true, hello: func() wire.ClientHello { return grown(plain(), largeHello) }}
	extension := &oddity{name: "an unknown extension", extension: true, hello: func() wire.ClientHello { return p.hello(p.protocol, suites, unknown()).Pad() }}
	greased := &oddity{name: "GREASE", hello: func() wire.ClientHello { return p.greased(suites).Pad() }}
	many := &oddity{name: "more than 128 suites", hello: func() wire.ClientHello { return p.hello(p.protocol, crowd(suites)).Pad() }}
	first := &oddity{name: "TLS 1.3", version: wire.TLS13, hello: versioned(wire.TLS13)}
	second := &oddity{name: "TLS 1.152", version: 0x0399, hello: versioned(0x0399)}
	third := &oddity{name: "TLS 2.152", version: 0x0499, hello: versioned(0x0499)}
	p.peer.Together(
		func() {
			p.stand(ctx, plain(), withVersion(grown(p.greased(suites, unknown()), largeHello), third.version), large, extension, greased, third)
		},
		func() { p.stand(ctx, plain(), withVersion(many.hello(), second.version), many, second) },
		func() { p.stand(ctx, plain(), withVersion(long.hello(), first.version), long, first) },
	)
	return checks.Intolerances{
		Versions: failedVersions(first, second, third), Extension: extension.fails, LongHandshake: long.fails,
		LargeHello: large.fails, GREASE: greased.fails, ManySuites: many.fails,
	}
}

// stand sends one hello with all oddities, and where that fails each alone.
func (p *probe) stand(ctx context.Context, plain, all wire.ClientHello, oddities ...*oddity) {
	together := p.protocol != checks.SSLv3 &&
		p.peer.Ask(ctx, conversation.Question{Name: "an odd hello: " + oddities[0].name + " and more", Hello: all}).Accepted()
	for _, one := range oddities {
		switch {
		case together:
			one.fails = checks.KnownFact(false)
		case one.extension && p.protocol == checks.SSLv3:
			one.fails = checks.AbsentFact[bool]("")
		default:
			one.fails = p.stands(ctx, one.name, one.hello(), plain.Pad())
		}
	}
}

// failedVersions lists the legacy versions that a server fails on.
func failedVersions(oddities ...*oddity) checks.Fact[[]string] {
	failed := []string{}
	for _, one := range oddities {
		if one.fails.State == checks.Inconclusive {
			return checks.InconclusiveFact[[]string](one.fails.Reason)
		}
		if one.fails.Value {
			failed = append(failed, one.name)
		}
	}
	slices.Sort(failed)
	return checks.KnownFact(failed)
}

// withVersion returns the hello with that legacy version, in a record of TLS 1.0.
func withVersion(hello wire.ClientHello, version uint16) wire.ClientHello {
	hello.Version, hello.RecordVersion = version, wire.TLS10
	return hello
}

// unknown is an extension that nobody knows.
func unknown() wire.Extension {
	return wire.Extension{Type: 0x5A5A, Data: make([]byte, unknownLength)}
}

// stands is Known false where a hello works, true where it never does and the
// plain one always: in an order in which two servers that take turns behind one
// address both meet both.
func (p *probe) stands(ctx context.Context, name string, hello, plain wire.ClientHello) checks.Fact[bool] {
	for _, odd := range []bool{true, false, true, true, false} {
		question := conversation.Question{Name: "the plain hello beside " + name, Hello: plain}
		if odd {
			question = conversation.Question{Name: name, Hello: hello}
		}
		answer := p.peer.Ask(ctx, question)
		fails := answer.Reaction.Kind == conversation.Alert || answer.Reaction.Dropped() || answer.Reaction.Kind == conversation.Timeout
		switch {
		case answer.Accepted() && odd:
			return checks.KnownFact(false)
		case answer.Accepted(), odd && fails && !answer.Reaction.Unconnected:
		default: // what fails has nothing to do with what is odd
			return checks.InconclusiveFact[bool](answer.Unexpected())
		}
	}
	return checks.KnownFact(true)
}

// long returns a hello of 256 to 511 bytes, of the first suites where all of
// them would make it longer.
func (p *probe) long(suites []uint16) wire.ClientHello {
	return grown(p.hello(p.protocol, suites[:min(len(suites), fewSuites)]), longHello)
}

// grown returns a hello of at least that many bytes, by padding.
func grown(hello wire.ClientHello, length int) wire.ClientHello {
	message, err := hello.Marshal()
	if err != nil || len(message)+4 >= length {
		return hello
	}
	hello.Extensions = append(slices.Clone(hello.Extensions), wire.Padding(length-len(message)-4))
	return hello
}

// greased puts values that nobody knows wherever a list stands (RFC 8701).
func (p *probe) greased(suites []uint16, more ...wire.Extension) wire.ClientHello {
	more = append([]wire.Extension{{Type: grease, Data: []byte{}}}, more...)
	hello := p.hello(p.protocol, append([]uint16{grease}, suites...), more...)
	for index := range hello.Extensions {
		switch hello.Extensions[index].Type {
		case wire.ExtensionSupportedGroups:
			hello.Extensions[index] = wire.SupportedGroups(append([]uint16{grease}, groups()...))
		case wire.ExtensionSignatureAlgorithms:
			hello.Extensions[index] = wire.SignatureAlgorithms(append(known.UsualSchemes(), grease))
		}
	}
	return hello
}

// crowd puts suites that the server does not take in front of those it does.
func crowd(suites []uint16) []uint16 {
	var list []uint16
	for _, suite := range tlsparameters.Suites() {
		if len(list)+len(suites) >= manySuites {
			break
		}
		if !slices.Contains(suites, suite.Value) && suite.ValidFor(wire.TLS12) {
			list = append(list, suite.Value)
		}
	}
	return append(list, suites...)
}
