package alerttest

import (
	"crypto/x509"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

//go:embed webhookconsumer.js
var consumerScript []byte

// Consumer is a running receiver of webhooks that is not written in Go: it
// verifies with the npm package standardwebhooks.
type Consumer struct {
	URL     string
	Roots   *x509.CertPool // of its certificate
	process *nodeProcess
}

// StartConsumer runs a consumer that knows secret and ends with the test.
func StartConsumer(t testing.TB, secret string) *Consumer {
	t.Helper()
	authority, err := pki.NewCA("Webhook test authority")
	require.NoError(t, err)
	certificate, err := authority.Issue(pki.Leaf{Names: []string{"127.0.0.1"}})
	require.NoError(t, err)
	script := filepath.Join(t.TempDir(), "webhookconsumer.js")
	require.NoError(t, os.WriteFile(script, consumerScript, 0o600))
	process := startNode(t, "standardwebhooks", script, func(nodeEvent) {})
	process.send(t, map[string]any{
		"secret": secret, "certificate": string(certificate.CertPEM), "key": string(certificate.KeyPEM),
	})
	url := fmt.Sprintf("https://127.0.0.1:%d/hook", process.await(t, "listening").Port)
	return &Consumer{URL: url, Roots: authority.Pool(), process: process}
}

// Verified waits until a webhook is verified, and returns its webhook-id, type
// and title.
func (c *Consumer) Verified(t testing.TB) string {
	t.Helper()
	return c.process.await(t, "verified").Text
}

// Refused waits until a webhook is refused, and returns why.
func (c *Consumer) Refused(t testing.TB) string {
	t.Helper()
	return c.process.await(t, "refused").Text
}
