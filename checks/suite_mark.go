package checks

import (
	"fmt"
	"slices"
	"strings"
)

// SuiteMark is what is wrong with a suite, in words. It judges nothing: grades
// and requirements do.
type SuiteMark struct {
	Insecure []string // what is broken: "RC4", "export"
	Weak     []string // what is not as good as it should be: "CBC"
}

// SuiteLevel is how bad a suite is; empty where nothing is wrong.
type SuiteLevel string

// How bad a suite is.
const (
	SuiteWeak     SuiteLevel = "weak"
	SuiteInsecure SuiteLevel = "insecure"
)

// Level is the worst of the mark.
func (m SuiteMark) Level() SuiteLevel {
	switch {
	case len(m.Insecure) > 0:
		return SuiteInsecure
	case len(m.Weak) > 0:
		return SuiteWeak
	}
	return ""
}

// Mark says what is wrong with a suite that a version takes, as SSL Labs marks
// suites (rating guide, section 9): insecure are SSL 2.0, RC4, no encryption,
// export, no authentication, fewer than 112 bits and Diffie-Hellman below 1024
// bits; weak are 3DES, CBC, what has no forward secrecy, and Diffie-Hellman
// below 2048 bits.
func (s Suite) Mark(protocol Protocol) SuiteMark {
	var m SuiteMark
	note := func(list *[]string, holds bool, words string) {
		if holds {
			*list = append(*list, words)
		}
	}
	finite := strings.HasPrefix(s.KeyExchange, "DH") && s.GroupBits > 0
	const parameters = "short DH parameters"
	note(&m.Insecure, protocol == SSLv2, "SSL 2.0")
	note(&m.Insecure, s.named("_anon", "TLS_NULL_WITH"), "no authentication")
	note(&m.Insecure, s.named("_NULL") || s.KeyExchange == "TLS13" && s.Strength == 0, "no encryption")
	note(&m.Insecure, s.named("EXPORT"), "export")
	note(&m.Insecure, s.named("RC4"), "RC4")
	note(&m.Insecure, s.Strength > 0 && s.Strength < 112, fmt.Sprintf("%d bits", s.Strength))
	note(&m.Insecure, finite && s.GroupBits < 1024, parameters)
	note(&m.Weak, s.named("3DES", "_EDE3_"), "3DES")
	note(&m.Weak, s.named("_CBC"), "CBC")
	note(&m.Weak, protocol != SSLv2 && !s.ForwardSecret(), "no forward secrecy")
	note(&m.Weak, finite && s.GroupBits >= 1024 && s.GroupBits < 2048, parameters)
	return m
}

func (s Suite) named(parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s.Name, part) })
}

// ForwardSecret says whether session keys survive the loss of the long-term
// ones, by the key exchange: each session has one of its own.
func (s Suite) ForwardSecret() bool {
	return slices.ContainsFunc([]string{"TLS13", "ECDHE_", "DHE_", "ECDH_anon", "DH_anon", "PSK_DHE", "SRP_", "ECCPWD"}, func(kind string) bool {
		return strings.HasPrefix(s.KeyExchange, kind)
	})
}
