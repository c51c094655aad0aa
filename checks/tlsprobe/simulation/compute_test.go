package simulation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// shape is a server as a test describes it.
type shape struct {
	suites     map[checks.Protocol]values // in the server's order; the version is refused where it is missing
	order      checks.Preference          // of suites; empty: server
	groups     values                     // of TLS 1.3
	groupOrder checks.Preference          // empty: inconclusive
	legacy     values
	prime      string // name of the field of DHE
	bits       int
	change     func(*Known)
}

func (s shape) known() Known {
	known := Known{TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}}}
	known.Suites.Accepted = map[checks.Protocol]checks.Fact[[]checks.Suite]{}
	known.Suites.Preference = map[checks.Protocol]checks.Fact[checks.Preference]{}
	known.Suites.PrefersChaCha20 = checks.KnownFact(false)
	for _, protocol := range checks.Protocols() {
		list, accepted := s.suites[protocol]
		if !accepted {
			known.TLS.Protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
			continue
		}
		known.TLS.Protocols[protocol] = checks.KnownFact(checks.Accepted{})
		known.Suites.Accepted[protocol] = checks.KnownFact(s.named(list))
		order := s.order
		if order == "" {
			order = checks.ServerPreference
		}
		known.Suites.Preference[protocol] = checks.KnownFact(order)
	}
	known.Suites.Groups, known.Suites.LegacyGroups = checks.KnownFact(namedGroups(s.groups)), checks.KnownFact(namedGroups(s.legacy))
	known.Suites.GroupPreference = checks.InconclusiveFact[checks.Preference](checks.ReasonTimeout)
	if s.groupOrder != "" {
		known.Suites.GroupPreference = checks.KnownFact(s.groupOrder)
	}
	if s.change != nil {
		s.change(&known)
	}
	return known
}

func (s shape) named(list values) []checks.Suite {
	var named []checks.Suite
	for _, value := range list {
		kind, _ := tlsparameters.SuiteByValue(value)
		suite := checks.Suite{ID: tlsparameters.SuiteID(value), Name: kind.Name, KeyExchange: kind.KeyExchange}
		if kind.DHE() {
			suite.Group, suite.GroupBits = s.prime, s.bits
		}
		named = append(named, suite)
	}
	return named
}

func namedGroups(list values) []checks.Group {
	var named []checks.Group
	for _, value := range list {
		group, _ := tlsparameters.GroupByValue(value)
		named = append(named, checks.Group{ID: tlsparameters.SuiteID(value), Name: group.Name, Bits: group.Bits, PostQuantum: group.PostQuantum()})
	}
	return named
}

// brief is a handshake in one line.
func brief(got handshake) string {
	if got.State != checks.Known {
		return fmt.Sprintf("%s %s", got.State, got.Reason)
	}
	secrecy := "no FS"
	if got.Value.ForwardSecrecy {
		secrecy = "FS"
	}
	return fmt.Sprintf("%s %s %s/%d %s", got.Value.Protocol, got.Value.Suite, got.Value.Group, got.Value.GroupBits, secrecy)
}

const (
	open     = "inconclusive budget_exhausted"
	nothing  = "absent handshake_failed"
	hybridID = 0x11EC
)

var modern = shape{
	suites: map[checks.Protocol]values{
		checks.TLSv12: {0xC02F, 0xC030, 0xCCA8, 0xC027, 0x009E},
		checks.TLSv13: {0x1302, 0x1301, 0x1303},
	},
	groups: values{hybridID, 0x001D, 0x0017}, groupOrder: checks.ServerPreference, legacy: values{0x0017, 0x0018}, prime: "ffdhe3072", bits: 3072,
}

func with(base shape, change func(*shape)) shape {
	change(&base)
	return base
}

func changed(base shape, change func(*Known)) shape {
	base.change = change
	return base
}

func only(protocol checks.Protocol, suites ...uint16) shape {
	return shape{suites: map[checks.Protocol]values{protocol: suites}, groups: values{0x001D}, legacy: values{0x0017}, prime: "modp2048", bits: 2048}
}

