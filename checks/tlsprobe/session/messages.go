package session

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const typeMessageHash uint8 = 254 // RFC 8446 section 4: stands for the first hello after a retry

// Extensions are in the order in which they were sent.
type Extensions []wire.Extension

// Get returns the data of the first extension of this type.
func (e Extensions) Get(kind uint16) ([]byte, bool) {
	for _, extension := range e {
		if extension.Type == kind {
			return extension.Data, true
		}
	}
	return nil, false
}

func message(kind uint8, body []byte) []byte { return wire.Message{Type: kind, Body: body}.Marshal() }

func malformed(what string) error { return fmt.Errorf("%s: %w", what, wire.ErrMalformed) }

// noteCertificates keeps a Certificate message: raw DER, never parsed here.
func (s *Session) noteCertificates(body []byte) error {
	entries, err := wire.ParseCertificate(body, s.Version)
	if err != nil {
		return inContext("the certificates", err)
	}
	for _, entry := range entries {
		s.Certificates = append(s.Certificates, entry.DER)
	}
	if s.Version != wire.TLS13 || len(entries) == 0 {
		return nil
	}
	s.CertificateExtensions = entries[0].Extensions
	if list, found := s.CertificateExtensions.Get(wire.ExtensionSCT); found {
		s.SCTs, _ = wire.ParseSCTs(list) // malformed counts as not there
	}
	if status, found := s.CertificateExtensions.Get(wire.ExtensionStatusRequest); found {
		s.OCSPResponse, _ = wire.ParseCertificateStatus(status)
	}
	return nil
}

// inContext says what was being read when err came, if one came.
func inContext(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading %s: %w", what, err)
}
