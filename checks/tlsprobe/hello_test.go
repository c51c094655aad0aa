package tlsprobe

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// helloBytes is the hello that Quick sends.
func helloBytes(protocol checks.Protocol) ([]byte, error) {
	question, err := offer{protocol: protocol, suites: offered(known.WireVersion(protocol))}.question("", "app.test")
	if err != nil {
		return nil, err
	}
	if question.Specs != nil {
		return wire.SSLv2Hello(wire.SSL20, question.Specs, make([]byte, 16))
	}
	return question.Hello.Records()
}

// Bytes around what is random, as the specifications have them.
func TestHelloBytes(t *testing.T) {
	t.Parallel()
	for protocol, start := range map[checks.Protocol]string{
		checks.SSLv2:  "8040" + "01" + "0002" + "0027" + "0000" + "0010",
		checks.SSLv3:  "160300", // then the record's length
		checks.TLSv10: "160301",
		checks.TLSv11: "160301",
		checks.TLSv12: "160301",
		checks.TLSv13: "160301",
	} {
		hello, err := helloBytes(protocol)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(hex.EncodeToString(hello), start), "%s: %x", protocol, hello)
		require.Less(t, len(hello), 1400, "%s: a hello fits a packet", protocol)
		if protocol == checks.SSLv2 {
			require.Len(t, hello, 2+0x40)
			continue
		}
		require.Equal(t, len(hello)-5, int(hello[3])<<8|int(hello[4]), "%s: length of the record", protocol)
		message := hello[5:]
		require.Equal(t, wire.TypeClientHello, message[0])
		require.Equal(t, len(message)-4, int(message[1])<<16|int(message[2])<<8|int(message[3]), "%s: length of the message", protocol)
		require.False(t, len(message) >= 256 && len(message) < 512, "%s: %d bytes make some load balancers hang", protocol, len(message))
		version := known.WireVersion(protocol)
		require.Equal(t, min(version, wire.TLS12), uint16(message[4])<<8|uint16(message[5]), protocol)
		name := bytes.Contains(hello, []byte("\x00\x00\x00\x0d\x00\x0b\x00\x00\x08app.test"))
		require.Equal(t, protocol != checks.SSLv3, name, "%s: server_name", protocol)
	}
}

// After the compression methods nothing follows in SSL 3.0.
func TestSSLv3HelloHasNoExtensions(t *testing.T) {
	t.Parallel()
	hello, err := helloBytes(checks.SSLv3)
	require.NoError(t, err)
	suites := int(hello[44])<<8 | int(hello[45])
	require.Equal(t, []byte{0x00, 0xFF, 1, 0}, hello[46+suites-2:], "the last suite is the SCSV, then no compression, then nothing")
}

func TestOfferedSuites(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{wire.SSL30, wire.TLS10, wire.TLS11, wire.TLS12, wire.TLS13} {
		values := offered(version)
		require.LessOrEqual(t, len(values), 120, "%04X: some servers fail on more than 127 suites", version)
		seen := map[uint16]bool{}
		for _, value := range values {
			require.False(t, seen[value], "%04X twice", value)
			seen[value] = true
			require.True(t, strings.HasPrefix(tlsparameters.SuiteName(value), "TLS_"))
		}
		require.Equal(t, version != wire.TLS13, seen[0x000A], "%04X: 3DES", version)
		require.Equal(t, version == wire.TLS12, seen[0xC02F], "%04X: GCM", version)
		require.Equal(t, version != wire.TLS13 && version != wire.SSL30, seen[0xC013], "%04X: ECDHE", version)
		require.Equal(t, version < wire.TLS12, seen[0x0003], "%04X: export", version)
	}
	require.Len(t, offered(wire.TLS13), 5)
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		require.Equal(t, strings.TrimSuffix(suite.Name, "_SHA256"), strings.TrimSuffix(tlsparameters.SuiteName(suite.ID), "_SHA256"))
	}
}

// The library reads our hellos as what they are meant to be.
func TestHelloIsWellFormed(t *testing.T) {
	t.Parallel()
	for protocol, version := range map[checks.Protocol]uint16{
		checks.TLSv10: tls.VersionTLS10, checks.TLSv11: tls.VersionTLS11, checks.TLSv12: tls.VersionTLS12, checks.TLSv13: tls.VersionTLS13,
	} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			hello, err := helloBytes(protocol)
			require.NoError(t, err)
			client, server := net.Pipe()
			var seen *tls.ClientHelloInfo
			done := make(chan error, 1)
			go func() {
				done <- tls.Server(server, &tls.Config{ //nolint:gosec // it never finishes
					MinVersion: tls.VersionTLS10,
					GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
						seen = info
						return nil, io.EOF
					},
				}).HandshakeContext(t.Context())
				_ = server.Close()
			}()
			go func() { _, _ = io.Copy(io.Discard, client) }()
			_, err = client.Write(hello)
			require.NoError(t, err)
			require.Error(t, <-done)
			require.NoError(t, client.Close())
			require.NotNil(t, seen, "the library does not understand the hello")
			require.Equal(t, "app.test", seen.ServerName)
			require.Equal(t, offered(known.WireVersion(protocol)), seen.CipherSuites)
			require.Contains(t, seen.SupportedVersions, version)
			require.Equal(t, protocol == checks.TLSv13, len(seen.SupportedVersions) == 1 && seen.SupportedVersions[0] == tls.VersionTLS13)
			require.Contains(t, seen.SupportedCurves, tls.X25519)
			require.Contains(t, seen.SignatureSchemes, tls.PSSWithSHA256)
		})
	}
}
