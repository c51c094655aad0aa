package session

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// trafficSecrets are those of TLS 1.3 that are still needed.
type trafficSecrets struct {
	clientHandshake, client, server []byte
	early                           *Writer
	resumptionMaster                []byte
}

// sendEarlyData sends the early data behind the hello, under the PSK's keys
// (RFC 8446 section 4.2.10).
func (s *Session) sendEarlyData() error {
	suite, known := SuiteOf(s.config.Resume.Suite)
	if !known {
		return fmt.Errorf("suite 0x%04X of the PSK: %w", s.config.Resume.Suite, ErrUnsupported)
	}
	secret := NewSchedule(suite, s.config.Resume.Secret).Derive("c e traffic", s.transcript)
	writer, err := NewWriter(Protection{Version: VersionTLS13, Suite: suite, Keys: TrafficKeys(suite, secret)})
	if err != nil {
		return err
	}
	s.layer.Version = VersionTLS12
	if err := s.send(TypeChangeCipherSpec, []byte{1}); err != nil { // for middleboxes (appendix D.4)
		return err
	}
	s.layer.Writer, s.traffic.early = writer, writer
	defer func() { s.layer.Writer = nil }()
	return s.send(TypeApplicationData, s.config.EarlyData)
}

// retry answers a HelloRetryRequest with a second hello (RFC 8446 section
// 4.1.4).
func (s *Session) retry(hello serverHello) error {
	s.HelloRetry, s.HelloRetryExtensions = true, hello.extensions
	request := s.transcript[len(s.hello.message):]
	first := Message(typeMessageHash, digest(s.suite.Hash, s.hello.message))
	before := slices.Concat(first, request)
	if group, found := hello.extensions.Get(ExtensionKeyShare); found {
		if len(group) != 2 {
			return malformed("key_share of HelloRetryRequest")
		}
		s.Group = binary.BigEndian.Uint16(group)
		if !slices.Contains(s.config.groups(), s.Group) {
			return fmt.Errorf("group 0x%04X: %w", s.Group, ErrUnsupported)
		}
		share, err := newKeyShare(s.Group)
		if err != nil {
			return err
		}
		s.hello.shares = []keyShare{share}
	}
	if cookie, found := hello.extensions.Get(ExtensionCookie); found {
		input := cryptobyte.String(cookie)
		if !readVector16(&input, &s.hello.cookie) {
			return malformed("cookie of HelloRetryRequest")
		}
	}
	early := s.hello.early
	s.hello.early = false
	if err := s.hello.build(s.config, before); err != nil {
		return err
	}
	s.transcript = before
	s.layer.Version = VersionTLS12
	if !early && len(s.hello.session) > 0 {
		if err := s.send(TypeChangeCipherSpec, []byte{1}); err != nil {
			return err
		}
	}
	s.traffic.early = nil
	return s.send(TypeHandshake, s.hello.message)
}

// readFlightTLS13 reads the encrypted flight to the server's Finished.
func (s *Session) readFlightTLS13(hello serverHello) error {
	s.layer.Version = VersionTLS12
	if err := s.agreeTLS13(hello.extensions); err != nil {
		return err
	}
	for {
		expected := slices.Clone(s.transcript)
		kind, body, err := s.nextTLS13(typeEncryptedExtensions, typeCertificateRequest, typeCertificate, typeCertificateVerify, typeFinished)
		if err != nil {
			return err
		}
		if kind != typeFinished {
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
		case TypeHandshake:
			return s.accept(record.Payload, kinds...)
		case TypeChangeCipherSpec:
		default:
			return 0, nil, fmt.Errorf("content type %d: %w", record.Type, ErrUnexpected)
		}
	}
	return 0, nil, fmt.Errorf("more than %d change_cipher_spec: %w", maxIdle, ErrLimit)
}

