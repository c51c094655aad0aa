package session

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// ccm is AES-CCM as TLS uses it (RFC 6655, RFC 3610): nonces of 12 bytes, so a
// length of 3, and tags of 16 or 8 bytes. The standard library has none.
type ccm struct {
	block   cipher.Block
	tagSize int
}

var _ cipher.AEAD = ccm{}

var errOpen = errors.New("the record does not authenticate")

func (c ccm) NonceSize() int { return 12 }
func (c ccm) Overhead() int  { return c.tagSize }

// Seal implements cipher.AEAD.
func (c ccm) Seal(result, nonce, plaintext, additional []byte) []byte {
	tag := c.tag(nonce, plaintext, additional)
	ciphertext := make([]byte, len(plaintext))
	c.stream(nonce, 1).XORKeyStream(ciphertext, plaintext)
	c.stream(nonce, 0).XORKeyStream(tag, tag)
	return append(append(result, ciphertext...), tag[:c.tagSize]...)
}

// Open implements cipher.AEAD.
func (c ccm) Open(result, nonce, sealed, additional []byte) ([]byte, error) {
	if len(sealed) < c.tagSize {
		return nil, errOpen
	}
	ciphertext, sent := sealed[:len(sealed)-c.tagSize], sealed[len(sealed)-c.tagSize:]
	plaintext := make([]byte, len(ciphertext))
	c.stream(nonce, 1).XORKeyStream(plaintext, ciphertext)
	tag := c.tag(nonce, plaintext, additional)
	c.stream(nonce, 0).XORKeyStream(tag, tag)
	if subtle.ConstantTimeCompare(tag[:c.tagSize], sent) != 1 {
		return nil, errOpen
	}
	return append(result, plaintext...), nil
}

// stream is the key stream from a counter on (RFC 3610 section 2.3).
func (c ccm) stream(nonce []byte, counter byte) cipher.Stream {
	first := make([]byte, 16)
	first[0] = 2 // length of the length, less one
	copy(first[1:], nonce)
	first[15] = counter
	return cipher.NewCTR(c.block, first) //nolint:gosec // what is fixed in it is RFC 3610's
}

// tag is the CBC-MAC (RFC 3610 section 2.2), 16 bytes and not yet encrypted.
func (c ccm) tag(nonce, plaintext, additional []byte) []byte {
	mac := make([]byte, 16)
	mac[0] = 2 | byte((c.tagSize-2)/2)<<3 //nolint:gosec // 16 or 8
	if len(additional) > 0 {
		mac[0] |= 0x40
	}
	copy(mac[1:], nonce)
	mac[13], mac[14], mac[15] = byte(len(plaintext)>>16), byte(len(plaintext)>>8), byte(len(plaintext)) //nolint:gosec // records are bounded
	c.block.Encrypt(mac, mac)
	if len(additional) > 0 {
		header := binary.BigEndian.AppendUint16(nil, uint16(len(additional))) //nolint:gosec // a record header: 13 bytes
		c.absorb(mac, append(header, additional...))
	}
	c.absorb(mac, plaintext)
	return mac
}

func (c ccm) absorb(mac, data []byte) {
	for len(data) > 0 {
		count := subtle.XORBytes(mac, mac, data[:min(16, len(data))])
		c.block.Encrypt(mac, mac)
		data = data[count:]
	}
}
