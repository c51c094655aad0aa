package feature

import (
	"context"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Probe finds out a server's features, by about 25 connections. What it cannot
// tell is inconclusive.
func Probe(ctx context.Context, peer *conversation.Peer, server known.Server) checks.Features {
	p := &probe{peer: peer, server: server, host: peer.ServerName()}
	legacy := server.NewestLegacy()
	features := everything(checks.State(legacy.State), legacy.Reason)
	var answers []conversation.Answer
	var made *modern
	var stapled bool // in a handshake of TLS 1.3 beside
	var parts []func()
	if legacy.State == checks.Known && len(server.Values(legacy.Value)) > 0 {
		p.protocol = legacy.Value
		parts = append(
			parts,
			func() {
				answers = p.legacy(ctx, &features)
				features.ALPN = p.alpnInTheClear(ctx)
			},
			func() { features.Intolerances = p.intolerances(ctx) },
			func() { features.FallbackSCSV = p.fallbackSCSV(ctx) },
			func() { p.sessions(ctx, &features) },
		)
	}
	if len(server.Values(checks.TLSv13)) > 0 {
		parts = append(parts, func() { made = p.handshakes13(ctx) })
		if p.protocol == "" {
			alone := *p
			alone.protocol = checks.TLSv13
			parts = append(
				parts,
				func() { features.Intolerances = alone.intolerances(ctx) },
				func() { features.ALPN, stapled = p.alpnSealed(ctx) },
			)
		}
	}
	peer.Together(parts...)
	p.together(&features, answers, made)
	if stapled {
		features.OCSPStapling = checks.KnownFact(true)
	}
	return features
}

// everything gives each fact about versions up to TLS 1.2 the state of those
// versions, until more is known.
func everything(state checks.State, reason checks.Reason) checks.Features {
	if state == checks.Known { // it is on, and yet no suite of it could be found
		state, reason = checks.Inconclusive, checks.ReasonHandshakeFailed
	}
	flag := checks.Fact[bool]{State: state, Reason: reason}
	return checks.Features{
		SecureRenegotiation: flag, ClientRenegotiation: flag, ExtendedMasterSecret: flag, EncryptThenMAC: flag,
		MaxFragmentLength: flag, RecordSizeLimit: flag, Heartbeat: flag, OCSPStapling: flag, FallbackSCSV: flag,
		DowngradeSentinel: flag,
		Compression:       checks.Fact[string]{State: state, Reason: reason},
		SessionIDs:        checks.Fact[checks.Resumption]{State: state, Reason: reason},
		Tickets:           checks.Fact[checks.Tickets]{State: state, Reason: reason},
		ALPN:              checks.Fact[[]string]{State: state, Reason: reason},
		ClientCertificate: checks.Fact[checks.ClientCertificate]{State: state, Reason: reason},
		ClockSkewMinutes:  checks.Fact[int]{State: state, Reason: reason},
		Intolerances: checks.Intolerances{
			Versions: checks.Fact[[]string]{State: state, Reason: reason}, Extension: flag, LongHandshake: flag,
			LargeHello: flag, GREASE: flag, ManySuites: flag,
		},
	}
}

// together puts the facts together that both families of versions show.
func (p *probe) together(features *checks.Features, answers []conversation.Answer, made *modern) {
	if answers != nil {
		features.DowngradeSentinel = p.sentinel(answers)
		features.ClockSkewMinutes = clockSkew(answers)
	}
	features.SCTs = scts(answers, made)
	tls13 := p.server.TLS.Protocols[checks.TLSv13]
	if made == nil {
		features.PSK = checks.Fact[checks.Tickets]{State: without(tls13.State), Reason: tls13.Reason}
		features.EarlyData = checks.Fact[checks.EarlyData]{State: without(tls13.State), Reason: tls13.Reason}
		return
	}
	features.PSK, features.EarlyData = made.psk, made.earlyData
	features.ClientCertificate = strictest(features.ClientCertificate, clientCertificate(made.first, made.after))
	features.OCSPStapling = either(features.OCSPStapling, made, len(made.first.Certificates) > 0, len(made.first.OCSPResponse) > 0)
	_, found := made.first.EncryptedExtensions.Get(wire.ExtensionRecordSizeLimit)
	features.RecordSizeLimit = either(features.RecordSizeLimit, made, made.first.EncryptedExtensions != nil, found)
}

// either puts together what the versions up to TLS 1.2 and TLS 1.3 say of what
// one of them is enough for.
func either(legacy checks.Fact[bool], made *modern, told, found bool) checks.Fact[bool] {
	switch {
	case legacy.Value:
		return legacy
	case told && (found || legacy.State != checks.Inconclusive):
		return checks.KnownFact(found)
	case legacy.State == checks.Inconclusive:
		return legacy
	default:
		return checks.InconclusiveFact[bool](made.first.Reason())
	}
}

// strictest is the most that any version wants of a client.
func strictest(legacy, modern checks.Fact[checks.ClientCertificate]) checks.Fact[checks.ClientCertificate] {
	wants := []checks.ClientCertificate{checks.ClientCertificateNone, checks.ClientCertificateRequested, checks.ClientCertificateRequired}
	switch {
	case legacy.State != checks.Known, modern.State == checks.Known && slices.Index(wants, modern.Value) > slices.Index(wants, legacy.Value):
		return modern
	default:
		return legacy
	}
}

// without is what a fact about a version is that gave no handshake.
func without(state checks.State) checks.State {
	if state == checks.Known {
		return checks.Inconclusive
	}
	return state
}
