package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/dnsrec"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// A whole look over a real network says the same each time, to the byte.
func TestAWholeLookIsCanonical(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issued, err := w.ca.Issue(w.authority.Leaf(pki.Leaf{Names: []string{"a.example"}}))
	require.NoError(t, err)
	chain := issued.Certificate.Certificate
	certificate := issued.Certificate
	certificate.OCSPStaple, err = w.authority.Staple(serial(t, chain[0]), authority.Healthy)
	require.NoError(t, err)
	certificate.Certificate = chain[:1]
	at := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}})
	names := dnsserver.Start(t, func(name string, _ uint16) dnsserver.Answer {
		if name != "a.example" {
			return dnsserver.NXDOMAIN()
		}
		return dnsserver.Answer{Addresses: []netip.Addr{at.Addr()}, Records: []string{`CAA 0 issue "ca.example"`}, Authenticated: true}
	})
	target, err := checks.ParseTarget("https://a.example:"+strconv.Itoa(int(at.Port()))+"/", checks.Full, checks.LimitsFor(checks.Full, false))
	require.NoError(t, err)
	prober := probe.New(probe.Config{Resolver: names.Address(), AllowAny: true})
	look := func() checks.Observation {
		runner := checks.Runner{
			TLS: tlsprobe.Quick, PKI: w.collector().Look, Records: dnsrec.Records,
		}
		observation, _ := runner.Look(t.Context(), prober.Network(target.Limits), target, nil)
		return observation
	}
	first := look()
	require.Equal(t, checks.RevocationGood, first.PKI.Revocation[print(chain[0])].CRL.Value.State)
	require.Equal(t, checks.KnownFact([]checks.Fingerprint{print(chain[1])}), first.PKI.Issuers[print(chain[0])])
	require.Equal(t, checks.Known, first.PKI.RenewalInfo[print(chain[0])].State)
	require.Equal(t, checks.RevocationGood, first.Addresses[0].Full.Stapled.OCSP.Value.Status.State)
	require.Empty(t, first.Addresses[0].Full.Stapled.OCSP.Value.Fault)
	require.NotEmpty(t, first.Certificate(print(chain[1])), "what AIA led to is in the observation")
	require.Equal(t, "ca.example", first.Records.CAA.Value.Records[0].Value)
	require.Equal(t, checks.KnownFact(true), first.Records.DNSSEC)
	require.Equal(t, []string{probe.UserAgent}, w.authority.UserAgents())

	second := look()
	for _, pair := range [][2]any{{first.PKI, second.PKI}, {first.Addresses[0].Full.Stapled, second.Addresses[0].Full.Stapled}, {first.Records, second.Records}} {
		_, one, err := checks.Canonical(pair[0])
		require.NoError(t, err)
		_, other, err := checks.Canonical(pair[1])
		require.NoError(t, err)
		require.Equal(t, one, other)
	}
}

// A list is larger than what a look reads of a server.
func TestLargeListsThroughTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chain := w.issue(t, w.authority.Leaf(pki.Leaf{OCSP: []string{}}))
	entries := []x509.RevocationListEntry{{SerialNumber: serial(t, chain[0]), RevocationTime: time.Now(), ReasonCode: 5}}
	for i := range int64(15_000) { // of 57 bytes: signing many short ones takes too long
		entries = append(entries, x509.RevocationListEntry{SerialNumber: new(big.Int).Lsh(big.NewInt(i+1), 440), RevocationTime: time.Now()})
	}
	list, err := authority.NewCRL(w.ca, entries, nil)
	require.NoError(t, err)
	w.authority.Answer(authority.CRL, list)
	network := probe.New(probe.Config{AllowAny: true}).Network(checks.Limits{})
	got := w.collector().Look(t.Context(), network, quick(), seen(chain)).PKI.Revocation[print(chain[0])].CRL
	require.Equal(t, "cessationOfOperation", got.Value.Cause)
	received := int64(0)
	for _, connection := range network.Measurements().Connections {
		received = max(received, connection.Received)
	}
	require.Greater(t, received, int64(1<<20))
}
