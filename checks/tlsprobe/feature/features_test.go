package feature_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

const host = "app.test"

// features looks once at everything and returns what it says of features.
func features(t *testing.T, address netip.AddrPort) checks.Features {
	t.Helper()
	target := checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: checks.LimitsFor(checks.Full, false)}
	return tlsprobe.Full(t.Context(), checktest.Loopback(t), target, address, nil).Full.Features
}

func known[T any](value T) checks.Fact[T] { return checks.KnownFact(value) }

// usual is what a server of TLS 1.2 and 1.3 of today without extras is like;
// change says how another differs.
func usual(change func(*checks.Features)) checks.Features {
	yes, no := known(true), known(false)
	expected := checks.Features{
		SecureRenegotiation: yes, ClientRenegotiation: no, Compression: known("NULL"), SessionIDs: known(checks.Resumed),
		Tickets: known(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}),
		PSK:     known(checks.Tickets{Issued: true, LifetimeSeconds: 300, Resumed: true}), EarlyData: known(checks.EarlyData{}),
		ALPN: known([]string{}), OCSPStapling: no, SCTs: known([]string{}),
		ExtendedMasterSecret: yes, EncryptThenMAC: yes, MaxFragmentLength: yes, RecordSizeLimit: no, Heartbeat: no,
		DowngradeSentinel: yes, FallbackSCSV: yes, ClientCertificate: known(checks.ClientCertificateNone),
		ClockSkewMinutes: checks.AbsentFact[int](""),
		Intolerances: checks.Intolerances{
			Versions: known([]string{}), Extension: no, LongHandshake: no, LargeHello: no, GREASE: no, ManySuites: no,
		},
	}
	change(&expected)
	return expected
}

func lasting(seconds uint32) checks.Fact[checks.Tickets] {
	return known(checks.Tickets{Issued: true, LifetimeSeconds: seconds, Resumed: true})
}

// openssl3 is s_server of OpenSSL 3.
func openssl3(change func(*checks.Features)) checks.Features {
	return usual(func(f *checks.Features) {
		f.Tickets, f.PSK = lasting(7200), lasting(7200)
		change(f)
	})
}

// modernAlone is a server that speaks TLS 1.3 only.
func modernAlone(change func(*checks.Features)) checks.Features {
	return usual(func(f *checks.Features) {
		none := checks.AbsentFact[bool]("")
		f.SecureRenegotiation, f.ClientRenegotiation, f.ExtendedMasterSecret, f.EncryptThenMAC = none, none, none, none
		f.MaxFragmentLength, f.Heartbeat, f.DowngradeSentinel, f.FallbackSCSV = none, none, none, none
		f.Compression, f.SessionIDs = checks.AbsentFact[string](""), checks.AbsentFact[checks.Resumption]("")
		f.Tickets, f.PSK = checks.AbsentFact[checks.Tickets](""), lasting(7200)
		change(f)
	})
}

// node010 is OpenSSL 1.0.1e, in the versions from TLS 1.0 to 1.2. Node keeps
// sessions itself, so that none comes back by its id.
func node010(change func(*checks.Features)) checks.Features {
	return usual(func(f *checks.Features) {
		f.ClientRenegotiation, f.Heartbeat, f.SessionIDs = known(true), known(true), known(checks.NotResumed)
		f.PSK, f.EarlyData = checks.AbsentFact[checks.Tickets](""), checks.AbsentFact[checks.EarlyData]("")
		f.ExtendedMasterSecret, f.EncryptThenMAC, f.MaxFragmentLength, f.FallbackSCSV = known(false), known(false), known(false), known(false)
		f.DowngradeSentinel, f.ClockSkewMinutes = checks.AbsentFact[bool](""), known(0)
		change(f)
	})
}

func gnuTLS(change func(*checks.Features)) checks.Features {
	return usual(func(f *checks.Features) {
		f.ClientRenegotiation, f.RecordSizeLimit, f.ClientCertificate = known(true), known(true), known(checks.ClientCertificateRequested)
		f.Tickets, f.PSK = lasting(21600), lasting(21600)
		change(f)
	})
}

