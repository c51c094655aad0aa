package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"

	encoding "encoding/asn1"
)

// Bounds of what a server hands over beside its chain.
const (
	handshakeTime = 7 * time.Second
	sctsAtMost    = 32
	sctBytes      = 4 << 10 // one
)

// handshake is what one handshake with an address showed.
type handshake struct {
	chain []*x509.Certificate
	ocsp  []byte
	scts  [][]byte // of the TLS extension
	err   error    // nothing was shown
}

// shakeHands does one handshake with each address that serves a chain.
func (l *look) shakeHands(ctx context.Context, addresses []checks.AddressObservation) []handshake {
	shown := make([]handshake, len(addresses))
	for i, address := range addresses {
		if address.TLS.Chain.State != checks.Known || !strings.HasPrefix(l.target.URL, "https:") {
			continue
		}
		shown[i].err = failed(checks.ReasonInternal, "not asked yet")
		l.run(func() { shown[i] = l.shakeHand(ctx, netip.AddrPortFrom(address.Address, address.Port)) })
	}
	l.wait.Wait()
	for _, one := range shown {
		for i, certificate := range one.chain {
			found := checks.NewCertificate(certificate.Raw)
			l.takeSent(found.SHA256, certificate.Raw, i == 0)
			l.add(found)
		}
	}
	return shown
}

// shakeHand asks one address with SNI for a staple and SCTs: crypto/tls asks for
// both whenever it shakes hands.
func (l *look) shakeHand(ctx context.Context, address netip.AddrPort) handshake {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	connection, err := l.network.Dial(ctx, address)
	if err != nil {
		return handshake{err: reasoned(err)}
	}
	defer connection.Close()
	var shown handshake
	seen := false
	secured := tls.Client(connection, &tls.Config{
		ServerName: l.target.ServerName(),
		// Whether the certificate is valid is judged apart from this: what comes
		// with a bad one is looked at too. Nothing secret is sent.
		InsecureSkipVerify: true,             //nolint:gosec // see above
		MinVersion:         tls.VersionTLS10, // old servers are looked at too
		CipherSuites:       everySuite(),
		// A server that wants a client's certificate ends the handshake after this.
		VerifyConnection: func(state tls.ConnectionState) error {
			shown = handshake{chain: state.PeerCertificates, ocsp: state.OCSPResponse, scts: state.SignedCertificateTimestamps}
			seen = len(state.PeerCertificates) > 0
			return nil
		},
	})
	err = secured.HandshakeContext(ctx)
	if seen {
		l.network.Logf("pki staple of %s: %d bytes, %d SCTs", address, len(shown.ocsp), len(shown.scts))
		return shown
	}
	l.network.Logf("pki staple of %s: %v", address, err)
	if ctx.Err() == nil && probe.ReasonOf(err) == checks.ReasonInternal {
		return handshake{err: failed(checks.ReasonHandshakeFailed, "shake hands: %w", err)}
	}
	return handshake{err: reasoned(err)}
}

