package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// serveTLS runs a crypto/tls server until the test ends.
func serveTLS(t *testing.T, config *tls.Config) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer func() { _ = connection.Close() }()
				_ = tls.Server(connection, config).HandshakeContext(ctx)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		wait.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// lookFully looks at a server that other families saw serve chain.
func (w *world) lookFully(t *testing.T, at netip.AddrPort, chain [][]byte) checks.PKILook {
	t.Helper()
	observation := seen(chain)
	observation.Addresses[0].Address, observation.Addresses[0].Port = at.Addr(), at.Port()
	target := quick()
	target.Depth = checks.Full
	return w.collector().Look(t.Context(), checktest.Loopback(t), target, observation)
}

// sctList is SCTs as an extension of an OCSP response holds them.
func sctList(t *testing.T, scts ...string) pkix.Extension {
	t.Helper()
	var list []byte
	for _, sct := range scts {
		list = append(append(list, byte(len(sct)>>8), byte(len(sct))), sct...)
	}
	list = append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)
	value, err := asn1.Marshal(list)
	require.NoError(t, err)
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}, Value: value}
}

func TestStaples(t *testing.T) {
	t.Parallel()
	for fault, want := range map[authority.Fault]checks.StapleFault{
		authority.Healthy: "", authority.Delegated: "", authority.Unknown: "",
		authority.Expired: checks.StapleExpired, authority.NotYetValid: checks.StapleNotYetValid,
		authority.OtherSerial: checks.StapleOtherCertificate, authority.OtherName: checks.StapleOtherCertificate,
		authority.BadSignature: checks.StapleBadSignature, authority.DelegatedNoUsage: checks.StapleBadSignature,
		authority.DelegatedStranger: checks.StapleBadSignature, authority.TryLater: checks.StapleMalformed,
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(string(fault)+" "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				issued, err := w.ca.Issue(w.authority.Leaf(pki.Leaf{Names: []string{"a.example"}}))
				require.NoError(t, err)
				chain := issued.Certificate.Certificate
				w.authority.Revoke(serial(t, chain[0]), 1)
				certificate := issued.Certificate
				certificate.OCSPStaple, err = w.authority.Staple(serial(t, chain[0]), fault, sctList(t, "one", "two"))
				require.NoError(t, err)
				certificate.SignedCertificateTimestamps = [][]byte{[]byte("three")}
				got := w.lookFully(t, serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}, MaxVersion: version}), chain)
				require.Len(t, got.Stapled, 1)
				staple := got.Stapled[0].OCSP
				require.Equal(t, checks.Known, staple.State)
				require.Equal(t, want, staple.Value.Fault)
				require.Equal(t, print(chain[0]), staple.Value.Leaf)
				wantSCTs := []checks.StapledSCT{{Leaf: print(chain[0]), Source: "tls_extension", SCT: []byte("three")}}
				if want == "" {
					wantSCTs = append([]checks.StapledSCT{
						{Leaf: print(chain[0]), Source: "ocsp_response", SCT: []byte("one")},
						{Leaf: print(chain[0]), Source: "ocsp_response", SCT: []byte("two")},
					}, wantSCTs...)
				}
				require.Equal(t, checks.KnownFact(wantSCTs), got.Stapled[0].SCTs)
				require.Empty(t, got.Certificates, "the chain was seen before")
				if fault == authority.Healthy || fault == authority.Expired {
					require.Equal(t, checks.RevocationRevoked, staple.Value.Status.State)
					require.Empty(t, staple.Value.Status.URL)
				}
			})
		}
	}
}

func TestNothingStapled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issued, err := w.ca.Issue(pki.Leaf{Names: []string{"a.example"}})
	require.NoError(t, err)
	chain := issued.Certificate.Certificate
	none := checks.Stapled{OCSP: checks.AbsentFact[checks.Staple](""), SCTs: checks.AbsentFact[[]checks.StapledSCT]("")}
	for name, config := range map[string]*tls.Config{
		"plain":                         {},
		"a client certificate required": {ClientAuth: tls.RequireAnyClientCert},
		"the same up to TLS 1.2":        {ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12},
		"TLS 1.0":                       {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config.Certificates = []tls.Certificate{issued.Certificate}
			require.Equal(t, []checks.Stapled{none}, w.lookFully(t, serveTLS(t, config), chain).Stapled)
		})
	}
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		certificate := issued.Certificate
		certificate.OCSPStaple = []byte("garbage")
		got := w.lookFully(t, serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}}), chain)
		require.Equal(t, checks.StapleMalformed, got.Stapled[0].OCSP.Value.Fault)
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		got := w.lookFully(t, listener.Addr().(*net.TCPAddr).AddrPort(), chain)
		require.Equal(t, checks.InconclusiveFact[checks.Staple](checks.ReasonRefused), got.Stapled[0].OCSP)
		require.Equal(t, checks.InconclusiveFact[[]checks.StapledSCT](checks.ReasonRefused), got.Stapled[0].SCTs)
	})
	t.Run("no shared version", func(t *testing.T) {
		t.Parallel()
		got := w.lookFully(t, serveTLS(t, &tls.Config{Certificates: []tls.Certificate{issued.Certificate}, CipherSuites: []uint16{0xFFFF}, MaxVersion: tls.VersionTLS12}), chain)
		require.Equal(t, checks.InconclusiveFact[checks.Staple](checks.ReasonHandshakeFailed), got.Stapled[0].OCSP)
	})
}

