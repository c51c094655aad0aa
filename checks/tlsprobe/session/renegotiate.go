package session

import (
	"context"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Renegotiate sends a second hello inside the session and carries that
// handshake through to both Finished: with the verify data of this one (RFC
// 5746 section 3.5), or without anything if config says NoRenegotiationInfo,
// which is the insecure kind. config's version is the session's where it names
// none.
//
// The session returned goes on where this one ended, which must not be used any
// more. A refusal is an *Error of PhaseRenegotiation: the server's alert, also
// the warning no_renegotiation, the end of the connection or its deadline. One
// of a later phase came after the server's second ServerHello.
func (s *Session) Renegotiate(ctx context.Context, config Config) (*Session, error) {
	if config.MaxVersion == 0 {
		config.MaxVersion = s.Version
	}
	config.renegotiation = true
	second := &Session{config: config, conn: s.conn, layer: s.layer, previous: s, unread: s.unread}
	if !s.Complete || s.Version == wire.TLS13 {
		return second, inPhase(PhaseRenegotiation, ErrState)
	}
	if !config.NoRenegotiationInfo {
		second.hello.verifyData = s.ClientVerifyData
	}
	defer second.bind(ctx)()
	if err := second.start(); err != nil {
		return second, err
	}
	return second, second.finish()
}

// setAside keeps application data that the server sent before it read the
// second hello.
func (s *Session) setAside(record wire.Record) bool {
	if s.previous == nil || record.Type != wire.TypeApplicationData || len(s.unread)+len(record.Content) > wire.MaxAnswer {
		return false
	}
	s.unread = append(s.unread, record.Content...)
	return true
}
