//go:build peers

// Package bench compares Gradewatch with other programs on the same servers,
// and records what came out in README.md. It is for people who measure: no
// other test runs it, and nothing imports it.
package bench

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/matrix"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// server is one configuration that both sides look at.
type server struct {
	name  string
	start func(testing.TB) netip.AddrPort
}

func nginx(protocols ...string) func(testing.TB) netip.AddrPort {
	return func(t testing.TB) netip.AddrPort {
		return checktest.StartNginx(t, checktest.NginxConfig{Protocols: protocols}).Addr
	}
}

func apache(protocols ...string) func(testing.TB) netip.AddrPort {
	return func(t testing.TB) netip.AddrPort {
		return checktest.StartApache(t, checktest.ApacheConfig{Protocols: protocols}).Addr
	}
}

func node(method, ciphers string) func(testing.TB) netip.AddrPort {
	return func(t testing.TB) netip.AddrPort {
		return checktest.StartNode010(t, checktest.NodeConfig{SecureProtocol: method, Ciphers: ciphers})
	}
}

func openssl(arguments ...string) func(testing.TB) netip.AddrPort {
	return func(t testing.TB) netip.AddrPort { return checktest.StartOpenSSL(t, nil, arguments...) }
}

func golang(config checktest.GoServerConfig) func(testing.TB) netip.AddrPort {
	return func(t testing.TB) netip.AddrPort { return checktest.StartGoServer(t, config) }
}

func servers() []server {
	return []server{
		{"nginx, TLS 1.2 and 1.3", nginx()},
		{"nginx, TLS 1.0 to 1.3", nginx("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")},
		{"nginx, TLS 1.3 alone", nginx("TLSv1.3")},
		{"nginx, TLS 1.0 alone", nginx("TLSv1")},
		{"Apache, TLS 1.2 and 1.3", apache()},
		{"Apache, TLS 1.1 and 1.2", apache("TLSv1.1", "TLSv1.2")},
		{"Node 0.10, everything", node("", "")},
		{"Node 0.10, SSL 2.0 alone", node("SSLv2_server_method", "")},
		{"Node 0.10, SSL 3.0 alone", node("SSLv3_server_method", "")},
		{"Node 0.10, TLS 1.0 alone", node("TLSv1_server_method", "")},
		{"Node 0.10, everything, no SSL 2.0 suites", node("", "ALL:!SSLv2")},
		{"Node 0.10, everything, AES128-GCM-SHA256 alone", node("", "AES128-GCM-SHA256")},
		{"Node 0.10, everything, a suite it cannot use", node("", "ECDHE-RSA-AES128-GCM-SHA256")},
		{"s_server, TLS 1.3, secp384r1 alone", openssl("-tls1_3", "-groups", "secp384r1")},
		{"s_server, TLS 1.2, one anonymous suite", openssl("-tls1_2", "-cipher", "AECDH-AES128-SHA:@SECLEVEL=0")},
		{"Go, TLS 1.0 to 1.3", golang(checktest.GoServerConfig{MinVersion: tls.VersionTLS10})},
		{"Go, TLS 1.2, RC4 and 3DES alone", golang(checktest.GoServerConfig{
			MaxVersion: tls.VersionTLS12, Suites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
		})},
	}
}

// TestPeers prints a table of what both say. It fails where a program cannot
// be run, never for what it says: that is for people to explain.
func TestPeers(t *testing.T) {
	scanner, err := exec.LookPath("sslscan")
	require.NoError(t, err, "sslscan is not installed: install the package sslscan.")
	fmt.Println("| server | Gradewatch | sslscan | same |\n|---|---|---|---|")
	for _, server := range servers() {
		t.Run(server.name, func(t *testing.T) {
			address := server.start(t)
			ours, theirs := look(t, address), scan(t, scanner, address)
			same := "yes"
			if ours != theirs {
				same = "**no**"
			}
			fmt.Printf("| %s | %s | %s | %s |\n", server.name, ours, theirs, same)
		})
	}
}

// look lists what is on, and with a question mark what could not be told.
func look(t *testing.T, address netip.AddrPort) string {
	network := checktest.Loopback(t)
	component, _ := tlsprobe.Quick(t.Context(), network, checks.Target{Host: "localhost", Port: address.Port()}, address)
	var on []string
	for _, protocol := range checks.Protocols() {
		switch fact := component.Protocols[protocol]; fact.State {
		case checks.Known:
			on = append(on, string(protocol))
		case checks.Absent:
		default:
			on = append(on, string(protocol)+"?")
		}
	}
	if testing.Verbose() {
		for _, line := range network.Measurements().Log {
			t.Log(line.Text)
		}
	}
	return strings.Join(on, " ")
}

