package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// suite is what the name of a cipher suite says.
type suite struct {
	exchange, cipher, hash string
	bits                   int
}

// hashes are what may stand at the end of a suite's name.
func hashes() []string {
	return []string{"MD5", "SHA", "SHA256", "SHA384", "SHA512", "SM3", "ASCONHASH256", "GOSTR3411", "OMAC", "IMIT"}
}

// parseSuite takes a suite's name apart. Suites of TLS 1.3 have no key exchange
// in it, except those of RFC 9367 (MGM), which name one for TLS 1.2's sake.
func parseSuite(name string) (suite, error) {
	rest := strings.TrimPrefix(strings.TrimPrefix(name, "TLS_"), "SSL_")
	rest = strings.TrimSuffix(strings.TrimSuffix(rest, "_OLD"), "_LEGACY")
	exchange, cipher, found := strings.Cut(rest, "_WITH_")
	if !found {
		exchange, cipher = "TLS13", rest
	}
	if strings.Contains(cipher, "_MGM_") {
		exchange = "TLS13"
	}
	s := suite{exchange: exchange, cipher: cipher}
	if at := strings.LastIndexByte(cipher, '_'); at >= 0 && slices.Contains(hashes(), cipher[at+1:]) {
		s.cipher, s.hash = cipher[:at], cipher[at+1:]
	}
	if slices.Contains(hashes(), s.cipher) {
		s.cipher = "NULL" // TLS_SHA256_SHA256 (RFC 9150) only authenticates
	}
	if name == "TLS_NULL_WITH_NULL_NULL" {
		s.cipher, s.hash = "NULL", "NULL"
	}
	bits, err := cipherBits(s.cipher)
	if err != nil {
		return suite{}, fmt.Errorf("read the suite %s: %w", name, err)
	}
	s.bits = bits
	return s, nil
}

// cipherBits returns the nominal strength of a cipher (rating.md section 4.3).
func cipherBits(cipher string) (int, error) {
	switch cipher {
	case "NULL":
		return 0, nil
	case "RC4_40", "RC2_CBC_40", "DES40_CBC", "DES_CBC_40":
		return 40, nil
	case "DES_CBC", "RC4_56", "RC2_CBC_56":
		return 56, nil
	case "3DES_EDE_CBC":
		return 112, nil
	case "RC4_128", "IDEA_CBC", "SEED_CBC", "SM4_GCM", "SM4_CCM", "AEGIS_128L", "ASCONAEAD128":
		return 128, nil
	case "CHACHA20_POLY1305", "AEGIS_256", "28147_CNT", "KUZNYECHIK_CTR", "MAGMA_CTR":
		return 256, nil
	}
	switch {
	case strings.HasPrefix(cipher, "KUZNYECHIK_MGM"), strings.HasPrefix(cipher, "MAGMA_MGM"):
		return 256, nil
	case regexp.MustCompile(`^(AES|ARIA|CAMELLIA)_128_(CBC|GCM|CCM|CCM_8)$`).MatchString(cipher):
		return 128, nil
	case regexp.MustCompile(`^(AES|ARIA|CAMELLIA)_256_(CBC|GCM|CCM|CCM_8)$`).MatchString(cipher):
		return 256, nil
	}
	return 0, fmt.Errorf("cipher %q has no known strength", cipher)
}

// group is what the name and value of a group say.
type group struct {
	name   string
	bits   int
	kind   string // a GroupKind
	legacy bool
	tls13  bool
}

// parseGroup classifies a group. Which curves go with TLS 1.3 is not in the
// registry: RFC 8446 section 4.2.7, RFC 8734, RFC 8998 and RFC 9367 say it.
func parseGroup(value uint32, name string) (group, error) {
	name = strings.TrimSuffix(name, " (OBSOLETE)")
	g := group{name: name, kind: "Curve"}
	switch {
	case strings.HasPrefix(name, "ffdhe"):
		g.kind, g.tls13 = "FiniteField", true
	case strings.HasPrefix(name, "MLKEM"):
		g.kind, g.tls13 = "KEM", true
		return g, nil
	case strings.Contains(name, "MLKEM"), strings.Contains(name, "Kyber"):
		g.kind, g.tls13 = "Hybrid", true
	case strings.HasPrefix(name, "arbitrary_explicit"):
		g.legacy = true
		return g, nil
	default:
		g.tls13 = value >= 23 && value <= 25 || value >= 29 && value <= 41
		g.legacy = value <= 30 || value >= 34 && value <= 40
	}
	bits, err := groupBits(name)
	g.bits = bits
	return g, err
}

// groupBits reads the first number of a group's name: the size of its field.
func groupBits(name string) (int, error) {
	number := regexp.MustCompile(`\d+`).FindString(name)
	switch {
	case strings.HasPrefix(strings.ToLower(name), "x25519"):
		return 255, nil // its name is the prime, 2^255-19
	case strings.HasPrefix(name, "curveSM2"):
		return 256, nil
	case number == "":
		return 0, fmt.Errorf("group %s names no size", name)
	}
	return strconv.Atoi(number)
}
