package session

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
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
func (o *offer) build(config Config, before []byte) (err error) {
	if o.random == nil {
		o.random, o.session = wire.Random(32), config.sessionID()
	}
	hello := wire.ClientHello{
		Version: config.helloVersion(), Random: o.random, SessionID: o.session,
		Suites: config.suites(), Compression: config.Compression, Extensions: o.extensions(config),
	}
	if !config.NoPadding {
		hello = hello.Pad()
	}
	if !config.resumesTLS13() {
		o.message, err = hello.Marshal()
		return inContext("the configuration", err)
	}
	extensions, now := hello.Extensions, time.Now()
	offered := func(binder []byte) ([]byte, error) {
		hello.Extensions = append(slices.Clone(extensions), wire.Extension{
			Type: wire.ExtensionPreSharedKey, Data: config.Resume.offeredPSK(now, binder),
		})
		return hello.Marshal()
	}
	size := config.Resume.hash().Size()
	message, err := offered(make([]byte, size))
	if err != nil {
		return inContext("the configuration", err)
	}
	binder := config.Resume.binder(slices.Concat(before, message[:len(message)-size-3])) // 3: two lengths
	o.message, err = offered(binder)
	return inContext("the configuration", err)
}

func (c Config) sessionID() []byte {
	switch {
	case c.SessionID != nil:
		return c.SessionID
	case c.Resume != nil && c.Resume.Version < wire.TLS13 && len(c.Resume.SessionID) > 0:
		return c.Resume.SessionID
	case c.maxVersion() == wire.TLS13, c.legacyTicket() != nil:
		// For middleboxes (RFC 8446 appendix D.4), or to tell whether the server
		// takes the ticket (RFC 5077 section 3.4).
		return wire.Random(32)
	default:
		return nil
	}
}

// extensions returns what the hello carries, but padding and pre_shared_key.
// The last of them is never empty: some servers fail on that.
func (o *offer) extensions(config Config) []wire.Extension {
	if config.maxVersion() == wire.SSL30 {
		if o.verifyData != nil && !config.NoRenegotiationInfo { // RFC 5746 section 4.5
			return []wire.Extension{wire.RenegotiationInfo(o.verifyData)}
		}
		return config.Extra
	}
	list := o.sessionExtensions(config)
	add := func(when bool, extension wire.Extension) {
		if when {
			list = append(list, extension)
		}
	}
	add(config.SCT, wire.Empty(wire.ExtensionSCT))
	add(config.StatusRequest, wire.StatusRequest())
	add(config.Heartbeat != 0, wire.Extension{Type: wire.ExtensionHeartbeat, Data: []byte{config.Heartbeat}})
	add(config.MaxFragmentLength != 0, wire.Extension{Type: wire.ExtensionMaxFragmentLength, Data: []byte{config.MaxFragmentLength}})
	add(len(config.ALPN) > 0, wire.ALPN(config.ALPN...))
	add(config.minVersion() < wire.TLS13, wire.PointFormats())
	add(len(config.groups()) > 0, wire.SupportedGroups(config.groups()))
	add(config.maxVersion() >= wire.TLS12, wire.SignatureAlgorithms(config.signatureSchemes()))
	if config.maxVersion() == wire.TLS13 {
		list = append(list, o.extensionsTLS13(config)...)
	}
	return append(list, config.Extra...)
}

// sessionExtensions are the name, and what changes how sessions up to TLS 1.2
// are made.
func (o *offer) sessionExtensions(config Config) []wire.Extension {
	var list []wire.Extension
	if name, ok := wire.ServerName(config.ServerName); ok {
		list = append(list, name)
	}
	if config.minVersion() == wire.TLS13 {
		return list
	}
	if !config.NoExtendedMasterSecret {
		list = append(list, wire.Empty(wire.ExtensionExtendedMasterSecret))
	}
	if config.EncryptThenMAC {
		list = append(list, wire.Empty(wire.ExtensionEncryptThenMAC))
	}
	if !config.NoRenegotiationInfo {
		list = append(list, wire.RenegotiationInfo(o.verifyData))
	}
	if ticket := config.legacyTicket(); config.SessionTicket || ticket != nil {
		list = append(list, wire.SessionTicket(ticket))
	}
	return list
}

func (o *offer) extensionsTLS13(config Config) []wire.Extension {
	var versions []uint16
	for version := wire.TLS13; version >= config.minVersion(); version-- {
		versions = append(versions, version)
	}
	list := []wire.Extension{wire.SupportedVersions(versions...)}
	if o.cookie != nil { // as it came, with its length
		list = append(list, wire.Extension{Type: wire.ExtensionCookie, Data: o.cookie})
	}
	if o.early {
		list = append(list, wire.Empty(wire.ExtensionEarlyData))
	}
	var shares []wire.KeyShare
	for _, share := range o.shares {
		shares = append(shares, wire.KeyShare{Group: share.group, Key: share.public})
	}
	return append(list, wire.PSKKeyExchangeModes(), wire.KeyShares(shares...))
}

// legacyTicket is nil where there is none to offer.
func (c Config) legacyTicket() []byte {
	if c.Resume == nil || c.Resume.Version == wire.TLS13 || len(c.Resume.Ticket) == 0 {
		return nil
	}
	return c.Resume.Ticket
}

// vector8 and vector16 put a length before data, which is short where they are
// used.
func vector8(data []byte) []byte { return append([]byte{byte(len(data))}, data...) } //nolint:gosec // said above

func vector16(data []byte) []byte {
	return append([]byte{byte(len(data) >> 8), byte(len(data))}, data...) //nolint:gosec // said above
}
