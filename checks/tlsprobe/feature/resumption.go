package feature

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// tries is how often a session is offered again before it counts as forgotten:
// a load balancer may ask a server that never knew it.
const tries = 2

// sessions finds out by whole handshakes up to TLS 1.2 what tickets and
// session ids are worth, whether a client's certificate is wanted, and whether
// the client may renegotiate.
func (p *probe) sessions(ctx context.Context, features *checks.Features) {
	suites := p.runnable(p.protocol)
	if len(suites) == 0 { // none that we can carry through
		features.SessionIDs = checks.InconclusiveFact[checks.Resumption](checks.ReasonHandshakeFailed)
		features.Tickets = checks.InconclusiveFact[checks.Tickets](checks.ReasonHandshakeFailed)
		features.ClientRenegotiation = checks.InconclusiveFact[bool](checks.ReasonHandshakeFailed)
		features.ClientCertificate = checks.InconclusiveFact[checks.ClientCertificate](checks.ReasonHandshakeFailed)
		return
	}
	config := session.Config{MinVersion: known.WireVersion(p.protocol), MaxVersion: known.WireVersion(p.protocol), Suites: suites}
	withTicket := config
	withTicket.SessionTicket = p.protocol != checks.SSLv3
	features.Tickets, features.ClientCertificate = p.tickets(ctx, withTicket)
	var again checks.Fact[checks.ClientCertificate]
	features.SessionIDs, features.ClientRenegotiation, again = p.sessionIDs(ctx, config)
	if again.State == checks.Known && features.ClientCertificate.State == checks.Known && again != features.ClientCertificate {
		features.ClientCertificate = checks.InconclusiveFact[checks.ClientCertificate](checks.ReasonDisagreement)
	}
}

func (p *probe) tickets(ctx context.Context, config session.Config) (checks.Fact[checks.Tickets], checks.Fact[checks.ClientCertificate]) {
	first := p.handshake(ctx, "a session with ticket", config)
	first.Close()
	certificate := clientCertificate(first, first.Reaction)
	if !first.Complete {
		return checks.InconclusiveFact[checks.Tickets](first.Reason()), certificate
	}
	if len(first.Tickets) == 0 {
		return checks.KnownFact(checks.Tickets{}), certificate
	}
	tickets := checks.Tickets{Issued: true, LifetimeSeconds: uint32(first.Tickets[0].Lifetime.Seconds())}
	config.Resume = &first.Tickets[0]
	resumed, last := p.resumed(ctx, "the ticket again", config)
	last.Close()
	if !last.Complete {
		return checks.InconclusiveFact[checks.Tickets](last.Reason()), certificate
	}
	tickets.Resumed = slices.Contains(resumed, true)
	return checks.KnownFact(tickets), certificate
}

// resumed offers a session again until that works, at most twice. The
// last handshake is still open.
func (p *probe) resumed(ctx context.Context, name string, config session.Config) (results []bool, last *handshake.Whole) {
	for range tries {
		if last != nil {
			last.Close()
		}
		if last = p.handshake(ctx, name, config); !last.Complete {
			break
		}
		if results = append(results, last.Resumed); last.Resumed {
			break
		}
	}
	return results, last
}

// sessionIDs makes a session without ticket, offers its id again, and
// renegotiates in the last session: servers forget one in which they refuse.
func (p *probe) sessionIDs(ctx context.Context, config session.Config) (
	checks.Fact[checks.Resumption], checks.Fact[bool], checks.Fact[checks.ClientCertificate],
) {
	first := p.handshake(ctx, "a session with id", config)
	defer first.Close()
	certificate := clientCertificate(first, first.Reaction)
	if !first.Complete {
		return checks.InconclusiveFact[checks.Resumption](first.Reason()), checks.InconclusiveFact[bool](first.Reason()), certificate
	}
	again := config
	again.Resume = first.Resumption()
	if len(first.SessionID) == 0 || again.Resume == nil {
		return checks.KnownFact(checks.NotGiven), p.renegotiation(ctx, first, config), certificate
	}
	_ = first.Session.Close() // what ends without a close_notify is forgotten too (RFC 2246 section 7.2.1)
	first.Close()
	resumed, last := p.resumed(ctx, "the session id again", again)
	defer last.Close()
	if !last.Complete {
		return checks.InconclusiveFact[checks.Resumption](last.Reason()), checks.InconclusiveFact[bool](last.Reason()), certificate
	}
	return remembered(resumed), p.renegotiation(ctx, last, config), certificate
}

// remembered says what offering a session id again and again came to.
func remembered(resumed []bool) checks.Fact[checks.Resumption] {
	switch {
	case !slices.Contains(resumed, true):
		return checks.KnownFact(checks.NotResumed)
	case len(resumed) > 1:
		return checks.KnownFact(checks.MixedAnswers)
	default:
		return checks.KnownFact(checks.Resumed)
	}
}

// renegotiation asks once for a secure renegotiation (rating guide, section
// 10.14 b). Silence is a no only while the server answers others.
func (p *probe) renegotiation(ctx context.Context, first *handshake.Whole, config session.Config) checks.Fact[bool] {
	if !first.SecureRenegotiation {
		return checks.AbsentFact[bool]("") // it has none that is secure
	}
	second, err := first.Renegotiate(ctx, config)
	if err == nil && second.Complete {
		p.peer.Logf("a renegotiation by the client: completes")
		return checks.KnownFact(true)
	}
	reaction := first.Conn.Reaction(ctx, err)
	p.peer.Logf("a renegotiation by the client: %s", reaction)
	first.Close() // Refused waits until no connection is open
	switch reaction.Kind {
	case conversation.Alert:
		return checks.KnownFact(false)
	case conversation.FIN, conversation.RST, conversation.Timeout, conversation.Malformed:
		if p.peer.AnswersAfter(ctx, time.Now()) {
			return checks.KnownFact(false)
		}
		return checks.InconclusiveFact[bool](checks.ReasonControlFailed)
	default:
		return checks.InconclusiveFact[bool](cmp.Or(reaction.Reason, checks.ReasonHandshakeFailed))
	}
}

// clientCertificate says whether a server asked for a certificate, and went on
// without one. reaction is how the connection ended.
func clientCertificate(made *handshake.Whole, reaction conversation.Reaction) checks.Fact[checks.ClientCertificate] {
	switch {
	case made.CertificateRequest == nil && asksNoMore(made):
		return checks.KnownFact(checks.ClientCertificateNone)
	case made.CertificateRequest == nil:
		return checks.InconclusiveFact[checks.ClientCertificate](made.Reason())
	case made.Complete && (reaction.Kind == conversation.Data || len(made.Tickets) > 0): // in TLS 1.3 only a client that is accepted gets one
		return checks.KnownFact(checks.ClientCertificateRequested)
	case reaction.Kind == conversation.Alert && reaction.Code != wire.AlertInternalError:
		return checks.KnownFact(checks.ClientCertificateRequired)
	case reaction.Dropped():
		return checks.KnownFact(checks.ClientCertificateRequired)
	case reaction.Kind == conversation.Failed:
		return checks.InconclusiveFact[checks.ClientCertificate](reaction.Reason)
	default:
		return checks.InconclusiveFact[checks.ClientCertificate](checks.ReasonHandshakeFailed)
	}
}

// asksNoMore says whether the place of a CertificateRequest has passed: in TLS
// 1.3 it comes before the certificates, else behind them.
func asksNoMore(made *handshake.Whole) bool {
	return made.Complete || len(made.ClientVerifyData) > 0 || made.Version == wire.TLS13 && len(made.Certificates) > 0
}
