package pgembed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestStopLeavesNoProcessAndDataIsKept(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	first := start(t, Config{DataFolder: folder})
	execute(t, first.OwnerURL(), `CREATE TABLE kept AS SELECT 42 AS answer`)
	execute(t, first.OwnerURL(), `GRANT SELECT ON kept TO gradewatch_app`)
	execute(t, first.OwnerURL(), `SELECT 1 / (current_setting('data_checksums') = 'on')::int`)
	execute(t, first.OwnerURL(), `SELECT 1 / (current_setting('listen_addresses') = '')::int`)
	execute(t, first.OwnerURL(), `SELECT 1 / (current_setting('server_encoding') = 'UTF8')::int`)
	pid := first.process.command.Process.Pid
	started := time.Now()
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()), "a second Stop does nothing")
	require.Less(t, time.Since(started), 10*time.Second)
	requireGone(t, pid)
	require.NoFileExists(t, filepath.Join(folder, "instance.json"))
	require.NoDirExists(t, filepath.Join(folder, "socket"))

	second := start(t, Config{DataFolder: folder})
	require.Equal(t, 42, answer(t, second.OwnerURL()))
}

func TestLoginRoleHasNoRightsOfItsOwn(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataFolder: reachableFolder(t), FastUnsafe: true})
	connection := connect(t, server.AppURL())
	var super, bypass, createRole, createDatabase bool
	require.NoError(t, connection.QueryRow(t.Context(), `SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
		FROM pg_roles WHERE rolname = session_user`).Scan(&super, &bypass, &createRole, &createDatabase))
	require.False(t, super || bypass || createRole || createDatabase)
	_, err := connection.Exec(t.Context(), `CREATE TABLE public.mine (id int)`)
	require.ErrorContains(t, err, "permission denied")
	_, err = connection.Exec(t.Context(), `SET ROLE gradewatch_app`)
	require.NoError(t, err)
}

func TestSecondStartSaysWhoRuns(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	_, err := Running(folder)
	require.ErrorIs(t, err, fs.ErrNotExist)
	server := start(t, Config{DataFolder: folder, FastUnsafe: true})
	require.NoError(t, server.Announce("http://127.0.0.1:8080"))

	_, err = Start(t.Context(), Config{DataFolder: folder})
	var running *RunningError
	require.ErrorAs(t, err, &running)
	require.Equal(t, os.Getpid(), running.PID)
	require.ErrorContains(t, err, fmt.Sprintf("already running on the data folder %s: process %d at http://127.0.0.1:8080", folder, os.Getpid()))

	instance, err := Running(folder)
	require.NoError(t, err)
	require.Equal(t, server.AppURL(), instance.AppURL())
	execute(t, instance.OwnerURL(), `SELECT 1`)
	require.NoError(t, server.Stop(t.Context()))
	_, err = Running(folder)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestPathTooLongForASocket(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(reachableFolder(t), strings.Repeat("long", 20), strings.Repeat("path", 20))
	server := start(t, Config{DataFolder: folder, FastUnsafe: true})
	socket := server.layout.socket
	require.LessOrEqual(t, len(socket)+len(socketFile), socketLimit)
	info, err := os.Stat(socket)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	execute(t, server.AppURL(), `SELECT 1`)
	require.NoError(t, server.Stop(t.Context()))
	require.NoDirExists(t, socket)
}

func TestRecoversFromKilledProgram(t *testing.T) {
	t.Parallel()
	for name, killServer := range map[string]bool{"the server survived": false, "everything was killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := reachableFolder(t)
			program := runChild(t, nil, folder, "")
			instance, err := Running(folder)
			require.NoError(t, err)
			require.Equal(t, "http://127.0.0.1:4711", instance.Address)
			execute(t, instance.OwnerURL(), `CREATE TABLE kept AS SELECT 42 AS answer`)
			program.kill(t)
			if killServer {
				require.NoError(t, syscall.Kill(program.server, syscall.SIGKILL))
			} else {
				require.NoError(t, syscall.Kill(program.server, 0), "the server must outlive the program for this test")
			}
			server := start(t, Config{DataFolder: folder})
			requireGone(t, program.server)
			require.Equal(t, 42, answer(t, server.OwnerURL()))
		})
	}
}

// The number in a stale pid file may be another process's by now.
func TestStalePIDFileOfAnotherProcess(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	require.NoError(t, start(t, Config{DataFolder: folder}).Stop(t.Context()))
	other := exec.CommandContext(t.Context(), "sleep", "300")
	require.NoError(t, other.Start())
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n", other.Process.Pid, filepath.Join(folder, "postgres"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "postgres", "postmaster.pid"), []byte(stale), 0o600))
	start(t, Config{DataFolder: folder})
	require.NoError(t, syscall.Kill(other.Process.Pid, 0), "a process that is not ours must be left alone")
}

func TestWatchdogEndsTheServerOfAKilledTest(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	program := runChild(t, nil, folder, "yes")
	program.kill(t)
	eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(folder, "postgres"))
		return errors.Is(err, fs.ErrNotExist)
	}, "the watchdog must remove the data")
	requireGone(t, program.server)
}

