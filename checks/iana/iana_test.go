package iana

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpecialPurpose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address string
		special bool
		name    string
	}{
		{"0.0.0.0", true, "This host on this network"},
		{"0.1.2.3", true, "This network"},
		{"10.0.0.1", true, "Private-Use"},
		{"9.255.255.255", false, ""},
		{"11.0.0.0", false, ""},
		{"100.63.255.255", false, ""},
		{"100.64.0.0", true, "Shared Address Space"},
		{"100.127.255.255", true, "Shared Address Space"},
		{"100.128.0.0", false, ""},
		{"127.0.0.1", true, "Loopback"},
		{"127.255.255.255", true, "Loopback"},
		{"169.254.169.254", true, "Link Local"},
		{"172.15.255.255", false, ""},
		{"172.16.0.0", true, "Private-Use"},
		{"172.31.255.255", true, "Private-Use"},
		{"172.32.0.0", false, ""},
		// Odd rows: globally reachable blocks inside 192.0.0.0/24, and two blocks in one row.
		{"192.0.0.0", true, "IPv4 Service Continuity Prefix"},
		{"192.0.0.8", true, "IPv4 dummy address"},
		{"192.0.0.9", false, "Port Control Protocol Anycast"},
		{"192.0.0.10", false, "Traversal Using Relays around NAT Anycast"},
		{"192.0.0.11", true, "IETF Protocol Assignments"},
		{"192.0.0.170", true, "NAT64/DNS64 Discovery"},
		{"192.0.0.171", true, "NAT64/DNS64 Discovery"},
		{"192.0.0.192", true, "IETF Protocol Assignments"},
		{"192.0.1.0", false, ""},
		{"192.0.2.1", true, "Documentation (TEST-NET-1)"},
		{"192.31.196.1", false, "AS112-v4"},
		{"192.52.193.1", false, "AMT"},
		{"192.88.99.1", true, "Deprecated (6to4 Relay Anycast)"},
		{"192.88.99.2", true, "6a44-relay anycast address"},
		{"192.168.255.255", true, "Private-Use"},
		{"192.175.48.1", false, "Direct Delegation AS112 Service"},
		{"198.17.255.255", false, ""},
		{"198.18.0.0", true, "Benchmarking"},
		{"198.19.255.255", true, "Benchmarking"},
		{"198.20.0.0", false, ""},
		{"198.51.100.1", true, "Documentation (TEST-NET-2)"},
		{"203.0.113.1", true, "Documentation (TEST-NET-3)"},
		{"223.255.255.255", false, ""},
		{"224.0.0.1", true, "Multicast"},
		{"239.255.255.250", true, "Multicast"},
		{"240.0.0.1", true, "Reserved"},
		{"255.255.255.255", true, "Limited Broadcast"},
		{"8.8.8.8", false, ""},

		{"::", true, "Unspecified Address"},
		{"::1", true, "Loopback Address"},
		{"::2", true, "IPv4-compatible Address (deprecated)"},
		{"::8.8.8.8", true, "IPv4-compatible Address (deprecated)"},
		{"::ffff:8.8.8.8", true, "IPv4-mapped Address"},
		{"::ffff:127.0.0.1", true, "IPv4-mapped Address"},
		{"::ffff:0:127.0.0.1", true, "IPv4-translated Address (deprecated)"},
		{"64:ff9b::8.8.8.8", false, "IPv4-IPv6 Translat."},
		{"64:ff9b::127.0.0.1", true, "Loopback"},
		{"64:ff9b::169.254.169.254", true, "Link Local"},
		{"64:ff9b::10.1.2.3", true, "Private-Use"},
		{"64:ff9b::192.0.0.9", false, "IPv4-IPv6 Translat."},
		{"64:ff9b:1::8.8.8.8", true, "IPv4-IPv6 Translat."},
		{"64:ff9b:2::1", true, "Reserved by IETF"},
		{"100::1", true, "Discard-Only Address Block"},
		{"100:0:0:1::1", true, "Dummy IPv6 Prefix"},
		{"1fff:ffff::1", true, "Reserved by IETF"},
		{"2001::1", true, "TEREDO"},
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2", true, "TEREDO"},
		{"2001:1::", true, "IETF Protocol Assignments"},
		{"2001:1::1", false, "Port Control Protocol Anycast"},
		{"2001:1::2", false, "Traversal Using Relays around NAT Anycast"},
		{"2001:1::3", false, "DNS-SD Service Registration Protocol Anycast"},
		{"2001:1::4", true, "IETF Protocol Assignments"},
		{"2001:2::1", true, "Benchmarking"},
		{"2001:3::1", false, "AMT"},
		{"2001:4:112::1", false, "AS112-v6"},
		{"2001:4:113::1", true, "IETF Protocol Assignments"},
		{"2001:10::1", true, "Deprecated (previously ORCHID)"},
		{"2001:20::1", false, "ORCHIDv2"},
		{"2001:30::1", false, "Drone Remote ID Protocol Entity Tags (DETs) Prefix"},
		{"2001:200::1", false, "Global Unicast"},
		{"2001:db8::1", true, "Documentation"},
		{"2002:7f00:1::", true, "6to4"},
		{"2002:808:808::1", true, "6to4"},
		{"2606:4700::1111", false, "Global Unicast"},
		{"2620:4f:8000::1", false, "Direct Delegation AS112 Service"},
		{"3fff::1", true, "Documentation"},
		{"3fff:1000::1", false, "Global Unicast"},
		{"4000::1", true, "Reserved by IETF"},
		{"5f00::1", true, "Segment Routing (SRv6) SIDs"},
		{"fc00::1", true, "Unique-Local"},
		{"fdaa::3", true, "Unique-Local"}, // Fly's private network
		{"fd00:ec2::254", true, "Unique-Local"},
		{"fe80::1", true, "Link-Local Unicast"},
		{"fe80::1%eth0", true, "Link-Local Unicast"},
		{"2606:4700::1111%eth0", true, "Zoned address"},
		{"fec0::1", true, "Site-Local Unicast (deprecated)"},
		{"ff02::1", true, "Multicast"},
	} {
		t.Run(test.address, func(t *testing.T) {
			t.Parallel()
			entry, special := SpecialPurpose(netip.MustParseAddr(test.address))
			require.Equal(t, test.special, special)
			require.Equal(t, test.name, entry.Name)
			if special && entry.Name != "Zoned address" {
				require.False(t, entry.GloballyReachable)
				require.NotEmpty(t, entry.RFC)
			}
		})
	}
}

