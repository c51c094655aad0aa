package httpsec

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// maxLocationBytes bounds a Location that is followed.
const maxLocationBytes = 8 << 10

// withoutLineEnds drops what a URL parser drops wherever it stands.
var withoutLineEnds = strings.NewReplacer("\t", "", "\n", "", "\r", "")

var errUnsupportedScheme = errors.New("the scheme is neither http nor https")

// redirects says whether status sends a browser on (RFC 9110 section 15.4).
func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// resolveLocation returns the absolute URL that a Location field of an answer
// from base leads to, with the host in ASCII. It reads the text as browsers do
// where that decides the host: white space around it does not count and a
// backslash is a slash, and tabs and line ends within count for nothing (WHATWG
// URL standard). With errUnsupportedScheme the URL is returned too.
func resolveLocation(base *url.URL, location string) (*url.URL, error) {
	if len(location) > maxLocationBytes {
		return nil, fmt.Errorf("location has %d bytes, more than %d", len(location), maxLocationBytes)
	}
	location = withoutLineEnds.Replace(strings.Trim(location, asciiSpace))
	end := strings.IndexAny(location, "?#")
	if end < 0 {
		end = len(location)
	}
	location = strings.ReplaceAll(location[:end], `\`, "/") + location[end:]
	reference, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("parse location: %w", err)
	}
	next := base.ResolveReference(reference)
	next.Scheme = strings.ToLower(next.Scheme)
	if next.Scheme != "http" && next.Scheme != "https" {
		return next, errUnsupportedScheme
	}
	next.Fragment, next.RawFragment, next.User = "", "", nil
	return next, canonicalHost(next)
}

// canonicalHost puts the host of u in lower-case ASCII and drops a default port.
func canonicalHost(u *url.URL) error {
	if u.Hostname() == "" {
		return errors.New("the URL names no host")
	}
	host, err := checks.ASCIIHost(u.Hostname())
	if err != nil {
		return err
	}
	port := u.Port()
	if u.Host = bracketed(host); port != "" && port != defaultPort(u.Scheme) {
		u.Host = net.JoinHostPort(host, port)
	}
	return nil
}
