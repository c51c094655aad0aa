package alerttest

import (
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// SetSecret makes secret the one that later events must be signed with: a
// channel's secret exists only once its URL is known.
func (s *WebhookServer) SetSecret(t testing.TB, secret string) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verify = verifier
}
