package remedies

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// server is where lines took effect: an address with TLS and one without.
type server struct{ tls, plain netip.AddrPort }

// effect says what a remedy has not brought about; nil: it works.
type effect func(t *testing.T, server server) error

// effects are what can be seen of remedies from outside, by their ids.
func effects() map[string]effect {
	return map[string]effect{
		"protocols-off":     speaks("TLSv1.2 TLSv1.3"),
		"ssl-off":           speaks("TLSv1.2 TLSv1.3"),
		"tls12-on":          speaks("TLSv1.2 TLSv1.3"),
		"tls13-on":          speaks("TLSv1.2 TLSv1.3"),
		"tls13-only":        speaks("TLSv1.3"),
		"weak-suites-off":   onlyForwardSecretAEAD,
		"aead-suites":       onlyForwardSecretAEAD,
		"forward-secrecy":   onlyForwardSecretAEAD,
		"aes-gcm-suites":    noChaCha20,
		"dh-strong":         dh2048,
		"groups-nist":       noX25519,
		"signature-schemes": noPKCS1,
		"hsts":              sendsHSTS,
		"https-only":        redirects,
		"cookie-http-only":  flagsCookies,
		"cookie-secure":     flagsCookies,
		"framing":           allowsFraming,

		"content-security-policy": sends("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"),
		"content-type-options":    sends("X-Content-Type-Options", "nosniff"),
		"referrer-policy":         sends("Referrer-Policy", "strict-origin-when-cross-origin"),
		"frame-protection":        sends("Content-Security-Policy", "frame-ancestors 'self'"),
		"cross-origin-isolation":  sends("Cross-Origin-Opener-Policy", "same-origin"),
		"mixed-content":           sends("Content-Security-Policy", "upgrade-insecure-requests"),
		"server-version":          namesNoVersion,
		"public-key-pins":         sendsNoPins,
		"renegotiation-secure":    speaks("TLSv1.2 TLSv1.3"),
	}
}

func speaks(want string) effect {
	return func(t *testing.T, server server) error {
		component, _ := tlsprobe.Quick(t.Context(), checktest.Loopback(t), checks.Target{Host: "localhost", Port: server.tls.Port()}, server.tls)
		var on []string
		for _, protocol := range checks.Protocols() {
			switch fact := component.Protocols[protocol]; fact.State {
			case checks.Known:
				on = append(on, string(protocol))
			case checks.Absent:
			default:
				return fmt.Errorf("%s is %s: %s", protocol, fact.State, fact.Reason)
			}
		}
		if got := strings.Join(on, " "); got != want {
			return fmt.Errorf("it speaks %s and not %s", got, want)
		}
		return nil
	}
}

// handshakes says whether a handshake with these settings completes.
func handshakes(t *testing.T, server server, config *tls.Config) error {
	t.Helper()
	config.ServerName, config.InsecureSkipVerify = "localhost", true //nolint:gosec // a certificate of a CA that nobody knows
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", server.tls.String())
	if err != nil {
		return err
	}
	return connection.Close()
}

func tls12With(suites ...uint16) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: suites}
}

func onlyForwardSecretAEAD(t *testing.T, server server) error {
	require.NoError(t, handshakes(t, server, tls12With(
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)))
	for _, suite := range []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	} {
		if handshakes(t, server, tls12With(suite)) == nil {
			return fmt.Errorf("%s is accepted", tls.CipherSuiteName(suite))
		}
	}
	return nil
}

func noChaCha20(t *testing.T, server server) error {
	require.NoError(t, handshakes(t, server, tls12With(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)))
	if handshakes(t, server, tls12With(tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)) == nil {
		return errors.New("ChaCha20 is accepted in TLS 1.2")
	}
	_, err := client(t, server, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256")
	require.NoError(t, err)
	if text, err := client(t, server, "-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"); err == nil {
		return fmt.Errorf("ChaCha20 is accepted in TLS 1.3: %s", text)
	}
	return nil
}

// client runs OpenSSL's client once, and returns what it prints.
func client(t *testing.T, server server, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, "openssl", append([]string{"s_client", "-connect", server.tls.String()}, arguments...)...)
	text, err := command.CombinedOutput()
	if err == nil && !strings.Contains(string(text), "Cipher is TLS_") && !strings.Contains(string(text), "Cipher is ") {
		err = errors.New("no cipher was chosen")
	}
	return string(text), err
}

