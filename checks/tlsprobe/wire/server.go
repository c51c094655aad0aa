package wire

import (
	"bytes"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// CertificateEntry is one certificate as sent; Extensions come in TLS 1.3 only.
type CertificateEntry struct {
	DER        []byte
	Extensions []Extension
}

// Extension returns the data of the entry's first extension of that type.
func (e *CertificateEntry) Extension(kind uint16) ([]byte, bool) { return find(e.Extensions, kind) }

// ParseCertificate reads the body of a Certificate message of that version
// (RFC 5246 section 7.4.2, RFC 8446 section 4.4.2). What is in the
// certificates is not looked at. The list may be empty.
func ParseCertificate(body []byte, version uint16) ([]CertificateEntry, error) {
	message := cryptobyte.String(body)
	if version == TLS13 {
		var context []byte
		if !readVector8(&message, &context) {
			return nil, fmt.Errorf("context of a Certificate: %w", ErrMalformed)
		}
	}
	var list cryptobyte.String
	if !message.ReadUint24LengthPrefixed(&list) || !message.Empty() {
		return nil, fmt.Errorf("list of a Certificate: %w", ErrMalformed)
	}
	var entries []CertificateEntry
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || der.Empty() {
			return nil, fmt.Errorf("entry of a Certificate: %w", ErrMalformed)
		}
		entry := CertificateEntry{DER: bytes.Clone(der)}
		if version == TLS13 {
			var err error
			if entry.Extensions, err = readExtensions(&list); err != nil {
				return nil, fmt.Errorf("extensions of a Certificate: %w", err)
			}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// ServerKeyExchange is the parameters of an ephemeral key exchange, as far as
// its kind has them.
type ServerKeyExchange struct {
	// Group is the named curve; 0 where the curve is given explicitly or the
	// exchange is of another kind.
	Group  uint16
	Public []byte // the server's point, or Ys
	// P and G are those of finite-field Diffie-Hellman.
	P, G []byte
	// Modulus and Exponent are the temporary key of RSA_EXPORT.
	Modulus, Exponent []byte
	Hint              []byte // of PSK
	// SignatureScheme is that of TLS 1.2; 0 before, and where nothing is signed.
	SignatureScheme uint16
	Signature       []byte
}

// KeyExchangeKind is the form of a ServerKeyExchange.
type KeyExchangeKind uint8

// The forms of a ServerKeyExchange.
const (
	KeyExchangeNone  KeyExchangeKind = iota // there is none
	KeyExchangeECDHE                        // RFC 8422 section 5.4
	KeyExchangeDHE                          // RFC 5246 section 7.4.3
	KeyExchangeRSA                          // RSA_EXPORT (RFC 2246 section 7.4.3)
	KeyExchangePSK                          // only a hint (RFC 4279 section 2)
)

// KeyExchangeForm says what a ServerKeyExchange of a suite looks like.
type KeyExchangeForm struct {
	Kind   KeyExchangeKind
	PSK    bool // a hint comes first
	Signed bool // false where nobody authenticates: anon, PSK
}

// ParseServerKeyExchange reads the body of a ServerKeyExchange of that version.
func ParseServerKeyExchange(body []byte, form KeyExchangeForm, version uint16) (*ServerKeyExchange, error) {
	message := cryptobyte.String(body)
	exchange := &ServerKeyExchange{}
	ok := !form.PSK || readVector16(&message, &exchange.Hint)
	switch form.Kind {
	case KeyExchangeECDHE:
		ok = ok && exchange.readECDHE(&message)
	case KeyExchangeDHE:
		ok = ok && readVector16(&message, &exchange.P) && readVector16(&message, &exchange.G) && readVector16(&message, &exchange.Public)
	case KeyExchangeRSA:
		ok = ok && readVector16(&message, &exchange.Modulus) && readVector16(&message, &exchange.Exponent)
	}
	if !ok {
		return nil, fmt.Errorf("parameters of a ServerKeyExchange: %w", ErrMalformed)
	}
	if !form.Signed {
		return exchange, nil
	}
	if version >= TLS12 && !message.ReadUint16(&exchange.SignatureScheme) || !readVector16(&message, &exchange.Signature) {
		return nil, fmt.Errorf("signature of a ServerKeyExchange: %w", ErrMalformed)
	}
	return exchange, nil
}

// readECDHE reads ECParameters and the point. Explicit curves (RFC 4492) are
// skipped: no server in use sends them.
func (k *ServerKeyExchange) readECDHE(message *cryptobyte.String) bool {
	const namedCurve = 3
	var kind uint8
	return message.ReadUint8(&kind) && kind == namedCurve && message.ReadUint16(&k.Group) && readVector8(message, &k.Public)
}

// NewSessionTicket is a ticket (RFC 5077 section 3.3, RFC 8446 section 4.6.1).
type NewSessionTicket struct {
	LifetimeSeconds uint32
	AgeAdd          uint32 // TLS 1.3
	Nonce           []byte // TLS 1.3
	Ticket          []byte
	// MaxEarlyDataSize is 0 where early data is not offered.
	MaxEarlyDataSize uint32
}

// ParseNewSessionTicket reads the body of a NewSessionTicket of that version.
func ParseNewSessionTicket(body []byte, version uint16) (*NewSessionTicket, error) {
	message := cryptobyte.String(body)
	ticket := &NewSessionTicket{}
	ok := message.ReadUint32(&ticket.LifetimeSeconds)
	if version == TLS13 {
		ok = ok && message.ReadUint32(&ticket.AgeAdd) && readVector8(&message, &ticket.Nonce)
	}
	if !ok || !readVector16(&message, &ticket.Ticket) {
		return nil, fmt.Errorf("NewSessionTicket: %w", ErrMalformed)
	}
	if version != TLS13 {
		return ticket, nil
	}
	extensions, err := readExtensions(&message)
	if err != nil {
		return nil, fmt.Errorf("extensions of a NewSessionTicket: %w", err)
	}
	if data, found := find(extensions, ExtensionEarlyData); found {
		size := cryptobyte.String(data)
		if !size.ReadUint32(&ticket.MaxEarlyDataSize) {
			return nil, fmt.Errorf("early_data of a NewSessionTicket: %w", ErrMalformed)
		}
	}
	return ticket, nil
}

// ParseCertificateStatus reads the stapled OCSP response out of a
// CertificateStatus (RFC 6066 section 8), or out of the status_request
// extension of a TLS 1.3 certificate entry, which has the same form.
func ParseCertificateStatus(body []byte) ([]byte, error) {
	const ocsp = 1
	message := cryptobyte.String(body)
	var kind uint8
	var response cryptobyte.String
	if !message.ReadUint8(&kind) || kind != ocsp || !message.ReadUint24LengthPrefixed(&response) || !message.Empty() {
		return nil, fmt.Errorf("CertificateStatus: %w", ErrMalformed)
	}
	return response, nil
}

// ParseEncryptedExtensions reads the body of EncryptedExtensions (RFC 8446
// section 4.3.1).
func ParseEncryptedExtensions(body []byte) ([]Extension, error) {
	message := cryptobyte.String(body)
	extensions, err := readExtensions(&message)
	if err != nil || !message.Empty() {
		return nil, fmt.Errorf("EncryptedExtensions: %w", ErrMalformed)
	}
	return extensions, nil
}

// ParseALPN reads the protocol that a server chose (RFC 7301 section 3.1).
func ParseALPN(data []byte) (string, error) {
	message := cryptobyte.String(data)
	var list, name cryptobyte.String
	if !message.ReadUint16LengthPrefixed(&list) || !message.Empty() || !list.ReadUint8LengthPrefixed(&name) || !list.Empty() {
		return "", fmt.Errorf("ALPN: %w", ErrMalformed)
	}
	return string(name), nil
}
