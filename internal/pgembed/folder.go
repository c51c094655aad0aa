package pgembed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// layout is where things lie in a data folder.
type layout struct {
	folder   string // holds the lock and instance.json
	socket   string // "" until made
	binaries binaries
}

func (l layout) data() string { return filepath.Join(l.folder, "postgres") }

// The log and the rules of access lie outside the data: that folder belongs to
// the server's account, and root must not write where another may put a link.
func (l layout) log() string { return filepath.Join(l.folder, "postgres.log") }
func (l layout) hba() string { return filepath.Join(l.folder, "pg_hba.conf") }

// obtained is where downloaded binaries are kept, a folder a version.
func (l layout) obtained() string { return filepath.Join(l.folder, "binaries") }

// socketLimit is the longest path of a Unix socket in bytes: sun_path has 108
// on Linux, one of them the closing NUL. macOS has 104.
const socketLimit = 103

const socketFile = "/.s.PGSQL." + port

// DefaultDataFolder is where data goes when nobody says: /var/lib/gradewatch
// for root, else $XDG_DATA_HOME/gradewatch or ~/.local/share/gradewatch.
func DefaultDataFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/gradewatch", nil
	}
	if folder := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "gradewatch"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the data (set GRADEWATCH_DATA to a folder): %w", err)
	}
	return filepath.Join(home, ".local", "share", "gradewatch"), nil
}

// makeDataFolder makes the folder private to the user; root's must let the
// unprivileged server pass through, and holds nothing secret itself.
func makeDataFolder(folder string) error {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if info, err := os.Stat(folder); err == nil {
		return guarded(folder, info)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return fmt.Errorf("make the data folder (set GRADEWATCH_DATA to another one): %w", err)
	}
	if err := os.Mkdir(folder, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the data folder (set GRADEWATCH_DATA to another one): %w", err)
	}
	return nil
}

// guarded refuses a folder in which others may put files: theirs would say who
// may connect, or be the socket that we talk to.
func guarded(folder string, info fs.FileInfo) error {
	if status, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() != 0 && status.Uid != 0 && int(status.Uid) != os.Geteuid() {
		return fmt.Errorf("the data folder %s belongs to the user id %d: run as that user, or set GRADEWATCH_DATA to a folder of your own", folder, status.Uid)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("everybody may write into the data folder %s: close it with: chmod o-w %s", folder, folder)
	}
	return nil
}

// RunningError says that a live process serves the data folder.
type RunningError struct {
	Folder string
	Instance
}

// Error is a sentence for a person.
func (e *RunningError) Error() string {
	at := ""
	if e.Address != "" {
		at = " at " + e.Address
	}
	return fmt.Sprintf("Gradewatch is already running on the data folder %s: process %d%s", e.Folder, e.PID, at)
}

// folderLock holds a data folder for one process. The kernel gives it free
// however the process ends, so it needs no recovery.
type folderLock struct{ file *os.File }

func lockFolder(folder string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder (set GRADEWATCH_DATA to another one): %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		instance, _ := readInstance(folder) // without it the message names less
		return nil, errors.Join(&RunningError{Folder: folder, Instance: instance}, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data folder %s: %w", folder, err), file.Close())
	}
	return &folderLock{file: file}, nil
}

// lockPatiently locks like lockFolder, but waits a moment for a holder that is
// no running program: another process that only asks whether one runs.
func lockPatiently(ctx context.Context, folder string) (lock *folderLock, err error) {
	patience, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	waited := poll(patience, 20*time.Millisecond, func() (bool, error) {
		lock, err = lockFolder(folder)
		var running *RunningError
		return !errors.As(err, &running) || running.PID > 0 && syscall.Kill(running.PID, 0) != syscall.ESRCH, nil
	})
	if err == nil && lock == nil {
		return nil, waited
	}
	return lock, err
}

func (l *folderLock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("unlock the data folder: %w", err)
	}
	return nil
}

