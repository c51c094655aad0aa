package csp

import "strings"

// AllowsFrame says whether a page at origin self may stand in a frame of a page
// at origin ancestor, both as scheme://host[:port] in lower case: every
// frame-ancestors has a source that matches it (CSP Level 3 section 6.4.2). A
// policy without the directive does not restrict it.
func (p Policy) AllowsFrame(ancestor, self string) bool {
	for _, values := range p.All(FrameAncestors) {
		if !Matches(values, ancestor, self) {
			return false
		}
	}
	return true
}

// Matches says whether one of a directive's sources matches the origin url, for
// a page at origin self (section 6.7.2.5); 'none' matches nothing by itself.
func Matches(values []string, url, self string) bool {
	for _, value := range values {
		if matches(strings.ToLower(value), url, self) {
			return true
		}
	}
	return false
}

// SourceHost returns the host that a source names, in lower case, with the *.
// that it may begin with; empty where it names none.
func SourceHost(source string) string {
	source = strings.ToLower(source)
	if strings.HasPrefix(source, "'") || strings.HasSuffix(source, ":") {
		return ""
	}
	if _, rest, found := strings.Cut(source, "://"); found {
		source = rest
	}
	authority, _, _ := strings.Cut(source, "/")
	host, _ := splitPort(authority)
	return host
}

// origin is scheme://host[:port] taken apart.
type origin struct{ scheme, host, port string }

func splitOrigin(text string) origin {
	var o origin
	o.scheme, o.host, _ = strings.Cut(text, "://")
	o.host, o.port = splitPort(o.host)
	if o.port == "" {
		o.port = defaultPort(o.scheme)
	}
	return o
}

// splitPort cuts :port off a host, which may be an IPv6 literal in brackets.
func splitPort(authority string) (host, port string) {
	at := strings.LastIndexByte(authority, ':')
	if at < 0 || strings.HasSuffix(authority, "]") {
		return authority, ""
	}
	return authority[:at], authority[at+1:]
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}

// matches is section 6.7.2.7, of which paths do not concern an origin.
func matches(source, url, self string) bool {
	page, asked := splitOrigin(self), splitOrigin(url)
	switch {
	case source == "*":
		return defaultPort(asked.scheme) != "" || asked.scheme == page.scheme
	case source == "'self'":
		return page == asked || page.host == asked.host && sameOrUpgraded(page, asked)
	case strings.HasPrefix(source, "'"):
		return false // a keyword, nonce or hash
	}
	if scheme, found := strings.CutSuffix(source, ":"); found && !strings.Contains(scheme, "/") {
		return schemeMatches(scheme, asked.scheme)
	}
	scheme, rest, found := strings.Cut(source, "://")
	if !found {
		scheme, rest = page.scheme, source
	}
	authority, _, _ := strings.Cut(rest, "/")
	host, port := splitPort(authority)
	return schemeMatches(scheme, asked.scheme) && hostMatches(host, asked.host) && portMatches(port, scheme, asked)
}

// sameOrUpgraded: 'self' takes the same host over a safer scheme, each at its
// default port.
func sameOrUpgraded(page, asked origin) bool {
	ports := page.port == asked.port || page.port == defaultPort(page.scheme) && asked.port == defaultPort(asked.scheme)
	return ports && schemeMatches(page.scheme, asked.scheme)
}

// schemeMatches is section 6.7.2.9: a source allows its safer scheme too.
func schemeMatches(source, asked string) bool {
	switch {
	case source == asked:
		return true
	case source == "http":
		return asked == "https"
	case source == "ws":
		return asked == "wss" || asked == "http" || asked == "https"
	case source == "wss":
		return asked == "https"
	}
	return false
}

// hostMatches is section 6.7.2.10: *.example.com is every host below it, and
// not itself.
func hostMatches(source, asked string) bool {
	if source == "*" {
		return asked != ""
	}
	if suffix, found := strings.CutPrefix(source, "*"); found {
		return strings.HasPrefix(suffix, ".") && strings.HasSuffix(asked, suffix)
	}
	return source != "" && source == asked
}

// portMatches is section 6.7.2.11.
func portMatches(source, scheme string, asked origin) bool {
	switch source {
	case "*":
		return true
	case "":
		return asked.port == defaultPort(asked.scheme)
	case asked.port:
		return true
	}
	return source == defaultPort(scheme) && asked.port == defaultPort(asked.scheme)
}
