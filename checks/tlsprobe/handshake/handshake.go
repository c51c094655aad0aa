package handshake

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Time is what a whole handshake may take beyond one answer.
const Time = 5 * time.Second

// Question is one handshake to make.
type Question struct {
	Name string // for the transcript: "a session with ticket"
	// Config is what its hello offers. Its ServerName is the peer's where SNI
	// can carry that, unless WithoutSNI.
	Config     session.Config
	WithoutSNI bool
	// Patience is how long each answer is waited for; 0: the peer's.
	Patience time.Duration
	// Longer is what the whole exchange may take beyond one answer; 0: Time.
	Longer time.Duration
	// Partial: it ends where the client's flight would begin.
	Partial bool
	// Again: silence or a drop before any ServerHello is met by asking once
	// more, with three times the patience.
	Again bool
}

// Whole is a handshake and what came of it.
type Whole struct {
	*session.Session
	Conn *conversation.Conn // nil where there was none
	// Reaction is how it ended; Data where it went as far as was asked.
	Reaction conversation.Reaction
	// Err is what Reaction was made from; nil where that is Data.
	Err error
}

// Make makes a whole handshake on a connection out of the peer's budget. It
// never fails: the reaction says what happened. Close must be called.
func Make(ctx context.Context, peer *conversation.Peer, question Question) *Whole {
	if question.Patience == 0 {
		question.Patience = peer.Patience()
	}
	made := attempt(ctx, peer, question)
	if !question.Again || !made.unheard() || ctx.Err() != nil || peer.Stopped() || peer.Left() == 0 {
		return made
	}
	made.Close()
	question.Patience *= 3
	return attempt(ctx, peer, question)
}

// unheard says whether nothing came back that a server says on purpose.
func (w *Whole) unheard() bool {
	return w.ServerRandom == nil && (w.Reaction.Dropped() || w.Reaction.Kind == conversation.Timeout)
}

func attempt(ctx context.Context, peer *conversation.Peer, question Question) *Whole {
	conn, err := peer.OpenPatiently(ctx, question.Patience)
	if err != nil {
		reaction := unconnected(err)
		peer.Logf("%s: %s", question.Name, reaction)
		return &Whole{Session: &session.Session{}, Reaction: reaction, Err: err}
	}
	conn.Extend(cmp.Or(question.Longer, Time))
	question.Config.ServerName = ""
	if _, ok := wire.ServerName(peer.ServerName()); ok && !question.WithoutSNI {
		question.Config.ServerName = peer.ServerName()
	}
	shake := session.Handshake
	if question.Partial {
		shake = session.Start
	}
	made, err := shake(ctx, conn, question.Config)
	done := &Whole{Session: made, Conn: conn, Reaction: conversation.Reaction{Kind: conversation.Data}, Err: err}
	if err != nil {
		done.Reaction = conn.Reaction(ctx, err)
	}
	if made.ServerRandom != nil {
		conn.Worked()
	}
	peer.Logf("%s: handshake: %s", question.Name, done.Reaction)
	return done
}

func unconnected(err error) conversation.Reaction {
	var none *conversation.Unconnected
	if !errors.As(err, &none) {
		return conversation.Reaction{Kind: conversation.Failed, Reason: checks.ReasonInternal, Unconnected: true}
	}
	return none.Reaction
}

// Close ends the connection. It may be called more than once.
func (w *Whole) Close() {
	if w.Conn != nil {
		_ = w.Conn.Close() // nothing was promised to the peer
	}
}

// Reason is why a handshake that is not complete tells nothing.
func (w *Whole) Reason() checks.Reason {
	if w.CertificateRequest != nil && w.Reaction.Kind != conversation.Failed {
		return checks.ReasonClientCertificate
	}
	return w.Reaction.Why()
}