// agreeTLS13 makes the handshake keys.
func (s *Session) agreeTLS13(extensions Extensions) error {
	var psk []byte
	if chosen, found := extensions.Get(ExtensionPreSharedKey); found {
		if !s.config.resumesTLS13() || !bytes.Equal(chosen, []byte{0, 0}) || s.config.Resume.hash() != s.suite.Hash {
			return fmt.Errorf("a PSK that was not offered: %w", ErrUnexpected)
		}
		psk, s.Resumed = s.config.Resume.Secret, true
	}
	shared, err := s.sharedTLS13(extensions)
	if err != nil {
		return err
	}
	s.schedule = NewSchedule(s.suite, psk)
	s.schedule.Handshake(shared)
	s.traffic.clientHandshake = s.schedule.Derive("c hs traffic", s.transcript)
	s.traffic.server = s.schedule.Derive("s hs traffic", s.transcript)
	return s.readWith(s.traffic.server)
}

func (s *Session) sharedTLS13(extensions Extensions) ([]byte, error) {
	data, found := extensions.Get(ExtensionKeyShare)
	if !found {
		return nil, fmt.Errorf("no key_share: %w", ErrUnexpected)
	}
	input := cryptobyte.String(data)
	var public []byte
	if !input.ReadUint16(&s.Group) || !readVector16(&input, &public) || !input.Empty() {
		return nil, malformed("key_share")
	}
	for _, share := range s.hello.shares {
		if share.group == s.Group {
			return share.shared(public)
		}
	}
	return nil, fmt.Errorf("a key share of group 0x%04X: %w", s.Group, ErrUnexpected)
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
	case typeEncryptedExtensions:
		if s.EncryptedExtensions, err = parseEncryptedExtensions(body); err != nil {
			return err
		}
		s.noteExtensions(s.EncryptedExtensions)
		_, s.EarlyDataAccepted = s.EncryptedExtensions.Get(ExtensionEarlyData)
	case typeCertificateRequest:
		s.CertificateRequest = body
	case typeCertificate:
		s.Certificates, s.CertificateExtensions, err = parseCertificate13(body)
		s.noteCertificateExtensions()
	case typeCertificateVerify: // not verified: no trust is decided here
		if len(body) >= 2 {
			s.SignatureScheme = binary.BigEndian.Uint16(body)
		}
	}
	return err
}

func (s *Session) noteCertificateExtensions() {
	if list, found := s.CertificateExtensions.Get(ExtensionSCT); found {
		s.SCTs, _ = parseSCTs(list)
	}
	if status, found := s.CertificateExtensions.Get(ExtensionStatusRequest); found {
		s.OCSPResponse, _ = parseCertificateStatus(status)
	}
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
		if err := s.send(TypeChangeCipherSpec, []byte{1}); err != nil {
			return err
		}
	}
	if s.EarlyDataAccepted && s.traffic.early != nil {
		s.layer.Writer = s.traffic.early
		if err := s.send(TypeHandshake, Message(typeEndOfEarlyData, nil)); err != nil {
			return err
		}
	}
	if err := s.writeWith(s.traffic.clientHandshake); err != nil {
		return err
	}
	if s.CertificateRequest != nil {
		if err := s.send(TypeHandshake, Message(typeCertificate, s.emptyCertificateTLS13())); err != nil {
			return err
		}
	}
	s.ClientVerifyData = FinishedMAC(s.suite.Hash, s.traffic.clientHandshake, s.transcript)
	if err := s.send(TypeHandshake, Message(typeFinished, s.ClientVerifyData)); err != nil {
		return err
	}
	s.traffic.resumptionMaster = s.schedule.Derive("res master", s.transcript)
	s.Complete = true
	return s.writeWith(s.traffic.client)
}

// emptyCertificateTLS13 echoes the context of the request (RFC 8446 section 4.4.2).
func (s *Session) emptyCertificateTLS13() []byte {
	input := cryptobyte.String(s.CertificateRequest)
	var context []byte
	readVector8(&input, &context)
	return append(vector8(context), 0, 0, 0)
}

func (s *Session) noteTicketTLS13(body []byte) error {
	read, err := parseTicket13(body)
	if err != nil {
		return err
	}
	s.Tickets = append(s.Tickets, Resumption{
		Version: s.Version, Suite: s.Suite, Ticket: read.ticket,
		Secret:   ResumptionPSK(s.suite.Hash, s.traffic.resumptionMaster, read.nonce),
		Lifetime: time.Duration(read.lifetime) * time.Second, MaxEarlyData: read.maxEarlyData,
		ageAdd: read.ageAdd, received: time.Now(),
	})
	return nil
}
