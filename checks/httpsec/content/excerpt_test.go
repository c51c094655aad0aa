package content

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"prose":                  {"Sorry,  something\n\twent wrong.\u00a0Please try again later.", "Sorry, something went wrong. Please try again later."},
		"password field":         {"Password: hunter2 next", "Password: * next"},
		"quoted":                 {`{"client_secret": "a b c", "error": "invalid_grant"}`, `{"client_secret": *, "error": "invalid_grant"}`},
		"connection string":      {"Server=db;User Id=sa;Password=p w 1!;Encrypt=true", "Server=db;User Id=*Password=*Encrypt=true"},
		"e-mail":                 {"Ask ola.nordmann@example.com now", "Ask * now"},
		"address":                {"See https://u:p@h.example/x?token=1 now", "See * now"},
		"bearer":                 {"Authorization Bearer abc.def now", "Authorization Bearer * now"},
		"uuid":                   {"Request 7f3b1c1e-9f0a-4f57-9a43-0c1d2e3f4a5b failed", "Request * failed"},
		"numbers":                {"Status 404 in 2026, call +47 22 33 44 55 or 4111-1111-1111-1111", "Status 404 in 2026, call * or *"},
		"stack":                  {"System.NullReferenceException: Object reference not set at Contoso.Web.Login.Handle()", "System.NullReferenceException: Object reference not set at Contoso.Web.Login.Handle()"},
		"path":                   {"in /var/www/html/index.php on line 12", "in /var/www/html/index.php on line 12"},
		"other scripts":          {"Något gick fel. Försök igen senare. ご不便をおかけします", "Något gick fel. Försök igen senare. ご不便をおかけします"},
		"key block":              {"x -----BEGIN PRIVATE KEY----- abc def -----END PRIVATE KEY----- y", "x * y"},
		"the password is stated": {"Your password is correcthorse today", "Your password is * today"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, excerpt(test.text))
		})
	}
}

func TestExcerptIsShort(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("word ", 300), strings.Repeat("ø", 9000), strings.Repeat("a", 300<<10), strings.Repeat("ord øl ", 2000)} {
		got := excerpt(text)
		require.LessOrEqual(t, len(got), maxExcerpt)
		require.True(t, strings.ToValidUTF8(got, "?") == got)
	}
}

// secrets makes secrets of every kind that pages have shown.
func secrets(random *rand.Rand) []string {
	raw := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = byte(random.UintN(256))
		}
		return out
	}
	from := func(alphabet string, n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	url := base64.RawURLEncoding.EncodeToString
	return []string{
		hex.EncodeToString(raw(16)), strings.ToUpper(hex.EncodeToString(raw(20))), url(raw(24)), base64.StdEncoding.EncodeToString(raw(48)),
		"eyJhbGciOiJSUzI1NiJ9." + url(raw(60)) + "." + url(raw(64)),
		fmt.Sprintf("%x-%x-%x-%x-%x", raw(4), raw(2), raw(2), raw(2), raw(6)),
		"AKIA" + from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), "ghp_" + from(alphanumeric, 36), "xoxb-" + from("0123456789", 12) + "-" + from(alphanumeric, 24),
		from("abcdefghijklmnopqrstuvwxyz", 6) + "." + from("abcdefghijklmnopqrstuvwxyz", 8) + "@example.com",
		from("0123456789", 16), from(alphanumeric, 40), from(alphanumeric+"+/", 86) + "==",
		"sk_live_" + from(alphanumeric, 24), "SG." + from(alphanumeric, 22) + "." + from(alphanumeric, 43),
		"https://" + from("abcdefghijklmnopqrstuvwxyz", 8) + ":" + from(alphanumeric, 10) + "@host.example/",
	}
}

// settings are places where a secret has a name, however short it is.
func settings(value string) []string {
	return []string{
		"Password=" + value + ";", "pwd=" + value + ";Encrypt=true", "password: " + value, "client_secret=" + value + "&x=1", `"token": "` + value + `"`,
		"DB_PASSWORD=" + value, "'secret' => '" + value + "'", "Authorization: Bearer " + value, "AccountKey=" + value + ";", "Your password is " + value, "APP_KEY = " + value,
	}
}

func TestPlantedSecretsNeverSurvive(t *testing.T) {
	t.Parallel()
	around := []string{"%s", "Error: %s", "(%s)", "{%s}", "id=%s;", "The value %s, is wrong.", "<%s>", "['%s']", "é%s", "at Foo.Bar(%s) in C:\\app", "x %s\nnext", "\"%s\"", "\u200b%s"}
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable on purpose
		for _, secret := range secrets(random) {
			frame := around[random.IntN(len(around))]
			requireGone(t, fmt.Sprintf(frame, secret), secret)
		}
		for _, value := range []string{"hunter2", "Tr0ub4dor&3", "correcthorse", "Sommer2026!", secrets(random)[0]} {
			for _, setting := range settings(value) {
				requireGone(t, "Something failed. "+setting+" More words follow.", value)
			}
		}
	}
}

func requireGone(t *testing.T, text, secret string) {
	t.Helper()
	got := excerpt(text)
	width := min(len(secret), 7)
	for at := 0; at+width <= len(secret); at++ {
		if part := secret[at : at+width]; strings.Contains(got, part) && !strings.Contains(".example.com@host.example/https://eyJhbGci", part) {
			t.Fatalf("%q keeps %q of %q: %q", text, part, secret, got)
		}
	}
}
