package session

import (
	"errors"
	"fmt"
	"io"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const maxTickets = 16

// Write sends application data, split into records of at most 2^14 bytes.
func (s *Session) Write(data []byte) (int, error) {
	if !s.Complete {
		return 0, inPhase(PhaseApplicationData, ErrState)
	}
	if err := s.layer.Write(wire.TypeApplicationData, data); err != nil {
		return 0, inPhase(PhaseApplicationData, err)
	}
	return len(data), nil
}

// Read returns application data. What comes between is dealt with: tickets are
// kept, key updates followed, HelloRequests counted. After a close_notify it
// returns io.EOF; the connection's own deadline holds.
func (s *Session) Read(buffer []byte) (int, error) {
	for range maxIdle {
		if len(s.unread) > 0 {
			count := copy(buffer, s.unread)
			s.unread = s.unread[count:]
			return count, nil
		}
		if !s.Complete {
			return 0, inPhase(PhaseApplicationData, ErrState)
		}
		record, err := s.next()
		if alert := (*wire.Alert)(nil); errors.As(err, &alert) && alert.Code == wire.AlertCloseNotify {
			return 0, io.EOF
		}
		if err == nil {
			err = s.take(record)
		}
		if err != nil {
			return 0, inPhase(PhaseApplicationData, err)
		}
	}
	return 0, inPhase(PhaseApplicationData, fmt.Errorf("more than %d records without data: %w", maxIdle, wire.ErrTooLarge))
}

// take deals with one record or message after the handshake.
func (s *Session) take(record wire.Record) error {
	switch record.Type {
	case wire.TypeApplicationData:
		s.unread, s.messages = record.Content, 0
		return nil
	case wire.TypeHandshake:
		return s.takeMessage(record.Content)
	case wire.TypeChangeCipherSpec:
		if s.Version == wire.TLS13 {
			return nil
		}
	case wire.TypeHeartbeat:
		return nil
	}
	return fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
}

func (s *Session) takeMessage(message []byte) error {
	kind, body := message[0], message[4:]
	switch {
	case s.Version != wire.TLS13:
	case kind == wire.TypeNewSessionTicket && len(s.Tickets) < maxTickets:
		return s.noteTicketTLS13(body)
	case kind == wire.TypeNewSessionTicket:
		return fmt.Errorf("more than %d tickets: %w", maxTickets, wire.ErrTooLarge)
	case kind == wire.TypeKeyUpdate && len(body) == 1:
		return s.updateKeys(body[0] == 1)
	}
	return fmt.Errorf("handshake type %d: %w", kind, ErrUnexpected)
}

// updateKeys follows a KeyUpdate (RFC 8446 section 4.6.3 and 7.2).
func (s *Session) updateKeys(requested bool) error {
	s.traffic.server = s.nextSecret(s.traffic.server)
	if err := s.readWith(s.traffic.server); err != nil || !requested {
		return err
	}
	if err := s.layer.Write(wire.TypeHandshake, message(wire.TypeKeyUpdate, []byte{0})); err != nil {
		return err
	}
	s.traffic.client = s.nextSecret(s.traffic.client)
	return s.writeWith(s.traffic.client)
}

func (s *Session) nextSecret(secret []byte) []byte {
	return ExpandLabel(s.suite.Hash, secret, "traffic upd", nil, s.suite.Hash.Size())
}

// Close sends close_notify. The connection is the caller's to close.
func (s *Session) Close() error {
	return inPhase(PhaseApplicationData, s.layer.Write(wire.TypeAlert, []byte{wire.LevelWarning, wire.AlertCloseNotify}))
}
