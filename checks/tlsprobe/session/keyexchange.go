package session

import (
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// keyExchangeForm says how to read the suite's ServerKeyExchange.
func (s Suite) keyExchangeForm() wire.KeyExchangeForm {
	switch s.KeyExchange {
	case KeyExchangeDHE:
		return wire.KeyExchangeForm{Kind: wire.KeyExchangeDHE, Signed: true}
	case KeyExchangeECDHE:
		return wire.KeyExchangeForm{Kind: wire.KeyExchangeECDHE, Signed: true}
	case KeyExchangeDHAnon:
		return wire.KeyExchangeForm{Kind: wire.KeyExchangeDHE}
	case KeyExchangeECDHAnon:
		return wire.KeyExchangeForm{Kind: wire.KeyExchangeECDHE}
	default:
		return wire.KeyExchangeForm{Kind: wire.KeyExchangeRSA, Signed: true}
	}
}

// noteKeyExchange keeps a ServerKeyExchange. Its signature is not checked: no
// trust is decided here, and a key that a stranger put in would only make this
// session fail.
func (s *Session) noteKeyExchange(body []byte) (err error) {
	if s.ServerKeyExchange, err = wire.ParseServerKeyExchange(body, s.suite.keyExchangeForm(), s.Version); err != nil {
		return inContext("the server's key", err)
	}
	s.Group, s.SignatureScheme = s.ServerKeyExchange.Group, s.ServerKeyExchange.SignatureScheme
	return nil
}

// clientKeyExchange returns the body of the message of this name and the
// premaster secret.
func (s *Session) clientKeyExchange() (body, premaster []byte, err error) {
	sent := s.ServerKeyExchange
	switch suite := s.suite; suite.KeyExchange {
	case KeyExchangeRSA:
		return s.transportRSA()
	case KeyExchangeDHE, KeyExchangeDHAnon:
		if sent == nil {
			return nil, nil, fmt.Errorf("no ServerKeyExchange: %w", ErrUnexpected)
		}
		return agreeDH(sent)
	default:
		if sent == nil {
			return nil, nil, fmt.Errorf("no ServerKeyExchange: %w", ErrUnexpected)
		}
		share, err := newKeyShare(sent.Group)
		if err != nil {
			return nil, nil, err
		}
		premaster, err := share.shared(sent.Public)
		return vector8(share.public), premaster, err
	}
}

func (s *Session) transportRSA() (body, premaster []byte, err error) {
	key, err := s.RSAKey()
	if err != nil {
		return nil, nil, err
	}
	premaster = binary.BigEndian.AppendUint16(nil, s.config.helloVersion())
	premaster = append(premaster, wire.Random(masterSecretSize-2)...)
	encrypted, err := key.EncryptPKCS1(premaster)
	if err != nil {
		return nil, nil, err
	}
	return s.EncodeRSAKeyExchange(encrypted), premaster, nil
}

// RSAKey returns the key that RSA key transport encrypts to: the leaf's, or the
// ephemeral one of an export suite.
func (s *Session) RSAKey() (RSAKey, error) {
	if sent := s.ServerKeyExchange; sent != nil && s.suite.KeyExchange == KeyExchangeRSA {
		return newRSAKey(sent.Modulus, sent.Exponent)
	}
	if len(s.Certificates) == 0 {
		return RSAKey{}, fmt.Errorf("no certificate: %w", ErrUnexpected)
	}
	return RSAKeyOf(s.Certificates[0])
}

// EncodeRSAKeyExchange returns the body of a ClientKeyExchange with this
// ciphertext, which SSL 3.0 sends without length (RFC 5246 section 7.4.7.1).
func (s *Session) EncodeRSAKeyExchange(encrypted []byte) []byte {
	if s.Version == wire.SSL30 {
		return encrypted
	}
	return vector16(encrypted)
}

// agreeDH makes a private key of 256 bits, which is enough for what is no secret.
func agreeDH(sent *wire.ServerKeyExchange) (body, premaster []byte, err error) {
	p, g, ys := new(big.Int).SetBytes(sent.P), new(big.Int).SetBytes(sent.G), new(big.Int).SetBytes(sent.Public)
	if len(sent.P) > maxModulus || p.BitLen() < 128 || p.Bit(0) == 0 || ys.Cmp(big.NewInt(1)) <= 0 || ys.Cmp(p) >= 0 {
		return nil, nil, fmt.Errorf("DH parameters of %d bits: %w", p.BitLen(), ErrUnsupported)
	}
	x := new(big.Int).SetBytes(wire.Random(32))
	yc := new(big.Int).Exp(g, x, p)
	// Leading zeros are stripped from both (RFC 5246 section 8.1.2).
	return vector16(yc.Bytes()), new(big.Int).Exp(ys, x, p).Bytes(), nil
}