func TestInvalidAddressIsSpecial(t *testing.T) {
	t.Parallel()
	_, special := SpecialPurpose(netip.Addr{})
	require.True(t, special)
}

func TestRegistriesAreWhole(t *testing.T) {
	t.Parallel()
	seen := make(map[netip.Prefix]bool)
	for _, entry := range registry() {
		require.False(t, seen[entry.Prefix], "%s stands twice", entry.Prefix)
		seen[entry.Prefix] = true
		require.NotEmpty(t, entry.Name)
		require.True(t, strings.HasPrefix(entry.RFC, "[RFC"), "%s: %s", entry.Prefix, entry.RFC)
	}
	// 25 IPv4 rows, one of them with two blocks; 25 IPv6 rows; 7 of our own.
	require.Len(t, seen, 26+25+7)
}

func TestParseRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	const header = "Address Block,Name,RFC,Globally Reachable\n"
	for name, test := range map[string]struct{ file, message string }{
		"empty":         {"", "no rows"},
		"header only":   {header, "no rows"},
		"no column":     {"Address Block,Name,RFC\n10.0.0.0/8,a,b\n", `no column "Globally Reachable"`},
		"no prefix":     {header + "10.0.0.0,a,b,False\n", `address block "10.0.0.0"`},
		"host bits":     {header + "10.0.0.1/8,a,b,False\n", "bits beyond its prefix"},
		"ragged":        {header + "10.0.0.0/8\n", "wrong number of fields"},
		"broken quotes": {header + "\"10.0.0.0/8,a,b,False\n", "read CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(strings.NewReader(test.file))
			require.ErrorContains(t, err, test.message)
		})
	}
}

func BenchmarkSpecialPurpose(b *testing.B) {
	address := netip.MustParseAddr("2606:4700::1111")
	for b.Loop() {
		SpecialPurpose(address)
	}
}
