package simulation

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func TestProfilesAreConsistent(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, profile := range Profiles() {
		require.False(t, names[profile.Name], "two clients are named %q", profile.Name)
		names[profile.Name] = true
		t.Run(profile.Name, func(t *testing.T) {
			t.Parallel()
			requireConsistent(t, profile)
		})
	}
	require.GreaterOrEqual(t, len(names), 40)
}

func requireConsistent(t *testing.T, profile Profile) {
	t.Helper()
	require.NotEmpty(t, profile.Source)
	require.GreaterOrEqual(t, profile.Year, 2009)
	require.NotEmpty(t, profile.protocols(), "versions %s to %s", profile.Min, profile.Max)
	for what, list := range map[string]values{
		"suites": profile.Suites, "groups": profile.Groups, "shares": profile.Shares, "versions": profile.Versions,
		"signatures": profile.Signatures, "signatures of certificates": profile.SignaturesCertificate,
	} {
		sorted := slices.Sorted(slices.Values(list))
		require.Len(t, slices.Compact(sorted), len(list), "%s twice", what)
	}
	for _, value := range profile.Suites {
		_, known := tlsparameters.SuiteByValue(value)
		require.True(t, known || isGREASE(value) || value == wire.EmptyRenegotiationInfoSCSV, "suite 0x%04X", value)
	}
	for _, value := range profile.Groups {
		_, known := tlsparameters.GroupByValue(value)
		require.True(t, known || isGREASE(value), "group 0x%04X", value)
	}
	require.Subset(t, profile.Groups, profile.Shares, "a share is of a group that is offered")
	for _, value := range slices.Concat(profile.Signatures, profile.SignaturesCertificate) {
		require.True(t, isGREASE(value) || !strings.HasPrefix(tlsparameters.SignatureSchemeName(value), "0x"), "signature scheme 0x%04X", value)
	}
	requireVersions(t, profile)
	requireExtensions(t, profile)
}

func requireVersions(t *testing.T, profile Profile) {
	t.Helper()
	hasTLS13Suite := slices.ContainsFunc(profile.Suites, func(value uint16) bool {
		suite, _ := tlsparameters.SuiteByValue(value)
		return suite.TLS13()
	})
	if profile.Max == checks.TLSv13 {
		require.True(t, hasTLS13Suite)
		require.NotEmpty(t, profile.Shares)
		require.NotEmpty(t, profile.Signatures)
		for _, protocol := range profile.protocols() {
			require.Contains(t, profile.Versions, known.WireVersion(protocol))
		}
	} else {
		require.NotContains(t, profile.Versions, wire.TLS13)
	}
	for _, protocol := range profile.protocols() {
		usable := slices.ContainsFunc(profile.Suites, func(value uint16) bool {
			suite, registered := tlsparameters.SuiteByValue(value)
			return registered && suite.ValidFor(known.WireVersion(protocol))
		})
		require.True(t, usable, "no suite for %s", protocol)
	}
}

// unassigned are extensions that clients send though IANA never assigned them.
var unassigned = []uint16{
	0x3374,         // next_protocol_negotiation, a draft
	0x7550,         // channel_id, a draft
	0x4469, 0x44CD, // application_settings, a draft
}

func requireExtensions(t *testing.T, profile Profile) {
	t.Helper()
	var kinds []uint16
	for _, extension := range profile.Extensions {
		kinds = append(kinds, extension.Type)
		known := !strings.HasPrefix(tlsparameters.ExtensionName(extension.Type), "extension ")
		require.True(t, known || isGREASE(extension.Type) || slices.Contains(unassigned, extension.Type), "extension 0x%04X", extension.Type)
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(kinds))), len(kinds), "an extension twice")
	sends := func(kind uint16, there bool) {
		t.Helper()
		require.Equal(t, there, slices.Contains(kinds, kind), "extension %s", tlsparameters.ExtensionName(kind))
	}
	sends(wire.ExtensionServerName, !profile.NoSNI)
	sends(wire.ExtensionSupportedGroups, len(profile.Groups) > 0)
	sends(wire.ExtensionSignatureAlgorithms, len(profile.Signatures) > 0)
	sends(extensionSignatureAlgorithmsCert, len(profile.SignaturesCertificate) > 0)
	sends(wire.ExtensionSupportedVersions, len(profile.Versions) > 0)
	sends(wire.ExtensionKeyShare, len(profile.Shares) > 0)
	sends(wire.ExtensionALPN, len(profile.ALPN) > 0)
}

