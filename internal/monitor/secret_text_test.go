package monitor_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestWordsAboutASecretAreNoSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Main secret", "The one in the vault, entry CRM/production", "Secret of the SOD tenant", "Rotated 2026-11-22 by Ada",
		"Certificate for server-to-server, RSA-2048, issued in November", "Kubernetes secret superoffice-client-production",
		"Ticket OPS-12345, see https://tickets.example/browse/OPS-12345?focus=a8Fk29xQ", "ada.lovelace2026@example.com",
		"Donaudampfschifffahrtsgesellschaft", "application-integration-production-2026", "SuperOfficeIntegrationSecret",
		"Schlüssel für die Übergabe im Betrieb", "顧客のアプリケーション用の秘密", "The password is in the vault", "token for webhooks",
	} {
		require.False(t, monitor.LooksSecret(text), text)
	}
}

func TestSecretsAreRecognized(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0f8fad5bd9cb469fa16570867728950e", "It is 7c9e6679f7424de8944bc07fc1f90ae7.", "secret=hunter2", "password: pineapple",
		"-----BEGIN RSA PRIVATE KEY-----", "<RSAKeyValue><Modulus>", "API key: 42", "(wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY)",
		"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"'A1b2C3d4E5f6G7h8'",
	} {
		require.True(t, monitor.LooksSecret(text), text)
	}
}

// What programs draw is refused: in hexadecimal always, in base64 but for the
// few that look as if somebody had written them.
func TestDrawnSecretsAreRefused(t *testing.T) {
	t.Parallel()
	const drawn = 2000
	missed := 0
	for range drawn {
		raw := make([]byte, 24)
		_, _ = rand.Read(raw)
		require.True(t, monitor.LooksSecret("The secret is "+hex.EncodeToString(raw)+"."))
		require.True(t, monitor.LooksSecret(uuid.NewString()))
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			if !monitor.LooksSecret("The secret is " + encoding.EncodeToString(raw)) {
				missed++
			}
		}
	}
	require.Less(t, missed, drawn/50)
}

func FuzzLooksSecret(f *testing.F) {
	f.Add("Main secret")
	f.Add("A1b2C3d4E5f6G7h8\xff")
	f.Add("-----BEGIN \u0000")
	f.Fuzz(func(t *testing.T, text string) {
		if monitor.LooksSecret(text) && utf8.ValidString(text) && len(text) < 8 {
			t.Fatalf("%q is too short for a secret", text)
		}
	})
}
