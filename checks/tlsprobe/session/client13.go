package session

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// trafficSecrets are those of TLS 1.3 that are still needed.
type trafficSecrets struct {
	clientHandshake, client, server []byte
	early                           *Writer
	resumptionMaster                []byte
}

// addEarlyData puts the early data behind the hello, under the PSK's keys
// (RFC 8446 section 4.2.10).
func (s *Session) addEarlyData() error {
	suite, known := SuiteOf(s.config.Resume.Suite)
	if !known {
		return fmt.Errorf("suite 0x%04X of the PSK: %w", s.config.Resume.Suite, ErrUnsupported)
	}
	secret := NewSchedule(suite, s.config.Resume.Secret).Derive("c e traffic", s.transcript)
	writer, err := NewWriter(Protection{Version: wire.TLS13, Suite: suite, Keys: TrafficKeys(suite, secret)})
	if err != nil {
		return err
	}
	s.layer.Version = wire.TLS12
	s.send(wire.TypeChangeCipherSpec, []byte{1}) // for middleboxes (appendix D.4)
	s.layer.Writer, s.traffic.early = writer, writer
	s.send(wire.TypeApplicationData, s.config.EarlyData)
	s.layer.Writer = nil
	return nil
}

// retry answers a HelloRetryRequest with a second hello (RFC 8446 section
// 4.1.4).
func (s *Session) retry(hello *wire.ServerHello) error {
	s.HelloRetry, s.HelloRetryExtensions = true, hello.Extensions
	request := s.transcript[len(s.hello.message):]
	first := message(typeMessageHash, digest(s.suite.Hash, s.hello.message))
	before := slices.Concat(first, request)
	if hello.Group != 0 {
		s.Group = hello.Group
		if !slices.Contains(s.config.groups(), s.Group) {
			return fmt.Errorf("group 0x%04X: %w", s.Group, ErrUnsupported)
		}
		share, err := newKeyShare(s.Group)
		if err != nil {
			return err
		}
		s.hello.shares = []keyShare{share}
	}
	s.hello.cookie, _ = hello.Extension(wire.ExtensionCookie)
	early := s.hello.early
	s.hello.early = false
	if err := s.hello.build(s.config, before); err != nil {
		return err
	}
	s.transcript = before
	s.layer.Version = wire.TLS12
	if !early && len(s.hello.session) > 0 {
		s.send(wire.TypeChangeCipherSpec, []byte{1})
	}
	s.traffic.early = nil
	s.send(wire.TypeHandshake, s.hello.message)
	return s.flush()
}

// readFlightTLS13 reads the encrypted flight to the server's Finished.
func (s *Session) readFlightTLS13(hello *wire.ServerHello) error {
	s.layer.Version = wire.TLS12
	if err := s.agreeTLS13(hello); err != nil {
		return err
	}
	for {
		expected := slices.Clone(s.transcript)
		kind, body, err := s.nextTLS13(wire.TypeEncryptedExtensions, wire.TypeCertificateRequest, wire.TypeCertificate, wire.TypeCertificateVerify, wire.TypeFinished)
		if err != nil {
			return err
		}
		if kind != wire.TypeFinished {
			if err := s.noteTLS13(kind, body); err != nil {
				return err
			}
			continue
		}
		return s.serverFinishedTLS13(body, expected)
	}
}

// nextTLS13 is nextMessage, over the change_cipher_spec for middleboxes.
func (s *Session) nextTLS13(kinds ...uint8) (kind uint8, body []byte, err error) {
	for range maxIdle {
		record, err := s.next()
		if err != nil {
			return 0, nil, err
		}
		switch record.Type {
		case wire.TypeHandshake:
			return s.accept(record.Content, kinds...)
		case wire.TypeChangeCipherSpec:
		default:
			return 0, nil, fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
		}
	}
	return 0, nil, fmt.Errorf("more than %d change_cipher_spec: %w", maxIdle, wire.ErrTooLarge)
}

// agreeTLS13 makes the handshake keys.
func (s *Session) agreeTLS13(hello *wire.ServerHello) error {
	var psk []byte
	if chosen, found := hello.Extension(wire.ExtensionPreSharedKey); found {
		if !s.config.resumesTLS13() || !bytes.Equal(chosen, []byte{0, 0}) || s.config.Resume.hash() != s.suite.Hash {
			return fmt.Errorf("a PSK that was not offered: %w", ErrUnexpected)
		}
		psk, s.Resumed = s.config.Resume.Secret, true
	}
	shared, err := s.sharedTLS13(hello)
	if err != nil {
		return err
	}
	s.schedule = NewSchedule(s.suite, psk)
	s.schedule.Handshake(shared)
	s.traffic.clientHandshake = s.schedule.Derive("c hs traffic", s.transcript)
	s.traffic.server = s.schedule.Derive("s hs traffic", s.transcript)
	return s.readWith(s.traffic.server)
}