func TestCompute(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, client string
		server       shape
		want         string
	}{
		{"newest of both", "Chrome 156 on Windows 11", modern, "TLSv1.3 0x1302 X25519MLKEM768/255 FS"},
		{"no hybrid", "Chrome 80 on Windows 10", modern, "TLSv1.3 0x1302 x25519/255 FS"},
		{"a draft of TLS 1.3 is none", "Chrome 69 on Windows 7", modern, "TLSv1.2 0xC02F secp256r1/256 FS"},
		{"the server's order", "IE 11 on Windows 10", modern, "TLSv1.2 0xC02F secp256r1/256 FS"},
		{"no GCM with ECDHE_RSA", "IE 11 on Windows 7", modern, "TLSv1.2 0xC027 secp256r1/256 FS"},
		{"too old", "IE 8-10 on Windows 7", modern, nothing},
		{"the client's order", "IE 11 on Windows 7", with(modern, func(s *shape) { s.order = checks.ClientPreference }), "TLSv1.2 0xC027 secp256r1/256 FS"},
		{"the client's order, another client", ".NET 8 on Windows Server 2022", with(modern, func(s *shape) { s.order = checks.ClientPreference }), "TLSv1.3 0x1302 x25519/255 FS"},
		{"RSA key transport", "Java 8u161", only(checks.TLSv12, 0x009C, 0x002F), "TLSv1.2 0x009C /0 no FS"},
		{"RSA key transport, none left", "Go 1.24", only(checks.TLSv12, 0x009C, 0x002F), nothing},
		{"SSL 3.0 alone", "Android 5.0 (apps)", only(checks.SSLv3, 0x0005, 0x000A), "SSLv3 0x0005 /0 no FS"},
		{"ECDSA alone", "IE 8-10 on Windows 7", only(checks.TLSv10, 0xC00A, 0xC009), "TLSv1.0 0xC00A secp256r1/256 FS"},
		{"ECDSA alone, client without curves", "Java 6u45", changed(only(checks.TLSv10, 0xC00A, 0xC009), func(k *Known) {
			k.Chains.Served = checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", Certificates: []checks.Fingerprint{"a"}}})
		}), nothing},
		{"no curve in common", "IE 11 on Windows 7", with(only(checks.TLSv12, 0xC027, 0x003C), func(s *shape) { s.legacy = values{0x0019} }), "TLSv1.2 0x003C /0 no FS"},
		{"whose curve is open", "OpenSSL 1.0.2s", with(only(checks.TLSv12, 0xC030), func(s *shape) { s.legacy = values{0x0018, 0x0017} }), open},
		{"curve at the head of both", "IE 11 on Windows 10", with(only(checks.TLSv12, 0xC030), func(s *shape) { s.legacy = values{0x001D, 0x0017} }), "TLSv1.2 0xC030 x25519/255 FS"},
		{"DHE 2048", "IE 11 on Windows 7", only(checks.TLSv12, 0x009E), "TLSv1.2 0x009E modp2048/2048 FS"},
		{"DHE 2048 is too long", "Java 7u25", only(checks.TLSv10, 0x0033), nothing},
		{"DHE 1024 is not", "Java 7u25", with(only(checks.TLSv10, 0x0033), func(s *shape) { s.bits = 1024; s.prime = "dh" }), "TLSv1.0 0x0033 dh/1024 FS"},
		{"DHE 512 is too short", "OpenSSL 1.1.0k", with(only(checks.TLSv12, 0x0033), func(s *shape) { s.bits = 512; s.prime = "dh" }), nothing},
		{"RFC 7919 group that is listed", "OpenSSL 3.0", with(only(checks.TLSv12, 0x009E), func(s *shape) { s.prime = "ffdhe2048" }), "TLSv1.2 0x009E ffdhe2048/2048 FS"},
		{"RFC 7919 group that is not", "IE 11 on Windows 10", with(only(checks.TLSv12, 0x009E), func(s *shape) { s.prime = "ffdhe2048" }), open},
		{"DHE whose field was not seen", "IE 11 on Windows 10", with(only(checks.TLSv12, 0x009E), func(s *shape) { s.bits = 0 }), open},
		{"nothing in common in TLS 1.3", ".NET 8 on Windows Server 2022", only(checks.TLSv13, 0x1303), nothing},
		{
			"nothing in common in TLS 1.3, but below", ".NET 8 on Windows Server 2022",
			with(modern, func(s *shape) {
				s.suites = map[checks.Protocol]values{checks.TLSv12: {0xC02F}, checks.TLSv13: {0x1303}}
			}), open,
		},
		{"no group in common in TLS 1.3", "Chrome 80 on Windows 10", with(only(checks.TLSv13, 0x1301), func(s *shape) { s.groups = values{0x0019} }), nothing},
		{"by HelloRetryRequest", "Java 11.0.3", with(only(checks.TLSv13, 0x1301), func(s *shape) { s.groups = values{0x0019} }), "TLSv1.3 0x1301 secp521r1/521 FS"},
		{"share against wish", "wget 1.21 (GnuTLS 3.7)", with(only(checks.TLSv13, 0x1301), func(s *shape) { s.groups = values{0x001D, 0x0017} }), open},
		{"a share of its only group", "wget 1.21 (GnuTLS 3.7)", with(modern, func(s *shape) { s.groups = values{0x001D} }), "TLSv1.3 0x1302 x25519/255 FS"},
		{"protocol that nobody could tell", "IE 11 on Windows 7", changed(modern, func(k *Known) {
			k.TLS.Protocols[checks.TLSv12] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
		}), "inconclusive timeout"},
		{"a newer protocol decides first", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.TLS.Protocols[checks.TLSv12] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
		}), "TLSv1.3 0x1302 x25519/255 FS"},
		{"servers that differ", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.TLS.Protocols[checks.TLSv13] = checks.KnownFact(checks.Accepted{Mixed: true})
		}), "inconclusive answers_disagree"},
		{"suites that nobody could tell", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.Accepted[checks.TLSv13] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded)
		}), "inconclusive server_stopped"},
		{"order that nobody could tell", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.Preference[checks.TLSv13] = checks.InconclusiveFact[checks.Preference](checks.ReasonTimeout)
		}), "inconclusive timeout"},
		{"order that does not matter", "IE 11 on Windows Phone 8.1", changed(only(checks.TLSv12, 0xC027, 0xC02F), func(k *Known) {
			k.Suites.Preference[checks.TLSv12] = checks.InconclusiveFact[checks.Preference](checks.ReasonTimeout)
		}), "TLSv1.2 0xC027 secp256r1/256 FS"},
		{"groups that nobody could tell", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.Groups = checks.InconclusiveFact[[]checks.Group](checks.ReasonTimeout)
		}), "inconclusive timeout"},
		{"curves that nobody could tell", "IE 11 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.LegacyGroups = checks.InconclusiveFact[[]checks.Group](checks.ReasonTimeout)
		}), "inconclusive timeout"},
		{"no signature scheme in common", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.SignatureSchemes = map[checks.Protocol]checks.Fact[[]string]{checks.TLSv13: checks.KnownFact([]string{"ecdsa_secp521r1_sha512"})}
		}), open},
		{"a signature scheme in common", "Chrome 80 on Windows 10", changed(modern, func(k *Known) {
			k.Suites.SignatureSchemes = map[checks.Protocol]checks.Fact[[]string]{checks.TLSv13: checks.KnownFact([]string{"rsa_pss_rsae_sha256"})}
		}), "TLSv1.3 0x1302 x25519/255 FS"},
		{"nothing known", "Chrome 80 on Windows 10", changed(modern, func(k *Known) { *k = Known{} }), open},
	} {
		got := Compute(byName(t, test.client), test.server.known())
		require.Equal(t, test.want, brief(got.Handshake), "%s: %s", test.name, test.client)
		require.False(t, got.Resent)
	}
}