// everySuite lists what crypto/tls can speak at all, weak ones last.
func everySuite() []uint16 {
	var ids []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// judgeHandshakes says what the addresses handed over, once issuers are known.
func (l *look) judgeHandshakes(shown []handshake, addresses []checks.AddressObservation) []checks.Stapled {
	stapled := make([]checks.Stapled, len(shown))
	for i, one := range shown {
		switch chain := addresses[i].TLS.Chain; {
		case one.err != nil:
			stapled[i] = unstapled(probe.ReasonOf(one.err))
		case len(one.chain) > 0:
			stapled[i] = l.judgeHandshake(one)
		case chain.State == checks.Inconclusive && strings.HasPrefix(l.target.URL, "https:"):
			stapled[i] = unstapled(chain.Reason)
		}
	}
	return stapled
}

func unstapled(reason checks.Reason) checks.Stapled {
	return checks.Stapled{
		OCSP: checks.InconclusiveFact[checks.Staple](reason),
		SCTs: checks.InconclusiveFact[[]checks.StapledSCT](reason),
	}
}

func (l *look) judgeHandshake(shown handshake) checks.Stapled {
	leaf := checks.NewCertificate(shown.chain[0].Raw).SHA256
	scts := stapledSCTs(leaf, "tls_extension", shown.scts)
	stapled := checks.Stapled{OCSP: checks.AbsentFact[checks.Staple]("")}
	if len(shown.ocsp) > 0 {
		var embedded [][]byte
		stapled.OCSP, embedded = l.judgeStaple(shown, leaf)
		scts = append(scts, stapledSCTs(leaf, "ocsp_response", embedded)...)
	}
	slices.SortFunc(scts, func(a, b checks.StapledSCT) int {
		if a.Source != b.Source {
			return strings.Compare(a.Source, b.Source)
		}
		return bytes.Compare(a.SCT, b.SCT)
	})
	stapled.SCTs = checks.AbsentFact[[]checks.StapledSCT]("")
	if len(scts) > 0 {
		stapled.SCTs = checks.KnownFact(slices.CompactFunc(scts, func(a, b checks.StapledSCT) bool {
			return a.Source == b.Source && bytes.Equal(a.SCT, b.SCT)
		}))
	}
	return stapled
}

// judgeStaple says what a staple is worth now. Without the leaf's issuer at hand
// nobody can tell, which is for the reason that it could not be fetched.
func (l *look) judgeStaple(shown handshake, leaf checks.Fingerprint) (checks.Fact[checks.Staple], [][]byte) {
	issuer := l.issuerOf(shown.chain[0])
	if issuer == nil && l.selfSigned(shown.chain[0]) {
		issuer = shown.chain[0]
	}
	if issuer == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		reason := l.led[leaf].Reason
		if reason == "" {
			reason = checks.ReasonOutOfScope
		}
		return checks.InconclusiveFact[checks.Staple](reason), nil
	}
	staple := checks.Staple{Leaf: leaf}
	response, err := readResponse(shown.ocsp, shown.chain[0], issuer, l.now)
	if response != nil {
		staple.Status = statusOf(response)
	}
	if err != nil {
		staple.Fault = faultOf(err)
		l.network.Logf("pki staple: %v", err)
		return checks.KnownFact(staple), nil
	}
	return checks.KnownFact(staple), embeddedSCTs(response)
}

func faultOf(err error) checks.StapleFault {
	switch {
	case errors.Is(err, errExpired):
		return checks.StapleExpired
	case errors.Is(err, errNotYetValid):
		return checks.StapleNotYetValid
	}
	switch probe.ReasonOf(err) {
	case checks.ReasonOutOfScope:
		return checks.StapleOtherCertificate
	case checks.ReasonBadSignature:
		return checks.StapleBadSignature
	}
	return checks.StapleMalformed
}

func stapledSCTs(leaf checks.Fingerprint, source string, scts [][]byte) []checks.StapledSCT {
	var found []checks.StapledSCT
	for _, sct := range scts[:min(len(scts), sctsAtMost)] {
		if len(sct) > 0 && len(sct) <= sctBytes {
			found = append(found, checks.StapledSCT{Leaf: leaf, Source: source, SCT: sct})
		}
	}
	return found
}

// embeddedSCTs returns the SCTs in an OCSP response (RFC 6962 section 3.3).
func embeddedSCTs(response *ocsp.Response) [][]byte {
	var scts [][]byte
	for _, extension := range response.Extensions {
		if !extension.Id.Equal(encoding.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}) {
			continue
		}
		var octets, all cryptobyte.String
		input := cryptobyte.String(extension.Value)
		if !input.ReadASN1(&octets, asn1.OCTET_STRING) || !octets.ReadUint16LengthPrefixed(&all) {
			continue
		}
		for !all.Empty() && len(scts) < sctsAtMost {
			var sct cryptobyte.String
			if !all.ReadUint16LengthPrefixed(&sct) {
				break
			}
			scts = append(scts, slices.Clone(sct))
		}
	}
	return scts
}
