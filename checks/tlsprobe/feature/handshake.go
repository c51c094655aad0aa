package feature

import (
	"context"
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
)

// handshake makes a whole handshake. Close must be called.
func (p *probe) handshake(ctx context.Context, name string, config session.Config) *handshake.Whole {
	return handshake.Make(ctx, p.peer, handshake.Question{Name: name, Config: config, Again: true})
}

// request sends a request that changes nothing and reads on to the answer, so
// that what a server of TLS 1.3 sends after the handshake has come.
func request(ctx context.Context, made *handshake.Whole, host string) conversation.Reaction {
	head := fmt.Sprintf("HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: Gradewatch\r\nConnection: close\r\n\r\n", host)
	if _, err := made.Write([]byte(head)); err != nil {
		return made.Conn.Reaction(ctx, err)
	}
	if _, err := made.Read(make([]byte, 4096)); err != nil {
		return made.Conn.Reaction(ctx, err)
	}
	return conversation.Reaction{Kind: conversation.Data}
}

// runnable are the accepted suites of a version that a whole handshake can be
// made with.
func (p *probe) runnable(protocol checks.Protocol) []uint16 {
	return session.Runnable(known.WireVersion(protocol), p.server.Values(protocol))
}
