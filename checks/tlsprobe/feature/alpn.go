package feature

import (
	"context"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// alpnNames are asked for. Nobody speaks the last: a server that chooses it
// chooses anything.
func alpnNames() []string { return []string{"h2", "http/1.1", "gradewatch"} }

// alpnAnswer is what a hello with ALPN met.
type alpnAnswer struct {
	name   string        // chosen
	found  bool          // the extension was answered
	reason checks.Reason // why nobody can tell
}

// alpn offers the protocols together and leaves out what is chosen, until none
// is. A refusal (alert no_application_protocol) is an answer: the rest is not
// spoken. So is a name that was not offered: some servers, such as Apache,
// insist on their own.
func alpn(ask func(offered []string) alpnAnswer) checks.Fact[[]string] {
	rest, chosen := alpnNames(), []string{}
	for len(rest) > 0 {
		answer := ask(rest)
		if answer.reason != "" {
			return checks.InconclusiveFact[[]string](answer.reason)
		}
		if !slices.Contains(rest, answer.name) {
			if answer.found && len(chosen) == 0 { // it may have any reason to choose what is none of three
				return checks.InconclusiveFact[[]string](checks.ReasonMalformed)
			}
			break
		}
		chosen = append(chosen, answer.name)
		rest = slices.DeleteFunc(rest, func(other string) bool { return other == answer.name })
	}
	slices.Sort(chosen)
	return checks.KnownFact(chosen)
}

// alpnInTheClear asks a version up to TLS 1.2.
func (p *probe) alpnInTheClear(ctx context.Context) checks.Fact[[]string] {
	return alpn(func(offered []string) alpnAnswer {
		answer := p.ask(ctx, "ALPN "+offered[0], p.hello(p.protocol, p.server.Values(p.protocol), wire.ALPN(offered...)))
		if !answer.Accepted() {
			_, reason := p.peer.Refused(ctx, answer)
			return alpnAnswer{reason: reason}
		}
		data, found := answer.Hello.Extension(wire.ExtensionALPN)
		name, err := wire.ParseALPN(data)
		if found && err != nil {
			return alpnAnswer{reason: checks.ReasonMalformed}
		}
		return alpnAnswer{name: name, found: found}
	})
}

// alpnSealed asks TLS 1.3, by whole handshakes. They ask for a staple too: the
// first call fills the cache of some servers.
func (p *probe) alpnSealed(ctx context.Context) (fact checks.Fact[[]string], stapled bool) {
	fact = alpn(func(offered []string) alpnAnswer {
		made := p.handshake(ctx, "ALPN "+offered[0], session.Config{
			MinVersion: wire.TLS13, MaxVersion: wire.TLS13, Suites: p.runnable(checks.TLSv13), ALPN: offered, StatusRequest: true,
		})
		made.Close()
		stapled = stapled || len(made.OCSPResponse) > 0
		switch {
		case made.EncryptedExtensions != nil:
			return alpnAnswer{name: made.ALPN, found: made.ALPN != ""}
		case made.Reaction.Kind == conversation.Alert:
			return alpnAnswer{}
		default:
			return alpnAnswer{reason: made.Reason()}
		}
	})
	return fact, stapled
}
