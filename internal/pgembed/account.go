package pgembed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// account is the user that the server runs as: we ourselves, or, as root, an
// unprivileged one, since Postgres refuses to run as root.
type account struct {
	name       string
	credential *syscall.Credential // nil: we ourselves
}

// chooseAccount returns ourselves for an ordinary user. Root takes the owner
// of the existing data, else the first account that exists of a short list.
func chooseAccount(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "uid " + strconv.Itoa(os.Geteuid())}, checkOwner(data)
	}
	if info, err := os.Stat(data); err == nil {
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
			owner, err := user.LookupId(strconv.Itoa(int(uid)))
			if err != nil {
				return account{}, fmt.Errorf("the data in %s belongs to the user id %d, which has no account: %w", data, uid, err)
			}
			return accountOf(owner)
		}
	}
	for _, name := range []string{"gradewatch", "postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return accountOf(found)
		}
	}
	return account{}, errors.New("Postgres refuses to run as root, and none of the accounts gradewatch, postgres and nobody exists: add one (useradd --system gradewatch) or run as an ordinary user")
}

func checkOwner(data string) error {
	info, err := os.Stat(data)
	if err != nil {
		return nil // not there yet, or told by the step that needs it
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != os.Geteuid() {
		return fmt.Errorf("the data in %s belongs to the user id %d: run as that user or as root, or set GRADEWATCH_DATA to another folder", data, uid)
	}
	return nil
}

func accountOf(found *user.User) (account, error) {
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the user id of %s: %w", found.Username, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the group id of %s: %w", found.Username, err)
	}
	return account{name: found.Username, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// as makes command run as the account, in a process group of its own so that
// Ctrl-C at the terminal reaches us alone.
func (a account) as(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.credential}
	command.Env = append(slices.DeleteFunc(os.Environ(), ofPostgres), "LC_ALL=C", "TZ=UTC")
}

// ofPostgres drops PGDATA, PGHOST and their like: they would steer the server
// or initdb away from what we ask for.
func ofPostgres(variable string) bool {
	return len(variable) > 2 && variable[:2] == "PG" || len(variable) > 3 && variable[:3] == "LC_"
}

// take gives path to the account.
func (a account) take(path string) error {
	if a.credential == nil {
		return nil
	}
	if err := os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
		return fmt.Errorf("give %s to the user %s: %w", path, a.name, err)
	}
	return nil
}

// reaches says which folder on the way to path the account may not pass.
func (a account) reaches(path string) error {
	if a.credential == nil {
		return nil
	}
	for folder := path; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil {
			return fmt.Errorf("look at the folders on the way to %s: %w", path, err)
		}
		if !a.passes(info) {
			return fmt.Errorf("Postgres runs as the user %s here, since it refuses to run as root, and %s does not let that user pass: "+
				"set GRADEWATCH_DATA to a folder that it can reach (/var/lib/gradewatch), or allow it with: chmod o+x %s", a.name, folder, folder)
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

func (a account) passes(info fs.FileInfo) bool {
	status := info.Sys().(*syscall.Stat_t)
	switch mode := info.Mode().Perm(); {
	case status.Uid == a.credential.Uid:
		return mode&0o100 != 0
	case status.Gid == a.credential.Gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
