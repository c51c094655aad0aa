package alert

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// security is how the connection to the mail server is protected.
type security uint8

const (
	startTLS    security = iota // STARTTLS or nothing is sent (RFC 3207)
	implicitTLS                 // TLS from the first byte (RFC 8314 section 3.3)
	plaintext                   // a relay on this very machine
)

// relay is the operator's mail server. It is a setting and no user's URL, so
// it may be at any address.
type relay struct {
	host     string
	address  string // host:port
	security security
	tls      *tls.Config
	login    bool
	user     string
	password string
}

// parseRelay reads GRADEWATCH_SMTP_URL; empty gives nil. Its errors say nothing
// of the value, which holds a password.
func parseRelay(value string) (*relay, error) {
	if value == "" {
		return nil, nil //nolint:nilnil // no mail server is a usual setting
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Hostname() == "" {
		return nil, errors.New("GRADEWATCH_SMTP_URL is no URL with a host: write smtp://user:password@host:587 or smtps://user:password@host:465, special characters percent-encoded")
	}
	r := &relay{host: parsed.Hostname()}
	port := parsed.Port()
	switch parsed.Scheme {
	case "smtp":
		r.security, port = startTLS, orDefault(port, "587")
	case "smtps":
		r.security, port = implicitTLS, orDefault(port, "465")
	default:
		return nil, errors.New("GRADEWATCH_SMTP_URL must begin with smtp:// or smtps://")
	}
	r.address = net.JoinHostPort(r.host, port)
	if parsed.User != nil {
		r.login, r.user = true, parsed.User.Username()
		r.password, _ = parsed.User.Password()
	}
	return r, r.readOptions(parsed.Query())
}

func (r *relay) readOptions(options url.Values) error {
	for name := range options {
		if name != "tls" && name != "ca-file" {
			return fmt.Errorf("GRADEWATCH_SMTP_URL has the unknown option %q: there are tls and ca-file", oneLine(name, nameBytes))
		}
	}
	switch mode := options.Get("tls"); {
	case mode == "":
	case mode != "none":
		return errors.New("GRADEWATCH_SMTP_URL: the only value of tls is none")
	case r.security == implicitTLS:
		return errors.New("GRADEWATCH_SMTP_URL: tls=none contradicts smtps://")
	case !isLoopback(r.host):
		// On any other path mail and password would cross a network in the clear.
		return errors.New("GRADEWATCH_SMTP_URL: tls=none is only for a mail server on this machine (localhost, 127.0.0.0/8, ::1)")
	default:
		r.security = plaintext
	}
	roots, err := readRoots(options.Get("ca-file"))
	if err != nil {
		return err
	}
	r.tls = &tls.Config{ServerName: r.host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	return nil
}

// readRoots returns the system's roots and those of file, or nil (the system's
// alone) without a file.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil is what crypto/tls takes for the system's roots
	}
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("GRADEWATCH_SMTP_URL: read ca-file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("GRADEWATCH_SMTP_URL: ca-file %s holds no certificate in PEM", file)
	}
	return roots, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

func orDefault(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}

// secrets lists what must never stand in an answer: the password, and the
// forms in which SMTP AUTH carries it (RFC 4616, LOGIN).
func (r *relay) secrets() []string {
	if r.password == "" {
		return nil
	}
	encode := base64.StdEncoding.EncodeToString
	return []string{
		encode([]byte("\x00" + r.user + "\x00" + r.password)),
		encode([]byte(r.password)),
		url.QueryEscape(r.password), url.PathEscape(r.password), r.password,
	}
}
