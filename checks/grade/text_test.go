package grade_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/grade"
)

// A text names what the rule fired on: protocols, suites, groups, bits, clients.
func TestTextsNameTheFact(t *testing.T) {
	t.Parallel()
	curve := func(s *server) {
		s.appraised.Chains[0].Leaf = checks.LeafAppraisal{Key: "ECDSA", KeyBits: 192, Curve: "secp192r1", RSABits: 1024}
	}
	for name, test := range map[string]struct {
		changes           []change
		id, text          string
		fact, value, says string
	}{
		"protocol":     {changes(accepts(v10, suite(0xC013))), "B-TLS10", "TLS 1.0 is accepted", "addresses[192.0.2.1].protocols.TLSv1.0", "accepted", "192.0.2.1 accepts TLS 1.0."},
		"some servers": {changes(accepts(v10, suite(0xC013)), mixed), "B-TLS10", "TLS 1.0 is accepted", "addresses[192.0.2.1].protocols.TLSv1.0", "accepted", "Some of the servers behind 192.0.2.1 accept TLS 1.0."},
		"suites": {
			changes(adds(v12, suite(0xC010), suite(des), suite(null), suite(rc440), suite(0x0008))), "F-WEAK-CIPHER",
			"Suites of fewer than 112 bits are accepted: TLS_ECDHE_RSA_WITH_NULL_SHA (0 bits), TLS_RSA_WITH_DES_CBC_SHA (56 bits), TLS_RSA_WITH_NULL_SHA (0 bits) and 2 more",
			"addresses[192.0.2.1].suites.TLSv1.2", "TLS_ECDHE_RSA_WITH_NULL_SHA (0 bits), TLS_RSA_WITH_DES_CBC_SHA (56 bits), TLS_RSA_WITH_NULL_SHA (0 bits) and 2 more", "with TLS 1.2.",
		},
		"bits": {
			changes(adds(v12, grouped(0x009E, "dh", 1024))), "B-DH-2048", "Diffie-Hellman parameters are shorter than 2048 bits: TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 (1024 bits)",
			"addresses[192.0.2.1].suites.TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 (1024 bits)", "192.0.2.1 accepts",
		},
		"key": {changes(leaf("RSA", 1024)), "B-KEY-2048", "The certificate's key is worth fewer than 2048 bits of RSA: RSA of 1024 bits", "addresses[192.0.2.1].chains[0].leaf.rsa_bits", "1024", "RSA of 1024 bits"},
		"curve": {
			changes(curve), "B-KEY-2048", "The certificate's key is worth fewer than 2048 bits of RSA: ECDSA secp192r1, worth 1024 bits of RSA",
			"addresses[192.0.2.1].chains[0].leaf.rsa_bits", "1024", "secp192r1",
		},
		"clients": {
			changes(accepts(v12, suite(0x009C)), gets("Safari 7 on iOS 7.1", true, v12, 0x009C)), "B-NO-FS",
			"Forward secrecy is not obtained with all reference clients: not by IE 11 on Windows 7 and Safari 7 on iOS 7.1",
			"addresses[192.0.2.1].simulations[IE 11 on Windows 7]", "TLS_RSA_WITH_AES_128_GCM_SHA256", "IE 11 on Windows 7 gets TLS_RSA_WITH_AES_128_GCM_SHA256 with TLS 1.2.",
		},
		"header": {
			changes(hsts("max-age=1; max-age=1")), "W-HSTS-INVALID", "Strict-Transport-Security is invalid: the directive max-age stands twice",
			"http[192.0.2.1].hops[0].hsts", "invalid", "the directive max-age stands twice.",
		},
		"vulnerability": {
			changes(func(s *server) {
				s.observed.Full.Intrusive[checks.Heartbleed] = checks.Finding{Result: checks.Vulnerable, Proof: []string{"64 bytes came back"}}
			}),
			"F-HEARTBLEED", "Heartbleed (CVE-2014-0160) lets anybody read the server's memory",
			"addresses[192.0.2.1].vulnerabilities.heartbleed", "vulnerable", "192.0.2.1 is vulnerable to Heartbleed: 64 bytes came back.",
		},
		"scores": {
			changes(adds(v12, suite(0x0034))), "SCORE", "The scores alone give F: 0 points of 100",
			"addresses[192.0.2.1].grade.scores", "0", "Protocols score 100, the key exchange 0 and ciphers 90: 0 in all.",
		},
		"certificate": {changes(fault(checks.Expired)), "T-EXPIRED", "The certificate, or one that every path needs, has expired", "addresses[192.0.2.1].chains[0].expired", "expired", "The certificate shows it."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(test.changes...).grade()
			require.Contains(t, ids(got.Rules), test.id)
			for _, rule := range got.Rules {
				if rule.ID != test.id {
					continue
				}
				require.Equal(t, test.text, rule.Text)
				require.Equal(t, test.fact, rule.Proof[0].Fact)
				require.Equal(t, test.value, rule.Proof[0].Value)
				require.Contains(t, rule.Proof[0].Text, test.says)
			}
		})
	}
}

func mixed(s *server) {
	fact := s.observed.TLS.Protocols[v10]
	fact.Value.Mixed = true
	s.observed.TLS.Protocols[v10] = fact
}

// What was taken over from an earlier look counts only as far as the newest look
// does not contradict it.
func TestFactsOfAnEarlierLook(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change      change
		letter      checks.Letter
		provisional bool
	}{
		"a version that is refused by now": {func(s *server) {
			s.accept(v10, suite(rc4))
			s.simulate()
			s.observed.TLS.Protocols[v10] = checks.AbsentFact[checks.Accepted]("")
		}, "A", false},
		"a version that is accepted by now": {func(s *server) {
			s.observed.TLS.Protocols[v11] = checks.KnownFact(checks.Accepted{Suite: "0xC013"})
		}, "B", true},
		"a suite that is new": {func(s *server) {
			s.observed.TLS.Protocols[v12] = checks.KnownFact(checks.Accepted{Suite: "0x0005"})
		}, "C", true},
		"clients in a version that is refused by now, and a choice": {func(s *server) {
			s.accept(v12, suite(0xC02F), suite(aes128))
			s.simulate()
			s.observed.TLS.Protocols[v13] = checks.AbsentFact[checks.Accepted]("")
		}, "A-", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serving(test.change).grade()
			require.Equal(t, test.letter, got.Letter, ids(got.Rules))
			require.Equal(t, test.provisional, got.Provisional, got.Missing)
		})
	}
}

// What a group and a curve are worth, beyond what suites show.
func TestGroupStrength(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		bits int
		want int
	}{
		{"X25519", 253, 3072},
		{"X25519Kyber768Draft00", 255, 3072},
		{"MLKEM512", 0, 3072},
		{"MLKEM768", 0, 7680},
		{"MLKEM1024", 0, 15360},
		{"ffdhe3072", 3072, 3072},
		{"modp1024", 1024, 1024},
		{"secp224r1", 224, 2048},
		{"sect239k1", 239, 2048},
		{"sect571r1", 571, 15360},
		{"arbitrary_explicit_prime_curves", 0, 0},
	} {
		require.Equal(t, test.want, grade.GroupStrength(test.name, test.bits), test.name)
	}
	require.Equal(t, 704, grade.CurveStrength(123))
	require.Equal(t, 512, grade.CurveStrength(110))
	require.Equal(t, 256, grade.CurveStrength(109))
	require.Zero(t, grade.CurveStrength(0))
}