func (s *Session) sharedTLS13(hello *wire.ServerHello) ([]byte, error) {
	s.Group = hello.Group
	for _, share := range s.hello.shares {
		if share.group == hello.Group {
			return share.shared(hello.KeyShare)
		}
	}
	return nil, fmt.Errorf("a key share of group 0x%04X: %w", hello.Group, ErrUnexpected)
}

func (s *Session) readWith(secret []byte) (err error) {
	s.layer.Reader, err = NewReader(Protection{Version: s.Version, Suite: s.suite, Keys: TrafficKeys(s.suite, secret)})
	return err
}

func (s *Session) writeWith(secret []byte) (err error) {
	s.layer.Writer, err = NewWriter(Protection{Version: s.Version, Suite: s.suite, Keys: TrafficKeys(s.suite, secret)})
	return err
}

func (s *Session) noteTLS13(kind uint8, body []byte) (err error) {
	switch kind {
	case wire.TypeEncryptedExtensions:
		if s.EncryptedExtensions, err = wire.ParseEncryptedExtensions(body); err != nil {
			return inContext("the server's extensions", err)
		}
		s.noteExtensions(s.EncryptedExtensions)
		_, s.EarlyDataAccepted = s.EncryptedExtensions.Get(wire.ExtensionEarlyData)
	case wire.TypeCertificateRequest:
		s.CertificateRequest = body
	case wire.TypeCertificate:
		return s.noteCertificates(body)
	case wire.TypeCertificateVerify: // not verified: no trust is decided here
		if len(body) >= 2 {
			s.SignatureScheme = binary.BigEndian.Uint16(body)
		}
	}
	return err
}

func (s *Session) serverFinishedTLS13(body, before []byte) error {
	s.ServerVerifyData = body
	if subtle.ConstantTimeCompare(FinishedMAC(s.suite.Hash, s.traffic.server, before), body) != 1 {
		return ErrVerifyData
	}
	s.schedule.Master()
	s.traffic.client = s.schedule.Derive("c ap traffic", s.transcript)
	s.traffic.server = s.schedule.Derive("s ap traffic", s.transcript)
	return s.readWith(s.traffic.server)
}

// finishTLS13 sends the client's flight.
func (s *Session) finishTLS13() error {
	if s.schedule == nil || s.traffic.client == nil {
		return ErrState
	}
	if s.traffic.early == nil && !s.HelloRetry {
		s.send(wire.TypeChangeCipherSpec, []byte{1})
	}
	if s.EarlyDataAccepted && s.traffic.early != nil {
		s.layer.Writer = s.traffic.early
		s.send(wire.TypeHandshake, message(wire.TypeEndOfEarlyData, nil))
	}
	if err := s.writeWith(s.traffic.clientHandshake); err != nil {
		return err
	}
	if s.CertificateRequest != nil {
		s.send(wire.TypeHandshake, message(wire.TypeCertificate, s.emptyCertificateTLS13()))
	}
	s.ClientVerifyData = FinishedMAC(s.suite.Hash, s.traffic.clientHandshake, s.transcript)
	s.send(wire.TypeHandshake, message(wire.TypeFinished, s.ClientVerifyData))
	if err := s.flush(); err != nil {
		return err
	}
	s.traffic.resumptionMaster = s.schedule.Derive("res master", s.transcript)
	s.Complete = true
	return s.writeWith(s.traffic.client)
}

// emptyCertificateTLS13 echoes the context of the request (RFC 8446 section 4.4.2).
func (s *Session) emptyCertificateTLS13() []byte {
	input := cryptobyte.String(s.CertificateRequest)
	var context cryptobyte.String
	input.ReadUint8LengthPrefixed(&context) // what is malformed has none
	return append(vector8(context), 0, 0, 0)
}

func (s *Session) noteTicketTLS13(body []byte) error {
	read, err := wire.ParseNewSessionTicket(body, s.Version)
	if err != nil {
		return inContext("the ticket", err)
	}
	s.Tickets = append(s.Tickets, Resumption{
		Version: s.Version, Suite: s.Suite, Ticket: read.Ticket,
		Secret:   ResumptionPSK(s.suite.Hash, s.traffic.resumptionMaster, read.Nonce),
		Lifetime: time.Duration(read.LifetimeSeconds) * time.Second, MaxEarlyData: read.MaxEarlyDataSize,
		ageAdd: read.AgeAdd, received: time.Now(),
	})
	return nil
}