// wantsCertificate makes inconclusive what only a client with a certificate
// finds out.
func wantsCertificate(f *checks.Features) {
	const reason = checks.ReasonClientCertificate
	f.ClientCertificate = known(checks.ClientCertificateRequired)
	f.PSK, f.EarlyData = checks.InconclusiveFact[checks.Tickets](reason), checks.InconclusiveFact[checks.EarlyData](reason)
	if f.Tickets.State == checks.Known {
		f.Tickets, f.SessionIDs = checks.InconclusiveFact[checks.Tickets](reason), checks.InconclusiveFact[checks.Resumption](reason)
		f.ClientRenegotiation = checks.InconclusiveFact[bool](reason)
	}
}

func asItIs(*checks.Features) {}

// TestFeatures holds every field of what real servers have against what their
// configuration says.
func TestFeatures(t *testing.T) {
	t.Parallel()
	issued, staple := stapled(t)
	file := filepath.Join(t.TempDir(), "ocsp.der")
	require.NoError(t, os.WriteFile(file, staple, 0o600))
	for name, row := range map[string]struct {
		start func(t *testing.T) netip.AddrPort
		want  checks.Features
	}{
		"nginx": {nginx(checktest.NginxConfig{}), usual(func(f *checks.Features) {
			f.SessionIDs, f.ALPN = known(checks.NotResumed), known([]string{"http/1.1"})
		})},
		"nginx with a session cache, staple and early data": {nginx(checktest.NginxConfig{
			Certificate: issued, Files: map[string][]byte{"ocsp.der": staple},
			Server: "ssl_session_cache shared:x:1m; ssl_early_data on; ssl_stapling on; ssl_stapling_file ocsp.der;",
		}), usual(func(f *checks.Features) {
			f.ALPN, f.OCSPStapling = known([]string{"http/1.1"}), known(true)
			f.EarlyData = known(checks.EarlyData{Offered: true, MaxBytes: 16384, Accepted: true})
		})},
		"nginx without tickets and CBC suites": {nginx(checktest.NginxConfig{
			Ciphers: "ECDHE-RSA-AES128-GCM-SHA256", Server: "ssl_session_tickets off; ssl_session_cache shared:y:1m;",
		}), usual(func(f *checks.Features) {
			f.ALPN, f.EncryptThenMAC = known([]string{"http/1.1"}), checks.AbsentFact[bool]("")
			f.Tickets = known(checks.Tickets{})
		})},
		"nginx of TLS 1.3 alone with a staple": {nginx(checktest.NginxConfig{
			Certificate: issued, Files: map[string][]byte{"ocsp.der": staple}, Protocols: []string{"TLSv1.3"},
			Server: "ssl_stapling on; ssl_stapling_file ocsp.der;",
		}), modernAlone(func(f *checks.Features) {
			f.ALPN, f.OCSPStapling, f.PSK = known([]string{"http/1.1"}), known(true), lasting(300)
		})},
		"Apache": {func(t *testing.T) netip.AddrPort { return checktest.StartApache(t, checktest.ApacheConfig{}).Addr }, usual(func(f *checks.Features) {
			f.SessionIDs, f.ALPN = known(checks.NotGiven), known([]string{"http/1.1"})
		})},
		"OpenSSL": {openSSL(nil), openssl3(asItIs)},
		"OpenSSL with staple, ALPN and renegotiation, without encrypt_then_mac": {
			openSSL(issued, "-status_file", file, "-alpn", "h2,http/1.1", "-client_renegotiation", "-no_etm"),
			openssl3(func(f *checks.Features) {
				f.ClientRenegotiation, f.EncryptThenMAC, f.OCSPStapling = known(true), known(false), known(true)
				f.ALPN = known([]string{"h2", "http/1.1"})
			}),
		},
		"OpenSSL without tickets that requests a certificate": {
			openSSL(nil, "-no_ticket", "-verify", "1"), openssl3(func(f *checks.Features) {
				f.Tickets, f.ClientCertificate = known(checks.Tickets{}), known(checks.ClientCertificateRequested)
			}),
		},
		"OpenSSL without a session cache":          {openSSL(nil, "-no_cache"), openssl3(func(f *checks.Features) { f.SessionIDs = known(checks.NotGiven) })},
		"OpenSSL that requires a certificate":      {openSSL(nil, "-Verify", "1"), openssl3(wantsCertificate)},
		"OpenSSL of TLS 1.3 alone":                 {openSSL(nil, "-tls1_3"), modernAlone(asItIs)},
		"OpenSSL of TLS 1.3 alone with ALPN":       {openSSL(nil, "-tls1_3", "-alpn", "http/1.1"), modernAlone(func(f *checks.Features) { f.ALPN = known([]string{"http/1.1"}) })},
		"OpenSSL of TLS 1.3 requiring certificate": {openSSL(nil, "-tls1_3", "-Verify", "1"), modernAlone(wantsCertificate)},
		"OpenSSL of TLS 1.2 alone": {openSSL(nil, "-tls1_2"), openssl3(func(f *checks.Features) {
			f.PSK, f.EarlyData = checks.AbsentFact[checks.Tickets](""), checks.AbsentFact[checks.EarlyData]("")
			f.DowngradeSentinel, f.FallbackSCSV = checks.AbsentFact[bool](""), checks.AbsentFact[bool]("")
		})},
		"Go": {golang(checktest.GoServerConfig{}), usual(func(f *checks.Features) {
			f.SessionIDs, f.ALPN, f.Tickets, f.PSK = known(checks.NotGiven), known([]string{"http/1.1"}), lasting(0), lasting(604800)
			f.EncryptThenMAC, f.MaxFragmentLength = known(false), known(false)
		})},
		"GnuTLS with heartbeat":              {gnutls("--heartbeat"), gnuTLS(func(f *checks.Features) { f.Heartbeat = known(true) })},
		"GnuTLS that requires a certificate": {gnutls("--require-client-cert"), gnuTLS(wantsCertificate)},
		"GnuTLS without tickets": {gnutls("--noticket", "--disable-client-cert"), gnuTLS(func(f *checks.Features) {
			f.Tickets, f.PSK, f.ClientCertificate = known(checks.Tickets{}), known(checks.Tickets{}), known(checks.ClientCertificateNone)
		})},
		"OpenSSL 1.0.1e": {node(""), node010(asItIs)},
		"OpenSSL 1.0.1e of TLS 1.0 alone": {node("TLSv1_server_method"), node010(func(f *checks.Features) {
			f.Tickets, f.FallbackSCSV = lasting(7200), checks.AbsentFact[bool]("")
		})},
		"OpenSSL 1.0.1e of SSL 3.0 alone": {node("SSLv3_server_method"), node010(func(f *checks.Features) {
			none := checks.AbsentFact[bool]("")
			f.Tickets, f.Heartbeat, f.FallbackSCSV, f.EncryptThenMAC = known(checks.Tickets{}), known(false), none, none
			f.Intolerances.Extension, f.Intolerances.LongHandshake, f.Intolerances.LargeHello = none, none, none
		})},
		"OpenSSL 1.0.1i": {func(t *testing.T) netip.AddrPort {
			return checktest.StartNode(t, checktest.Node011, checktest.NodeConfig{})[0]
		}, node010(func(f *checks.Features) { // its random shows no time any more
			f.Heartbeat, f.ClockSkewMinutes = known(false), checks.AbsentFact[int]("")
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if difference := cmp.Diff(row.want, features(t, row.start(t))); difference != "" {
				t.Errorf("-expected +found:\n%s", difference)
			}
		})
	}
}

func nginx(config checktest.NginxConfig) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort { return checktest.StartNginx(t, config).Addr }
}

func golang(config checktest.GoServerConfig) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort { return checktest.StartGoServer(t, config) }
}

func gnutls(arguments ...string) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort {
		return checktest.StartGnuTLS(t, checktest.GnuTLSConfig{Arguments: arguments})
	}
}

func node(method string) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort {
		return checktest.StartNode010(t, checktest.NodeConfig{SecureProtocol: method})
	}
}

func openSSL(issued *pki.Issued, arguments ...string) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort { return checktest.StartOpenSSL(t, issued, arguments...) }
}
