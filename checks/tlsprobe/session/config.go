package session

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Config is what a hello offers. The zero value offers TLS 1.2 with every suite
// that this package can run but anonymous, NULL and export ones.
type Config struct {
	ServerName string // sent as SNI; empty: no SNI
	// MaxVersion is the version of the hello, default TLS 1.2; MinVersion the
	// lowest that is accepted, default MaxVersion.
	MinVersion, MaxVersion uint16
	// Suites are sent in this order, with signaling values where wanted
	// (0x5600). 0x00FF is added in SSL 3.0 unless NoRenegotiationInfo.
	Suites []uint16
	// Groups are sent in this order; default x25519, secp256r1, secp384r1,
	// secp521r1, and before them X25519MLKEM768 where TLS 1.3 is offered.
	Groups []uint16
	// KeyShares are the groups of which a share goes with a hello of TLS 1.3:
	// nil means the first of Groups, with the next one where that is a hybrid,
	// as browsers do; an empty list means none, which asks for a
	// HelloRetryRequest.
	KeyShares        []uint16
	SignatureSchemes []uint16 // default: every one that versions since TLS 1.2 know
	Compression      []byte   // default null alone; a session with another cannot be finished
	RecordVersion    uint16   // of the hello; default SSL 3.0 there, else TLS 1.0
	ALPN             []string
	// SessionID is sent as it is, up to 32 bytes; nil means what Resume needs,
	// and in TLS 1.3 a random one for middleboxes.
	SessionID []byte
	// Resume offers an earlier session, by session id, ticket or PSK.
	Resume *Resumption
	// EarlyData is sent with a PSK (TLS 1.3). What the server does with it
	// may happen twice: nothing but GET and HEAD of a harmless page.
	EarlyData []byte

	SessionTicket          bool // asks for a ticket up to TLS 1.2
	EncryptThenMAC         bool
	StatusRequest          bool
	SCT                    bool
	Heartbeat              uint8 // mode of RFC 6520: 1 may send, 2 may not; 0 leaves it out
	MaxFragmentLength      uint8 // 1 to 4 (RFC 6066 section 4); 0 leaves it out
	NoExtendedMasterSecret bool
	NoRenegotiationInfo    bool
	NoPadding              bool // leaves a hello at 256 to 511 bytes, which some load balancers hang on (RFC 7685)
	// Extra are sent behind those above, before a pre_shared_key.
	Extra []wire.Extension

	renegotiation bool // no signaling value then (RFC 5746 section 3.5)
}

func (c Config) maxVersion() uint16 {
	if c.MaxVersion == 0 {
		return wire.TLS12
	}
	return c.MaxVersion
}

func (c Config) minVersion() uint16 {
	if c.MinVersion == 0 {
		return c.maxVersion()
	}
	return c.MinVersion
}

// helloVersion is the version that the hello itself carries, and with it the
// premaster secret of RSA.
func (c Config) helloVersion() uint16 { return min(c.maxVersion(), wire.TLS12) }

func (c Config) recordVersion() uint16 {
	if c.RecordVersion != 0 {
		return c.RecordVersion
	}
	return min(c.maxVersion(), wire.TLS10)
}

func (c Config) suites() []uint16 {
	suites := slices.Clone(c.Suites)
	if c.Suites == nil {
		for version := c.maxVersion(); version >= c.minVersion(); version-- {
			for _, id := range SupportedSuites(version) {
				if suite, _ := SuiteOf(id); suite.worthOffering() && !slices.Contains(suites, id) {
					suites = append(suites, id)
				}
			}
		}
	}
	if c.minVersion() == wire.SSL30 && !c.NoRenegotiationInfo && !c.renegotiation && !slices.Contains(suites, wire.EmptyRenegotiationInfoSCSV) {
		suites = append(suites, wire.EmptyRenegotiationInfoSCSV)
	}
	return suites
}

func (s Suite) worthOffering() bool {
	return !s.Export && s.Cipher != CipherNULL && s.KeyExchange != KeyExchangeDHAnon && s.KeyExchange != KeyExchangeECDHAnon
}

func (c Config) groups() []uint16 {
	if c.Groups != nil {
		return c.Groups
	}
	groups := []uint16{GroupX25519, GroupSecp256r1, GroupSecp384r1, GroupSecp521r1}
	if c.maxVersion() == wire.TLS13 {
		return append([]uint16{GroupX25519MLKEM768}, groups...)
	}
	return groups
}

func (c Config) keyShares() []uint16 {
	if c.KeyShares != nil {
		return c.KeyShares
	}
	groups := c.groups()
	if len(groups) > 1 && hybrid(groups[0]) {
		return groups[:2]
	}
	return groups[:min(1, len(groups))]
}

func (c Config) signatureSchemes() []uint16 {
	if c.SignatureSchemes != nil {
		return c.SignatureSchemes
	}
	return []uint16{
		0x0403, 0x0503, 0x0603, // ecdsa with SHA-256, 384, 512
		0x0807, 0x0808, // ed25519, ed448
		0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, // rsa_pss
		0x0401, 0x0501, 0x0601, // rsa_pkcs1
		0x0303, 0x0301, 0x0402, 0x0502, 0x0602, 0x0302, // SHA-224, DSA
		0x0203, 0x0201, 0x0202, // SHA-1
	}
}

func (c Config) resumesTLS13() bool {
	return c.Resume != nil && c.Resume.Version == wire.TLS13 && c.maxVersion() == wire.TLS13
}
