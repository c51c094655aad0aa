package httpsec

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// wildcard stands for every part that may differ between two looks.
const wildcard = "*"

// CanonicalURL returns u without anything that may differ between two looks at
// an unchanged server: user information and fragment are dropped, values of
// query parameters and random path segments become "*", query names are sorted
// and kept once, a default port is left out. The host must be canonical
// already (lower case, ASCII). The result is for reading and comparing, never
// for asking.
func CanonicalURL(u *url.URL) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(u.Scheme))
	b.WriteByte(':')
	if u.Opaque != "" {
		b.WriteString(wildcard) // mailto:, urn: and the like: no structure to keep
		return b.String()
	}
	b.WriteString("//")
	b.WriteString(canonicalAuthority(u))
	b.WriteString(CanonicalPath(u.EscapedPath()))
	if query := canonicalQuery(u.RawQuery); query != "" {
		b.WriteByte('?')
		b.WriteString(query)
	}
	return b.String()
}

func canonicalAuthority(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == defaultPort(u.Scheme) {
		port = ""
	}
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return bracketed(host)
}

// canonicalQuery gives name=* for every name, so that a parameter that is
// empty at one look and filled at the next does not look like a change.
func canonicalQuery(raw string) string {
	var names []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if name != wildcard {
			name = url.QueryEscape(canonicalToken(name))
			name = strings.ReplaceAll(name, "%2A", wildcard)
		}
		names = append(names, name+"="+wildcard)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "&")
}

// CanonicalPath returns an escaped path with its random segments, and the
// values of its path parameters (;jsessionid=...), replaced by "*".
func CanonicalPath(escaped string) string {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		segments[i] = canonicalSegment(segment)
	}
	return strings.Join(segments, "/")
}

func canonicalSegment(segment string) string {
	// ASP.NET sessions without cookies: /(S(lit3py55t21z5v55vlm25s55))/page.
	if strings.HasPrefix(segment, "(") && strings.HasSuffix(segment, "))") && len(segment) > 4 && segment[2] == '(' {
		return segment[:3] + wildcard + "))"
	}
	head, parameters, found := strings.Cut(segment, ";")
	head = canonicalToken(head)
	if !found {
		return head
	}
	parts := strings.Split(parameters, ";")
	for i, part := range parts {
		if name, _, hasValue := strings.Cut(part, "="); hasValue {
			parts[i] = name + "=" + wildcard
		} else {
			parts[i] = canonicalToken(part)
		}
	}
	return head + ";" + strings.Join(parts, ";")
}

// canonicalToken replaces the random ones among the dot-separated parts of a
// name or segment.
func canonicalToken(token string) string {
	parts := strings.Split(token, ".")
	for i, part := range parts {
		if random(part) {
			parts[i] = wildcard
		}
	}
	return strings.Join(parts, ".")
}

func defaultPort(scheme string) string {
	switch strings.ToLower(scheme) {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}
