package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// initialize makes the data if there is none. It is made aside and moved, so
// that a start that was killed meanwhile leaves nothing half made.
func initialize(ctx context.Context, l layout, user account, logger *slog.Logger) error {
	if _, err := os.Stat(filepath.Join(l.data(), "PG_VERSION")); err == nil {
		return nil
	}
	if entries, err := os.ReadDir(l.data()); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds files but no Postgres data: move them away, or set GRADEWATCH_DATA to another folder", l.data())
	}
	logger.InfoContext(ctx, "making a private Postgres", "folder", l.folder)
	aside := l.data() + ".new"
	var fault error
	// C.UTF-8 sorts by code point everywhere and still knows letters; C is
	// for systems that lack it.
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err := errors.Join(os.RemoveAll(aside), os.Mkdir(aside, 0o700), user.take(aside)); err != nil {
			return fmt.Errorf("make the folder of the data: %w", err)
		}
		if fault = initdb(ctx, l, user, aside, locale); fault == nil {
			break
		}
	}
	if fault != nil {
		return fault
	}
	if err := os.Remove(l.data()); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("make room for the data: %w", err)
	}
	if err := os.Rename(aside, l.data()); err != nil {
		return fmt.Errorf("keep the data: %w", err)
	}
	return nil
}

// writeAccess lets everybody in who can reach the socket: its folder lets only
// the server's account and root pass.
func writeAccess(l layout) error {
	const rules = "local all all trust\n"
	if err := os.WriteFile(l.hba(), []byte(rules), 0o644); err != nil { //nolint:gosec // the server's account reads it
		return fmt.Errorf("say who may connect: %w", err)
	}
	if err := os.Chmod(l.hba(), 0o644); err != nil { //nolint:gosec // whatever the umask
		return fmt.Errorf("say who may connect: %w", err)
	}
	return nil
}

func initdb(ctx context.Context, l layout, user account, folder, locale string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, l.binaries.path("initdb"), "--pgdata="+folder, "--username="+ownerRole,
		"--encoding=UTF8", "--locale="+locale, "--lc-messages=C", "--data-checksums", "--auth=trust", "--no-instructions")
	user.as(command)
	command.Dir = folder
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, tail(output, 600))
	}
	return nil
}

func tail(text []byte, limit int) string {
	return string(text[max(0, len(text)-limit):])
}