// TestReferenceClients holds SSL Labs' reference clients (rating guide, section 11).
func TestReferenceClients(t *testing.T) {
	t.Parallel()
	var got []string
	for _, profile := range Profiles() {
		if profile.Reference {
			got = append(got, profile.Name)
		}
	}
	require.ElementsMatch(t, []string{
		"Chrome 69 on Windows 7", "Chrome 80 on Windows 10",
		"Firefox 47 on Windows 7", "Firefox 62 on Windows 7", "Firefox 73 on Windows 10",
		"IE 8-10 on Windows 7", "IE 11 on Windows 7", "IE 11 on Windows 8.1", "IE 11 on Windows Phone 8.1",
		"IE 11 on Windows Phone 8.1 Update", "IE 11 on Windows 10",
		"Edge 13 on Windows Phone 10", "Edge 15 on Windows 10", "Edge 16 on Windows 10", "Edge 18 on Windows 10",
		"OpenSSL 1.0.1l", "OpenSSL 1.0.2s", "OpenSSL 1.1.0k", "OpenSSL 1.1.1c",
		"Safari 6.0.4 on OS X 10.8.4", "Safari 7 on iOS 7.1", "Safari 7 on OS X 10.9", "Safari 8 on iOS 8.4",
		"Safari 8 on OS X 10.10", "Safari 9 on iOS 9", "Safari 9 on OS X 10.11", "Safari 10 on iOS 10",
		"Safari 10 on macOS 10.12", "Safari 12.1.1 on iOS 12.3.1", "Safari 12.1.2 on macOS 10.14.6", "Apple ATS 9 on iOS 9",
	}, got)
}

func TestHellosAreAsLongAsTheClients(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		hello, err := profile.Hello("server.example")
		require.NoError(t, err, profile.Name)
		message, err := hello.Marshal()
		require.NoError(t, err, profile.Name)
		records, err := hello.Records()
		require.NoError(t, err, profile.Name)
		require.Equal(t, uint8(wire.TypeHandshake), records[0])
		pads := slices.ContainsFunc(profile.Extensions, func(e wire.Extension) bool { return e.Type == wire.ExtensionPadding })
		if pads {
			require.False(t, len(message) >= 256 && len(message) < 512, "%s: %d bytes", profile.Name, len(message))
		}
		if slices.Contains(profile.Shares, 0x11EC) {
			require.Greater(t, len(message), 1400, "%s: a hybrid key share does not fit one packet", profile.Name)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"no list":             `{}`,
		"unknown field":       `[{"name": "A", "suits": "C02F"}]`,
		"unknown base":        `[{"name": "A", "like": "B"}]`,
		"value of 17 bits":    `[{"name": "A", "suites": "1C02F"}]`,
		"value that is none":  `[{"name": "A", "groups": "x25519"}]`,
		"number":              `[{"name": "A", "suites": 49199}]`,
		"odd octets":          `[{"name": "A", "compression": "0"}]`,
		"no record version":   `[{"name": "A", "record": ""}]`,
		"odd extension":       `[{"name": "A", "extensions": "001B=2"}]`,
		"extension that none": `[{"name": "A", "extensions": "sni"}]`,
	} {
		_, err := parse(fstest.MapFS{"profiles/a.json": {Data: []byte(content)}})
		require.Error(t, err, name)
	}
}

func TestLikeInheritsAllButItsOwn(t *testing.T) {
	t.Parallel()
	profiles, err := parse(fstest.MapFS{"profiles/a.json": {Data: []byte(`[
		{"name": "A", "year": 2020, "reference": true, "source": "s", "suites": "C02F", "alpn": ["h2"]},
		{"name": "B", "like": "A", "suites": "C030"},
		{"name": "C", "like": "A", "alpn": ["http/1.1"]}]`)}})
	require.NoError(t, err)
	require.Equal(t, []string{"h2"}, profiles[0].ALPN)
	require.Equal(t, []string{"http/1.1"}, profiles[2].ALPN)
	require.Equal(t, Profile{Name: "B", Like: "A", Suites: values{0xC030}, ALPN: []string{"h2"}}, profiles[1])
	require.Equal(t, values{0xC02F}, profiles[0].Suites)
}
