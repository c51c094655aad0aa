package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run go test ./internal/alert -update")
	if difference := cmp.Diff(string(want), got); difference != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, difference)
	}
}

func TestLettersMatchTheirGoldenFiles(t *testing.T) {
	t.Parallel()
	sender := newSender(t, nil)
	for name, message := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message = sender.complete(message)
			l := compose(message, of())
			if isDigest(message.Kind) {
				l.Unsubscribe = "https://watch.example/unsubscribe/token"
			}
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+l.text())
			html, err := l.html(sender.template)
			require.NoError(t, err)
			golden(t, name+".html", html)
		})
	}
}

func TestSuperOfficeIsNamedOnlyForItsOwnRequirements(t *testing.T) {
	t.Parallel()
	for severity, want := range map[checks.Severity]string{
		checks.Must: "SuperOffice requires", checks.Recommended: "SuperOffice recommends",
		checks.Advice: "our advice", checks.Record: "for the record", "unknown": "for the record",
	} {
		require.Equal(t, want, binding(severity))
	}
}

func TestEveryReasonIsSaidInWords(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "..", "checks", "reason.go"))
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(source)) {
		_, value, ok := strings.Cut(line, `= "`)
		if !ok {
			continue
		}
		reason, _, _ := strings.Cut(value, `"`)
		found++
		require.NotEqual(t, reason, reasonClause(reason), "words.go has no clause for it")
	}
	require.Greater(t, found, 15)
	require.Equal(t, "the moon is full", reasonClause("the moon is full."))
}

func TestEveryCauseIsSaidInWords(t *testing.T) {
	t.Parallel()
	for _, cause := range []checks.Cause{
		checks.CauseConfiguration, checks.CauseCertificate, checks.CauseTime,
		checks.CauseCriteria, checks.CauseTrustData, checks.CauseEngine,
	} {
		require.NotEmpty(t, causeSentence(cause), cause)
	}
	require.Empty(t, causeSentence(""))
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, want string
		limit            int
	}{
		{"plain", "a name", "a name", 20},
		{"line breaks", "a\r\nb\u2028c\vd\u0085e", "a b c d e", 20},
		{"controls and turned text", "a\x00\x1b[31m\u202eb\u2066", "a[31mb", 20},
		{"invalid UTF-8", "a\xff\xfeb", "ab", 20},
		{"cut between runes", "ääääää", "ää…", 8},
		{"exact", "abcdefgh", "abcdefgh", 8},
		{"empty", " \n ", "", 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, oneLine(test.text, test.limit))
		})
	}
}

func FuzzOneLine(f *testing.F) {
	f.Add("a\r\nb", 10)
	f.Add("\xe4\u202e", 300)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 8 + max(limit, 0)%400
		line := oneLine(text, limit)
		if len(line) > limit || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x00\u202e\u2028") {
			t.Fatalf("%q with %d gives %q", text, limit, line)
		}
	})
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for duration, want := range map[time.Duration]string{
		0:                             "less than a minute",
		time.Minute:                   "1 minute",
		61 * time.Minute:              "1 hour 1 minute",
		2 * time.Hour:                 "2 hours",
		50*time.Hour + 59*time.Minute: "2 days 2 hours",
		-time.Hour:                    "less than a minute",
	} {
		require.Equal(t, want, span(duration), duration)
	}
}

func TestChannelShowsNoSecret(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	channel := Channel{Kind: Webhook, Address: "https://u:pass@hooks.example/T000/token", Secret: secret}
	require.Equal(t, "webhook https://hooks.example", channel.String())
	require.Equal(t, channel.String(), channel.GoString())
	var text bytes.Buffer
	require.NoError(t, json.NewEncoder(&text).Encode(channel.String()))
	require.NotContains(t, text.String(), secret)
	require.Equal(t, "email a@example.com", Channel{Kind: Email, Address: "a@example.com"}.String())
	require.Equal(t, "webhook", Channel{Kind: Webhook, Address: "://"}.String())
}