func dh2048(t *testing.T, server server) error {
	text, err := client(t, server, "-tls1_2", "-cipher", "DHE:@SECLEVEL=0")
	if err != nil {
		return fmt.Errorf("no DHE at all: %w", err)
	}
	if !strings.Contains(text, "DH, 2048 bits") {
		return fmt.Errorf("the parameters have another size: %s", text)
	}
	return nil
}

func noX25519(t *testing.T, server server) error {
	require.NoError(t, handshakes(t, server, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}))
	require.NoError(t, handshakes(t, server, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}))
	if handshakes(t, server, &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519}}) == nil {
		return errors.New("x25519 is accepted")
	}
	return nil
}

func noPKCS1(t *testing.T, server server) error {
	_, err := client(t, server, "-tls1_2", "-sigalgs", "RSA-PSS+SHA256")
	require.NoError(t, err)
	if _, err := client(t, server, "-tls1_2", "-sigalgs", "RSA+SHA256"); err == nil {
		return errors.New("it signs with PKCS #1 v1.5 in TLS 1.2")
	}
	return nil
}

// fetch asks for the root, and follows nothing.
func fetch(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // as above
	defer transport.CloseIdleConnections()
	asking := &http.Client{
		Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := asking.Do(request)
	if err != nil {
		return nil, err
	}
	return response, response.Body.Close()
}

func answer(t *testing.T, server server) *http.Response {
	t.Helper()
	response, err := fetch(t, "https://"+server.tls.String()+"/")
	require.NoError(t, err)
	return response
}

func sendsHSTS(t *testing.T, server server) error {
	if got := answer(t, server).Header.Values("Strict-Transport-Security"); len(got) != 1 || got[0] != "max-age=63072000" {
		return fmt.Errorf("Strict-Transport-Security is %q", got)
	}
	return nil
}

func redirects(t *testing.T, server server) error {
	response, err := fetch(t, "http://"+server.plain.String()+"/callback?state=1")
	require.NoError(t, err)
	location := response.Header.Get("Location")
	if response.StatusCode != http.StatusMovedPermanently || !strings.HasPrefix(location, "https://") ||
		!strings.HasSuffix(location, "/callback?state=1") {
		return fmt.Errorf("it answers %s to %q", response.Status, location)
	}
	return nil
}

// flagsCookies looks at the cookies that 'application' sets: each must end up
// with both attributes, once.
func flagsCookies(t *testing.T, server server) error {
	response := answer(t, server)
	cookies := response.Header.Values("Set-Cookie")
	require.NotEmpty(t, cookies)
	for _, cookie := range cookies {
		lower := strings.ToLower(cookie)
		if strings.Count(lower, "; httponly") != 1 || strings.Count(lower, "; secure") != 1 {
			return fmt.Errorf("Set-Cookie is %q", cookie)
		}
	}
	return nil
}

func allowsFraming(t *testing.T, server server) error {
	header := answer(t, server).Header
	if header.Get("X-Frame-Options") != "" || header.Get("Content-Security-Policy") != "frame-ancestors https://*.superoffice.com" {
		return fmt.Errorf("the answer has %v", header)
	}
	return nil
}

// sends says whether a field comes once, with this value.
func sends(name, want string) effect {
	return func(t *testing.T, server server) error {
		if got := answer(t, server).Header.Values(name); len(got) != 1 || got[0] != want {
			return fmt.Errorf("%s is %q", name, got)
		}
		return nil
	}
}

func namesNoVersion(t *testing.T, server server) error {
	header := answer(t, server).Header
	if strings.ContainsAny(header.Get("Server")+header.Get("X-Powered-By"), "0123456789") {
		return fmt.Errorf("the answer has %v", header)
	}
	return nil
}

func sendsNoPins(t *testing.T, server server) error {
	if pins := answer(t, server).Header.Values("Public-Key-Pins"); len(pins) > 0 {
		return fmt.Errorf("Public-Key-Pins is %q", pins)
	}
	return nil
}
