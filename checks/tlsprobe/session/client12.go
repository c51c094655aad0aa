package session

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
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
	abbreviated := record.Type == wire.TypeChangeCipherSpec ||
		record.Type == wire.TypeHandshake && record.Content[0] == wire.TypeNewSessionTicket
	if s.config.Resume != nil && abbreviated {
		s.Resumed, s.ahead, s.master = true, &record, s.config.Resume.Secret
		return nil
	}
	s.ahead = &record
	for {
		kind, body, err := s.nextMessage(wire.TypeCertificate, wire.TypeCertificateStatus, wire.TypeServerKeyExchange, wire.TypeCertificateRequest, wire.TypeServerHelloDone)
		if err != nil {
			return err
		}
		if kind == wire.TypeServerHelloDone {
			return nil
		}
		if err := s.noteFlight(kind, body); err != nil {
			return err
		}
	}
}

func (s *Session) noteFlight(kind uint8, body []byte) error {
	switch kind {
	case wire.TypeCertificate:
		return s.noteCertificates(body)
	case wire.TypeCertificateStatus:
		s.OCSPResponse, _ = wire.ParseCertificateStatus(body) // malformed counts as not there
	case wire.TypeCertificateRequest:
		s.CertificateRequest = body
	case wire.TypeServerKeyExchange:
		return s.noteKeyExchange(body)
	}
	return nil
}

// Finish goes on from where Start ended, to both Finished.
func (s *Session) Finish(ctx context.Context) error {
	defer s.bind(ctx)()
	return s.finish()
}

func (s *Session) finish() error {
	switch {
	case s.Complete || s.suite.ID == 0:
		return inPhase(PhaseClientFlight, ErrState)
	case s.Version == wire.TLS13:
		return inPhase(PhaseClientFlight, s.finishTLS13())
	case s.Compression != 0:
		return inPhase(PhaseClientFlight, errNoKeys)
	case s.Resumed:
		return s.finishResumed()
	}
	if err := s.sendKeyExchange(); err != nil {
		return inPhase(PhaseClientFlight, err)
	}
	if err := s.sendFinished(); err != nil {
		return inPhase(PhaseClientFlight, err)
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
		return inPhase(PhaseClientFlight, err)
	}
	s.Complete = true
	return nil
}

// sendKeyExchange answers the server's flight and makes the master secret.
func (s *Session) sendKeyExchange() error {
	if s.CertificateRequest != nil {
		s.declineCertificate()
	}
	body, premaster, err := s.clientKeyExchange()
	if err != nil {
		return err
	}
	s.send(wire.TypeHandshake, message(wire.TypeClientKeyExchange, body))
	if s.ExtendedMasterSecret {
		s.master = s.Secrets().ExtendedMasterSecret(premaster, s.transcript)
	} else {
		s.master = s.Secrets().MasterSecret(premaster)
	}
	return nil
}

// declineCertificate sends an empty Certificate, in SSL 3.0 the warning
// no_certificate (RFC 6101 section 5.6.6).
func (s *Session) declineCertificate() {
	if s.Version == wire.SSL30 {
		s.send(wire.TypeAlert, []byte{wire.LevelWarning, 41})
		return
	}
	s.send(wire.TypeHandshake, message(wire.TypeCertificate, []byte{0, 0, 0}))
}

// sendFinished switches the client's side to the new keys.
func (s *Session) sendFinished() error {
	s.send(wire.TypeChangeCipherSpec, []byte{1})
	keys, _ := s.Secrets().Keys()
	writer, err := NewWriter(s.protection(keys))
	if err != nil {
		return err
	}
	s.layer.Writer = writer
	s.ClientVerifyData = s.Secrets().Finished(Client, s.transcript)
	s.send(wire.TypeHandshake, message(wire.TypeFinished, s.ClientVerifyData))
	return s.flush()
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
	if record.Type == wire.TypeHandshake {
		_, body, err := s.accept(record.Content, wire.TypeNewSessionTicket)
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
	if record.Type != wire.TypeChangeCipherSpec || !bytes.Equal(record.Content, []byte{1}) {
		return fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
	}
	_, keys := s.Secrets().Keys()
	if s.layer.Reader, err = NewReader(s.protection(keys)); err != nil {
		return err
	}
	expected := s.Secrets().Finished(Server, s.transcript)
	if _, s.ServerVerifyData, err = s.nextMessage(wire.TypeFinished); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(expected, s.ServerVerifyData) != 1 {
		return ErrVerifyData
	}
	return nil
}

func (s *Session) noteTicket(body []byte) error {
	read, err := wire.ParseNewSessionTicket(body, s.Version)
	if err != nil || len(read.Ticket) == 0 { // a server may change its mind (RFC 5077 section 3.3)
		return inContext("the ticket", err)
	}
	resumption := s.resumption()
	resumption.Ticket, resumption.Lifetime = read.Ticket, time.Duration(read.LifetimeSeconds)*time.Second
	resumption.SessionID = nil // a ticket stands by itself
	s.Tickets = append(s.Tickets, *resumption)
	return nil
}
