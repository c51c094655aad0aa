package feature

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// fragmentOf4096 is a code of max_fragment_length (RFC 6066 section 4).
const fragmentOf4096 = 4

// legacy finds out by two hellos what a server answers up to TLS 1.2. The
// first offers everything but what excludes another; the second brings CBC
// suites alone, for which encrypt_then_mac is, and asks for a staple again: the
// first call fills the cache of some servers.
func (p *probe) legacy(ctx context.Context, features *checks.Features) (answers []conversation.Answer) {
	suites := p.server.Values(p.protocol)
	first := p.hello(p.protocol, suites,
		wire.Empty(wire.ExtensionExtendedMasterSecret), wire.StatusRequest(), wire.Empty(wire.ExtensionSCT),
		wire.Extension{Type: wire.ExtensionMaxFragmentLength, Data: []byte{fragmentOf4096}},
		wire.Extension{Type: wire.ExtensionHeartbeat, Data: []byte{1}},
	)
	first.Compression = []uint8{wire.CompressionDeflate, wire.CompressionNull}
	one := p.ask(ctx, "extensions up to TLS 1.2", first.Pad())
	cbc := slices.DeleteFunc(p.server.Accepted(p.protocol), func(suite known.Suite) bool { return !suite.CBC() })
	second := suites
	if len(cbc) > 0 && p.protocol != checks.SSLv3 {
		second = nil
		for _, suite := range cbc {
			second = append(second, suite.Value)
		}
	}
	two := p.ask(ctx, "extensions up to TLS 1.2, CBC alone", p.hello(p.protocol, second,
		wire.Empty(wire.ExtensionEncryptThenMAC), wire.StatusRequest(),
		wire.Extension{Type: wire.ExtensionRecordSizeLimit, Data: []byte{0x40, 0x01}},
	).Pad())

	features.SecureRenegotiation = answered(one, wire.ExtensionRenegotiationInfo)
	features.ExtendedMasterSecret = answered(one, wire.ExtensionExtendedMasterSecret)
	features.MaxFragmentLength = answered(one, wire.ExtensionMaxFragmentLength)
	features.Heartbeat = answered(one, wire.ExtensionHeartbeat)
	features.RecordSizeLimit = answered(two, wire.ExtensionRecordSizeLimit)
	switch doubt := p.server.Doubt([]checks.Protocol{p.protocol}); {
	case len(cbc) > 0 && p.protocol != checks.SSLv3:
		features.EncryptThenMAC = answered(two, wire.ExtensionEncryptThenMAC)
	case doubt != "":
		features.EncryptThenMAC = checks.InconclusiveFact[bool](doubt)
	default: // no CBC suite that it could be answered for
		features.EncryptThenMAC = checks.AbsentFact[bool]("")
	}
	features.Compression = compression(one)
	features.OCSPStapling = stapled(one, two)
	return []conversation.Answer{one, two}
}

// answered says whether a ServerHello has an extension.
func answered(answer conversation.Answer, kind uint16) checks.Fact[bool] {
	if !answer.Accepted() {
		return checks.InconclusiveFact[bool](answer.Unexpected())
	}
	_, found := answer.Hello.Extension(kind)
	return checks.KnownFact(found)
}

func compression(answer conversation.Answer) checks.Fact[string] {
	switch {
	case !answer.Accepted():
		return checks.InconclusiveFact[string](answer.Unexpected())
	case answer.Hello.Compression == wire.CompressionNull:
		return checks.KnownFact("NULL")
	case answer.Hello.Compression == wire.CompressionDeflate:
		return checks.KnownFact("DEFLATE")
	default: // it was not offered
		return checks.InconclusiveFact[string](checks.ReasonMalformed)
	}
}

// stapled says whether a CertificateStatus came with any answer that was read
// to its end.
func stapled(answers ...conversation.Answer) checks.Fact[bool] {
	fact := checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
	for _, answer := range answers {
		switch {
		case len(answer.CertificateStatus) > 0:
			return checks.KnownFact(true)
		case answer.Accepted() && answer.Rest.Kind == conversation.Data:
			fact = checks.KnownFact(false)
		case !answer.Accepted():
			fact.Reason = answer.Unexpected()
		}
	}
	if fact.State == checks.Known {
		fact.Reason = ""
	}
	return fact
}

