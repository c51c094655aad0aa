package feature

import (
	"context"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// alpnNames are asked for. Nobody speaks the last: a server that chooses it
// chooses anything.
func alpnNames() []string { return []string{"h2", "http/1.1", "http/1.0", "gradewatch"} }

// alpn offers the protocols together and, where one is chosen, each of the
// others alone. A refusal (alert no_application_protocol) is an answer: that
// one is not spoken.
func (p *probe) alpn(ctx context.Context) checks.Fact[[]string] {
	rest := alpnNames()
	chosen := []string{}
	for offered := rest; len(offered) > 0; offered = rest[:min(1, len(rest))] {
		answer := p.ask(ctx, "ALPN "+offered[0], p.hello(p.protocol, p.server.Values(p.protocol), wire.ALPN(offered...)))
		if !answer.Accepted() {
			if refused, reason := p.peer.Refused(ctx, answer); !refused {
				return checks.InconclusiveFact[[]string](reason)
			}
			rest = rest[1:]
			continue
		}
		data, found := answer.Hello.Extension(wire.ExtensionALPN)
		name, err := wire.ParseALPN(data)
		switch {
		case !found && len(offered) > 1: // the extension is not answered at all
			return checks.KnownFact(chosen)
		case !found:
			rest = rest[1:]
		case err != nil || !slices.Contains(offered, name):
			return checks.InconclusiveFact[[]string](checks.ReasonMalformed)
		default:
			chosen = append(chosen, name)
			rest = slices.DeleteFunc(rest, func(other string) bool { return other == name })
		}
	}
	slices.Sort(chosen)
	return checks.KnownFact(chosen)
}