// A server that serves another chain now than before: both are looked at.
func TestAnotherChainInTheHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.issue(t, w.authority.Leaf(pki.Leaf{}))
	now, err := w.ca.Issue(w.authority.Leaf(pki.Leaf{Names: []string{"a.example"}}))
	require.NoError(t, err)
	certificate := now.Certificate
	certificate.OCSPStaple, err = w.authority.Staple(serial(t, certificate.Certificate[0]), authority.Healthy)
	require.NoError(t, err)
	certificate.Certificate = certificate.Certificate[:1] // its issuer has to be fetched
	got := w.lookFully(t, serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}}), before[:1])
	require.Equal(t, checks.KnownFact(checks.Staple{Leaf: print(certificate.Certificate[0]), Status: checks.RevocationStatus{State: checks.RevocationGood}}), got.Stapled[0].OCSP)
	require.Contains(t, got.Certificates, checks.NewCertificate(certificate.Certificate[0]))
	require.Contains(t, got.PKI.Revocation, print(certificate.Certificate[0]))
	require.Contains(t, got.PKI.Revocation, print(before[0]))
}

func TestAStapleWithoutIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.Misbehave(authority.AIA, authority.Broken)
	issued, err := w.ca.Issue(w.authority.Leaf(pki.Leaf{Names: []string{"a.example"}}))
	require.NoError(t, err)
	certificate := issued.Certificate
	certificate.OCSPStaple, err = w.authority.Staple(serial(t, certificate.Certificate[0]), authority.Healthy)
	require.NoError(t, err)
	certificate.Certificate = certificate.Certificate[:1]
	got := w.lookFully(t, serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}}), certificate.Certificate)
	require.Equal(t, checks.InconclusiveFact[checks.Staple](checks.ReasonHTTPStatus), got.Stapled[0].OCSP)
}

// OpenSSL reads its staple from a file.
func TestOpenSSLStaples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issued, err := w.ca.Issue(w.authority.Leaf(pki.Leaf{Names: []string{"a.example"}, Key: pki.RSA, MustStaple: true}))
	require.NoError(t, err)
	chain := issued.Certificate.Certificate
	response, err := w.authority.Staple(serial(t, chain[0]), authority.Delegated)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "staple.der")
	require.NoError(t, os.WriteFile(file, response, 0o600))
	got := w.lookFully(t, checktest.StartOpenSSL(t, issued, "-status_file", file), chain)
	require.Equal(t, checks.KnownFact(checks.Staple{Leaf: print(chain[0]), Status: checks.RevocationStatus{State: checks.RevocationGood}}), got.Stapled[0].OCSP)
}

func TestStaplesOnlyOfKnownChains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	observation := seen(w.issue(t, pki.Leaf{}))
	observation.Addresses = append(observation.Addresses, checks.AddressObservation{
		Address: netip.MustParseAddr("127.0.0.9"), Port: 1, TLS: checks.TLS{Chain: checks.InconclusiveFact[[]checks.Fingerprint](checks.ReasonReset)},
	})
	observation.Addresses[0].TLS.Chain = checks.AbsentFact[[]checks.Fingerprint]("")
	target := quick()
	target.Depth = checks.Full
	network := checktest.Loopback(t)
	got := w.collector().Look(t.Context(), network, target, observation)
	require.Equal(t, checks.Stapled{}, got.Stapled[0])
	require.Equal(t, checks.InconclusiveFact[checks.Staple](checks.ReasonReset), got.Stapled[1].OCSP)
	require.Empty(t, network.Measurements().Connections)
}

func FuzzResponse(f *testing.F) {
	root, err := pki.NewCA("Root")
	require.NoError(f, err)
	a := authority.Start(f, root)
	issued, err := root.Issue(pki.Leaf{Names: []string{"a.example"}, Serial: big.NewInt(7)})
	require.NoError(f, err)
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(f, err)
	for _, fault := range []authority.Fault{authority.Healthy, authority.Delegated, authority.Unknown, authority.TryLater, authority.OtherName} {
		response, err := a.Staple(leaf.SerialNumber, fault)
		require.NoError(f, err)
		f.Add(response)
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, der []byte) {
		status, scts, err := certs.ReadResponse(der, leaf, root.Certificate, now)
		if err == nil {
			require.NotEmpty(t, status.State)
		}
		require.LessOrEqual(t, len(scts), 32)
		_, _, err = checks.Canonical(status)
		require.NoError(t, err)
	})
}
