package session

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // old suites are what is looked for
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// KeyExchange is how a suite's premaster secret comes about.
type KeyExchange uint8

// The key exchanges that this package can carry out. In TLS 1.3 the suite does
// not say: it is the zero value there.
const (
	KeyExchangeAny KeyExchange = iota
	KeyExchangeRSA
	KeyExchangeDHE
	KeyExchangeECDHE
	KeyExchangeDHAnon
	KeyExchangeECDHAnon
)

// Cipher is the encryption of a suite.
type Cipher uint8

// The ciphers that this package can run.
const (
	CipherNULL Cipher = iota
	CipherRC4
	CipherDES
	Cipher3DES
	CipherAES128CBC
	CipherAES256CBC
	CipherAES128GCM
	CipherAES256GCM
	CipherAES128CCM
	CipherAES256CCM
	CipherAES128CCM8
	CipherAES256CCM8
	CipherChaCha20Poly1305
)

// Suite is what the number of a cipher suite means for this package. The zero
// value is TLS_NULL_WITH_NULL_NULL: no protection.
type Suite struct {
	ID          uint16
	KeyExchange KeyExchange
	Cipher      Cipher
	MAC         crypto.Hash // 0 in suites with an AEAD
	Hash        crypto.Hash // of the PRF from TLS 1.2 on: SHA-256 or SHA-384
	Export      bool        // 40 secret bits, RSA and DH of 512 (RFC 2246 appendix A.5)
}

// SuiteOf returns what suite id means, and false for one that this package
// cannot run (Camellia, ARIA, static DH, PSK, GOST and so on).
func SuiteOf(id uint16) (Suite, bool) {
	for _, suite := range suiteTable() {
		if suite.ID == id {
			return suite, true
		}
	}
	return Suite{}, false
}

// SupportedSuites returns the suites that this package can run in version,
// those first that a careful server picks. Export, anonymous and NULL suites
// come last.
func SupportedSuites(version uint16) []uint16 {
	var ids []uint16
	for _, suite := range suiteTable() {
		if suite.ValidFor(version) {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}

// Runnable returns those of SupportedSuites that are among accepted.
func Runnable(version uint16, accepted []uint16) []uint16 {
	return slices.DeleteFunc(SupportedSuites(version), func(suite uint16) bool { return !slices.Contains(accepted, suite) })
}

// ValidFor says whether a server may pick s in version.
func (s Suite) ValidFor(version uint16) bool {
	if s.ID>>8 == 0x13 || version >= wire.TLS13 {
		return s.ID>>8 == 0x13 && version == wire.TLS13
	}
	if version < wire.TLS12 && (s.aead() || s.MAC == crypto.SHA256 || s.MAC == crypto.SHA384) {
		return false
	}
	// RFC 8422: curves need extensions, which SSL 3.0 has not.
	return version > wire.SSL30 || (s.KeyExchange != KeyExchangeECDHE && s.KeyExchange != KeyExchangeECDHAnon)
}

func (s Suite) aead() bool { return s.Cipher >= CipherAES128GCM }

// CBC says whether the suite encrypts blocks in CBC mode.
func (s Suite) CBC() bool { return s.Cipher >= CipherDES && s.Cipher <= CipherAES256CBC }

// BlockSize returns the bytes of a CBC block, 0 where there is none.
func (s Suite) BlockSize() int {
	switch s.Cipher {
	case CipherDES, Cipher3DES:
		return 8
	case CipherAES128CBC, CipherAES256CBC:
		return 16
	default:
		return 0
	}
}

// MACSize returns the bytes of a record's MAC, 0 in suites with an AEAD.
func (s Suite) MACSize() int {
	if s.MAC == 0 {
		return 0
	}
	return s.MAC.Size()
}

func (s Suite) keySize() int {
	switch s.Cipher {
	case CipherDES:
		return 8
	case CipherRC4, CipherAES128CBC, CipherAES128GCM, CipherAES128CCM, CipherAES128CCM8:
		return 16
	case Cipher3DES:
		return 24
	case CipherAES256CBC, CipherAES256GCM, CipherAES256CCM, CipherAES256CCM8, CipherChaCha20Poly1305:
		return 32
	default:
		return 0
	}
}

// fixedIVSize returns the bytes of IV that the key block gives in versions up
// to TLS 1.2.
func (s Suite) fixedIVSize(version uint16) int {
	switch {
	case s.CBC() && version <= wire.TLS10:
		return s.BlockSize()
	case s.CBC():
		return 0
	case s.Cipher == CipherChaCha20Poly1305:
		return 12
	case s.aead():
		return 4
	default:
		return 0
	}
}

// newHash returns the hash function of id, SHA-256 where id is none that TLS
// uses.
func newHash(id crypto.Hash) func() hash.Hash {
	switch id {
	case crypto.MD5:
		return md5.New
	case crypto.SHA1:
		return sha1.New
	case crypto.SHA384:
		return sha512.New384
	default:
		return sha256.New
	}
}

func digest(id crypto.Hash, parts ...[]byte) []byte {
	state := newHash(id)()
	for _, part := range parts {
		state.Write(part)
	}
	return state.Sum(nil)
}

func hmacOf(id crypto.Hash, key []byte, parts ...[]byte) []byte {
	state := hmac.New(newHash(id), key)
	for _, part := range parts {
		state.Write(part)
	}
	return state.Sum(nil)
}
