package probe

import (
	"net/netip"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// host is what a spelling of a host stands for: an address literal, a name, or
// neither for a reason.
type host struct {
	literal netip.Addr
	name    string // lower case, without the trailing dot
	reason  checks.Reason
}

// parseHost reads a host as it may stand in a URL, with or without brackets.
//
// Other programs read '0x7f.1', '2130706433' and '0177.0.0.1' as loopback
// (inet_aton, and so some resolvers). Here nothing that ends in a number is a
// name, and only dotted decimal without leading zeros is an address; the rest
// does not exist. Neither does a name that is not in ASCII: what registers it
// converts it first (RFC 5891).
func parseHost(spelling string) host {
	text := spelling
	if inner, bracketed := strings.CutPrefix(text, "["); bracketed {
		inner, closed := strings.CutSuffix(inner, "]")
		address, err := netip.ParseAddr(inner)
		if !closed || err != nil || address.Is4() {
			return host{reason: checks.ReasonNameNotFound}
		}
		return literal(address)
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return literal(address)
	}
	text = strings.ToLower(strings.TrimSuffix(text, "."))
	if address, err := netip.ParseAddr(text); err == nil && address.Is4() {
		return literal(address) // "127.0.0.1."
	}
	if !isName(text) {
		return host{reason: checks.ReasonNameNotFound}
	}
	return host{name: text}
}

// literal refuses a zone: it names an interface of this machine (RFC 4007).
func literal(address netip.Addr) host {
	if address.Zone() != "" {
		return host{reason: checks.ReasonSpecialPurpose}
	}
	return host{literal: address.Unmap()}
}

// isName says whether text, in lower case, can be a host name: labels of 1 to
// 63 letters, digits, hyphens and underscores, 253 bytes in all (RFC 1035
// section 2.3.4), the last of them no number (RFC 3696 section 2).
func isName(text string) bool {
	if text == "" || len(text) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' {
				return false
			}
		}
		last = label
	}
	return !isNumber(last)
}

// isNumber says whether a label is decimal, octal or hexadecimal, as inet_aton
// reads it; "0x" alone counts too.
func isNumber(label string) bool {
	if digits, hex := strings.CutPrefix(label, "0x"); hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// isLocalhost says whether name is a localhost name (RFC 6761 section 6.3).
func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
