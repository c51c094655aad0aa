package feature

import (
	"context"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// tries is how often a session is offered again before it counts as forgotten:
// a load balancer may ask a server that never knew it.
const tries = 3

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
	config := session.Config{MinVersion: wireVersion(p.protocol), MaxVersion: wireVersion(p.protocol), Suites: suites}
	withTicket := config
	withTicket.SessionTicket = p.protocol != checks.SSLv3
	features.Tickets, features.ClientCertificate = p.tickets(ctx, withTicket)
	features.SessionIDs, features.ClientRenegotiation = p.sessionIDs(ctx, config)
}

func (p *probe) tickets(ctx context.Context, config session.Config) (checks.Fact[checks.Tickets], checks.Fact[checks.ClientCertificate]) {
	first := p.handshake(ctx, "a session with ticket", config)
	first.close()
	certificate := clientCertificate(first, first.reaction)
	if !first.Complete {
		return checks.InconclusiveFact[checks.Tickets](first.reason()), certificate
	}
	if len(first.Tickets) == 0 {
		return checks.KnownFact(checks.Tickets{}), certificate
	}
	tickets := checks.Tickets{Issued: true, LifetimeSeconds: uint32(first.Tickets[0].Lifetime.Seconds())}
	config.Resume = &first.Tickets[0]
	resumed, reason := p.resumed(ctx, "the ticket again", config)
	if reason != "" {
		return checks.InconclusiveFact[checks.Tickets](reason), certificate
	}
	tickets.Resumed = slices.Contains(resumed, true)
	return checks.KnownFact(tickets), certificate
}

// resumed offers a session again until that works, at most three times.
func (p *probe) resumed(ctx context.Context, name string, config session.Config) (results []bool, reason checks.Reason) {
	for range tries {
		again := p.handshake(ctx, name, config)
		again.close()
		if !again.Complete {
			return results, again.reason()
		}
		results = append(results, again.Resumed)
		if again.Resumed {
			break
		}
	}
	return results, ""
}

// sessionIDs makes a session without ticket, renegotiates in it, and offers
// its id again.
func (p *probe) sessionIDs(ctx context.Context, config session.Config) (checks.Fact[checks.Resumption], checks.Fact[bool]) {
	first := p.handshake(ctx, "a session with id", config)
	if !first.Complete {
		first.close()
		return checks.InconclusiveFact[checks.Resumption](first.reason()), checks.InconclusiveFact[bool](first.reason())
	}
	resumption := first.Resumption()
	renegotiation := p.renegotiation(ctx, first, config)
	first.close()
	if len(first.SessionID) == 0 || resumption == nil {
		return checks.KnownFact(checks.NotGiven), renegotiation
	}
	config.Resume = resumption
	resumed, reason := p.resumed(ctx, "the session id again", config)
	switch {
	case reason != "":
		return checks.InconclusiveFact[checks.Resumption](reason), renegotiation
	case !slices.Contains(resumed, true):
		return checks.KnownFact(checks.NotResumed), renegotiation
	case len(resumed) > 1:
		return checks.KnownFact(checks.MixedAnswers), renegotiation
	default:
		return checks.KnownFact(checks.Resumed), renegotiation
	}
}

// renegotiation asks once for a secure renegotiation (rating guide, section
// 10.14 b). Silence is a no only while the server answers others.
func (p *probe) renegotiation(ctx context.Context, first *whole, config session.Config) checks.Fact[bool] {
	if !first.SecureRenegotiation {
		return checks.AbsentFact[bool]("") // it has none that is secure
	}
	second, err := first.Renegotiate(ctx, config)
	if err == nil && second.Complete {
		p.peer.Logf("a renegotiation by the client: completes")
		return checks.KnownFact(true)
	}
	reaction := reactionTo(ctx, first.conn, err)
	p.peer.Logf("a renegotiation by the client: %s", reaction)
	first.close() // Refused waits until no connection is open
	switch reaction.Kind {
	case conversation.Alert:
		return checks.KnownFact(false)
	case conversation.FIN, conversation.RST, conversation.Timeout, conversation.Malformed:
		if p.peer.AnswersAfter(ctx, time.Now()) {
			return checks.KnownFact(false)
		}
		return checks.InconclusiveFact[bool](checks.ReasonControlFailed)
	default:
		return checks.InconclusiveFact[bool](reaction.Reason)
	}
}

// clientCertificate says whether a server asked for a certificate, and went on
// without one. reaction is how the connection ended.
func clientCertificate(made *whole, reaction conversation.Reaction) checks.Fact[checks.ClientCertificate] {
	switch {
	case made.ServerRandom == nil:
		return checks.InconclusiveFact[checks.ClientCertificate](made.reason())
	case made.CertificateRequest == nil && (made.Complete || made.ServerKeyExchange != nil || len(made.Certificates) > 0):
		return checks.KnownFact(checks.ClientCertificateNone)
	case made.CertificateRequest == nil:
		return checks.InconclusiveFact[checks.ClientCertificate](made.reason())
	case made.Complete && reaction.Kind == conversation.Data:
		return checks.KnownFact(checks.ClientCertificateRequested)
	case reaction.Kind == conversation.Alert && reaction.Code != wire.AlertInternalError:
		return checks.KnownFact(checks.ClientCertificateRequired)
	case reaction.Dropped():
		return checks.KnownFact(checks.ClientCertificateRequired)
	default:
		return checks.InconclusiveFact[checks.ClientCertificate](checks.ReasonHandshakeFailed)
	}
}
