package session

import (
	"crypto"
	"crypto/hkdf"

	"golang.org/x/crypto/cryptobyte"
)

// Schedule is the key schedule of TLS 1.3 (RFC 8446 section 7.1). It stands at
// the early secret first; Handshake and Master move it on.
type Schedule struct {
	suite  Suite
	secret []byte
}

// NewSchedule returns the schedule of a suite at its early secret, with the PSK
// of an earlier session or none.
func NewSchedule(suite Suite, psk []byte) *Schedule {
	if psk == nil {
		psk = make([]byte, suite.Hash.Size())
	}
	return &Schedule{suite: suite, secret: extract(suite.Hash, psk, nil)}
}

// Handshake moves on to the handshake secret with the shared secret of the key
// exchange, which is nil where a PSK stands alone (psk_ke).
func (s *Schedule) Handshake(shared []byte) {
	if shared == nil {
		shared = make([]byte, s.suite.Hash.Size())
	}
	s.secret = extract(s.suite.Hash, shared, s.Derive("derived", nil))
}

// Master moves on to the master secret.
func (s *Schedule) Master() {
	s.secret = extract(s.suite.Hash, make([]byte, s.suite.Hash.Size()), s.Derive("derived", nil))
}

// Derive is Derive-Secret of RFC 8446 section 7.1 over the messages of
// transcript: labels are "c hs traffic", "s ap traffic", "res master" and so on.
func (s *Schedule) Derive(label string, transcript []byte) []byte {
	return ExpandLabel(s.suite.Hash, s.secret, label, digest(s.suite.Hash, transcript), s.suite.Hash.Size())
}

// BinderKey returns the key of the binders of resumption PSKs (RFC 8446 section
// 4.2.11.2). It is asked at the early secret.
func (s *Schedule) BinderKey() []byte { return s.Derive("res binder", nil) }

// FinishedMAC returns the verify data under a traffic secret, and the binder
// under a binder key (RFC 8446 section 4.4.4).
func FinishedMAC(id crypto.Hash, secret, transcript []byte) []byte {
	key := ExpandLabel(id, secret, "finished", nil, id.Size())
	return hmacOf(id, key, digest(id, transcript))
}

// TrafficKeys returns the record keys of a traffic secret (RFC 8446 section 7.3).
func TrafficKeys(suite Suite, secret []byte) Keys {
	return Keys{
		Key: ExpandLabel(suite.Hash, secret, "key", nil, suite.keySize()),
		IV:  ExpandLabel(suite.Hash, secret, "iv", nil, 12),
	}
}

// ResumptionPSK returns the PSK that goes with a ticket's nonce (RFC 8446
// section 4.6.1).
func ResumptionPSK(id crypto.Hash, resumptionMaster, nonce []byte) []byte {
	return ExpandLabel(id, resumptionMaster, "resumption", nonce, id.Size())
}

// ExpandLabel is HKDF-Expand-Label of RFC 8446 section 7.1. Labels are short
// constants and contexts at most 255 bytes.
func ExpandLabel(id crypto.Hash, secret []byte, label string, context []byte, size int) []byte {
	var info cryptobyte.Builder
	info.AddUint16(uint16(size)) //nolint:gosec // at most a hash's size
	info.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	info.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
	expanded, err := hkdf.Expand(newHash(id), secret, string(info.BytesOrPanic()), size)
	if err != nil { // only for sizes above 255 hashes
		panic("session: expanding " + label + ": " + err.Error())
	}
	return expanded
}

func extract(id crypto.Hash, secret, salt []byte) []byte {
	// HKDF-Extract is one HMAC (RFC 5869 section 2.2); an empty salt counts as zeros.
	if salt == nil {
		salt = make([]byte, id.Size())
	}
	return hmacOf(id, salt, secret)
}
