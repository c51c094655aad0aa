package monitor_test

import (
	"slices"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
)

func TestCompareFeatures(t *testing.T) {
	t.Parallel()
	compared(t, map[string]comparison{
		"no secure renegotiation": {
			func(l *looked) { l.f.Features.SecureRenegotiation = checks.KnownFact(false) },
			[]string{"regression medium configuration: The server no longer supports secure renegotiation."},
			[]string{"recovery medium configuration: The server now supports secure renegotiation."},
		},
		"the client may renegotiate": {
			func(l *looked) { l.f.Features.ClientRenegotiation = checks.KnownFact(true) },
			[]string{"regression medium configuration: The server now allows renegotiation by the client."},
			[]string{"recovery medium configuration: The server no longer allows renegotiation by the client."},
		},
		"OCSP stapling": {
			func(l *looked) { l.f.Features.OCSPStapling = checks.KnownFact(true) },
			[]string{"recovery low configuration: The server now staples an OCSP response."},
			[]string{"regression low configuration: The server no longer staples an OCSP response."},
		},
		"no extended master secret": {
			func(l *looked) { l.f.Features.ExtendedMasterSecret = checks.KnownFact(false) },
			[]string{"regression low configuration: The server no longer supports the extended master secret."},
			[]string{"recovery low configuration: The server now supports the extended master secret."},
		},
		"encrypt-then-MAC": {
			func(l *looked) { l.f.Features.EncryptThenMAC = checks.KnownFact(true) },
			[]string{"recovery low configuration: The server now supports encrypt-then-MAC."},
			[]string{"regression low configuration: The server no longer supports encrypt-then-MAC."},
		},
		"heartbeat": {
			func(l *looked) { l.f.Features.Heartbeat = checks.KnownFact(true) },
			[]string{"drift low configuration: The server now supports the heartbeat extension."},
			[]string{"drift low configuration: The server no longer supports the heartbeat extension."},
		},
		"no downgrade sentinel": {
			func(l *looked) { l.f.Features.DowngradeSentinel = checks.KnownFact(false) },
			[]string{"regression low configuration: The server no longer marks downgrades with the sentinel of TLS 1.3."},
			[]string{"recovery low configuration: The server now marks downgrades with the sentinel of TLS 1.3."},
		},
		"nothing to fall back to": {
			func(l *looked) { l.f.Features.FallbackSCSV = checks.AbsentFact[bool]("") },
			nil,
			nil,
		},
		"compression": {
			func(l *looked) { l.f.Features.Compression = checks.KnownFact("DEFLATE") },
			[]string{"regression medium configuration: TLS compression changed from NULL to DEFLATE."},
			[]string{"recovery medium configuration: TLS compression changed from DEFLATE to NULL."},
		},
		"sessions are forgotten": {
			func(l *looked) { l.f.Features.SessionIDs = checks.KnownFact(checks.NotResumed) },
			[]string{"drift low configuration: Resumption by session ID changed from resumed to not resumed."},
			[]string{"drift low configuration: Resumption by session ID changed from not resumed to resumed."},
		},
		"sessions are sometimes forgotten": {
			func(l *looked) { l.f.Features.SessionIDs = checks.KnownFact(checks.MixedAnswers) },
			nil,
			nil,
		},
		"no tickets": {
			func(l *looked) { l.f.Features.Tickets = checks.KnownFact(checks.Tickets{}) },
			[]string{"drift low configuration: The server no longer issues session tickets."},
			[]string{"drift low configuration: The server now issues session tickets."},
		},
		"tickets of another server": {
			func(l *looked) {
				l.f.Features.Tickets = checks.KnownFact(checks.Tickets{Issued: true, LifetimeSeconds: 600})
			},
			nil,
			nil,
		},
		"early data": {
			func(l *looked) {
				l.f.Features.EarlyData = checks.KnownFact(checks.EarlyData{Offered: true, Accepted: true, MaxBytes: 100})
			},
			[]string{"drift low configuration: The server now offers 0-RTT data."},
			[]string{"drift low configuration: The server no longer offers 0-RTT data."},
		},
		"no HTTP/2 by ALPN": {
			func(l *looked) { l.f.Features.ALPN = checks.KnownFact([]string{"http/1.1"}) },
			[]string{"drift low configuration: By ALPN, the server no longer takes h2."},
			[]string{"drift low configuration: By ALPN, the server now also takes h2."},
		},
		"SCTs in the handshake": {
			func(l *looked) { l.f.Features.SCTs = checks.KnownFact([]string{"certificate", "tls_extension"}) },
			[]string{"drift low configuration: How SCTs come changed from certificate to certificate, tls extension."},
			[]string{"drift low configuration: How SCTs come changed from certificate, tls extension to certificate."},
		},
		"a client certificate is asked for": {
			func(l *looked) { l.f.Features.ClientCertificate = checks.KnownFact(checks.ClientCertificateRequested) },
			[]string{"drift low configuration: The request for a client certificate changed from none to requested."},
			[]string{"drift low configuration: The request for a client certificate changed from requested to none."},
		},
		"it fails on a large hello no longer": {
			func(l *looked) { l.f.Features.Intolerances.LargeHello = checks.KnownFact(false) },
			[]string{"recovery medium configuration: The server no longer fails on a ClientHello of more than one packet."},
			[]string{"regression medium configuration: The server now fails on a ClientHello of more than one packet."},
		},
		"it fails on versions to come": {
			func(l *looked) { l.f.Features.Intolerances.Versions = checks.KnownFact([]string{"TLS 1.152"}) },
			[]string{"regression medium configuration: The server now fails on TLS 1.152."},
			[]string{"recovery medium configuration: The server no longer fails on TLS 1.152."},
		},
		"a feature that could not be told": {
			func(l *looked) { l.f.Features.Heartbeat = checks.InconclusiveFact[bool](checks.ReasonTimeout) },
			nil,
			nil,
		},
		"FREAK": {
			func(l *looked) { l.f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable} },
			[]string{"regression high configuration: The server is now vulnerable to FREAK."},
			[]string{"recovery high configuration: The server is no longer vulnerable to FREAK."},
		},
		"SWEET32 gone with its suites": {
			func(l *looked) {
				l.f.Vulnerabilities[checks.SWEET32] = checks.Finding{Result: checks.VulnerabilityInapplicable}
			},
			[]string{"recovery medium configuration: The server is no longer exposed to SWEET32."},
			[]string{"regression medium configuration: The server is now exposed to SWEET32."},
		},
		"not vulnerable for another reason": {
			func(l *looked) { l.f.Vulnerabilities[checks.DROWN] = checks.Finding{Result: checks.NotVulnerable} },
			nil,
			nil,
		},
		"one that could not be told before": {
			func(l *looked) { l.f.Vulnerabilities[checks.CRIME] = checks.Finding{Result: checks.Vulnerable} },
			nil,
			nil,
		},
		"Heartbleed": {
			func(l *looked) { l.f.Intrusive[checks.Heartbleed] = checks.Finding{Result: checks.Vulnerable} },
			[]string{"regression high configuration: The server is now vulnerable to Heartbleed."},
			[]string{"recovery high configuration: The server is no longer vulnerable to Heartbleed."},
		},
		"no leave any more": {
			func(l *looked) { l.f.Intrusive = nil },
			nil,
			nil,
		},
		"another proof": {
			func(l *looked) {
				l.f.Intrusive[checks.ROBOT] = checks.Finding{Result: checks.Vulnerable, Proof: []string{"otherwise"}}
			},
			nil,
			nil,
		},
		"a reference client gets no handshake": {
			func(l *looked) {
				l.f.Simulations.Clients = slices.Clone(l.f.Simulations.Clients)
				l.f.Simulations.Clients[0].Handshake = checks.AbsentFact[checks.SimulatedHandshake]("")
			},
			[]string{"regression medium configuration: The server no longer completes handshakes with Chrome 130 on Windows 11."},
			[]string{"recovery medium configuration: The server now also completes handshakes with Chrome 130 on Windows 11."},
		},
		"an old client gets no handshake": {
			func(l *looked) {
				l.f.Simulations.Clients = slices.Clone(l.f.Simulations.Clients)
				l.f.Simulations.Clients[1].Handshake = checks.AbsentFact[checks.SimulatedHandshake]("")
			},
			[]string{"drift low configuration: The server no longer completes handshakes with Java 8u161."},
			[]string{"drift low configuration: The server now also completes handshakes with Java 8u161."},
		},
		"a reference client without forward secrecy": {
			func(l *looked) {
				l.f.Simulations.Clients = slices.Clone(l.f.Simulations.Clients)
				l.f.Simulations.Clients[0].Handshake.Value.ForwardSecrecy = false
			},
			[]string{"regression medium configuration: The server no longer has forward secrecy with Chrome 130 on Windows 11."},
			[]string{"recovery medium configuration: The server now has forward secrecy with Chrome 130 on Windows 11."},
		},
		"a client that could not be told": {
			func(l *looked) {
				l.f.Simulations.Clients = slices.Clone(l.f.Simulations.Clients)
				l.f.Simulations.Clients[0].Handshake = checks.InconclusiveFact[checks.SimulatedHandshake](checks.ReasonTimeout)
			},
			nil,
			nil,
		},
		"a client that nobody simulated before": {
			func(l *looked) {
				l.f.Simulations.Clients = append(slices.Clone(l.f.Simulations.Clients), checks.Simulation{Client: "Safari 26", Reference: true, Handshake: l.f.Simulations.Clients[0].Handshake})
			},
			nil,
			nil,
		},
		"everything could not be told": {
			func(l *looked) { *l.f = checktest.FullUnknown() },
			nil,
			nil,
		},
		"a quick look": {
			func(l *looked) { *l.f, l.o.Records = checks.FullTLS{}, checks.Records{} },
			nil,
			nil,
		},
	})
}
