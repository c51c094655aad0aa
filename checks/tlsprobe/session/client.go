package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const (
	maxMessages = 64 // of one handshake
	maxWarnings = 8
)

// Handshake makes a whole handshake as the client. The session is never nil: at
// an error, an *Error that names the phase, it holds what was learned until
// then. A connection with deadlines is bound to ctx.
func Handshake(ctx context.Context, conn io.ReadWriter, config Config) (*Session, error) {
	session, err := Start(ctx, conn, config)
	if err != nil {
		return session, err
	}
	return session, session.Finish(ctx)
}

// Start sends the hello and reads the server's flight: to ServerHelloDone, in
// TLS 1.3 to its Finished, in an abbreviated handshake to what follows the
// ServerHello. The caller goes on with Finish, or with Layer as it likes.
func Start(ctx context.Context, conn io.ReadWriter, config Config) (*Session, error) {
	session := &Session{config: config, conn: conn, layer: NewLayer(conn)}
	session.layer.Version = config.recordVersion()
	defer session.bind(ctx)()
	return session, session.start()
}

func (s *Session) start() error {
	asking, waiting := PhaseClientHello, PhaseServerHello
	if s.previous != nil {
		asking, waiting = PhaseRenegotiation, PhaseRenegotiation
	}
	if err := s.sendHello(); err != nil {
		return inPhase(asking, err)
	}
	hello, err := s.readServerHello()
	if err != nil {
		return inPhase(waiting, err)
	}
	if s.Version == wire.TLS13 {
		err = s.readFlightTLS13(hello)
	} else {
		err = s.readFlight()
	}
	return inPhase(PhaseServerFlight, err)
}

func (s *Session) sendHello() error {
	if s.config.maxVersion() == wire.TLS13 {
		s.hello.early = s.config.EarlyData != nil && s.config.resumesTLS13()
		for _, group := range s.config.keyShares() {
			share, err := newKeyShare(group)
			if err != nil {
				return err
			}
			s.hello.shares = append(s.hello.shares, share)
		}
	}
	if err := s.hello.build(s.config, nil); err != nil {
		return err
	}
	s.ClientRandom = s.hello.random
	s.send(wire.TypeHandshake, s.hello.message)
	if s.hello.early {
		if err := s.addEarlyData(); err != nil {
			return err
		}
	}
	return s.flush()
}

// send puts one record's content into the flight; handshake messages join the
// transcript.
func (s *Session) send(contentType uint8, content []byte) {
	if contentType == wire.TypeHandshake {
		s.transcript = append(s.transcript, content...)
	}
	s.flight = append(s.flight, s.layer.Records(contentType, content)...)
}

// flush sends the flight in one piece. A server that refuses may have closed by
// then: the alert that it sent before says more than a broken pipe.
func (s *Session) flush() error {
	flight := s.flight
	s.flight = nil
	err := s.layer.WriteRaw(flight)
	if err == nil {
		return nil
	}
	var alert *wire.Alert
	if _, reason := s.next(); errors.As(reason, &alert) {
		return fmt.Errorf("%w, after: %w", err, alert)
	}
	return err
}

// next returns the next record or message that is no warning. Handshake
// messages join the transcript, but for HelloRequest.
func (s *Session) next() (wire.Record, error) {
	if s.ahead != nil {
		record := *s.ahead
		s.ahead = nil
		return record, nil
	}
	for range maxIdle {
		record, err := s.layer.Next()
		if err != nil {
			return record, err
		}
		switch {
		case s.setAside(record):
			continue
		case record.Type == wire.TypeAlert:
			if err := s.heed(record.Content); err != nil {
				return record, err
			}
			continue
		case record.Type != wire.TypeHandshake:
			return record, nil
		}
		if s.messages++; s.messages > maxMessages {
			return record, fmt.Errorf("more than %d handshake messages: %w", maxMessages, wire.ErrTooLarge)
		}
		if record.Content[0] == wire.TypeHelloRequest && s.Version != wire.TLS13 {
			s.HelloRequests++
			continue
		}
		return record, nil
	}
	return wire.Record{}, fmt.Errorf("more than %d records that bring nothing: %w", maxIdle, wire.ErrTooLarge)
}

// heed returns an alert that ends the conversation, and keeps one that does not.
func (s *Session) heed(payload []byte) error {
	if len(payload) != 2 {
		return malformed("alert")
	}
	alert := wire.Alert{Level: payload[0], Code: payload[1]}
	refused := s.previous != nil && alert.Code == wire.AlertNoRenegotiation
	if alert.Level != wire.LevelWarning || alert.Code == wire.AlertCloseNotify || refused {
		return &alert
	}
	if s.Warnings = append(s.Warnings, alert); len(s.Warnings) > maxWarnings {
		return fmt.Errorf("more than %d warnings: %w", maxWarnings, wire.ErrTooLarge)
	}
	return nil
}

