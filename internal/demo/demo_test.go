package demo_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/internal/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, config demo.Config) *demo.Fleet {
	t.Helper()
	fleet, err := demo.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fleet.Close()) })
	return fleet
}

// visitor returns a client that knows the demo's names and authority.
func visitor(t *testing.T, fleet *demo.Fleet, settings *tls.Config) *http.Client {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, fleet.Resolver)
	}}
	settings.RootCAs = x509.NewCertPool()
	require.True(t, settings.RootCAs.AppendCertsFromPEM(fleet.RootsPEM))
	transport := &http.Transport{
		DialContext: (&net.Dialer{Resolver: resolver}).DialContext, TLSClientConfig: settings, DisableKeepAlives: true,
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

func endpointURL(t *testing.T, fleet *demo.Fleet, name string) string {
	t.Helper()
	for _, endpoint := range fleet.Endpoints() {
		if strings.Contains(endpoint.Value, name+".") {
			return endpoint.Value
		}
	}
	t.Fatalf("no endpoint named %s", name)
	return ""
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	return response, err
}

func TestServersAreAsDescribed(t *testing.T) {
	t.Parallel()
	fleet := start(t, demo.Config{})
	modern := visitor(t, fleet, &tls.Config{MinVersion: tls.VersionTLS12})

	response, err := get(t, modern, endpointURL(t, fleet, "healthy"))
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.True(t, response.Cookies()[0].HttpOnly)

	response, err = get(t, modern, endpointURL(t, fleet, "open-cookie"))
	require.NoError(t, err)
	require.False(t, response.Cookies()[0].HttpOnly)

	response, err = get(t, modern, endpointURL(t, fleet, "downgrading"))
	require.NoError(t, err)
	require.Regexp(t, `^http://downgrading\.`+demo.Domain+`:\d+/welcome$`, response.Header.Get("Location"))
	response, err = get(t, modern, response.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)

	response, err = get(t, modern, endpointURL(t, fleet, "expiring"))
	require.NoError(t, err)
	require.Less(t, time.Until(response.TLS.PeerCertificates[0].NotAfter), 3*time.Minute)

	old := visitor(t, fleet, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
	_, err = get(t, old, endpointURL(t, fleet, "old-tls"))
	require.NoError(t, err)
	_, err = get(t, old, endpointURL(t, fleet, "healthy"))
	require.Error(t, err)
}

func TestWorseningServerDropsTLS12(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	fleet := start(t, demo.Config{WorsensAfter: time.Millisecond, Told: func(line string) { told <- line }})
	require.Contains(t, <-told, "TLS 1.2")
	_, err := get(t, visitor(t, fleet, &tls.Config{MaxVersion: tls.VersionTLS12}), endpointURL(t, fleet, "worsening"))
	require.ErrorContains(t, err, "protocol version")
	_, err = get(t, visitor(t, fleet, &tls.Config{MinVersion: tls.VersionTLS13}), endpointURL(t, fleet, "worsening"))
	require.NoError(t, err)
}

func TestReceiversTellWhatArrived(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	fleet := start(t, demo.Config{Told: func(line string) { told <- line }})

	relay, err := url.Parse(fleet.Receiver.SMTPURL)
	require.NoError(t, err)
	require.NoError(t, smtp.SendMail(relay.Host, nil, "a@example.com", []string{"b@example.com"},
		[]byte("To: b@example.com\r\nSubject: It broke\r\n\r\nSee the page.\r\n")))
	require.Equal(t, "Mail to b@example.com: It broke", <-told)

	_, err = get(t, visitor(t, fleet, &tls.Config{MinVersion: tls.VersionTLS12}), fleet.Receiver.WebhookURL)
	require.NoError(t, err)
	require.Contains(t, <-told, "Webhook")
}

func TestCloseEndsTheSilentServer(t *testing.T) {
	t.Parallel()
	fleet := start(t, demo.Config{})
	where, err := url.Parse(endpointURL(t, fleet, "silent"))
	require.NoError(t, err)
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.16", where.Port()))
	require.NoError(t, err)
	require.NoError(t, connection.Close())
}

// A fleet ends also where it is closed at once, and its names find a port that
// is free for UDP and TCP.
func TestStartAndCloseManyTimes(t *testing.T) {
	t.Parallel()
	for range 20 {
		fleet, err := demo.Start(t.Context(), demo.Config{})
		require.NoError(t, err)
		require.NoError(t, fleet.Close())
	}
}