// TestSuites prints, for every server of the matrix, whether sslscan takes the
// same suites for accepted as we do, by protocol. It fails where sslscan cannot
// be run, never for what it says: that is for people to explain. sslscan lists
// no suites of SSL 2.0 and 3.0.
func TestSuites(t *testing.T) {
	scanner, err := exec.LookPath("sslscan")
	require.NoError(t, err, "sslscan is not installed: install the package sslscan.")
	fmt.Println("| server | protocol | Gradewatch | sslscan | only Gradewatch | only sslscan |\n|---|---|---|---|---|---|")
	same, versions := 0, 0
	for _, group := range matrix.Groups(t) {
		t.Run(group.Name, func(t *testing.T) {
			addresses := group.Start(t)
			for index, server := range group.Servers {
				ours, theirs := fullSuites(t, addresses[index]), scanSuites(t, scanner, addresses[index])
				for _, protocol := range checks.Protocols()[2:] {
					if len(ours[protocol])+len(theirs[protocol]) == 0 {
						continue
					}
					versions++
					onlyOurs, onlyTheirs := missing(ours[protocol], theirs[protocol]), missing(theirs[protocol], ours[protocol])
					if onlyOurs == "" && onlyTheirs == "" {
						same++
						continue
					}
					fmt.Printf("| %s | %s | %d | %d | %s | %s |\n", server.Name, protocol, len(ours[protocol]), len(theirs[protocol]), onlyOurs, onlyTheirs)
				}
			}
		})
	}
	fmt.Printf("\n%d of %d versions have the same suites; the others are above.\n", same, versions)
}

// missing lists what of has is not in other, sorted.
func missing(has, other []string) string {
	var only []string
	for _, suite := range has {
		if !slices.Contains(other, suite) {
			only = append(only, suite)
		}
	}
	slices.Sort(only)
	return strings.Join(slices.Compact(only), " ")
}

// fullSuites are the IDs of what we find, by protocol.
func fullSuites(t *testing.T, address netip.AddrPort) map[checks.Protocol][]string {
	limits := checks.LimitsFor(checks.Full, false)
	limits.ConnectionsPerAddress = 600
	look := tlsprobe.Full(t.Context(), checktest.Loopback(t),
		checks.Target{Host: matrix.Host, Port: address.Port(), Depth: checks.Full, Limits: limits}, address, nil)
	found := map[checks.Protocol][]string{}
	for protocol, accepted := range look.Full.Suites.Accepted {
		for _, suite := range accepted.Value {
			found[protocol] = append(found[protocol], suite.ID)
		}
	}
	return found
}

func scanSuites(t *testing.T, scanner string, address netip.AddrPort) map[checks.Protocol][]string {
	output, err := exec.CommandContext(t.Context(), scanner, "--xml=-", "--no-groups", "--no-heartbleed", "--no-compression",
		"--no-renegotiation", "--no-fallback", "--no-check-certificate", "--sni-name="+matrix.Host, address.String()).Output()
	var died *exec.ExitError
	if errors.As(err, &died) { // a SIGPIPE where a server closes in the middle of a handshake
		fmt.Printf("| %s | | | %s | | |\n", t.Name(), died)
		return nil
	}
	require.NoError(t, err)
	var document struct {
		Suites []struct {
			Version string `xml:"sslversion,attr"`
			ID      string `xml:"id,attr"`
		} `xml:"ssltest>cipher"`
	}
	require.NoError(t, xml.Unmarshal(output, &document), "%s", output)
	found := map[checks.Protocol][]string{}
	for _, suite := range document.Suites {
		value, err := strconv.ParseUint(suite.ID, 0, 32)
		require.NoError(t, err, "%s", output)
		found[checks.Protocol(suite.Version)] = append(found[checks.Protocol(suite.Version)], fmt.Sprintf("0x%04X", value))
	}
	return found
}

func scan(t *testing.T, scanner string, address netip.AddrPort) string {
	output, err := exec.CommandContext(t.Context(), scanner, "--xml=-", "--no-ciphersuites", "--no-groups", "--no-heartbleed",
		"--no-compression", "--no-renegotiation", "--no-fallback", "--no-check-certificate", "--sni-name=localhost", address.String()).Output()
	require.NoError(t, err)
	var document struct {
		Tests []struct {
			Protocols []struct {
				Type    string `xml:"type,attr"`
				Version string `xml:"version,attr"`
				Enabled string `xml:"enabled,attr"`
			} `xml:"protocol"`
		} `xml:"ssltest"`
	}
	require.NoError(t, xml.Unmarshal(output, &document), "%s", output)
	require.Len(t, document.Tests, 1, "%s", output)
	var on []string
	for _, protocol := range document.Tests[0].Protocols {
		if protocol.Enabled == "1" {
			on = append(on, strings.ToUpper(protocol.Type)+"v"+protocol.Version)
		}
	}
	require.NotEmpty(t, document.Tests[0].Protocols, "%s", output)
	return strings.Join(on, " ")
}
