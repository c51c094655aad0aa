package session

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// offer is a ClientHello and what it takes to go on from it.
type offer struct {
	message []byte // with its header
	random  []byte
	session []byte
	shares  []keyShare
	cookie  []byte
	// verifyData is the client's of the handshake before, in a renegotiation.
	verifyData []byte
	early      bool // early_data stands in it
}

// build makes the message anew from config; random, session and shares that are
// there stay, as a second hello needs it (RFC 8446 section 4.1.2). before are
// the messages that came before, which binders cover.
func (o *offer) build(config Config, before []byte) error {
	if o.random == nil {
		o.random, o.session = random(32), config.sessionID()
	}
	extensions := o.extensions(config)
	message, err := o.encode(config, extensions, nil)
	if err != nil {
		return err
	}
	// Some load balancers hang on a hello of 256 to 511 bytes, which they take
	// for one of SSL 2.0 (RFC 7685 section 4).
	if size := len(message); size >= 256 && size < 512 && !config.NoPadding && len(extensions) > 0 {
		extensions = append(extensions, Extension{ExtensionPadding, make([]byte, max(1, 512-size-4))})
	}
	psk := []byte(nil)
	if config.resumesTLS13() {
		psk = config.Resume.offeredPSK(time.Now(), nil)
	}
	if o.message, err = o.encode(config, extensions, psk); err != nil || psk == nil {
		return err
	}
	binders := config.Resume.hash().Size() + 3
	truncated := slices.Concat(before, o.message[:len(o.message)-binders])
	o.message, err = o.encode(config, extensions, config.Resume.offeredPSK(time.Now(), config.Resume.binder(truncated)))
	copy(o.message, truncated[len(before):]) // the age may have moved between both
	return err
}

func (c Config) sessionID() []byte {
	switch {
	case c.SessionID != nil:
		return c.SessionID
	case c.maxVersion() == VersionTLS13:
		return random(32)
	case c.Resume == nil:
		return nil
	case len(c.Resume.SessionID) > 0:
		return c.Resume.SessionID
	default: // tells whether the server takes the ticket (RFC 5077 section 3.4)
		return random(32)
	}
}

// encode returns the message; psk is the data of a pre_shared_key, which comes
// last.
func (o *offer) encode(config Config, extensions []Extension, psk []byte) ([]byte, error) {
	if psk != nil {
		extensions = append(slices.Clone(extensions), Extension{ExtensionPreSharedKey, psk})
	}
	compression := config.Compression
	if compression == nil {
		compression = []byte{0}
	}
	var body cryptobyte.Builder
	body.AddUint16(config.helloVersion())
	body.AddBytes(o.random)
	addVector8(&body, o.session)
	addVector16(&body, uint16s(config.suites()))
	addVector8(&body, compression)
	if len(extensions) > 0 {
		addVector16(&body, encodeExtensions(extensions))
	}
	bytes, err := body.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building the ClientHello: %w", err)
	}
	return Message(typeClientHello, bytes), nil
}

// extensions returns what the hello carries, but padding and pre_shared_key.
// The last of them is never empty: some servers fail on that.
func (o *offer) extensions(config Config) []Extension {
	if config.maxVersion() == VersionSSL30 {
		if o.verifyData != nil && !config.NoRenegotiationInfo { // RFC 5746 section 4.5
			return []Extension{{ExtensionRenegotiationInfo, vector8(o.verifyData)}}
		}
		return config.Extra
	}
	var list []Extension
	add := func(when bool, kind uint16, data ...byte) {
		if when {
			list = append(list, Extension{kind, data})
		}
	}
	legacy := config.minVersion() <= VersionTLS12
	add(config.ServerName != "", ExtensionServerName, serverNameList(config.ServerName)...)
	add(legacy && !config.NoExtendedMasterSecret, ExtensionExtendedMasterSecret)
	add(legacy && config.EncryptThenMAC, ExtensionEncryptThenMAC)
	add(legacy && !config.NoRenegotiationInfo, ExtensionRenegotiationInfo, vector8(o.verifyData)...)
	if ticket := config.legacyTicket(); config.SessionTicket || ticket != nil {
		add(legacy, ExtensionSessionTicket, ticket...)
	}
	add(config.SCT, ExtensionSCT)
	add(config.StatusRequest, ExtensionStatusRequest, 1, 0, 0, 0, 0)
	add(config.Heartbeat != 0, ExtensionHeartbeat, config.Heartbeat)
	add(config.MaxFragmentLength != 0, ExtensionMaxFragmentLength, config.MaxFragmentLength)
	add(len(config.ALPN) > 0, ExtensionALPN, protocolNames(config.ALPN)...)
	add(legacy, ExtensionPointFormats, 1, 0)
	add(len(config.groups()) > 0, ExtensionSupportedGroups, vector16(uint16s(config.groups()))...)
	add(config.maxVersion() >= VersionTLS12, ExtensionSignatureAlgorithms, vector16(uint16s(config.signatureSchemes()))...)
	if config.maxVersion() == VersionTLS13 {
		list = append(list, o.extensionsTLS13(config)...)
	}
	return append(list, config.Extra...)
}

func (o *offer) extensionsTLS13(config Config) []Extension {
	var versions []uint16
	for version := VersionTLS13; version >= config.minVersion(); version-- {
		versions = append(versions, version)
	}
	list := []Extension{{ExtensionSupportedVersions, vector8(uint16s(versions))}}
	if o.cookie != nil {
		list = append(list, Extension{ExtensionCookie, vector16(o.cookie)})
	}
	if o.early {
		list = append(list, Extension{ExtensionEarlyData, nil})
	}
	var shares cryptobyte.Builder
	for _, share := range o.shares {
		shares.AddUint16(share.group)
		addVector16(&shares, share.public)
	}
	return append(list,
		Extension{ExtensionPSKKeyExchangeModes, []byte{1, 1}},             // psk_dhe_ke
		Extension{ExtensionKeyShare, vector16(shares.BytesOrPanic())}) // its parts are bounded
}

// legacyTicket is nil where there is none to offer.
func (c Config) legacyTicket() []byte {
	if c.Resume == nil || c.Resume.Version == VersionTLS13 || len(c.Resume.Ticket) == 0 {
		return nil
	}
	return c.Resume.Ticket
}

func addVector8(b *cryptobyte.Builder, data []byte) {
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) })
}

func addVector16(b *cryptobyte.Builder, data []byte) {
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) })
}

// vector8 and vector16 put a length before data, which is short where they are
// used: what a caller gives at length is bounded by encode.
func vector8(data []byte) []byte { return append([]byte{byte(len(data))}, data...) } //nolint:gosec // said above

func vector16(data []byte) []byte {
	return append([]byte{byte(len(data) >> 8), byte(len(data))}, data...) //nolint:gosec // said above
}

func uint16s(values []uint16) []byte {
	var data []byte
	for _, value := range values {
		data = append(data, byte(value>>8), byte(value)) //nolint:gosec // both halves
	}
	return data
}

func encodeExtensions(extensions []Extension) []byte {
	var data []byte
	for _, extension := range extensions {
		data = append(data, uint16s([]uint16{extension.Type})...)
		data = append(data, vector16(extension.Data)...)
	}
	return data
}

func serverNameList(name string) []byte {
	return vector16(append([]byte{0}, vector16([]byte(name))...)) // 0: host_name (RFC 6066 section 3)
}

func protocolNames(names []string) []byte {
	var list []byte
	for _, name := range names {
		list = append(list, vector8([]byte(name))...)
	}
	return vector16(list)
}
