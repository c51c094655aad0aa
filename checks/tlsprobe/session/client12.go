package session

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"time"
)

// readFlight reads what follows a ServerHello up to TLS 1.2: to
// ServerHelloDone, or one record into an abbreviated handshake.
func (s *Session) readFlight() error {
	s.layer.Version = s.Version
	record, err := s.next()
	if err != nil {
		return err
	}
	// Some servers echo the session id without resuming, and a ticket may be
	// taken with any session id: the next message tells (RFC 5077 section 3.4).
	abbreviated := record.Type == TypeChangeCipherSpec ||
		record.Type == TypeHandshake && record.Payload[0] == typeNewSessionTicket
	if s.config.Resume != nil && abbreviated {
		s.Resumed, s.ahead, s.master = true, &record, s.config.Resume.Secret
		return nil
	}
	s.ahead = &record
	for {
		kind, body, err := s.nextMessage(typeCertificate, typeCertificateStatus, typeServerKeyExchange, typeCertificateRequest, typeServerHelloDone)
		if err != nil {
			return err
		}
		if kind == typeServerHelloDone {
			return nil
		}
		if err := s.noteFlight(kind, body); err != nil {
			return err
		}
	}
}

func (s *Session) noteFlight(kind uint8, body []byte) (err error) {
	switch kind {
	case typeCertificate:
		s.Certificates, err = parseCertificate(body)
	case typeCertificateStatus:
		s.OCSPResponse, err = parseCertificateStatus(body)
	case typeCertificateRequest:
		s.CertificateRequest = body
	case typeServerKeyExchange:
		s.ServerKeyExchange, err = parseServerKeyExchange(s.Version, s.suite, body)
		if err == nil {
			s.Group, s.SignatureScheme = s.ServerKeyExchange.Group, s.ServerKeyExchange.SignatureScheme
		}
	}
	return err
}

// Finish goes on from where Start ended, to both Finished.
func (s *Session) Finish(ctx context.Context) error {
	defer s.bind(ctx)()
	return s.finish()
}

func (s *Session) finish() error {
	switch {
	case s.Complete || s.suite.ID == 0:
		return inPhase(PhaseClientKeyExchange, ErrState)
	case s.Version == VersionTLS13:
		return inPhase(PhaseClientKeyExchange, s.finishTLS13())
	case s.Compression != 0:
		return inPhase(PhaseClientKeyExchange, errNoKeys)
	case s.Resumed:
		return s.finishResumed()
	}
	if err := s.sendKeyExchange(); err != nil {
		return inPhase(PhaseClientKeyExchange, err)
	}
	if err := s.sendFinished(); err != nil {
		return inPhase(PhaseClientKeyExchange, err)
	}
	if err := s.readFinished(); err != nil {
		return inPhase(PhaseServerFinished, err)
	}
	s.Complete = true
	return nil
}

func (s *Session) finishResumed() error {
	if err := s.readFinished(); err != nil {
		return inPhase(PhaseServerFinished, err)
	}
	if err := s.sendFinished(); err != nil {
		return inPhase(PhaseClientKeyExchange, err)
	}
	s.Complete = true
	return nil
}

// sendKeyExchange answers the server's flight and makes the master secret.
func (s *Session) sendKeyExchange() error {
	if s.CertificateRequest != nil {
		if err := s.declineCertificate(); err != nil {
			return err
		}
	}
	body, premaster, err := s.clientKeyExchange()
	if err != nil {
		return err
	}
	if err := s.send(TypeHandshake, Message(typeClientKeyExchange, body)); err != nil {
		return err
	}
	if s.ExtendedMasterSecret {
		s.master = s.Secrets().ExtendedMasterSecret(premaster, s.transcript)
	} else {
		s.master = s.Secrets().MasterSecret(premaster)
	}
	return nil
}

// declineCertificate sends an empty Certificate, in SSL 3.0 the warning
// no_certificate (RFC 6101 section 5.6.6).
func (s *Session) declineCertificate() error {
	if s.Version == VersionSSL30 {
		return s.send(TypeAlert, []byte{levelWarning, 41})
	}
	return s.send(TypeHandshake, Message(typeCertificate, []byte{0, 0, 0}))
}

// sendFinished switches the client's side to the new keys.
func (s *Session) sendFinished() error {
	if err := s.send(TypeChangeCipherSpec, []byte{1}); err != nil {
		return err
	}
	keys, _ := s.Secrets().Keys()
	writer, err := NewWriter(s.protection(keys))
	if err != nil {
		return err
	}
	s.layer.Writer = writer
	s.ClientVerifyData = s.Secrets().Finished(Client, s.transcript)
	return s.send(TypeHandshake, Message(typeFinished, s.ClientVerifyData))
}

func (s *Session) protection(keys Keys) Protection {
	return Protection{Version: s.Version, Suite: s.suite, Keys: keys, EncryptThenMAC: s.EncryptThenMAC}
}

// readFinished reads the server's ticket, switch of keys and Finished.
func (s *Session) readFinished() error {
	record, err := s.next()
	if err != nil {
		return err
	}
	if record.Type == TypeHandshake {
		_, body, err := s.accept(record.Payload, typeNewSessionTicket)
		if err != nil {
			return err
		}
		if err := s.noteTicket(body); err != nil {
			return err
		}
		if record, err = s.next(); err != nil {
			return err
		}
	}
	if record.Type != TypeChangeCipherSpec || !bytes.Equal(record.Payload, []byte{1}) {
		return fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
	}
	_, keys := s.Secrets().Keys()
	if s.layer.Reader, err = NewReader(s.protection(keys)); err != nil {
		return err
	}
	expected := s.Secrets().Finished(Server, s.transcript)
	if _, s.ServerVerifyData, err = s.nextMessage(typeFinished); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(expected, s.ServerVerifyData) != 1 {
		return ErrVerifyData
	}
	return nil
}

func (s *Session) noteTicket(body []byte) error {
	lifetime, ticket, err := parseTicket(body)
	if err != nil || len(ticket) == 0 {
		return err
	}
	resumption := s.resumption()
	resumption.Ticket, resumption.Lifetime = ticket, time.Duration(lifetime)*time.Second
	resumption.SessionID = nil // a ticket stands by itself
	s.Tickets = append(s.Tickets, *resumption)
	return nil
}
