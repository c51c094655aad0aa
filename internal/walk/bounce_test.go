package walk_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// TestABounceComesBackThroughPostfix: a worker sends through a real Postfix, the
// server behind it knows no such user, Postfix writes a report to the envelope's
// sender and pipes it into 'gradewatch bounce'. The channel is disabled, and the
// other one gets a mail that says so.
func TestABounceComesBackThroughPostfix(t *testing.T) {
	t.Parallel()
	binary, err := build()
	require.NoError(t, err, binary)
	database := testdb.New(t)
	elsewhere := alerttest.StartSMTP(t, alerttest.SMTPOptions{
		Mode: alerttest.Plaintext, Faults: alerttest.SMTPFaults{At: "rcpt", Code: 550, Text: "5.1.1 no such user here", Times: -1},
	})
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "DATABASE_URL=" + database.AppURL,
		"GRADEWATCH_BOUNCE_ADDRESS=bounces@gradewatch.example", "GRADEWATCH_MAIL_FROM=Gradewatch <gradewatch@gradewatch.example>",
		"GRADEWATCH_REFERENCES=" + elsewhere.Address,
	}
	script := filepath.Join(t.TempDir(), "bounce")
	lines := "#!/bin/sh\n"
	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		lines += fmt.Sprintf("export %s='%s'\n", name, value)
	}
	lines += "exec '" + binary + "' bounce --recipient \"$1\"\n"
	require.NoError(t, os.WriteFile(script, []byte(lines), 0o700)) //nolint:gosec // Postfix runs it
	postfix := alerttest.StartPostfix(t, alerttest.PostfixOptions{
		Mailboxes: []string{"ada@acme.example"}, Relays: map[string]string{"gone.example": elsewhere.Address},
		CommandDomain: "gradewatch.example", Command: script,
	})
	w := &world{t: t, binary: binary, env: append(env, "GRADEWATCH_SMTP_URL="+postfix.URL())}
	w.start(nil, "worker")
	notifyBoth(t, database, "ada@acme.example", "grace@gone.example")

	mails := postfix.Mails(t, "ada@acme.example", 2)
	told := string(mails[0]) + string(mails[1])
	require.Contains(t, told, "email grace@gone.example is disabled")
	require.Contains(t, told, "The mail server of the address says that the address does not")
	require.Empty(t, elsewhere.Accepted())
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var stands string
		err := tx.QueryRow(ctx, `SELECT b.permanent || ' ' || b.status || ' ' || d.state || ' ' || (c.disabled_at IS NOT NULL)
			FROM mail_bounces b JOIN deliveries d ON d.id = b.delivery_id JOIN channels c ON c.id = b.channel_id`).Scan(&stands)
		require.Equal(t, "true 5.1.1 failed true", stands)
		return err
	}))
}

// notifyBoth makes a team with two mail channels, and a message to both.
func notifyBoth(t *testing.T, database *testdb.Database, addresses ...string) {
	t.Helper()
	client, err := river.NewClient(riverpgxv5.New(database.Pool), &river.Config{})
	require.NoError(t, err)
	var team monitor.Team
	require.NoError(t, database.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		team, err = tx.CreateTeam(ctx, "Acme", time.Now())
		return err
	}))
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, address := range addresses {
			if _, err := tx.CreateChannel(ctx, store.Channel{TeamID: team.ID, Kind: "email", Address: address}, "", time.Now()); err != nil {
				return err
			}
		}
		deliveries, err := tx.Notify(ctx, team.ID, monitor.Message{Kind: monitor.ChannelTest, OccurredAt: time.Now(), Team: "Acme", Link: "/"}, time.Now())
		if err != nil {
			return err
		}
		return jobs.InsertDelivers(ctx, client, tx, deliveries)
	}))
}

// TestWhatIsNoBounceIsLeftAlone: what the command says to mail servers.
func TestWhatIsNoBounceIsLeftAlone(t *testing.T) {
	t.Parallel()
	binary, err := build()
	require.NoError(t, err, binary)
	report := "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n550 5.1.1 no such user\n"
	for name, test := range map[string]struct {
		input, recipient string
		code             int
		said             string
	}{
		"nothing":            {"", "", 65, "this is no mail message"},
		"no mail":            {"\x00\xff", "", 65, "this is no mail message"},
		"a person's mail":    {"From: ada@acme.example\n\nhello", "", 0, "Ignored: no mail server wrote it."},
		"of nothing known":   {report, "bounces@gradewatch.example", 0, "Ignored: it names no delivery of ours."},
		"without database":   {report, "bounces+0b8a3c1e6f1d4c559a520d2f8a5c7e11@gradewatch.example", 75, "database"},
		"more than it needs": {"From: ada@acme.example\n\n" + strings.Repeat("hello\n", 1<<19), "", 0, "Ignored"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), binary, "bounce", "--recipient", test.recipient)
			command.Env = []string{"HOME=" + t.TempDir(), "DATABASE_URL=postgres://nobody@127.0.0.1:1/none"}
			command.Stdin = strings.NewReader(test.input)
			output, err := command.CombinedOutput()
			require.Equal(t, test.code, command.ProcessState.ExitCode(), "%s %v", output, err)
			require.Contains(t, string(output), test.said)
		})
	}
}
