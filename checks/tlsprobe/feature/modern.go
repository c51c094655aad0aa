package feature

import (
	"context"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// modern is what two whole handshakes of TLS 1.3 show: one that asks for
// everything, one that offers its ticket with early data.
type modern struct {
	first *handshake.Whole
	// after is how the connection went on once the handshake was complete.
	after conversation.Reaction

	psk       checks.Fact[checks.Tickets]
	earlyData checks.Fact[checks.EarlyData]
}

// handshakes13 makes them. Early data is a HEAD of the site's first page,
// which may come twice without harm (rating guide, section 10.22).
func (p *probe) handshakes13(ctx context.Context) *modern {
	config := session.Config{
		MinVersion: wire.TLS13, MaxVersion: wire.TLS13, Suites: p.runnable(checks.TLSv13), StatusRequest: true, SCT: true,
		Extra: []wire.Extension{{Type: wire.ExtensionRecordSizeLimit, Data: []byte{0x40, 0x01}}},
	}
	made := &modern{first: p.handshake(ctx, "a session of TLS 1.3", config)}
	made.after = made.first.Reaction
	if made.first.Complete {
		made.after = request(ctx, made.first, p.host)
	}
	made.first.Close()
	switch {
	case !made.first.Complete:
		made.psk = checks.InconclusiveFact[checks.Tickets](made.first.Reason())
		made.earlyData = checks.InconclusiveFact[checks.EarlyData](made.first.Reason())
	case len(made.first.Tickets) == 0:
		made.psk, made.earlyData = noTickets(made)
	default:
		p.resume13(ctx, made, config)
	}
	return made
}

// noTickets: a server that went on to an answer without a ticket gives none.
// One that ended the connection before may have been about to.
func noTickets(made *modern) (checks.Fact[checks.Tickets], checks.Fact[checks.EarlyData]) {
	if made.after.Kind == conversation.Data {
		return checks.KnownFact(checks.Tickets{}), checks.KnownFact(checks.EarlyData{})
	}
	reason := checks.ReasonHandshakeFailed
	if made.first.CertificateRequest != nil {
		reason = checks.ReasonClientCertificate
	}
	return checks.InconclusiveFact[checks.Tickets](reason), checks.InconclusiveFact[checks.EarlyData](reason)
}

func (p *probe) resume13(ctx context.Context, made *modern, config session.Config) {
	ticket := made.first.Tickets[0]
	early := checks.EarlyData{Offered: ticket.MaxEarlyData > 0, MaxBytes: ticket.MaxEarlyData}
	config.Resume = &ticket
	if early.Offered {
		config.EarlyData = []byte("HEAD / HTTP/1.1\r\nHost: " + p.host + "\r\nConnection: close\r\n\r\n")
	}
	tickets := checks.Tickets{Issued: true, LifetimeSeconds: uint32(ticket.Lifetime.Seconds())}
	for range tries {
		again := p.handshake(ctx, "the session of TLS 1.3 again", config)
		again.Close()
		if !again.Complete {
			made.psk = checks.InconclusiveFact[checks.Tickets](again.Reason())
			made.earlyData = checks.InconclusiveFact[checks.EarlyData](again.Reason())
			return
		}
		tickets.Resumed, early.Accepted = again.Resumed, again.EarlyDataAccepted
		if again.Resumed {
			break
		}
	}
	made.psk, made.earlyData = checks.KnownFact(tickets), checks.KnownFact(early)
}
