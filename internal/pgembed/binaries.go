package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// oldestVersion is the first major version that has all the schema uses
// (UNIQUE NULLS NOT DISTINCT).
const oldestVersion = 15

// binaries is a folder with postgres, initdb and pg_ctl of one version.
type binaries struct {
	folder  string
	version int // major
}

func (b binaries) path(name string) string { return filepath.Join(b.folder, name) }

// usualFolders are where distributions put the server's binaries, outside PATH.
var usualFolders = [...]string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/libexec/postgresql*",  // Alpine
	"/usr/pgsql-*/bin",          // PGDG on Red Hat and its kin
	"/usr/lib/postgresql*/bin",  // SUSE
	"/usr/local/pgsql/bin",      // from source
	"/usr/local/opt/postgresql*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/opt/local/lib/postgresql*/bin", // MacPorts
}

// chooseBinaries returns the newest binaries, or those that match existing
// data, and downloads some where there are none at all.
func chooseBinaries(ctx context.Context, l layout, user account, logger *slog.Logger) (binaries, error) {
	wanted, err := dataVersion(l.data())
	if err != nil {
		return binaries{}, err
	}
	found := find(ctx, candidates(l), user)
	if err := ctx.Err(); err != nil { // none may have had the time to answer
		return binaries{}, fmt.Errorf("look for an installed Postgres: %w", err)
	}
	if chosen, ok := choose(found, wanted); ok {
		return chosen, nil
	}
	if wanted != 0 && len(found) > 0 {
		return binaries{}, fmt.Errorf("the data in %s was made by PostgreSQL %d, but only %s is installed: install PostgreSQL %d, or move the folder away to start empty",
			l.data(), wanted, versions(found), wanted)
	}
	return obtain(ctx, l, user, wanted, logger)
}

// choose picks the newest, or the one of version wanted if that is not 0.
func choose(found []binaries, wanted int) (binaries, bool) {
	var best binaries
	for _, candidate := range found {
		if candidate.version < oldestVersion || wanted != 0 && candidate.version != wanted {
			continue
		}
		if candidate.version > best.version {
			best = candidate
		}
	}
	return best, best.version != 0
}

func versions(found []binaries) string {
	var names []string
	for _, one := range found {
		names = append(names, fmt.Sprintf("%d (%s)", one.version, one.folder))
	}
	return strings.Join(names, ", ")
}

// candidates lists folders to look at, links resolved, each once.
func candidates(l layout) []string {
	patterns := append([]string{filepath.Join(l.obtained(), "*", "bin")}, usualFolders[:]...)
	var programs []string
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(folder) {
			programs = append(programs, filepath.Join(folder, "postgres"))
		}
	}
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(filepath.Join(pattern, "postgres")) // our patterns are well formed
		programs = append(programs, matches...)
	}
	var folders []string
	seen := map[string]bool{}
	for _, program := range programs {
		resolved, err := filepath.EvalSymlinks(program)
		if err != nil || seen[resolved] {
			continue
		}
		seen[resolved] = true
		folders = append(folders, filepath.Dir(resolved))
	}
	return folders
}

// find keeps the folders whose programs are all there and answer.
func find(ctx context.Context, folders []string, user account) []binaries {
	var found []binaries
	for _, folder := range folders {
		if version, err := inspect(ctx, folder, user); err == nil {
			found = append(found, binaries{folder: folder, version: version})
		}
	}
	return found
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ([0-9]+)`)

// inspect asks the program for its version as the user that will run it: what
// is merely called postgres does not count.
func inspect(ctx context.Context, folder string, user account) (int, error) {
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			return 0, fmt.Errorf("look for %s: %w", name, err)
		}
		if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			return 0, fmt.Errorf("%s in %s is not a program", name, folder)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var answer []byte
	err := poll(ctx, 20*time.Millisecond, func() (bool, error) {
		command := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version")
		user.as(command)
		command.Dir = "/"
		var err error
		answer, err = command.Output()
		// Just unpacked, it may for a moment be open in a child forked meanwhile.
		if errors.Is(err, syscall.ETXTBSY) {
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return 0, fmt.Errorf("ask %s for its version: %w", folder, err)
	}
	match := versionLine.FindSubmatch(answer)
	if match == nil {
		return 0, fmt.Errorf("%s/postgres is no Postgres: it says %.80q", folder, answer)
	}
	return strconv.Atoi(string(match[1]))
}

// dataVersion returns the major version that made the data, 0 if there is none.
func dataVersion(data string) (int, error) {
	form, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(form)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the data in %s: %w", data, err)
	}
	return version, nil
}
