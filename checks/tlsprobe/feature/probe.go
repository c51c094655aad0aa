package feature

import (
	"context"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// probe is the features of one address under way.
type probe struct {
	peer     *conversation.Peer
	server   known.Server
	host     string
	protocol checks.Protocol // the newest of SSL 3.0 to TLS 1.2 that is on
}

// groups are offered in every hello of this package: what any server of the
// last 20 years finds one in.
func groups() []uint16 { return []uint16{29, 23, 24, 25, 30, 22, 21, 19, 14, 13, 256, 257, 258} }

// hello is a plain one of a version, which works wherever the version is on;
// more are appended to its extensions. In TLS 1.3 it comes without a key share:
// a HelloRetryRequest is all the answer that is needed.
func (p *probe) hello(protocol checks.Protocol, suites []uint16, more ...wire.Extension) wire.ClientHello {
	hello := wire.ClientHello{Version: known.WireVersion(protocol), Suites: slices.Clone(suites)}
	if protocol == checks.SSLv3 {
		hello.Suites = append(hello.Suites, wire.EmptyRenegotiationInfoSCSV)
		return hello
	}
	if name, ok := wire.ServerName(p.host); ok {
		hello.Extensions = append(hello.Extensions, name)
	}
	if protocol == checks.TLSv13 {
		hello.Version = wire.TLS12
		hello.Extensions = append(hello.Extensions, wire.SupportedVersions(wire.TLS13), wire.PSKKeyExchangeModes(), wire.KeyShares())
	} else {
		hello.Extensions = append(hello.Extensions, wire.RenegotiationInfo(nil), wire.PointFormats())
	}
	hello.Extensions = append(hello.Extensions, wire.SupportedGroups(groups()))
	hello.Extensions = append(hello.Extensions, more...)
	hello.Extensions = append(hello.Extensions, wire.SignatureAlgorithms(known.UsualSchemes())) // never an empty one at the end
	return hello
}

func (p *probe) ask(ctx context.Context, name string, hello wire.ClientHello) conversation.Answer {
	answer := p.peer.Ask(ctx, conversation.Question{Name: name, Hello: hello.Pad(), Until: conversation.UntilDone})
	if answer.Accepted() && answer.Hello.Version != known.WireVersion(p.protocol) {
		answer.Reaction, answer.Hello = conversation.Reaction{Kind: conversation.Failed, Reason: checks.ReasonDisagreement}, nil
	}
	return answer
}
