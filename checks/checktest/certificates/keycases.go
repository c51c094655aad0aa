package certificates

import (
	"crypto/x509"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// weakly are s_server's arguments for keys that today's defaults refuse, with
// suites for keys of every kind. TLS 1.3 is left out: some keys sign nothing there.
func weakly() []string { return []string{"-tls1_2", "-cipher", "ALL:@SECLEVEL=0"} }

// withKey serves a checked-in key that Go signs with.
func withKey(name string) func(*Maker) Served {
	return func(m *Maker) Served {
		return Served{Issued: m.leafOf(func(l *leaf) { l.PrivateKey = privateKey(m.t, name) })}
	}
}

// foreignKey serves a checked-in key that Go does not have or not use.
func foreignKey(name string, arguments ...string) func(*Maker) Served {
	return func(m *Maker) Served {
		return Served{Issued: m.leafOf(func(l *leaf) { l.keyName = name }), By: OpenSSL, Arguments: arguments}
	}
}

// keyCases. zlint's errors about sizes are left out: the question of its own
// says it.
func keyCases() []Case {
	const weak, lint = checks.WeakKey, checks.LintError
	// crypto/x509 knows no such curve: what only it can examine cannot be told. A
	// leaf that it does not parse names nobody who could be asked about it, and zlint
	// reads none either.
	unknownCurve := Want{Yes: yes(checks.Unparsable), Inconclusive: yes(lint, checks.KeyUsage, checks.StapleInvalid), NotAsked: yes(checks.Revoked, checks.RenewalAsked)}
	// crypto/tls shakes no hands with such a key: whether a staple comes is inconclusive.
	unshaken := Want{Yes: yes(lint), Inconclusive: yes(checks.StapleInvalid)}
	return []Case{
		{Name: "RSA of 512 bits", Why: "F-KEY-1024", Make: foreignKey("rsa512", weakly()...), Want: Want{Yes: yes(weak), Letter: checks.GradeF}},
		{Name: "RSA of 1023 bits", Why: "F-KEY-1024; and Mozilla's policy (section 5.1) wants a multiple of 8", Make: foreignKey("rsa1023", weakly()...), Want: Want{Yes: yes(weak, lint), Letter: checks.GradeF}},
		{Name: "RSA of 1024 bits", Why: "B-KEY-2048", Make: withKey("rsa1024"), Want: Want{Yes: yes(weak)}},
		{Name: "RSA of 2047 bits", Why: "B-KEY-2048; and Mozilla's policy (section 5.1) wants a multiple of 8", Make: withKey("rsa2047"), Want: Want{Yes: yes(weak, lint)}},
		{Name: "RSA of 4096 bits", Why: "more than enough", Make: withKey("rsa4096")},
		{Name: "RSA with exponent 1", Why: "F-RSA-E1; Baseline Requirements section 6.1.6", Make: foreignKey("rsa_e1", weakly()...), Want: Want{Yes: yes(checks.ExponentOne, lint), Letter: checks.GradeF}},
		{Name: "RSA with exponent 3", Why: "the least that Baseline Requirements section 6.1.6 allow", Make: withKey("rsa_e3")},
		{Name: "RSA key of ROCA", Why: "CVE-2017-15361; rating guide section 3.3: no rule", Make: withKey("roca2048"), Want: Want{Yes: yes(checks.ROCA)}},
		{Name: "RSA key of Debian", Why: "F-DEBIAN: CVE-2008-0166; and B-KEY-2048", Make: withKey("debian1024"), Want: Want{Yes: yes(checks.DebianWeakKey, weak), Letter: checks.GradeF}},
		{
			// Nobody published its private half: Go's server sends the certificate and
			// signs with another key, which no look finds out.
			Name: "RSA key of Debian with 2048 bits", Why: "F-DEBIAN: CVE-2008-0166",
			Make: issue(func(l *leaf) { l.keyName = "debian2048" }), Want: Want{Yes: yes(checks.DebianWeakKey), Letter: checks.GradeF},
		},
		{
			Name: "key that everybody has", Why: "T-BLACKLIST: the example of the Go standard library (crypto/tls/example_test.go)", Make: withKey("published"),
			Want: Want{Yes: yes(checks.Blacklisted), Letter: checks.GradeT},
		},
		{
			Name: "issuer's key that everybody has", Why: "T-BLACKLIST: whoever has it can issue for every host",
			Make: func(m *Maker) Served {
				issuer := m.ownIssuer(func(a *pki.Authority) { a.PrivateKey = privateKey(m.t, "published") })
				return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
			},
			Want: Want{Yes: yes(checks.Blacklisted), Letter: checks.GradeT},
		},
		{Name: "DSA of 2048 bits", Why: "strong enough, and Baseline Requirements section 6.1.5 do not have it", Make: foreignKey("dsa2048", weakly()...), Want: unshaken},
		{Name: "Ed25519", Why: "strong enough, and Baseline Requirements section 6.1.5 do not have it", Make: issue(func(l *leaf) { l.Key = pki.Ed25519 }), Want: Want{Yes: yes(lint)}},
		{Name: "Ed448", Why: "as Ed25519; crypto/x509 parses the certificate, and not the key", Make: foreignKey("ed448"), Want: unshaken},
		{Name: "P-224", Why: "2048 bits of RSA (rating guide section 4.2), and not in Baseline Requirements section 6.1.5", Make: foreignKey("secp224r1", weakly()...), Want: unshaken},
		{
			Name: "P-192", Why: "B-KEY-2048: 1024 bits of RSA (rating guide section 4.2)", Make: foreignKey("prime192v1", weakly()...),
			Want: Want{Yes: yes(weak, checks.Unparsable), Inconclusive: yes(lint, checks.KeyUsage, checks.StapleInvalid), NotAsked: yes(checks.Revoked, checks.RenewalAsked)},
		},
		{Name: "secp256k1", Why: "strong enough, in no client and not in Baseline Requirements section 6.1.5", Make: foreignKey("secp256k1", weakly()...), Want: unknownCurve},
		{Name: "brainpoolP256r1", Why: "as secp256k1", Make: foreignKey("brainpoolP256r1", weakly()...), Want: unknownCurve},
	}
}

// signedBy is a leaf of RSAIssuer with another signature.
func signedBy(algorithm x509.SignatureAlgorithm) func(*Maker) Served {
	return func(m *Maker) Served {
		return Served{Issued: m.leafOf(func(l *leaf) { l.issuer, l.Signature = m.RSAIssuer, algorithm })}
	}
}

// issuerSignedBy is a leaf of an intermediate whose own signature is another.
func issuerSignedBy(algorithm x509.SignatureAlgorithm) func(*Maker) Served {
	return func(m *Maker) Served {
		upper := m.issuerBelow(m.Root, func(a *pki.Authority) {
			a.Name, a.PrivateKey, a.Template = "Example RSA Issuer of Issuers", privateKey(m.t, "rsa2048_issuer"), pathLength(1)
		})
		issuer := m.issuerBelow(upper, func(a *pki.Authority) { a.Name, a.Signature = "Example Issuer signed weakly", algorithm })
		return Served{Issued: m.leafOf(func(l *leaf) { l.issuer = issuer })}
	}
}

// signatureCases: a chain with a signature that no client takes is not
// trusted, so that nothing is asked of it that is of trusted ones only.
func signatureCases() []Case {
	sha1 := untrusted(checks.GradeT, checks.SHA1Signature)
	md := untrusted(checks.GradeF, checks.MDSignature)
	// Nobody checks these signatures any more, so that who issued it is a mere
	// claim, and what logs signed for it cannot be checked.
	unchecked := md
	unchecked.NotAsked = yes(checks.InvalidSCT)
	return []Case{
		{Name: "SHA-1", Why: "T-SHA1", Make: signedBy(x509.SHA1WithRSA), Want: sha1},
		{Name: "SHA-1 with ECDSA", Why: "T-SHA1", Make: issue(func(l *leaf) { l.Signature = x509.ECDSAWithSHA1 }), Want: sha1},
		{Name: "SHA-1 on the intermediate", Why: "T-SHA1: any certificate but the root", Make: issuerSignedBy(x509.SHA1WithRSA), Want: sha1},
		{Name: "SHA-1 on the root", Why: "a root is trusted by itself: its signature is ignored (rating guide section 9)", Make: ownRoot(func(m *Maker) *Issuer { return m.SHA1Root })},
		{Name: "MD5", Why: "F-SIG-MD", Make: signedBy(x509.MD5WithRSA), Want: md},
		{Name: "MD4", Why: "F-SIG-MD", Make: signedBy(pki.MD4WithRSA), Want: unchecked},
		{Name: "MD2", Why: "F-SIG-MD", Make: signedBy(x509.MD2WithRSA), Want: unchecked},
		{Name: "MD5 on the intermediate", Why: "F-SIG-MD: leaf or intermediate", Make: issuerSignedBy(x509.MD5WithRSA), Want: md},
		{Name: "MD5 on the root", Why: "a root is trusted by itself: its signature is ignored (rating guide section 9)", Make: ownRoot(func(m *Maker) *Issuer { return m.MD5Root })},
		{Name: "RSASSA-PSS", Why: "Baseline Requirements section 7.1.3.2.1", Make: signedBy(x509.SHA256WithRSAPSS)},
		{Name: "SHA-512", Why: "Baseline Requirements section 7.1.3.2.1", Make: signedBy(x509.SHA512WithRSA)},
		{
			Name: "broken signature", Why: "T-UNKNOWN: whoever is named as its issuer did not sign it, so its certificate is of no use",
			Want: issuerless(checks.UnknownIssuer, checks.Superfluous),
			Make: func(m *Maker) Served {
				issued := m.leafOf(sixDays)
				broken, err := pki.WithBrokenSignature(issued.Certificate.Certificate[0])
				require.NoError(m.t, err)
				return chain(issued, broken, issued.Certificate.Certificate[1])
			},
		},
	}
}
