package feature_test

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// stapled returns a certificate and an OCSP response that says it is good.
func stapled(t *testing.T, extensions ...pkix.Extension) (*pki.Issued, []byte) {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Stapling root"), pki.Leaf{Names: []string{host}, Key: pki.RSA})
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	signer, ok := issued.Certificate.PrivateKey.(crypto.Signer)
	require.True(t, ok)
	// Signed by the leaf's own key: who may sign it is no question of a handshake.
	response, err := ocsp.CreateResponse(leaf, leaf, ocsp.Response{
		Status: ocsp.Good, SerialNumber: leaf.SerialNumber, ExtraExtensions: extensions,
		ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
	}, signer)
	require.NoError(t, err)
	return issued, response
}

func TestSCTs(t *testing.T) {
	t.Parallel()
	list := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}, Value: []byte{4, 4, 0, 2, 0, 0}}
	for name, row := range map[string]struct {
		newest    uint16
		extension bool
		response  []pkix.Extension
		want      []string
	}{
		"TLS 1.2, extension":         {tls.VersionTLS12, true, nil, []string{"tls_extension"}},
		"TLS 1.3, extension":         {tls.VersionTLS13, true, nil, []string{"tls_extension"}},
		"TLS 1.2, response":          {tls.VersionTLS12, false, []pkix.Extension{list}, []string{"ocsp_response"}},
		"TLS 1.3, response and both": {tls.VersionTLS13, true, []pkix.Extension{list}, []string{"ocsp_response", "tls_extension"}},
		"a response without":         {tls.VersionTLS13, false, nil, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued, response := stapled(t, row.response...)
			issued.Certificate.OCSPStaple = response
			if row.extension {
				issued.Certificate.SignedCertificateTimestamps = [][]byte{{0, 1, 2, 3}}
			}
			for _, oldest := range []uint16{tls.VersionTLS12, row.newest} {
				found := features(t, checktest.StartGoServer(t, checktest.GoServerConfig{
					Certificate: issued, MinVersion: oldest, MaxVersion: row.newest,
				}))
				require.Equal(t, known(row.want), found.SCTs)
				require.Equal(t, known(true), found.OCSPStapling)
			}
		})
	}
}

func TestClientCertificatesOfGo(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		wanted tls.ClientAuthType
		want   checks.ClientCertificate
	}{
		"none": {tls.NoClientCert, checks.ClientCertificateNone}, "requested": {tls.RequestClientCert, checks.ClientCertificateRequested},
		"required": {tls.RequireAnyClientCert, checks.ClientCertificateRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				found := features(t, checktest.StartGoServer(t, checktest.GoServerConfig{MinVersion: version, MaxVersion: version, ClientAuth: row.wanted}))
				require.Equal(t, known(row.want), found.ClientCertificate)
			}
		})
	}
}

// helloSeen is what a hello looks like to a server that cannot stand it.
type helloSeen struct {
	version    uint16
	length     int // of the message
	suites     []uint16
	extensions map[uint16][]byte
}

// parse reads a ClientHello out of its record; it trusts the probe that sent it.
func parse(hello checktest.Hello) helloSeen {
	seen := helloSeen{version: hello.Version, length: len(hello.Raw) - 5, extensions: map[uint16][]byte{}}
	if hello.SSLv2 {
		return seen
	}
	number := func(at int) int { return int(hello.Raw[at])<<8 | int(hello.Raw[at+1]) }
	at := 5 + 4 + 2 + 32
	at += 1 + int(hello.Raw[at])
	for index := range number(at) / 2 {
		seen.suites = append(seen.suites, uint16(number(at+2+2*index))) //nolint:gosec // two bytes
	}
	at += 2 + number(at)
	at += 1 + int(hello.Raw[at]) + 2
	for at+4 <= len(hello.Raw) {
		end := at + 4 + number(at+2)
		seen.extensions[uint16(number(at))] = hello.Raw[at+4 : end] //nolint:gosec // two bytes
		at = end
	}
	return seen
}

func isGREASE(value uint16) bool { return value&0x0F0F == 0x0A0A && value>>8 == value&0xFF }

// TestIntolerances looks at servers each of which cannot stand one kind of
// hello, whatever way it says so.
func TestIntolerances(t *testing.T) {
	t.Parallel()
	fine := usual(asItIs).Intolerances
	reactions := map[string]func(net.Conn){
		"FIN": checktest.CloseOnAccept, "RST": checktest.ResetOnHello, "alert": checktest.AlertAlways(wire.AlertHandshakeFailure),
	}
	for name, row := range map[string]struct {
		refuse func(helloSeen) bool
		want   func(*checks.Intolerances)
	}{
		"legacy versions": {func(seen helloSeen) bool { return seen.version > 0x0303 }, func(i *checks.Intolerances) {
			i.Versions = known([]string{"TLS 1.152", "TLS 1.3", "TLS 2.152"})
		}},
		"another major version": {func(seen helloSeen) bool { return seen.version >= 0x0400 }, func(i *checks.Intolerances) {
			i.Versions = known([]string{"TLS 2.152"})
		}},
		"an unknown extension": {func(seen helloSeen) bool { return seen.extensions[0x5A5A] != nil }, func(i *checks.Intolerances) {
			i.Extension = known(true)
		}},
		"256 to 511 bytes": {func(seen helloSeen) bool { return seen.length >= 256 && seen.length < 512 }, func(i *checks.Intolerances) {
			i.LongHandshake = known(true)
		}},
		"more than one packet": {func(seen helloSeen) bool { return seen.length > 1500 }, func(i *checks.Intolerances) {
			i.LargeHello = known(true)
		}},
		"GREASE": {func(seen helloSeen) bool { return slices.ContainsFunc(seen.suites, isGREASE) }, func(i *checks.Intolerances) {
			i.GREASE = known(true)
		}},
		"more than 128 suites": {func(seen helloSeen) bool { return len(seen.suites) > 128 }, func(i *checks.Intolerances) {
			i.ManySuites = known(true)
		}},
	} {
		for reaction, react := range reactions {
			t.Run(name+", "+reaction, func(t *testing.T) {
				t.Parallel()
				want := fine
				row.want(&want)
				peer := checktest.StartPeer(t, checktest.Choosy(t, checktest.GoServerConfig{MaxVersion: tls.VersionTLS12}, func(hello checktest.Hello) bool {
					return row.refuse(parse(hello))
				}, react))
				require.Equal(t, want, features(t, peer).Intolerances)
			})
		}
	}
}

// A server that refuses every third hello of whatever kind is not intolerant of
// any.
func TestAnErraticServerIsNotIntolerant(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	peer := checktest.StartPeer(t, checktest.Choosy(t, checktest.GoServerConfig{MaxVersion: tls.VersionTLS12}, func(checktest.Hello) bool {
		return count.Add(1)%3 == 0
	}, checktest.AlertAlways(wire.AlertHandshakeFailure)))
	found := features(t, peer).Intolerances
	for _, fact := range []checks.Fact[bool]{found.Extension, found.GREASE, found.LargeHello, found.LongHandshake, found.ManySuites} {
		require.False(t, fact.Value)
		require.NotEqual(t, checks.Absent, fact.State)
	}
	require.Empty(t, found.Versions.Value)
}
