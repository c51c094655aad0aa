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
)

// intolerances sends hellos that a server must get along with (rating guide,
// section 10.20). One that fails is sent again, and counts when it fails twice
// while the plain hello works.
func (p *probe) intolerances(ctx context.Context) checks.Intolerances {
	var found checks.Intolerances
	suites := p.server.Values(p.protocol)
	plain := func() wire.ClientHello { return p.hello(p.protocol, suites) }
	var running sync.WaitGroup
	running.Go(func() { found.Versions = p.versions(ctx, plain()) })
	for _, one := range []struct {
		name string
		fact *checks.Fact[bool]
		make func() wire.ClientHello
	}{
		{"a hello of 256 to 511 bytes", &found.LongHandshake, func() wire.ClientHello { return grown(plain(), longHello) }},
		{"a hello of more than one packet", &found.LargeHello, func() wire.ClientHello { return grown(plain(), largeHello) }},
		{"an unknown extension", &found.Extension, func() wire.ClientHello {
			return p.hello(p.protocol, suites, wire.Extension{Type: 0x5A5A, Data: make([]byte, unknownLength)})
		}},
		{"GREASE", &found.GREASE, func() wire.ClientHello { return p.greased(suites) }},
		{"more than 128 suites", &found.ManySuites, func() wire.ClientHello { return p.hello(p.protocol, crowd(suites)) }},
	} {
		running.Go(func() { *one.fact = p.stands(ctx, one.name, one.make()) })
	}
	running.Wait()
	return found
}

// stands is Known false where a hello works, true where it fails.
func (p *probe) stands(ctx context.Context, name string, hello wire.ClientHello) checks.Fact[bool] {
	if p.protocol == checks.SSLv3 && hello.Extensions != nil {
		return checks.AbsentFact[bool]("")
	}
	for range 2 {
		answer := p.peer.Ask(ctx, conversation.Question{Name: name, Hello: hello})
		if answer.Accepted() {
			return checks.KnownFact(false)
		}
		if refused, reason := p.peer.Refused(ctx, answer); !refused {
			return checks.InconclusiveFact[bool](reason)
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
		fact := p.stands(ctx, "legacy version of "+one.name, hello)
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
		if len(list)+len(suites) == manySuites {
			break
		}
		if !slices.Contains(suites, suite.Value) && suite.ValidFor(wire.TLS12) {
			list = append(list, suite.Value)
		}
	}
	return append(list, suites...)
}
