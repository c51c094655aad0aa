package session

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // old suites are what is looked for
	"crypto/rc4" //nolint:gosec // old suites are what is looked for
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Protection says how the records of one direction are protected.
type Protection struct {
	Version        uint16
	Suite          Suite
	Keys           Keys
	EncryptThenMAC bool // RFC 7366, CBC suites only
}

// half is the state of one direction.
type half struct {
	Protection
	sequence uint64
	stream   *rc4.Cipher
	block    cipher.Block
	iv       []byte // SSL 3.0 and TLS 1.0: the last block of the record before
	aead     cipher.AEAD
}

func newHalf(protection Protection) (half, error) {
	h := half{Protection: protection}
	h.EncryptThenMAC = h.EncryptThenMAC && h.Suite.CBC()
	var err error
	key := protection.Keys.Key
	switch protection.Suite.Cipher {
	case CipherNULL:
	case CipherRC4:
		h.stream, err = rc4.NewCipher(key) //nolint:gosec // the same
	case CipherDES:
		h.block, err = des.NewCipher(key) //nolint:gosec // the same
	case Cipher3DES:
		h.block, err = des.NewTripleDESCipher(key) //nolint:gosec // the same
	case CipherChaCha20Poly1305:
		h.aead, err = chacha20poly1305.New(key)
	default:
		h.block, err = aes.NewCipher(key)
	}
	if err == nil {
		err = h.prepare()
	}
	if err != nil {
		return half{}, fmt.Errorf("preparing suite 0x%04X: %w", protection.Suite.ID, err)
	}
	return h, nil
}

func (h *half) prepare() (err error) {
	switch h.Suite.Cipher {
	case CipherAES128GCM, CipherAES256GCM:
		h.aead, err = cipher.NewGCM(h.block)
	case CipherAES128CCM, CipherAES256CCM:
		h.aead = ccm{h.block, 16}
	case CipherAES128CCM8, CipherAES256CCM8:
		h.aead = ccm{h.block, 8}
	}
	if h.implicitIV() {
		h.iv = append([]byte(nil), h.Keys.IV...)
	}
	if ivSize := len(h.Keys.IV); h.aead != nil && ivSize != 12 && ivSize != 4 {
		return fmt.Errorf("an IV of %d bytes", ivSize)
	}
	if h.implicitIV() && len(h.iv) != h.Suite.BlockSize() {
		return fmt.Errorf("an IV of %d bytes", len(h.iv))
	}
	return err
}

func (h *half) implicitIV() bool { return h.Suite.CBC() && h.Version <= wire.TLS10 }

// Sequence returns the number of the next record.
func (h *half) Sequence() uint64 { return h.sequence }

// MAC returns the MAC of the next record with this content, without counting
// it. Suites with an AEAD have none.
func (h *half) MAC(contentType uint8, content []byte) []byte {
	if h.Suite.MAC == 0 {
		return nil
	}
	header := binary.BigEndian.AppendUint64(nil, h.sequence)
	header = append(header, contentType)
	length := binary.BigEndian.AppendUint16(nil, uint16(len(content))) //nolint:gosec // records are bounded
	if h.Version == wire.SSL30 {
		return h.ssl30MAC(append(header, length...), content)
	}
	header = binary.BigEndian.AppendUint16(header, h.Version)
	return hmacOf(h.Suite.MAC, h.Keys.MAC, header, length, content)
}

// ssl30MAC is RFC 6101 section 5.2.3.1.
func (h *half) ssl30MAC(header, content []byte) []byte {
	size := 40
	if h.Suite.MAC == crypto.MD5 {
		size = 48
	}
	pad := func(value byte) []byte {
		bytes := make([]byte, size)
		for at := range bytes {
			bytes[at] = value
		}
		return bytes
	}
	inner := digest(h.Suite.MAC, h.Keys.MAC, pad(0x36), header, content)
	return digest(h.Suite.MAC, h.Keys.MAC, pad(0x5C), inner)
}

// nonce returns the nonce of the next record, and the part of it that is sent.
func (h *half) nonce(explicit []byte) []byte {
	if len(h.Keys.IV) == 4 {
		return append(append([]byte(nil), h.Keys.IV...), explicit...)
	}
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], h.sequence)
	subtle.XORBytes(nonce, nonce, h.Keys.IV)
	return nonce
}

func (h *half) explicitNonceSize() int {
	if h.aead != nil && len(h.Keys.IV) == 4 {
		return 8
	}
	return 0
}

// additional is the additional data of an AEAD up to TLS 1.2 (RFC 5246 section
// 6.2.3.3).
func (h *half) additional(contentType uint8, size int) []byte {
	data := binary.BigEndian.AppendUint64(nil, h.sequence)
	data = append(data, contentType)
	data = binary.BigEndian.AppendUint16(data, h.Version)
	return binary.BigEndian.AppendUint16(data, uint16(size)) //nolint:gosec // records are bounded
}
