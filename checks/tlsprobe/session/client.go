package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
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
	if s.Version == VersionTLS13 {
		err = s.readFlightTLS13(hello)
	} else {
		err = s.readFlight()
	}
	return inPhase(PhaseServerFlight, err)
}

func (s *Session) sendHello() error {
	if s.config.maxVersion() == VersionTLS13 {
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
	if err := s.send(TypeHandshake, s.hello.message); err != nil {
		return err
	}
	if s.hello.early {
		return s.sendEarlyData()
	}
	return nil
}

// send writes one record's content; handshake messages join the transcript.
func (s *Session) send(contentType uint8, content []byte) error {
	if contentType == TypeHandshake {
		s.transcript = append(s.transcript, content...)
	}
	return s.layer.Write(contentType, content)
}

// next returns the next record or message that is no warning. Handshake
// messages join the transcript, but for HelloRequest.
func (s *Session) next() (Record, error) {
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
		case record.Type == TypeAlert:
			if err := s.heed(record.Payload); err != nil {
				return record, err
			}
			continue
		case record.Type != TypeHandshake:
			return record, nil
		}
		if s.messages++; s.messages > maxMessages {
			return record, fmt.Errorf("more than %d handshake messages: %w", maxMessages, ErrLimit)
		}
		if record.Payload[0] == typeHelloRequest && s.Version != VersionTLS13 {
			s.HelloRequests++
			continue
		}
		return record, nil
	}
	return Record{}, fmt.Errorf("more than %d records that bring nothing: %w", maxIdle, ErrLimit)
}

// heed returns an alert that ends the conversation, and keeps one that does not.
func (s *Session) heed(payload []byte) error {
	if len(payload) != 2 {
		return malformed("alert")
	}
	alert := AlertError{Level: payload[0], Code: payload[1]}
	refused := s.previous != nil && alert.Code == alertNoRenegotiation
	if alert.Level != levelWarning || alert.Code == alertCloseNotify || refused {
		return &alert
	}
	if s.Warnings = append(s.Warnings, alert); len(s.Warnings) > maxWarnings {
		return fmt.Errorf("more than %d warnings: %w", maxWarnings, ErrLimit)
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
	if record.Type != TypeHandshake {
		return 0, nil, fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
	}
	return s.accept(record.Payload, kinds...)
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
func (s *Session) readServerHello() (serverHello, error) {
	next := s.nextMessage
	if s.HelloRetry {
		next = s.nextTLS13
	}
	_, body, err := next(typeServerHello)
	if err != nil {
		return serverHello{}, err
	}
	hello, err := parseServerHello(body)
	if err != nil {
		return hello, err
	}
	if err := s.negotiated(hello); err != nil {
		return hello, err
	}
	if !bytes.Equal(hello.random, helloRetryRandom()) || s.Version != VersionTLS13 {
		return hello, nil
	}
	if s.HelloRetry {
		return hello, fmt.Errorf("a second HelloRetryRequest: %w", ErrUnexpected)
	}
	if err := s.retry(hello); err != nil {
		return hello, err
	}
	return s.readServerHello()
}

// negotiated keeps what a ServerHello says, and refuses what was not offered.
func (s *Session) negotiated(hello serverHello) error {
	s.Version, s.Suite, s.Compression = hello.version, hello.suite, hello.compression
	s.ServerRandom, s.SessionID, s.ServerExtensions = hello.random, hello.sessionID, hello.extensions
	if chosen, found := hello.extensions.Get(ExtensionSupportedVersions); found && len(chosen) == 2 {
		s.Version = binary.BigEndian.Uint16(chosen)
	}
	if s.Version < s.config.minVersion() || s.Version > s.config.maxVersion() {
		return fmt.Errorf("version 0x%04X: %w", s.Version, ErrUnsupported)
	}
	suite, known := SuiteOf(hello.suite)
	if !known || !slices.Contains(s.config.suites(), hello.suite) || suite.aead() && s.Version < VersionTLS12 ||
		(s.Version == VersionTLS13) != (hello.suite>>8 == 0x13) {
		return fmt.Errorf("suite 0x%04X: %w", hello.suite, ErrUnsupported)
	}
	s.suite = suite
	s.noteExtensions(hello.extensions)
	return nil
}

// noteExtensions reads what extensions of ServerHello or EncryptedExtensions
// say. What is malformed counts as not said.
func (s *Session) noteExtensions(extensions Extensions) {
	if list, found := extensions.Get(ExtensionALPN); found && len(list) > 3 && int(list[2]) == len(list)-3 {
		s.ALPN = string(list[3:])
	}
	if list, found := extensions.Get(ExtensionSCT); found {
		s.SCTs, _ = parseSCTs(list)
	}
	if s.Version == VersionTLS13 {
		return
	}
	_, s.ExtendedMasterSecret = extensions.Get(ExtensionExtendedMasterSecret)
	s.ExtendedMasterSecret = s.ExtendedMasterSecret && s.Version > VersionSSL30 && !s.config.NoExtendedMasterSecret
	_, s.EncryptThenMAC = extensions.Get(ExtensionEncryptThenMAC)
	s.EncryptThenMAC = s.EncryptThenMAC && s.config.EncryptThenMAC && s.suite.CBC()
	info, found := extensions.Get(ExtensionRenegotiationInfo)
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

// helloRetryRandom is the random of a HelloRetryRequest: SHA-256 of that word
// (RFC 8446 section 4.1.3).
func helloRetryRandom() []byte {
	return digest(0, []byte("HelloRetryRequest"))
}

var errNoKeys = errors.New("compression is on: records after the handshake cannot be read")
