package grade

import (
	"strings"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
)

// kind is what a suite is, as rules ask for it.
type kind uint16

const (
	isRC4 kind = 1 << iota
	isCBC
	isAESCBC
	isSmallBlock // DES, 3DES, RC2 or IDEA (section 10.17)
	isAEAD
	isForwardSecret
	isAnonymous
	isExport
	isRSATransport
	isRSAExport
	isWeakCipher // fewer than 112 bits
	isDH1024     // parameters below 1024 bits, or DHE_EXPORT
	isDH2048     // parameters from 1024 to 2047 bits
)

// exchange is what decides the strength of a key exchange (section 4.2).
type exchange uint8

const (
	unrated        exchange = iota // PSK, SRP and Kerberos without a certificate
	noneAtAll                      // anonymous or NULL: 0
	transport                      // the leaf's key alone
	ephemeralField                 // leaf and p
	ephemeralCurve                 // leaf and curve
	export512
	export1024
)

// trait is what a suite's name says, and its key exchange's.
type trait struct {
	kind     kind
	exchange exchange
	leaf     leafClass
}

// registry holds the traits of every registered suite by name, and registered
// suites by the ID that a look notes.
type registry struct {
	traits map[string]trait
	byID   map[string]checks.Suite
}

var registered = sync.OnceValue(func() registry {
	r := registry{traits: map[string]trait{}, byID: map[string]checks.Suite{}}
	for _, row := range tlsparameters.Suites() {
		seen := checks.Suite{ID: tlsparameters.SuiteID(row.Value), Name: row.Name, Strength: row.Bits, KeyExchange: row.KeyExchange}
		r.traits[row.Name], r.byID[seen.ID] = newTrait(seen.Name, seen.KeyExchange), seen
	}
	for _, spec := range tlsparameters.CipherSpecs() {
		r.traits[spec.Name] = newTrait(spec.Name, "RSA")
	}
	return r
})

// newTrait reads a name as IANA, or the draft of SSL 2.0, writes it.
func newTrait(name, keyExchange string) trait {
	t := trait{leaf: leafOf(keyExchange), exchange: exchangeOf(keyExchange)}
	ciphers := []struct {
		kind  kind
		parts []string
	}{
		{isRC4, []string{"RC4"}},
		{isCBC, []string{"_CBC"}},
		{isSmallBlock, []string{"DES", "RC2", "IDEA"}},
		{isAEAD, []string{"_GCM", "_CCM", "POLY1305", "_MGM", "AEGIS", "ASCON"}},
		{isExport, []string{"EXPORT"}},
		{isAnonymous, []string{"_anon", "TLS_NULL_WITH"}},
	}
	for _, cipher := range ciphers {
		for _, part := range cipher.parts {
			if strings.Contains(name, part) {
				t.kind |= cipher.kind
			}
		}
	}
	if t.kind&isCBC != 0 && strings.Contains(name, "_AES_") {
		t.kind |= isAESCBC
	}
	return trait{kind: t.kind | exchangeKind(keyExchange), exchange: t.exchange, leaf: t.leaf}
}

func exchangeKind(keyExchange string) (of kind) {
	if hasPrefix(keyExchange, "TLS13", "ECDHE", "DHE", "ECDH_anon", "DH_anon", "PSK_DHE", "SRP", "ECCPWD") {
		of |= isForwardSecret
	}
	if keyExchange == "RSA" || hasPrefix(keyExchange, "RSA_EXPORT", "RSA_FIPS", "RSA_OLDFIPS") {
		of |= isRSATransport
	}
	if strings.HasPrefix(keyExchange, "RSA_EXPORT") {
		of |= isRSAExport
	}
	if hasPrefix(keyExchange, "DHE_", "DH_anon") && strings.Contains(keyExchange, "EXPORT") {
		of |= isDH1024
	}
	return of
}

func exchangeOf(keyExchange string) exchange {
	switch {
	case strings.Contains(keyExchange, "_anon"), keyExchange == "NULL":
		return noneAtAll
	case strings.Contains(keyExchange, "KRB5"), keyExchange == "PSK", strings.HasSuffix(keyExchange, "_PSK") && keyExchange != "RSA_PSK",
		keyExchange == "PSK_DHE", keyExchange == "SRP_SHA", keyExchange == "ECCPWD":
		return unrated
	case strings.HasSuffix(keyExchange, "EXPORT1024"):
		return export1024
	case strings.HasSuffix(keyExchange, "EXPORT"):
		return export512
	case strings.HasPrefix(keyExchange, "DHE_"):
		return ephemeralField
	case hasPrefix(keyExchange, "ECDHE_", "TLS13"):
		return ephemeralCurve
	}
	return transport
}

// leafClass is which of a server's certificates a suite uses.
type leafClass uint8

const (
	anyLeaf leafClass = iota
	rsaLeaf
	rsaSigningLeaf // RSASSA-PSS keys sign and do not encrypt
	curveLeaf
	dsaLeaf
	leafClasses // how many there are
)

func leafOf(keyExchange string) leafClass {
	switch {
	case keyExchange == "RSA", hasPrefix(keyExchange, "RSA_"):
		return rsaLeaf
	case hasPrefix(keyExchange, "ECDHE_RSA", "DHE_RSA", "SRP_SHA_RSA"):
		return rsaSigningLeaf
	case hasPrefix(keyExchange, "ECDHE_ECDSA", "ECDH_RSA", "ECDH_ECDSA"):
		return curveLeaf
	case hasPrefix(keyExchange, "DHE_DSS", "SRP_SHA_DSS"):
		return dsaLeaf
	}
	return anyLeaf
}

func (c leafClass) fits(key string) bool {
	switch c {
	case rsaLeaf:
		return key == "RSA"
	case rsaSigningLeaf:
		return key == "RSA" || key == "RSASSA-PSS"
	case curveLeaf:
		return key == "ECDSA" || key == "Ed25519" || key == "Ed448"
	case dsaLeaf:
		return key == "DSA"
	}
	return true
}

// traitOf is the trait of a suite as seen, with what its numbers say.
func traitOf(suite *checks.Suite) trait {
	t, found := registered().traits[suite.Name]
	if !found {
		t = newTrait(suite.Name, suite.KeyExchange)
	}
	if suite.Strength < 112 {
		t.kind |= isWeakCipher
	}
	if finite := t.exchange == ephemeralField || strings.HasPrefix(suite.KeyExchange, "DH_anon"); finite && suite.GroupBits > 0 {
		switch {
		case suite.GroupBits < 1024:
			t.kind |= isDH1024
		case suite.GroupBits < 2048:
			t.kind |= isDH2048
		}
	}
	return t
}

func hasPrefix(text string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