// TestComputeChaCha20 holds the quirk of stacks that put ChaCha20 first for
// clients that do.
func TestComputeChaCha20(t *testing.T) {
	t.Parallel()
	client := Profile{Min: checks.TLSv12, Max: checks.TLSv12, Suites: values{0x0A0A, 0xCCA8, 0xC02F}, Groups: values{0x0017}}
	server := only(checks.TLSv12, 0xC02F, 0xC030, 0xCCA8)
	for _, test := range []struct {
		prefers checks.Fact[bool]
		suites  values
		want    string
	}{
		{checks.KnownFact(true), values{0x0A0A, 0xCCA8, 0xC02F}, "TLSv1.2 0xCCA8 secp256r1/256 FS"},
		{checks.KnownFact(true), values{0xC02F, 0xCCA8}, "TLSv1.2 0xC02F secp256r1/256 FS"},
		{checks.KnownFact(true), values{0xC027, 0xCCA8, 0xC02F}, open}, // OpenSSL and Go differ here
		{checks.KnownFact(false), values{0xCCA8, 0xC02F}, "TLSv1.2 0xC02F secp256r1/256 FS"},
		{checks.AbsentFact[bool](""), values{0xCCA8, 0xC02F}, "TLSv1.2 0xC02F secp256r1/256 FS"},
		{checks.InconclusiveFact[bool](checks.ReasonTimeout), values{0xCCA8, 0xC02F}, open},
		{checks.InconclusiveFact[bool](checks.ReasonTimeout), values{0xC02F, 0xCCA8}, "TLSv1.2 0xC02F secp256r1/256 FS"},
	} {
		client.Suites = test.suites
		known := server.known()
		known.Suites.PrefersChaCha20 = test.prefers
		require.Equal(t, test.want, brief(Compute(client, known).Handshake), "%v %04X", test.prefers, test.suites)
	}
}

