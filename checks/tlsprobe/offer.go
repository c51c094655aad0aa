package tlsprobe

import (
	"crypto/ecdh"
	"crypto/rand"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// suitesAtOnce bounds the suites of one hello: some stacks fail on more than
// 127 (rating guide, section 10.4).
const suitesAtOnce = 120

// offer is what a hello of a full look offers. The zero value of a field means
// all that there is.
type offer struct {
	protocol   checks.Protocol
	suites     []uint16
	groups     []uint16
	schemes    []uint16
	withoutSNI bool
	// askGroup sends no key share, so that a server of TLS 1.3 names the group
	// that it wants in a HelloRetryRequest.
	askGroup bool
	// greaseShare sends a key share of a group that nobody knows, for servers
	// that take an empty list of shares for an error.
	greaseShare bool
}

// greaseGroup is a group of RFC 8701.
const greaseGroup uint16 = 0x0A0A

// question returns the hello. It fails where no key share can be made.
func (o offer) question(name, host string) (conversation.Question, error) {
	version := known.WireVersion(o.protocol)
	if version == wire.SSL20 {
		return conversation.Question{Name: name, Specs: cipherSpecs()}, nil
	}
	hello := wire.ClientHello{Version: min(version, wire.TLS12), Suites: slices.Clone(o.suites)}
	if version == wire.SSL30 {
		hello.Suites = append(hello.Suites, wire.EmptyRenegotiationInfoSCSV)
		return conversation.Question{Name: name, Hello: hello, Until: conversation.UntilDone}, nil
	}
	extensions, err := o.extensions(version, host)
	if err != nil {
		return conversation.Question{}, err
	}
	hello.Extensions = extensions
	if version == wire.TLS13 {
		hello.SessionID = wire.Random(32) // for middleboxes (RFC 8446 appendix D.4)
	}
	return conversation.Question{Name: name, Hello: hello.Pad(), Until: conversation.UntilDone}, nil
}

// extensions returns what a hello of TLS 1.0 to 1.3 carries. Its last one is
// never empty: some servers fail on that.
func (o offer) extensions(version uint16, host string) ([]wire.Extension, error) {
	list := []wire.Extension{}
	if name, ok := wire.ServerName(host); ok && !o.withoutSNI {
		list = append(list, name)
	}
	schemes := o.schemes
	if schemes == nil {
		schemes = signatureAlgorithms()
	}
	groups := o.groups
	if version != wire.TLS13 {
		if groups == nil {
			groups = legacyGroups()
		}
		return append(list, wire.RenegotiationInfo(nil), wire.Empty(wire.ExtensionExtendedMasterSecret), wire.PointFormats(),
			wire.SupportedGroups(groups), wire.SignatureAlgorithms(schemes)), nil
	}
	if groups == nil {
		groups = modernGroups()
	}
	list = append(list, wire.SupportedVersions(wire.TLS13), wire.PSKKeyExchangeModes(),
		wire.SupportedGroups(groups), wire.SignatureAlgorithms(schemes))
	shares, err := o.shares()
	return append(list, shares), err
}

func (o offer) shares() (wire.Extension, error) {
	switch {
	case o.greaseShare:
		return wire.KeyShares(wire.KeyShare{Group: greaseGroup, Key: []byte{0}}), nil
	case o.askGroup || o.groups != nil && !slices.Contains(o.groups, groupX25519):
		return wire.KeyShares(), nil
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return wire.Extension{}, err //nolint:wrapcheck // crypto/rand does not fail
	}
	return wire.KeyShares(wire.KeyShare{Group: groupX25519, Key: key.PublicKey().Bytes()}), nil
}

// cipherSpecs are those of SSL 2.0.
func cipherSpecs() []uint32 {
	var specs []uint32
	for _, spec := range tlsparameters.CipherSpecs() {
		specs = append(specs, spec.Value)
	}
	return specs
}

// candidates returns the suites that a server could take in a version, in
// batches: first those that servers use, in the order of Quick, then the rest
// of the registry.
func candidates(protocol checks.Protocol) [][]uint16 {
	version := known.WireVersion(protocol)
	usual := offered(version)
	rest := []uint16{}
	for _, suite := range tlsparameters.Suites() {
		if suite.ValidFor(version) && !slices.Contains(usual, suite.Value) {
			rest = append(rest, suite.Value)
		}
	}
	return slices.Collect(slices.Chunk(append(usual, rest...), suitesAtOnce))
}

// modernGroups are all that TLS 1.3 can use, classical ones first.
func modernGroups() []uint16 {
	list := []uint16{groupX25519, 23, 24, 25, 30}
	for _, group := range tlsparameters.Groups() {
		if group.TLS13 && !slices.Contains(list, group.Value) {
			list = append(list, group.Value)
		}
	}
	return list
}
