package session

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Reader opens the records that one end receives.
type Reader struct{ half }

// NewReader returns a reader at sequence number 0.
func NewReader(protection Protection) (*Reader, error) {
	h, err := newHalf(protection)
	return &Reader{h}, err
}

// Open returns what record protects, or ErrBadRecord. In TLS 1.3 a
// change_cipher_spec and an alert in plaintext pass as they are: the one is for
// middleboxes (RFC 8446 appendix D.4), the other comes from servers that gave
// up before they had keys.
func (r *Reader) Open(record wire.Record) (wire.Record, error) {
	if r.Version == wire.TLS13 {
		return r.openTLS13(record)
	}
	var content []byte
	var err error
	switch {
	case r.aead != nil:
		content, err = r.openAEAD(record)
	case r.EncryptThenMAC:
		content, err = r.openThenMAC(record)
	default:
		content, err = r.openMAC(record)
	}
	record.Content = content
	r.sequence++
	return record, err
}

// OpenBlocks decrypts record of a suite without AEAD and returns all that was
// encrypted, MAC and padding with it, unchecked: for servers that check them
// wrongly on purpose. It counts the record.
func (r *Reader) OpenBlocks(record wire.Record) ([]byte, error) {
	if r.aead != nil {
		return nil, ErrBadRecord
	}
	blocks, err := r.decrypt(record.Content)
	r.sequence++
	return blocks, err
}

func (r *Reader) openTLS13(record wire.Record) (wire.Record, error) {
	if record.Type == wire.TypeChangeCipherSpec || record.Type == wire.TypeAlert && len(record.Content) == 2 {
		return record, nil
	}
	header := recordHeader(record.Type, record.Version, len(record.Content))
	inner, err := r.aead.Open(nil, r.nonce(nil), record.Content, header)
	if err != nil {
		return record, ErrBadRecord
	}
	r.sequence++
	inner = bytes.TrimRight(inner, "\x00")
	if len(inner) == 0 { // RFC 8446 section 5.4
		return record, ErrBadRecord
	}
	return wire.Record{Type: inner[len(inner)-1], Version: record.Version, Content: inner[:len(inner)-1]}, nil
}

func (r *Reader) openAEAD(record wire.Record) ([]byte, error) {
	explicit, sealed := r.explicitNonceSize(), record.Content
	if len(sealed) < explicit+r.aead.Overhead() {
		return nil, ErrBadRecord
	}
	nonce := r.nonce(sealed[:explicit])
	sealed = sealed[explicit:]
	content, err := r.aead.Open(nil, nonce, sealed, r.additional(record.Type, len(sealed)-r.aead.Overhead()))
	if err != nil {
		return nil, ErrBadRecord
	}
	return content, nil
}

func (r *Reader) openThenMAC(record wire.Record) ([]byte, error) {
	split := len(record.Content) - r.Suite.MACSize()
	if split < 0 || subtle.ConstantTimeCompare(r.MAC(record.Type, record.Content[:split]), record.Content[split:]) != 1 {
		return nil, ErrBadRecord
	}
	blocks, err := r.decrypt(record.Content[:split])
	if err != nil {
		return nil, err
	}
	content, ok := r.unpad(blocks)
	if !ok {
		return nil, ErrBadRecord
	}
	return content, nil
}

func (r *Reader) openMAC(record wire.Record) ([]byte, error) {
	content, err := r.decrypt(record.Content)
	if err != nil {
		return nil, err
	}
	ok := true
	if r.Suite.CBC() {
		content, ok = r.unpad(content)
	}
	split := len(content) - r.Suite.MACSize()
	if !ok || split < 0 {
		return nil, ErrBadRecord
	}
	if subtle.ConstantTimeCompare(r.MAC(record.Type, content[:split]), content[split:]) != 1 {
		return nil, ErrBadRecord
	}
	return content[:split], nil
}

// decrypt undoes encrypt.
func (r *Reader) decrypt(fragment []byte) ([]byte, error) {
	fragment = bytes.Clone(fragment)
	if r.stream != nil {
		r.stream.XORKeyStream(fragment, fragment)
		return fragment, nil
	}
	size := r.Suite.BlockSize()
	if size == 0 {
		return fragment, nil
	}
	if len(fragment) == 0 || len(fragment)%size != 0 {
		return nil, ErrBadRecord
	}
	iv := r.iv
	if r.implicitIV() {
		r.iv = bytes.Clone(fragment[len(fragment)-size:])
	} else {
		iv, fragment = fragment[:size], fragment[size:]
	}
	cipher.NewCBCDecrypter(r.block, iv).CryptBlocks(fragment, fragment)
	return fragment, nil
}

// unpad takes the padding off. In SSL 3.0 its bytes may be anything (RFC 6101
// section 5.2.3.2), which is POODLE.
func (r *Reader) unpad(blocks []byte) ([]byte, bool) {
	if len(blocks) == 0 {
		return nil, false
	}
	last := blocks[len(blocks)-1]
	split := len(blocks) - int(last) - 1
	if split < 0 {
		return nil, false
	}
	if r.Version == wire.SSL30 {
		return blocks[:split], int(last) < r.Suite.BlockSize()
	}
	return blocks[:split], bytes.Count(blocks[split:], []byte{last}) == int(last)+1
}
