package simulation

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Extensions that only clients' profiles have.
const (
	extensionSignatureAlgorithmsCert uint16 = 50
	extensionECH                     uint16 = 0xFE0D
)

// Hello returns the client's ClientHello to serverName, with fresh randoms and
// key shares. It fails only where no key can be made.
func (p Profile) Hello(serverName string) (wire.ClientHello, error) {
	hello := wire.ClientHello{
		Version: min(known.WireVersion(p.Max), wire.TLS12), RecordVersion: uint16(p.Record),
		Suites: slices.Clone(p.Suites), Compression: slices.Clone(p.Compression),
	}
	if p.Max == checks.TLSv13 {
		hello.SessionID = wire.Random(32) // RFC 8446 appendix D.4
	}
	padded := false
	for _, listed := range p.Extensions {
		if listed.Type == wire.ExtensionPadding {
			padded = true
			continue
		}
		extension, sent, err := p.extension(listed, serverName)
		if err != nil {
			return wire.ClientHello{}, fmt.Errorf("hello of %s: %w", p.Name, err)
		}
		if sent {
			hello.Extensions = append(hello.Extensions, extension)
		}
	}
	if padded {
		return hello.Pad(), nil
	}
	return hello, nil
}

// extension fills in what the other fields of a profile say.
func (p Profile) extension(listed wire.Extension, serverName string) (extension wire.Extension, sent bool, err error) {
	switch {
	case listed.Data != nil || isGREASE(listed.Type):
		return wire.Extension{Type: listed.Type, Data: slices.Concat([]byte{}, listed.Data)}, true, nil
	case listed.Type == wire.ExtensionServerName:
		extension, sent = wire.ServerName(serverName)
		return extension, sent, nil
	case listed.Type == wire.ExtensionKeyShare:
		extension, err = keyShares(p.Shares)
		return extension, err == nil, err
	default:
		return p.plain(listed.Type), true, nil
	}
}

// plain returns an extension that always looks the same.
func (p Profile) plain(kind uint16) wire.Extension {
	switch kind {
	case wire.ExtensionStatusRequest:
		return wire.StatusRequest()
	case wire.ExtensionSupportedGroups:
		return wire.SupportedGroups(p.Groups)
	case wire.ExtensionPointFormats:
		return wire.PointFormats()
	case wire.ExtensionSignatureAlgorithms:
		return wire.SignatureAlgorithms(p.Signatures)
	case extensionSignatureAlgorithmsCert:
		return wire.Extension{Type: kind, Data: wire.SignatureAlgorithms(p.SignaturesCertificate).Data}
	case wire.ExtensionALPN:
		return wire.ALPN(p.ALPN...)
	case wire.ExtensionSupportedVersions:
		return wire.SupportedVersions(p.Versions...)
	case wire.ExtensionPSKKeyExchangeModes:
		return wire.PSKKeyExchangeModes()
	case wire.ExtensionRenegotiationInfo:
		return wire.RenegotiationInfo(nil)
	case extensionECH:
		return greaseECH()
	default:
		return wire.Empty(kind)
	}
}

// greaseECH is encrypted_client_hello as clients send it that know no key of
// the server (RFC 9849 section 6.2): nobody can open it.
func greaseECH() wire.Extension {
	var b cryptobyte.Builder
	b.AddUint8(0)       // outer
	b.AddUint16(0x0001) // HKDF-SHA256
	b.AddUint16(0x0001) // AES-128-GCM
	b.AddUint8(wire.Random(1)[0])
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(wire.Random(32)) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(wire.Random(144)) })
	return wire.Extension{Type: extensionECH, Data: b.BytesOrPanic()} // its parts are bounded
}

// keyShares makes a key for each group (RFC 8446 section 4.2.8.2; hybrids:
// draft-ietf-tls-ecdhe-mlkem section 4.1).
func keyShares(groups []uint16) (wire.Extension, error) {
	shares := make([]wire.KeyShare, 0, len(groups))
	for _, group := range groups {
		key, err := publicKey(group)
		if err != nil {
			return wire.Extension{}, fmt.Errorf("key share for group 0x%04X: %w", group, err)
		}
		shares = append(shares, wire.KeyShare{Group: group, Key: key})
	}
	return wire.KeyShares(shares...), nil
}

// errNoShare means that a profile sends a share that nothing here can make.
type errNoShare struct{ group uint16 }

func (e errNoShare) Error() string { return fmt.Sprintf("no keys for group 0x%04X", e.group) }

func publicKey(group uint16) ([]byte, error) {
	switch {
	case isGREASE(group):
		return []byte{0}, nil
	case group == 0x001D:
		return point(ecdh.X25519())
	case group == 0x0017:
		return point(ecdh.P256())
	case group == 0x0018:
		return point(ecdh.P384())
	case group == 0x0019:
		return point(ecdh.P521())
	case group == 0x11EC:
		return hybrid()
	default:
		return nil, errNoShare{group}
	}
}

func point(curve ecdh.Curve) ([]byte, error) {
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key.PublicKey().Bytes(), nil
}

// hybrid is the key of X25519MLKEM768: that of ML-KEM comes first.
func hybrid() ([]byte, error) {
	decapsulation, err := mlkem.GenerateKey768()
	if err != nil {
		return nil, fmt.Errorf("make a key of ML-KEM-768: %w", err)
	}
	classical, err := point(ecdh.X25519())
	return slices.Concat(decapsulation.EncapsulationKey().Bytes(), classical), err
}

// protocolOf returns the protocol of a version number, empty for none.
func protocolOf(number uint16) checks.Protocol {
	for _, protocol := range checks.Protocols() {
		if known.WireVersion(protocol) == number {
			return protocol
		}
	}
	return ""
}