// Instance is what a running program tells others about itself.
type Instance struct {
	PID          int    `json:"pid"`
	Address      string `json:"address"`       // "" until it serves
	SocketFolder string `json:"socket_folder"` // "" while it starts
}

// OwnerURL is Server.OwnerURL of the running instance.
func (i Instance) OwnerURL() string { return socketURL(i.SocketFolder, ownerRole, database) }

// AppURL is Server.AppURL of the running instance.
func (i Instance) AppURL() string { return socketURL(i.SocketFolder, loginRole, database) }

// Running returns the instance that serves folder now; fs.ErrNotExist if none does.
func Running(folder string) (Instance, error) {
	none := fmt.Errorf("no Gradewatch is running on the data folder %s: %w", folder, fs.ErrNotExist)
	if _, err := os.Stat(filepath.Join(folder, "lock")); err != nil {
		return Instance{}, errors.Join(none, err)
	}
	lock, err := lockFolder(folder)
	var running *RunningError
	if errors.As(err, &running) {
		return running.Instance, nil
	}
	if err != nil {
		return Instance{}, err
	}
	return Instance{}, errors.Join(none, lock.release())
}

func instancePath(folder string) string { return filepath.Join(folder, "instance.json") }

func readInstance(folder string) (Instance, error) {
	var instance Instance
	form, err := os.ReadFile(instancePath(folder))
	if err != nil {
		return instance, fmt.Errorf("read who runs: %w", err)
	}
	if err := json.Unmarshal(form, &instance); err != nil {
		return instance, fmt.Errorf("read who runs: %w", err)
	}
	return instance, nil
}

// writeInstance replaces the file whole: a reader never sees half of it.
func writeInstance(folder string, instance Instance) error {
	form, err := json.Marshal(instance)
	if err != nil {
		return fmt.Errorf("write who runs: %w", err)
	}
	next := instancePath(folder) + ".new"
	if err := os.WriteFile(next, form, 0o600); err != nil {
		return fmt.Errorf("write who runs: %w", err)
	}
	if err := os.Rename(next, instancePath(folder)); err != nil {
		return fmt.Errorf("write who runs: %w", err)
	}
	return nil
}

func removeInstance(l layout) error {
	err := os.Remove(instancePath(l.folder))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if l.socket == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(l.socket))
}

// removeStaleSocket removes what a killed program left for its socket, also in
// a temporary place, which only its instance.json knows.
func removeStaleSocket(folder string) error {
	stale := []string{filepath.Join(folder, "socket")}
	if last, err := readInstance(folder); err == nil && strings.HasPrefix(filepath.Base(last.SocketFolder), temporarySocket) {
		stale = append(stale, last.SocketFolder)
	}
	for _, socket := range stale {
		if err := os.RemoveAll(socket); err != nil {
			return fmt.Errorf("remove the socket that a killed program left: %w", err)
		}
	}
	return nil
}

// temporarySocket begins the name of a socket's folder outside the data folder.
const temporarySocket = "gradewatch-socket-"

// makeSocketFolder returns an empty folder for the socket that only owner and
// root enter: in the data folder, or a short temporary one where that path is
// too long.
func makeSocketFolder(folder string, owner account) (string, error) {
	socket := filepath.Join(folder, "socket")
	if len(socket)+len(socketFile) <= socketLimit {
		if err := os.Mkdir(socket, 0o700); err != nil {
			return "", fmt.Errorf("make the socket's folder: %w", err)
		}
		return socket, owner.take(socket)
	}
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if len(parent)+len("/"+temporarySocket+"4294967295")+len(socketFile) > socketLimit || owner.reaches(parent) != nil {
			continue
		}
		socket, err := os.MkdirTemp(parent, temporarySocket)
		if err == nil {
			return socket, owner.take(socket)
		}
	}
	return "", fmt.Errorf("the data folder %s has too long a path for a Unix socket and no temporary folder is at hand: set GRADEWATCH_DATA to a folder of at most %d bytes",
		folder, socketLimit-len(socketFile)-len("/socket"))
}
