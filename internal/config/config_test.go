package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEmptyEnvironmentWorks(t *testing.T) {
	t.Parallel()
	got, err := Load(map[string]string{})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", got.Listen)
	require.Equal(t, 30*time.Second, got.ConfirmAfter)
	require.Len(t, got.References, 3)
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(map[string]string{
		"GRADEWATCH_LOOK_WORKERS": "many", "GRADEWATCH_CLAIM_EVERY": "often", "GRADEWATCH_LISTEN": "here",
		"DATABASE_URL": "mysql://root:secret@db/x", "GRADEWATCH_AUDIT_RETENTION": "24h", "GRADEWATCH_MAIL_FROM": "nobody",
	})
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.ElementsMatch(t, []string{
		"these settings cannot be used:",
		`GRADEWATCH_LOOK_WORKERS must be a whole number like 16, not "many"`,
		`GRADEWATCH_CLAIM_EVERY must be a length of time like 30s, 5m or 6h, not "often"`,
		"DATABASE_URL must be a URL like postgres://user:password@host:5432/database",
		`GRADEWATCH_LISTEN must be an address and port like 127.0.0.1:8080, not "here": a port is missing`,
		"GRADEWATCH_AUDIT_RETENTION must be 2208h0m0s to 878400h0m0s, not 24h0m0s",
		`GRADEWATCH_MAIL_FROM must be a mail address like Gradewatch <gradewatch@example.com>, not "nobody"`,
	}, lines)
	require.NotContains(t, err.Error(), "secret")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting, value string
		fault          string // "" none
	}{
		"postgres":                 {"DATABASE_URL", "postgres://a@b/c", ""},
		"a socket":                 {"DATABASE_URL", "postgresql:///db?host=/run/postgresql", ""},
		"direct alone":             {"DATABASE_DIRECT_URL", "postgres://a@b/c", "beside DATABASE_URL"},
		"every interface":          {"GRADEWATCH_LISTEN", ":8080", ""},
		"IPv6":                     {"GRADEWATCH_LISTEN", "[::1]:0", ""},
		"port too large":           {"GRADEWATCH_LISTEN", "127.0.0.1:65536", "no number up to 65535"},
		"base":                     {"GRADEWATCH_BASE_URL", "https://gradewatch.example", ""},
		"base with a slash":        {"GRADEWATCH_BASE_URL", "https://gradewatch.example/", ""},
		"base with a path":         {"GRADEWATCH_BASE_URL", "https://example.com/gradewatch", "scheme and host"},
		"base without a scheme":    {"GRADEWATCH_BASE_URL", "gradewatch.example", "scheme and host"},
		"base that is a script":    {"GRADEWATCH_BASE_URL", "javascript:alert(1)", "scheme and host"},
		"no references":            {"GRADEWATCH_REFERENCES", "", ""},
		"canaries":                 {"GRADEWATCH_CANARIES", "https://good.example/cb,https://expired.example:8443=T-09", ""},
		"canary without a scheme":  {"GRADEWATCH_CANARIES", "expired.example=T-09", "list URLs"},
		"too many canaries":        {"GRADEWATCH_CANARIES", strings.Repeat("https://good.example,", 10) + "https://good.example", "at most 10"},
		"reference without a port": {"GRADEWATCH_REFERENCES", "dns.google", "hosts and ports"},
		"reference without a host": {"GRADEWATCH_REFERENCES", ":443", "hosts and ports"},
		"vantage":                  {"GRADEWATCH_VANTAGE", "arn-1", ""},
		"vantage with a space":     {"GRADEWATCH_VANTAGE", "arn 1", "lowercase letters"},
		"vantage too long":         {"GRADEWATCH_VANTAGE", strings.Repeat("a", 41), "1 to 40"},
		"confirm at once":          {"GRADEWATCH_CONFIRM_AFTER", "1ms", ""},
		"confirm in the past":      {"GRADEWATCH_CONFIRM_AFTER", "0s", "1ms to 1h"},
		"no workers":               {"GRADEWATCH_LOOK_WORKERS", "0", "1 to 1000"},
		"implicit TLS":             {"GRADEWATCH_SMTP_URL", "smtps://user:pass@mail:465", ""},
		"mail over HTTP":           {"GRADEWATCH_SMTP_URL", "http://mail", "smtps://"},
		"audit of exactly 92 days": {"GRADEWATCH_AUDIT_RETENTION", "2208h", ""},
		"audit a second too short": {"GRADEWATCH_AUDIT_RETENTION", "2207h59m59s", "2208h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(map[string]string{test.setting: test.value})
			if test.fault == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.setting)
			require.ErrorContains(t, err, test.fault)
		})
	}
}
