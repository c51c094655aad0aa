package monitor_test

import (
	"slices"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCompareTLS(t *testing.T) {
	t.Parallel()
	compared(t, map[string]comparison{
		"nothing": {
			func(*looked) {},
			nil,
			nil,
		},
		"SSL 2.0 on": {
			func(l *looked) {
				l.a.TLS.Protocols[checks.SSLv2] = checks.KnownFact(checks.Accepted{WithoutSuites: true})
			},
			[]string{"regression high configuration: The server now accepts SSL 2.0."},
			[]string{"recovery high configuration: The server no longer accepts SSL 2.0."},
		},
		"SSL 3.0 on": {
			func(l *looked) { l.a.TLS.Protocols[checks.SSLv3] = checks.KnownFact(checks.Accepted{}) },
			[]string{"regression high configuration: The server now accepts SSL 3.0."},
			[]string{"recovery high configuration: The server no longer accepts SSL 3.0."},
		},
		"TLS 1.0 on": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv10] = checks.KnownFact(checks.Accepted{}) },
			[]string{"regression medium configuration: The server now accepts TLS 1.0."},
			[]string{"recovery medium configuration: The server no longer accepts TLS 1.0."},
		},
		"TLS 1.1 on": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv11] = checks.KnownFact(checks.Accepted{}) },
			[]string{"regression medium configuration: The server now accepts TLS 1.1."},
			[]string{"recovery medium configuration: The server no longer accepts TLS 1.1."},
		},
		"TLS 1.2 off": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv12] = checks.AbsentFact[checks.Accepted]("") },
			[]string{"regression medium configuration: The server no longer accepts TLS 1.2."},
			[]string{"recovery medium configuration: The server now accepts TLS 1.2."},
		},
		"TLS 1.3 on": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv13] = checks.KnownFact(checks.Accepted{}) },
			[]string{"recovery medium configuration: The server now accepts TLS 1.3."},
			[]string{"regression medium configuration: The server no longer accepts TLS 1.3."},
		},
		"a protocol that nobody can tell": {
			func(l *looked) {
				l.a.TLS.Protocols[checks.TLSv12] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
			},
			nil,
			nil,
		},
		"another suite is chosen": {
			func(l *looked) { l.a.TLS.Protocols[checks.TLSv12] = checks.KnownFact(checks.Accepted{Suite: "0xC030"}) },
			nil,
			nil,
		},
		"servers behind the address differ": {
			func(l *looked) {
				l.a.TLS.Protocols[checks.TLSv12] = checks.KnownFact(checks.Accepted{Suite: "0xC02F", Mixed: true})
			},
			nil,
			nil,
		},
		"a suite more": {
			func(l *looked) {
				l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(append(l.suites(checks.TLSv12), checks.Suite{ID: "0xC030", Name: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Strength: 256, KeyExchange: "ECDHE_RSA"}))
			},
			[]string{"drift low configuration: In TLS 1.2, the server now also accepts TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384."},
			[]string{"drift low configuration: In TLS 1.2, the server no longer accepts TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384."},
		},
		"an insecure suite more": {
			func(l *looked) {
				l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(append(l.suites(checks.TLSv12), checks.Suite{ID: "0x0001", Name: "TLS_RSA_WITH_NULL_MD5", KeyExchange: "RSA"}))
			},
			[]string{"regression high configuration: In TLS 1.2, the server now also accepts TLS_RSA_WITH_NULL_MD5."},
			[]string{"recovery high configuration: In TLS 1.2, the server no longer accepts TLS_RSA_WITH_NULL_MD5."},
		},
		"a suite without a name": {
			func(l *looked) {
				l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(append(l.suites(checks.TLSv12), checks.Suite{ID: "0x00FE", Strength: 128}))
			},
			[]string{"drift low configuration: In TLS 1.2, the server now also accepts 0x00FE."},
			[]string{"drift low configuration: In TLS 1.2, the server no longer accepts 0x00FE."},
		},
		"one suite for another": {
			func(l *looked) {
				list := l.suites(checks.TLSv13)
				list[1] = checks.Suite{ID: "0x1301", Name: "TLS_AES_128_GCM_SHA256", Strength: 128, KeyExchange: "TLS13"}
				l.f.Suites.Accepted[checks.TLSv13] = checks.KnownFact(list)
			},
			[]string{"drift low configuration: In TLS 1.3, the server now accepts TLS_AES_128_GCM_SHA256 and no longer accepts TLS_CHACHA20_POLY1305_SHA256."},
			[]string{"drift low configuration: In TLS 1.3, the server now accepts TLS_CHACHA20_POLY1305_SHA256 and no longer accepts TLS_AES_128_GCM_SHA256."},
		},
		"another order of the server's": {
			func(l *looked) {
				list := l.suites(checks.TLSv12)
				slices.Reverse(list)
				l.f.Suites.Accepted[checks.TLSv12] = checks.KnownFact(list)
			},
			[]string{"drift low configuration: In TLS 1.2, the server now prefers TLS_RSA_WITH_RC4_128_SHA, with another order of the same suites."},
			[]string{"drift low configuration: In TLS 1.2, the server now prefers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, with another order of the same suites."},
		},
		"another order where the client decides": {
			func(l *looked) {
				list := l.suites(checks.TLSv13)
				slices.Reverse(list)
				l.f.Suites.Accepted[checks.TLSv13] = checks.KnownFact(list)
			},
			nil,
			nil,
		},
		"suites that could not be told": {
			func(l *looked) {
				l.f.Suites.Accepted[checks.TLSv12] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonDegraded)
			},
			nil,
			nil,
		},
		"the client decides": {
			func(l *looked) { l.f.Suites.Preference[checks.TLSv12] = checks.KnownFact(checks.ClientPreference) },
			[]string{"drift low configuration: Whose order of suites decides in TLS 1.2 changed from the server's to the client's."},
			[]string{"drift low configuration: Whose order of suites decides in TLS 1.2 changed from the client's to the server's."},
		},
		"no choice any more": {
			func(l *looked) { l.f.Suites.Preference[checks.TLSv12] = checks.AbsentFact[checks.Preference]("") },
			nil,
			nil,
		},
		"ChaCha20 is not preferred": {
			func(l *looked) { l.f.Suites.PrefersChaCha20 = checks.KnownFact(false) },
			[]string{"drift low configuration: The server no longer takes ChaCha20 from clients that put it first."},
			[]string{"drift low configuration: The server now takes ChaCha20 from clients that put it first."},
		},
		"a signature scheme more": {
			func(l *looked) {
				l.f.Suites.SignatureSchemes[checks.TLSv13] = checks.KnownFact([]string{"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"})
			},
			[]string{"drift low configuration: In TLS 1.3, the server now also signs with rsa_pss_rsae_sha256."},
			[]string{"drift low configuration: In TLS 1.3, the server no longer signs with rsa_pss_rsae_sha256."},
		},
		"key reuse differs between looks": {
			func(l *looked) { l.f.Suites.ECDHEReuse = checks.KnownFact(true) },
			nil,
			nil,
		},
		"other primes": {
			func(l *looked) { l.f.Suites.Primes = []checks.Prime{{SHA256: "77aa", Bits: 1024}} },
			[]string{
				"regression medium configuration: The server now uses Diffie-Hellman with parameters of 1024 bits of its own.",
				"drift low configuration: The server no longer uses Diffie-Hellman with ffdhe2048.",
			},
			[]string{
				"drift low configuration: The server now uses Diffie-Hellman with ffdhe2048.",
				"recovery medium configuration: The server no longer uses Diffie-Hellman with parameters of 1024 bits of its own.",
			},
		},
		"no post-quantum group": {
			func(l *looked) { l.f.Suites.Groups = checks.KnownFact(l.f.Suites.Groups.Value[1:]) },
			[]string{"regression medium configuration: In TLS 1.3, the server no longer takes X25519MLKEM768, and no post-quantum group is left."},
			[]string{"recovery medium configuration: In TLS 1.3, the server now also takes X25519MLKEM768, and so post-quantum key exchange."},
		},
		"a group less": {
			func(l *looked) { l.f.Suites.Groups = checks.KnownFact(l.f.Suites.Groups.Value[:2]) },
			[]string{"drift low configuration: In TLS 1.3, the server no longer takes secp256r1."},
			[]string{"drift low configuration: In TLS 1.3, the server now also takes secp256r1."},
		},
		"another order of groups": {
			func(l *looked) {
				list := slices.Clone(l.f.Suites.Groups.Value)
				slices.Reverse(list)
				l.f.Suites.Groups = checks.KnownFact(list)
			},
			[]string{"drift low configuration: In TLS 1.3, the server now prefers secp256r1, with another order of the same groups."},
			[]string{"drift low configuration: In TLS 1.3, the server now prefers X25519MLKEM768, with another order of the same groups."},
		},
		"another order of groups where the client decides": {
			func(l *looked) {
				list := slices.Clone(l.f.Suites.LegacyGroups.Value)
				slices.Reverse(list)
				l.f.Suites.LegacyGroups = checks.KnownFact(list)
			},
			nil,
			nil,
		},
		"a legacy group less": {
			func(l *looked) { l.f.Suites.LegacyGroups = checks.KnownFact(l.f.Suites.LegacyGroups.Value[:1]) },
			[]string{"drift low configuration: In versions up to TLS 1.2, the server no longer takes secp256r1."},
			[]string{"drift low configuration: In versions up to TLS 1.2, the server now also takes secp256r1."},
		},
		"groups that could not be told": {
			func(l *looked) { l.f.Suites.Groups = checks.InconclusiveFact[[]checks.Group](checks.ReasonTimeout) },
			nil,
			nil,
		},
		"the client's order of groups": {
			func(l *looked) { l.f.Suites.GroupPreference = checks.KnownFact(checks.ClientPreference) },
			[]string{"drift low configuration: Whose order of groups decides in TLS 1.3 changed from the server's to the client's."},
			[]string{"drift low configuration: Whose order of groups decides in TLS 1.3 changed from the client's to the server's."},
		},
	})
}