// Sentinels of RFC 8446 section 4.1.3.
const (
	sentinelTLS12 = "DOWNGRD\x01"
	sentinelTLS11 = "DOWNGRD\x00"
)

// sentinel says whether a random that was given to a client that seems to know
// no more says that the server does.
func (p *probe) sentinel(answers []conversation.Answer) checks.Fact[bool] {
	if tls13 := p.server.TLS.Protocols[checks.TLSv13]; !tls13.Conclusive() {
		return checks.InconclusiveFact[bool](tls13.Reason)
	}
	if !p.server.Accepts(checks.TLSv13) {
		return checks.AbsentFact[bool]("") // a server of TLS 1.2 need not mark TLS 1.1
	}
	for _, answer := range answers {
		if answer.Accepted() {
			end := string(answer.Hello.Random[24:])
			return checks.KnownFact(end == sentinelTLS12 || end == sentinelTLS11)
		}
	}
	return checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
}

const (
	// skewStep: gmt_unix_time counts seconds, and answers take some to come.
	skewStep = 5 * time.Minute
	// skewAgreement: randoms of the last decade show no time; that two of them
	// agree within this by chance happens once in 2^26 looks.
	skewAgreement = 30 * time.Second
)

// clockSkew reads gmt_unix_time, which servers wrote into their random until
// about 2014 (RFC 5246 section 7.4.1.2).
func clockSkew(answers []conversation.Answer) checks.Fact[int] {
	var skews []time.Duration
	for _, answer := range answers {
		if !answer.Accepted() {
			continue
		}
		said := time.Unix(int64(binary.BigEndian.Uint32(answer.Hello.Random)), 0)
		skews = append(skews, said.Sub(answer.Ended))
	}
	if len(skews) < 2 {
		return checks.InconclusiveFact[int](checks.ReasonHandshakeFailed)
	}
	if slices.Max(skews)-slices.Min(skews) > skewAgreement {
		return checks.AbsentFact[int]("")
	}
	return checks.KnownFact(int(skews[0].Round(skewStep).Minutes()))
}

// fallbackSCSV sends TLS_FALLBACK_SCSV with a version below the server's best.
func (p *probe) fallbackSCSV(ctx context.Context) checks.Fact[bool] {
	lower, found := p.belowBest()
	if !found {
		for _, protocol := range append(known.Legacy(), checks.TLSv13) {
			if fact := p.server.TLS.Protocols[protocol]; !fact.Conclusive() {
				return checks.InconclusiveFact[bool](fact.Reason)
			}
		}
		return checks.AbsentFact[bool]("")
	}
	other := *p
	other.protocol = lower
	answer := other.ask(ctx, lower.Title()+" with TLS_FALLBACK_SCSV", other.hello(lower, append(p.server.Values(lower), wire.FallbackSCSV)))
	switch {
	case answer.Accepted():
		return checks.KnownFact(false)
	case answer.Reaction.Kind == conversation.Alert && answer.Reaction.Code == wire.AlertInappropriateFallback:
		return checks.KnownFact(true)
	case answer.Reaction.Kind == conversation.Alert: // F5's is handshake_failure: probably, which is no proof (rating guide, section 14)
		return checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
	default:
		return checks.InconclusiveFact[bool](answer.Unexpected())
	}
}

// belowBest is the newest version up to TLS 1.2 that is on below another.
func (p *probe) belowBest() (checks.Protocol, bool) {
	higher := p.server.Accepts(checks.TLSv13)
	for _, protocol := range known.Legacy() {
		if !p.server.Accepts(protocol) {
			continue
		}
		if higher && len(p.server.Values(protocol)) > 0 {
			return protocol, true
		}
		higher = true
	}
	return "", false
}
