package session

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"fmt"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Named groups that this package can exchange keys in (IANA registry 'TLS
// Supported Groups').
const (
	GroupSecp256r1          uint16 = 23
	GroupSecp384r1          uint16 = 24
	GroupSecp521r1          uint16 = 25
	GroupX25519             uint16 = 29
	GroupSecP256r1MLKEM768  uint16 = 0x11EB
	GroupX25519MLKEM768     uint16 = 0x11EC
	GroupSecP384r1MLKEM1024 uint16 = 0x11ED
)

// hybrid says whether group joins a curve with ML-KEM.
func hybrid(group uint16) bool {
	return group == GroupSecP256r1MLKEM768 || group == GroupX25519MLKEM768 || group == GroupSecP384r1MLKEM1024
}

func curveOf(group uint16) (ecdh.Curve, error) {
	switch group {
	case GroupSecp256r1, GroupSecP256r1MLKEM768:
		return ecdh.P256(), nil
	case GroupSecp384r1, GroupSecP384r1MLKEM1024:
		return ecdh.P384(), nil
	case GroupSecp521r1:
		return ecdh.P521(), nil
	case GroupX25519, GroupX25519MLKEM768:
		return ecdh.X25519(), nil
	default:
		return nil, fmt.Errorf("group 0x%04X: %w", group, ErrUnsupported)
	}
}

// keyShare is one key of the client, in a hello of TLS 1.3 or for one ECDHE.
type keyShare struct {
	group   uint16
	public  []byte
	private *ecdh.PrivateKey
	kem     decapsulator // of hybrids
}

type decapsulator interface {
	Decapsulate(ciphertext []byte) ([]byte, error)
}

func newKeyShare(group uint16) (keyShare, error) {
	curve, err := curveOf(group)
	if err != nil {
		return keyShare{}, err
	}
	private, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return keyShare{}, fmt.Errorf("making a key of group %d: %w", group, err)
	}
	share := keyShare{group: group, private: private, public: private.PublicKey().Bytes()}
	kem, encapsulation, err := newKEM(group)
	if err != nil || kem == nil {
		return share, err
	}
	share.kem = kem
	if group == GroupX25519MLKEM768 { // alone of the three it puts ML-KEM first (draft-ietf-tls-ecdhe-mlkem section 3)
		share.public = append(encapsulation, share.public...)
	} else {
		share.public = append(share.public, encapsulation...)
	}
	return share, nil
}

func newKEM(group uint16) (decapsulator, []byte, error) {
	switch group {
	case GroupX25519MLKEM768, GroupSecP256r1MLKEM768:
		key, err := mlkem.GenerateKey768()
		if err != nil {
			return nil, nil, fmt.Errorf("making an ML-KEM key: %w", err)
		}
		return key, key.EncapsulationKey().Bytes(), nil
	case GroupSecP384r1MLKEM1024:
		key, err := mlkem.GenerateKey1024()
		if err != nil {
			return nil, nil, fmt.Errorf("making an ML-KEM key: %w", err)
		}
		return key, key.EncapsulationKey().Bytes(), nil
	default:
		return nil, nil, nil
	}
}

// shared returns the secret that peer's public value gives.
func (k keyShare) shared(peer []byte) ([]byte, error) {
	if k.kem == nil {
		return k.agree(peer)
	}
	point := len(k.private.PublicKey().Bytes())
	if len(peer) <= point {
		return nil, malformed("key share of a hybrid group")
	}
	if k.group == GroupX25519MLKEM768 {
		return k.both(peer[len(peer)-point:], peer[:len(peer)-point], false)
	}
	return k.both(peer[:point], peer[point:], true)
}

func (k keyShare) agree(peer []byte) ([]byte, error) {
	public, err := k.private.Curve().NewPublicKey(peer)
	if err != nil {
		return nil, fmt.Errorf("the server's public key: %w: %w", wire.ErrMalformed, err)
	}
	secret, err := k.private.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("the server's public key: %w: %w", wire.ErrMalformed, err)
	}
	return secret, nil
}

func (k keyShare) both(point, ciphertext []byte, curveFirst bool) ([]byte, error) {
	classic, err := k.agree(point)
	if err != nil {
		return nil, err
	}
	quantum, err := k.kem.Decapsulate(ciphertext)
	if err != nil {
		return nil, fmt.Errorf("the server's ML-KEM ciphertext: %w: %w", wire.ErrMalformed, err)
	}
	if curveFirst {
		return append(classic, quantum...), nil
	}
	return append(quantum, classic...), nil
}
