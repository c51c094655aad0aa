package probe

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestParseHost(t *testing.T) {
	t.Parallel()
	address := func(text string) host { return host{literal: netip.MustParseAddr(text)} }
	missing := host{reason: checks.ReasonNameNotFound}
	for spelling, want := range map[string]host{
		"Example.COM":                   {name: "example.com"},
		"example.com.":                  {name: "example.com"},
		"_dmarc.example.com":            {name: "_dmarc.example.com"},
		"xn--bcher-kva.example":         {name: "xn--bcher-kva.example"},
		"localhost":                     {name: "localhost"},
		"1.example":                     {name: "1.example"},
		"0x7f.example":                  {name: "0x7f.example"},
		"0xg":                           {name: "0xg"},
		"192.0.2.1":                     address("192.0.2.1"),
		"192.0.2.1.":                    address("192.0.2.1"),
		"2001:DB8::1":                   address("2001:db8::1"),
		"[2001:db8::1]":                 address("2001:db8::1"),
		"::ffff:192.0.2.1":              address("192.0.2.1"),
		"fe80::1%eth0":                  {reason: checks.ReasonSpecialPurpose},
		"[fe80::1%25eth0]":              {reason: checks.ReasonSpecialPurpose},
		"":                              missing,
		".":                             missing,
		"..":                            missing,
		"a..b":                          missing,
		".example.com":                  missing,
		"example.com..":                 missing,
		"192.0.2.1..":                   missing,
		"2001:db8::1.":                  missing,
		"[192.0.2.1]":                   missing,
		"[2001:db8::1":                  missing,
		"2001:db8::1]":                  missing,
		"a b.example":                   missing,
		"a\x00.example":                 missing,
		"exämple.com":                   missing,
		"%31.example":                   missing,
		"192.0.2.1:80":                  missing,
		"127.1":                         missing,
		"2130706433":                    missing,
		"0x7f.1":                        missing,
		"0X7F000001":                    missing,
		"a.0x":                          missing,
		"1.2.3.4.5":                     missing,
		"256.1.1.1":                     missing,
		strings.Repeat("a", 64):         missing,
		strings.Repeat("a.", 127):       {name: strings.Repeat("a.", 126) + "a"},
		strings.Repeat("a.", 127) + "a": missing,
		strings.Repeat("a.b.", 64):      missing,
		strings.Repeat("ab.", 84):       {name: strings.TrimSuffix(strings.Repeat("ab.", 84), ".")},
		strings.Repeat("a", 63):         {name: strings.Repeat("a", 63)},
		strings.Repeat("a", 63) + ".":   {name: strings.Repeat("a", 63)},
	} {
		require.Equal(t, want, parseHost(spelling), "%q", spelling)
	}
}

// FuzzParseHost holds that a spelling is an address in canonical form, a plain
// name, or nothing; and that a name is never one that inet_aton reads.
func FuzzParseHost(f *testing.F) {
	for _, test := range guardedHosts {
		f.Add(test.host)
	}
	f.Fuzz(func(t *testing.T, spelling string) {
		host := parseHost(spelling)
		switch {
		case host.literal.IsValid():
			require.False(t, host.literal.Is4In6())
			require.Empty(t, host.literal.Zone())
			require.Empty(t, host.name)
			require.Equal(t, host, parseHost(host.literal.String()))
		case host.name != "":
			require.Empty(t, host.reason)
			require.Equal(t, host, parseHost(host.name))
			require.Equal(t, strings.ToLower(host.name), host.name)
			last := host.name[strings.LastIndexByte(host.name, '.')+1:]
			require.NotEmpty(t, strings.Trim(last, "0123456789"))
			_, err := netip.ParseAddr(host.name)
			require.Error(t, err)
		default:
			require.NotEmpty(t, host.reason)
		}
	})
}

func TestParseNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                          nil,
		" , ":                       nil,
		"127.0.0.1":                 {"127.0.0.1/32"},
		"10.0.0.0/8, ::1,fdaa::/16": {"10.0.0.0/8", "::1/128", "fdaa::/16"},
		"::ffff:127.0.0.1":          {"127.0.0.1/32"},
		"::ffff:127.0.0.0/104":      {"127.0.0.0/8"},
		"0.0.0.0/0":                 {"0.0.0.0/0"},
	} {
		prefixes, err := ParseNetworks(text)
		require.NoError(t, err, "%q", text)
		var got []string
		for _, prefix := range prefixes {
			got = append(got, prefix.String())
		}
		require.Equal(t, want, got, "%q", text)
	}
	for text, message := range map[string]string{
		"10.0.0.0/8,localhost": `network "localhost" is neither an address nor a prefix such as 10.0.0.0/8`,
		"10.0.0.0/33":          `network "10.0.0.0/33" is neither`,
		"10.0.0.1/8":           `network "10.0.0.1/8" has bits beyond its prefix; 10.0.0.0/8 may be meant`,
		"fe80::1%eth0":         `network "fe80::1%eth0" has a zone`,
		"::ffff:0:0/90":        `network "::ffff:0:0/90"`,
		"010.0.0.1":            `network "010.0.0.1" is neither`,
	} {
		_, err := ParseNetworks(text)
		require.ErrorContains(t, err, message, "%q", text)
	}
}

// FuzzParseNetworks holds that what is accepted is canonical, and reads back.
func FuzzParseNetworks(f *testing.F) {
	for _, text := range []string{"", "127.0.0.1", "10.0.0.0/8, ::1", "::ffff:1.2.3.0/120", "fe80::1%a", "1.2.3.4/8", ",,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prefixes, err := ParseNetworks(text)
		if err != nil {
			require.Empty(t, prefixes)
			return
		}
		var written []string
		for _, prefix := range prefixes {
			require.True(t, prefix.IsValid())
			require.Equal(t, prefix.Masked(), prefix)
			require.False(t, prefix.Addr().Is4In6())
			written = append(written, prefix.String())
		}
		again, err := ParseNetworks(strings.Join(written, ","))
		require.NoError(t, err)
		require.Equal(t, prefixes, again)
	})
}

func TestParseResolver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"192.0.2.53":         "192.0.2.53:53",
		"192.0.2.53:5353":    "192.0.2.53:5353",
		"2001:db8::53":       "[2001:db8::53]:53",
		"[2001:db8::53]:853": "[2001:db8::53]:853",
		"[2001:db8::53]":     "[2001:db8::53]:53",
		"dns.example":        "dns.example:53",
		"dns.example:5353":   "dns.example:5353",
	} {
		got, err := ParseResolver(text)
		require.NoError(t, err, "%q", text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{":53", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "a b", "dns.example:dns", "127.1"} {
		_, err := ParseResolver(text)
		require.ErrorContains(t, err, text)
	}
}
