package feature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
)

// handshakeTime is what a whole handshake may take beyond one answer.
const handshakeTime = 5 * time.Second

// whole is one whole handshake and what came of it.
type whole struct {
	*session.Session
	conn *conversation.Conn
	// reaction is how it ended; Data where it is complete.
	reaction conversation.Reaction
}

// handshake makes a whole handshake. close must be called.
func (p *probe) handshake(ctx context.Context, name string, config session.Config) *whole {
	conn, err := p.peer.Open(ctx)
	if err != nil {
		var none *conversation.Unconnected
		errors.As(err, &none)
		p.peer.Logf("%s: %s", name, none.Reaction)
		return &whole{Session: &session.Session{}, reaction: none.Reaction}
	}
	conn.Extend(handshakeTime)
	config.ServerName = p.host
	made, err := session.Handshake(ctx, conn, config)
	done := &whole{Session: made, conn: conn, reaction: conversation.Reaction{Kind: conversation.Data}}
	if err != nil {
		done.reaction = reactionTo(ctx, conn, err)
	}
	if made.ServerRandom != nil {
		conn.Worked()
	}
	p.peer.Logf("%s: handshake: %s", name, done.reaction)
	return done
}

// reactionTo normalizes an error of a session.
func reactionTo(ctx context.Context, conn *conversation.Conn, err error) conversation.Reaction {
	return conn.Reaction(ctx, err)
}

func (w *whole) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing was promised to the peer
	}
}

// request sends a request that changes nothing and reads on to the answer, so
// that what a server of TLS 1.3 sends after the handshake has come.
func (w *whole) request(ctx context.Context, host string) conversation.Reaction {
	request := fmt.Sprintf("HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: Gradewatch\r\nConnection: close\r\n\r\n", host)
	if _, err := w.Write([]byte(request)); err != nil {
		return reactionTo(ctx, w.conn, err)
	}
	if _, err := w.Read(make([]byte, 4096)); err != nil {
		return reactionTo(ctx, w.conn, err)
	}
	return conversation.Reaction{Kind: conversation.Data}
}

// reason is why a handshake tells nothing.
func (w *whole) reason() checks.Reason {
	switch {
	case w.reaction.Kind == conversation.Failed:
		return w.reaction.Reason
	case w.CertificateRequest != nil:
		return checks.ReasonClientCertificate
	default:
		return checks.ReasonHandshakeFailed
	}
}

// runnable are the accepted suites of a version that a whole handshake can be
// made with.
func (p *probe) runnable(protocol checks.Protocol) []uint16 {
	accepted := p.server.Values(protocol)
	return slices.DeleteFunc(session.SupportedSuites(wireVersion(protocol)), func(suite uint16) bool { return !slices.Contains(accepted, suite) })
}