func TestServerThatDiesIsNoticed(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataFolder: reachableFolder(t), FastUnsafe: true})
	require.NoError(t, server.process.command.Process.Signal(syscall.SIGQUIT))
	select {
	case <-server.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("Done was not closed")
	}
	require.NoError(t, server.Stop(t.Context()))
}

// Whoever runs the tests, an ordinary user must be able to start; as root the
// test becomes nobody for it.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	var credential *syscall.Credential
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		require.NoError(t, err)
		ordinary, err := accountOf(nobody)
		require.NoError(t, err)
		require.NoError(t, ordinary.take(folder))
		credential = ordinary.credential
	}
	program := runChild(t, credential, folder, "")
	program.end(t)
	requireGone(t, program.server)
	require.DirExists(t, filepath.Join(folder, "postgres"))
	// Root that starts on an ordinary user's folder leaves it to that user.
	server := start(t, Config{DataFolder: folder})
	require.NoError(t, server.Stop(t.Context()))
	program = runChild(t, credential, folder, "")
	program.end(t)
}

func TestRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), Config{})
		require.ErrorIs(t, err, os.ErrInvalid)
	})
	t.Run("foreign files", func(t *testing.T) {
		t.Parallel()
		folder := reachableFolder(t)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "postgres", "mine"), 0o755))
		_, err := Start(t.Context(), Config{DataFolder: folder})
		require.ErrorContains(t, err, "holds files but no Postgres data")
	})
	t.Run("data of another version", func(t *testing.T) {
		t.Parallel()
		folder := reachableFolder(t)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "postgres"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "postgres", "PG_VERSION"), []byte("9\n"), 0o644))
		_, err := Start(t.Context(), Config{DataFolder: folder})
		require.ErrorContains(t, err, "was made by PostgreSQL 9, but only")
	})
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		folder := reachableFolder(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Start(ctx, Config{DataFolder: folder})
		require.Error(t, err)
		start(t, Config{DataFolder: folder, FastUnsafe: true}) // nothing half made stands in the way
	})
}

// ---------------------------------------------------------------- arrangements

// reachableFolder is a temporary folder that every user may enter: t.TempDir's
// parents are closed.
func reachableFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "pgembed")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

func start(t *testing.T, config Config) *Server {
	t.Helper()
	server, err := Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return server
}

type program struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	server  int // pid of its postmaster
}

func runChild(t *testing.T, credential *syscall.Credential, folder, unsafe string) *program {
	t.Helper()
	binary := filepath.Join(reachableFolder(t), "program")
	self, err := os.Executable()
	require.NoError(t, err)
	// By cp, since a file that we write may still be open in a child that
	// another test forks, and then it cannot be run.
	require.NoError(t, exec.CommandContext(t.Context(), "cp", self, binary).Run())
	command := exec.CommandContext(t.Context(), binary)
	command.Dir = "/"
	command.Env = append(os.Environ(), childFolder+"="+folder, childUnsafe+"="+unsafe, "HOME="+folder)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	started := &program{command: command, input: input, output: bufio.NewReader(output)}
	line, err := started.output.ReadString('\n')
	require.NoError(t, err)
	word, pid, _ := strings.Cut(strings.TrimSpace(line), " ")
	require.Equal(t, "ready", word, line)
	started.server, err = strconv.Atoi(pid)
	require.NoError(t, err)
	return started
}

func (p *program) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.command.Process.Kill())
	require.Error(t, p.command.Wait())
}

func (p *program) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.input.Close())
	rest, err := io.ReadAll(p.output)
	require.NoError(t, err)
	require.NoError(t, p.command.Wait(), string(rest))
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close(context.Background()) })
	return connection
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	connection := connect(t, url)
	_, err := connection.Exec(t.Context(), statement)
	require.NoError(t, err, statement)
	require.NoError(t, connection.Close(t.Context()))
}

func answer(t *testing.T, url string) (value int) {
	t.Helper()
	connection := connect(t, url)
	require.NoError(t, connection.QueryRow(t.Context(), `SELECT answer FROM kept`).Scan(&value))
	require.NoError(t, connection.Close(t.Context()))
	return value
}

// requireGone waits for the process to end; an orphan that ended but that
// nobody waited for yet counts as gone.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	eventually(t, func() bool {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return true
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(status), ") Z ")
	}, fmt.Sprintf("process %d must end", pid))
}

func eventually(t *testing.T, holds func() bool, message string) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 20*time.Millisecond, message)
}

func TestRefusesAFolderThatOthersWriteInto(t *testing.T) {
	t.Parallel()
	folder := reachableFolder(t)
	require.NoError(t, os.Chmod(folder, 0o777)) //nolint:gosec // that is the point
	_, err := Start(t.Context(), Config{DataFolder: folder, FastUnsafe: true})
	require.ErrorContains(t, err, "chmod o-w "+folder)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries, "nothing of ours is put there")
}