// nextMessage returns the next handshake message, which must be of one of these
// types, and adds it to the transcript.
func (s *Session) nextMessage(kinds ...uint8) (kind uint8, body []byte, err error) {
	record, err := s.next()
	if err != nil {
		return 0, nil, err
	}
	if record.Type != wire.TypeHandshake {
		return 0, nil, fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
	}
	return s.accept(record.Content, kinds...)
}

func (s *Session) accept(message []byte, kinds ...uint8) (kind uint8, body []byte, err error) {
	if !slices.Contains(kinds, message[0]) {
		return 0, nil, fmt.Errorf("handshake type %d: %w", message[0], ErrUnexpected)
	}
	s.transcript = append(s.transcript, message...)
	return message[0], message[4:], nil
}

// readServerHello reads to the ServerHello, over a HelloRetryRequest if there
// is one.
func (s *Session) readServerHello() (*wire.ServerHello, error) {
	next := s.nextMessage
	if s.HelloRetry {
		next = s.nextTLS13
	}
	_, body, err := next(wire.TypeServerHello)
	if err != nil {
		return nil, err
	}
	hello, err := wire.ParseServerHello(body)
	if err != nil {
		return nil, inContext("the ServerHello", err)
	}
	if err := s.negotiated(hello); err != nil || !hello.Retry {
		return hello, err
	}
	if s.HelloRetry {
		return nil, fmt.Errorf("a second HelloRetryRequest: %w", ErrUnexpected)
	}
	if err := s.retry(hello); err != nil {
		return nil, err
	}
	return s.readServerHello()
}

// negotiated keeps what a ServerHello says, and refuses what was not offered.
func (s *Session) negotiated(hello *wire.ServerHello) error {
	s.Version, s.Suite, s.Compression = hello.Version, hello.Suite, hello.Compression
	s.ServerRandom, s.SessionID, s.ServerExtensions = hello.Random, hello.SessionID, hello.Extensions
	if s.Version < s.config.minVersion() || s.Version > s.config.maxVersion() {
		return fmt.Errorf("version 0x%04X: %w", s.Version, ErrUnsupported)
	}
	suite, known := SuiteOf(hello.Suite)
	if !known || !slices.Contains(s.config.suites(), hello.Suite) || suite.aead() && s.Version < wire.TLS12 ||
		(s.Version == wire.TLS13) != (hello.Suite>>8 == 0x13) {
		return fmt.Errorf("suite 0x%04X: %w", hello.Suite, ErrUnsupported)
	}
	s.suite = suite
	s.noteExtensions(hello.Extensions)
	return nil
}

// noteExtensions reads what extensions of ServerHello or EncryptedExtensions
// say. What is malformed counts as not said.
func (s *Session) noteExtensions(extensions Extensions) {
	if list, found := extensions.Get(wire.ExtensionALPN); found {
		s.ALPN, _ = wire.ParseALPN(list)
	}
	if list, found := extensions.Get(wire.ExtensionSCT); found {
		s.SCTs, _ = wire.ParseSCTs(list)
	}
	if s.Version == wire.TLS13 {
		return
	}
	_, s.ExtendedMasterSecret = extensions.Get(wire.ExtensionExtendedMasterSecret)
	s.ExtendedMasterSecret = s.ExtendedMasterSecret && s.Version > wire.SSL30 && !s.config.NoExtendedMasterSecret
	_, s.EncryptThenMAC = extensions.Get(wire.ExtensionEncryptThenMAC)
	s.EncryptThenMAC = s.EncryptThenMAC && s.config.EncryptThenMAC && s.suite.CBC()
	info, found := extensions.Get(wire.ExtensionRenegotiationInfo)
	s.SecureRenegotiation = found && bytes.Equal(info, vector8(s.expectedVerifyData()))
}

// expectedVerifyData is what renegotiation_info of the ServerHello must carry
// (RFC 5746 section 3.5).
func (s *Session) expectedVerifyData() []byte {
	if s.previous == nil || s.config.NoRenegotiationInfo {
		return nil
	}
	return slices.Concat(s.previous.ClientVerifyData, s.previous.ServerVerifyData)
}

var errNoKeys = fmt.Errorf("compression is on: records after the handshake cannot be read: %w", ErrUnsupported)
