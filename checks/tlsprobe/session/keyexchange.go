package session

import (
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
)

// DHParameters are what a server sends for DHE or anonymous DH.
type DHParameters struct{ P, G, Ys []byte }

// ServerKeyExchange is what the message of this name says (RFC 5246 section
// 7.4.3, RFC 8422 section 5.4).
type ServerKeyExchange struct {
	DH        *DHParameters
	ExportRSA *RSAKey // RSA_EXPORT: an ephemeral key of 512 bits
	Group     uint16  // of ECDHE
	Point     []byte
	// SignatureScheme is said from TLS 1.2 on, by suites that sign.
	SignatureScheme uint16
	Raw             []byte // the message without its header
}

// parseServerKeyExchange reads body of a suite. The signature is not checked:
// no trust is decided here, and a key that a stranger put in would only make
// this session fail.
func parseServerKeyExchange(version uint16, suite Suite, body []byte) (*ServerKeyExchange, error) {
	read := &ServerKeyExchange{Raw: body}
	input := cryptobyte.String(body)
	ok := false
	switch suite.KeyExchange {
	case KeyExchangeDHE, KeyExchangeDHAnon:
		read.DH = &DHParameters{}
		ok = readVector16(&input, &read.DH.P) && readVector16(&input, &read.DH.G) && readVector16(&input, &read.DH.Ys)
	case KeyExchangeECDHE, KeyExchangeECDHAnon:
		var kind uint8
		ok = input.ReadUint8(&kind) && kind == 3 && input.ReadUint16(&read.Group) && readVector8(&input, &read.Point) // 3: named_curve
	case KeyExchangeRSA:
		var n, e []byte
		ok = readVector16(&input, &n) && readVector16(&input, &e)
		key, err := newRSAKey(n, e)
		if ok && err != nil {
			return nil, err
		}
		read.ExportRSA = &key
	}
	if !ok {
		return nil, malformed("ServerKeyExchange")
	}
	anonymous := suite.KeyExchange == KeyExchangeDHAnon || suite.KeyExchange == KeyExchangeECDHAnon
	if version >= VersionTLS12 && !anonymous && !input.ReadUint16(&read.SignatureScheme) {
		return nil, malformed("ServerKeyExchange")
	}
	return read, nil
}

// clientKeyExchange returns the body of the message of this name and the
// premaster secret.
func (s *Session) clientKeyExchange() (body, premaster []byte, err error) {
	sent := s.ServerKeyExchange
	switch suite := s.suite; suite.KeyExchange {
	case KeyExchangeRSA:
		return s.transportRSA()
	case KeyExchangeDHE, KeyExchangeDHAnon:
		if sent == nil || sent.DH == nil {
			return nil, nil, fmt.Errorf("no ServerKeyExchange: %w", ErrUnexpected)
		}
		return sent.DH.agree()
	default:
		if sent == nil || sent.Point == nil {
			return nil, nil, fmt.Errorf("no ServerKeyExchange: %w", ErrUnexpected)
		}
		share, err := newKeyShare(sent.Group)
		if err != nil {
			return nil, nil, err
		}
		premaster, err := share.shared(sent.Point)
		return vector8(share.public), premaster, err
	}
}

func (s *Session) transportRSA() (body, premaster []byte, err error) {
	key, err := s.RSAKey()
	if err != nil {
		return nil, nil, err
	}
	premaster = append(uint16s([]uint16{s.config.helloVersion()}), random(46)...)
	encrypted, err := key.EncryptPKCS1(premaster)
	if err != nil {
		return nil, nil, err
	}
	return s.EncodeRSAKeyExchange(encrypted), premaster, nil
}

// RSAKey returns the key that RSA key transport encrypts to: the leaf's, or the
// ephemeral one of an export suite.
func (s *Session) RSAKey() (RSAKey, error) {
	if sent := s.ServerKeyExchange; sent != nil && sent.ExportRSA != nil {
		return *sent.ExportRSA, nil
	}
	if len(s.Certificates) == 0 {
		return RSAKey{}, fmt.Errorf("no certificate: %w", ErrUnexpected)
	}
	return RSAKeyOf(s.Certificates[0])
}

// EncodeRSAKeyExchange returns the body of a ClientKeyExchange with this
// ciphertext, which SSL 3.0 sends without length (RFC 5246 section 7.4.7.1).
func (s *Session) EncodeRSAKeyExchange(encrypted []byte) []byte {
	if s.Version == VersionSSL30 {
		return encrypted
	}
	return vector16(encrypted)
}

// agree makes a private key of 256 bits, which is enough for what is no secret.
func (d *DHParameters) agree() (body, premaster []byte, err error) {
	p, g, ys := new(big.Int).SetBytes(d.P), new(big.Int).SetBytes(d.G), new(big.Int).SetBytes(d.Ys)
	if len(d.P) > maxModulus || p.BitLen() < 128 || p.Bit(0) == 0 || ys.Cmp(big.NewInt(1)) <= 0 || ys.Cmp(p) >= 0 {
		return nil, nil, fmt.Errorf("DH parameters of %d bits: %w", p.BitLen(), ErrUnsupported)
	}
	x := new(big.Int).SetBytes(random(32))
	yc := new(big.Int).Exp(g, x, p)
	// Leading zeros are stripped from both (RFC 5246 section 8.1.2).
	return vector16(yc.Bytes()), new(big.Int).Exp(ys, x, p).Bytes(), nil
}
