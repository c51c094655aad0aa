package feature

import (
	"context"
	"slices"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
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

// intolerances sends hellos that a server must get along with (rating guide,
// section 10.20). One that fails counts when it does so again and again while the
// plain hello works.
func (p *probe) intolerances(ctx context.Context) checks.Intolerances {
	var found checks.Intolerances
	suites := p.server.Values(p.protocol)
	plain := func() wire.ClientHello { return p.hello(p.protocol, suites) }
	var running sync.WaitGroup
	running.Go(func() { found.Versions = p.versions(ctx, plain().Pad()) })
	for _, one := range []struct {
		name      string
		fact      *checks.Fact[bool]
		extension bool // it needs one, which SSL 3.0 has not
		make      func() wire.ClientHello
	}{
		{"a hello of 256 to 511 bytes", &found.LongHandshake, true, func() wire.ClientHello { return p.long(suites) }},
		{"a hello of more than one packet", &found.LargeHello, true, func() wire.ClientHello { return grown(plain(), largeHello) }},
		{"an unknown extension", &found.Extension, true, func() wire.ClientHello {
			return p.hello(p.protocol, suites, wire.Extension{Type: 0x5A5A, Data: make([]byte, unknownLength)}).Pad()
		}},
		{"GREASE", &found.GREASE, false, func() wire.ClientHello { return p.greased(suites).Pad() }},
		{"more than 128 suites", &found.ManySuites, false, func() wire.ClientHello { return p.hello(p.protocol, crowd(suites)).Pad() }},
	} {
		if one.extension && p.protocol == checks.SSLv3 {
			*one.fact = checks.AbsentFact[bool]("")
			continue
		}
		running.Go(func() { *one.fact = p.stands(ctx, one.name, one.make(), plain().Pad()) })
	}
	running.Wait()
	return found
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
			return checks.InconclusiveFact[bool](reasonFor(answer))
		}
	}
	return checks.KnownFact(true)
}

// versions asks with legacy versions that nobody has. TLS 1.3 is negotiated by
// an extension: 0x0304 in the old place is one of them.
func (p *probe) versions(ctx context.Context, plain wire.ClientHello) checks.Fact[[]string] {
	failed := []string{}
	for _, one := range []struct {
		version uint16
		name    string
	}{{wire.TLS13, "TLS 1.3"}, {0x0399, "TLS 1.152"}, {0x0499, "TLS 2.152"}} {
		hello := plain
		hello.Version, hello.RecordVersion = one.version, wire.TLS10
		fact := p.stands(ctx, "legacy version of "+one.name, hello, plain)
		switch {
		case fact.State == checks.Inconclusive:
			return checks.InconclusiveFact[[]string](fact.Reason)
		case fact.Value:
			failed = append(failed, one.name)
		}
	}
	slices.Sort(failed)
	return checks.KnownFact(failed)
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
func (p *probe) greased(suites []uint16) wire.ClientHello {
	hello := p.hello(p.protocol, append([]uint16{grease}, suites...), wire.Extension{Type: grease, Data: []byte{}})
	for index := range hello.Extensions {
		switch hello.Extensions[index].Type {
		case wire.ExtensionSupportedGroups:
			hello.Extensions[index] = wire.SupportedGroups(append([]uint16{grease}, groups()...))
		case wire.ExtensionSignatureAlgorithms:
			hello.Extensions[index] = wire.SignatureAlgorithms(append(schemes(), grease))
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