// TestComputeHybrids holds that how a server met a browser's hybrid share
// speaks for other clients.
func TestComputeHybrids(t *testing.T) {
	t.Parallel()
	client := Profile{Min: checks.TLSv13, Max: checks.TLSv13, Suites: values{0x1301}, Groups: values{hybridID, 0x001D}, Shares: values{0x001D}}
	server := with(only(checks.TLSv13, 0x1301), func(s *shape) { s.groups = values{hybridID, 0x001D} })
	for want, met := range map[string]checks.Fact[checks.PostQuantum]{
		"TLSv1.3 0x1301 X25519MLKEM768/255 FS": checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: true}),
		"TLSv1.3 0x1301 x25519/255 FS":         checks.KnownFact(checks.PostQuantum{Chosen: "X25519MLKEM768"}),
		open:                                   checks.InconclusiveFact[checks.PostQuantum](checks.ReasonTimeout),
	} {
		known := server.known()
		known.Suites.PostQuantum = met
		require.Equal(t, want, brief(Compute(client, known).Handshake))
	}
}

func TestComputeWithoutSNI(t *testing.T) {
	t.Parallel()
	served := func(leaves ...checks.ServedChain) checks.Chains {
		return checks.Chains{Served: checks.KnownFact(leaves)}
	}
	one := func(sni bool, leaf checks.Fingerprint) checks.ServedChain {
		return checks.ServedChain{Key: "RSA", SNI: sni, Certificates: []checks.Fingerprint{leaf}}
	}
	const connects = "SSLv3 0x0005 /0 no FS"
	for name, test := range map[string]struct {
		chains checks.Chains
		want   string
	}{
		"required":              {checks.Chains{SNIRequired: checks.KnownFact(true)}, nothing},
		"the same certificate":  {served(one(true, "a"), one(false, "a")), connects},
		"another certificate":   {served(one(true, "a"), one(false, "b")), open},
		"one of two":            {served(one(true, "a"), one(true, "b"), one(false, "b")), open},
		"no name to send":       {served(one(false, "a")), connects},
		"nothing known of that": {checks.Chains{}, open},
	} {
		known := only(checks.SSLv3, 0x0005).known()
		known.Chains = test.chains
		require.Equal(t, test.want, brief(Compute(byName(t, "IE 8 on Windows XP"), known).Handshake), name)
	}
}

// TestComputeKeyCurve holds that a key on a curve that the client lacks leaves
// the answer open: stacks differ.
func TestComputeKeyCurve(t *testing.T) {
	t.Parallel()
	leaf := checks.NewCertificate(issue(t, pki.Leaf{Key: pki.ECDSA}).Certificate.Certificate[0])
	known := only(checks.TLSv12, 0xC02B).known()
	known.Suites.LegacyGroups = checks.KnownFact(namedGroups(values{0x0018}))
	known.Chains.Served = checks.KnownFact([]checks.ServedChain{{Key: "ECDSA", SNI: true, Certificates: []checks.Fingerprint{leaf.SHA256}}})
	known.Certificates = []checks.Certificate{leaf}
	client := Profile{Min: checks.TLSv12, Max: checks.TLSv12, Suites: values{0xC02B}, Groups: values{0x0018}}
	require.Equal(t, open, brief(Compute(client, known).Handshake))
	client.Groups = values{0x0018, 0x0017}
	require.Equal(t, "TLSv1.2 0xC02B secp384r1/384 FS", brief(Compute(client, known).Handshake))
	client.Groups, known.Certificates = values{0x0018}, nil
	require.Equal(t, "TLSv1.2 0xC02B secp384r1/384 FS", brief(Compute(client, known).Handshake), "nothing known of the key")
}

func BenchmarkCompute(b *testing.B) {
	known, profiles := modern.known(), Profiles()
	for b.Loop() {
		server := newServer(known)
		for _, profile := range profiles {
			server.compute(profile)
		}
	}
}
