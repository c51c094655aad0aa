package checks

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// maxURLBytes bounds a URL that is looked at; servers refuse longer ones.
const maxURLBytes = 8 << 10

// ParseTarget reads an absolute http or https URL. The target's URL has its
// scheme and host in lower-case ASCII (IDNA), no fragment and no default port;
// path and query stay as written. Errors are sentences for people.
func ParseTarget(rawURL string, depth Depth, limits Limits) (Target, error) {
	u, err := parseURL(strings.TrimSpace(rawURL))
	if err != nil {
		return Target{}, err
	}
	host, err := ASCIIHost(u.Hostname())
	if err != nil {
		return Target{}, err
	}
	port, err := portOf(u)
	if err != nil {
		return Target{}, err
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = host
	if port != defaultPorts[u.Scheme] {
		u.Host = net.JoinHostPort(host, strconv.Itoa(int(port)))
	} else if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	whole := u.String()
	if len(whole) > maxURLBytes { // escaped, it may be three times what was written
		return Target{}, tooLong(whole)
	}
	return Target{URL: whole, Host: host, Port: port, Depth: depth, Limits: limits.WithDefaults()}, nil
}

// ParseHostOrURL reads what people type for a server: a URL as ParseTarget takes
// it, or what https:// is put before: a host, host:port, or an address literal
// (192.0.2.1, ::1, [::1]:8443), with a path or without. A bare IPv6 literal
// with a port needs its brackets. Errors are sentences for people.
func ParseHostOrURL(text string, depth Depth, limits Limits) (Target, error) {
	text = strings.TrimSpace(text)
	authority, path := text, ""
	if end := strings.IndexAny(text, "/?#"); end >= 0 {
		authority, path = text[:end], text[end:]
	}
	if text == "" || strings.HasSuffix(authority, ":") && strings.HasPrefix(path, "//") {
		return ParseTarget(text, depth, limits)
	}
	if authority == "" {
		return Target{}, fmt.Errorf("%q names no host", text)
	}
	if strings.Contains(authority, "@") {
		return Target{}, errors.New("the URL holds a user name or password; remove what stands before the @")
	}
	// More than one colon and no bracket is an IPv6 literal or nothing.
	if strings.Count(authority, ":") > 1 && !strings.HasPrefix(authority, "[") {
		address, err := netip.ParseAddr(authority)
		if err != nil {
			return Target{}, fmt.Errorf("%q is neither host:port nor an IPv6 address; one with a port is written [::1]:8443", authority)
		}
		authority = "[" + address.String() + "]"
		if address.Zone() != "" {
			return Target{}, fmt.Errorf("the address %q has a zone, which means nothing to other machines", address)
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return ParseTarget("https://"+authority+path, depth, limits)
}

var defaultPorts = map[string]uint16{"http": 80, "https": 443}

func parseURL(text string) (*url.URL, error) {
	switch {
	case text == "":
		return nil, errors.New("the URL is empty; write it in full, such as https://app.example.com/callback")
	case len(text) > maxURLBytes:
		return nil, tooLong(text)
	case !strings.Contains(text, "://"):
		return nil, fmt.Errorf("%q has no scheme; start it with https:// or http://", text)
	}
	u, err := url.Parse(text)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return nil, fmt.Errorf("%q is not a URL: %w", text, err)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case defaultPorts[u.Scheme] == 0:
		return nil, fmt.Errorf("the scheme %q cannot be looked at; only https and http can", u.Scheme)
	case u.User != nil:
		return nil, errors.New("the URL holds a user name or password; remove what stands before the @")
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q names no host", text)
	}
	return u, nil
}

func tooLong(text string) error {
	return fmt.Errorf("the URL has %d characters; at most %d are allowed", len(text), maxURLBytes)
}

func portOf(u *url.URL) (uint16, error) {
	text := u.Port()
	if text == "" {
		return defaultPorts[u.Scheme], nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the port %q is not between 1 and 65535", text)
	}
	return uint16(port), nil
}

// ASCIIHost returns a host name in lower-case ASCII (IDNA, RFC 5891), without
// a trailing dot, or an address literal in its shortest form, without
// brackets. Underscores pass, since DNS names hold them. Numbers that only
// some programs read as addresses (127.1, 0x7f000001) are refused.
func ASCIIHost(host string) (string, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		if address.Zone() != "" {
			return "", fmt.Errorf("the address %q has a zone, which means nothing to other machines", host)
		}
		return address.Unmap().String(), nil
	}
	name := strings.TrimSuffix(host, ".")
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil {
		ascii = strings.ToLower(name) // it may be one that only DNS takes
	}
	if !dnsName(ascii) {
		return "", fmt.Errorf("%q is not a host name", host)
	}
	if numericLabel(ascii[strings.LastIndexByte(ascii, '.')+1:]) {
		return "", fmt.Errorf("%q is neither a host name nor an address", host)
	}
	return ascii, nil
}

// dnsName says whether name is labels of 1 to 63 letters, digits, hyphens and
// underscores, 253 bytes in all (RFC 1035 section 2.3.4).
func dnsName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, r := range label {
			if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') {
				return false
			}
		}
	}
	return len(name) <= 253
}

// numericLabel is the WHATWG URL standard's "ends in a number": such a host is
// an IPv4 address to a browser, whatever else it looks like.
func numericLabel(label string) bool {
	if _, err := strconv.ParseUint(label, 10, 64); err == nil {
		return true
	}
	digits, ok := strings.CutPrefix(label, "0x")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(digits, 16, 64)
	return err == nil || digits == ""
}
