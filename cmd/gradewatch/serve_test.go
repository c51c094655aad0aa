package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/pgembed"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// stopLimit is how long Ctrl-C may take until nothing is left.
const stopLimit = 10 * time.Second

// serving returns a start of serve on folder and a free port, with no
// references: tests ask nobody on the internet.
func serving(t *testing.T, folder string) starting {
	t.Helper()
	return starting{
		arguments: []string{"serve"},
		environment: []string{
			"GRADEWATCH_DATA=" + folder, "GRADEWATCH_LISTEN=" + freePort(t), "GRADEWATCH_REFERENCES=127.0.0.1:1",
		},
	}
}

func with(s starting, arguments ...string) starting {
	s.arguments = arguments
	return s
}

func TestServeFromNothingToCtrlC(t *testing.T) {
	t.Parallel()
	folder := dataFolder(t)
	start := serving(t, folder)
	first := start.start(t)
	address := link(t, first.line(t))
	status, _ := get(t, address)
	require.Equal(t, http.StatusOK, status, "looking at a link does not use it up")
	status, _ = get(t, address+"x")
	require.NotEqual(t, http.StatusOK, status)

	code, output, _ := with(start, "health").run(t)
	require.Zero(t, code)
	require.Equal(t, "ok", output)
	code, output, _ = with(start, "sign-in-link").run(t)
	require.Zero(t, code)
	fresh := link(t, output)
	require.NotEqual(t, address, fresh)
	status, _ = get(t, fresh)
	require.Equal(t, http.StatusOK, status)
	code, _, faults := with(start, "sign-in-link", "--email", "nobody@example.com").run(t)
	require.Equal(t, exitFault, code)
	require.Contains(t, faults, `nobody has the mail address "nobody@example.com"`)
	code, _, _ = with(start, "migrate").run(t)
	require.Zero(t, code, "migrating what is migrated does nothing")

	base := strings.Split(address, "/sign-in/")[0]
	code, output, faults = start.run(t)
	require.Equal(t, exitFault, code)
	require.Empty(t, output)
	require.Contains(t, faults, fmt.Sprintf("already running on the data folder %s: process %d at %s", folder, first.command.Process.Pid, base))

	require.NotEmpty(t, processesIn(t, folder))
	first.signal(t, syscall.SIGINT)
	require.Zero(t, first.code(t, stopLimit))
	requireNoProcessIn(t, folder)
	_, more := <-first.lines
	require.False(t, more, "exactly one line is printed")

	code, _, faults = with(start, "health").run(t)
	require.Equal(t, exitFault, code)
	require.Contains(t, faults, "not healthy")
}

// Everything is killed, or the program alone: the next start has the data.
func TestServeAfterKill(t *testing.T) {
	t.Parallel()
	for name, everything := range map[string]bool{"everything": true, "the program": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := dataFolder(t)
			start := serving(t, folder)
			first := start.start(t)
			address := link(t, first.line(t))
			first.signal(t, syscall.SIGKILL)
			if everything {
				for _, process := range processesIn(t, folder) {
					pid, err := strconv.Atoi(process)
					require.NoError(t, err)
					_ = syscall.Kill(pid, syscall.SIGKILL) // some end by themselves meanwhile
				}
			}
			require.Equal(t, -1, first.code(t, stopLimit))
			second := start.start(t)
			link(t, second.line(t))
			status, _ := get(t, address)
			require.Equal(t, http.StatusOK, status, "a link from before the kill must still be known")
			second.signal(t, syscall.SIGTERM)
			require.Zero(t, second.code(t, stopLimit))
			requireNoProcessIn(t, folder)
		})
	}
}

// A request that never ends holds the pages for their whole limit after one
// signal, and not after two.
func TestSecondSignalForces(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string][]syscall.Signal{"one": {syscall.SIGINT}, "two": {syscall.SIGINT, syscall.SIGTERM}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := dataFolder(t)
			started := serving(t, folder).start(t)
			address := link(t, started.line(t))
			host := strings.TrimPrefix(strings.Split(address, "/sign-in/")[0], "http://")
			connection := dial(t, host)
			_, err := fmt.Fprintf(connection, "POST /sign-in/x HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", host)
			require.NoError(t, err)
			_, err = connection.Read(make([]byte, 1)) // it reads the body now, or refused it
			require.NoError(t, err)
			for _, signal := range signals {
				started.signal(t, signal)
			}
			started.code(t, 2*stopLimit)
			requireNoProcessIn(t, folder)
			held := stoppingAt(t, started, "the pages' connections").Sub(stoppingAt(t, started, "the pages"))
			if len(signals) == 1 {
				require.Greater(t, held, webStop*3/4, "the log writes wall times, which may be a little apart")
			} else {
				require.Less(t, held, webStop)
			}
		})
	}
}

// stoppingAt is when the log says that a part began to end.
func stoppingAt(t *testing.T, of *program, part string) time.Time {
	t.Helper()
	for line := range strings.Lines(of.errors.String()) {
		var entry struct {
			Time      time.Time
			Msg, Part string
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "stopping" && entry.Part == part {
			return entry.Time
		}
	}
	t.Fatalf("%q never began to stop: %s", part, of.errors)
	return time.Time{}
}

// A Ctrl-C while Postgres is being made must not leave half of it in the way.
func TestSignalDuringTheStart(t *testing.T) {
	t.Parallel()
	folder := dataFolder(t)
	start := serving(t, folder)
	first := start.start(t)
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(folder, "lock"))
		return err == nil
	}, 20*time.Second, time.Millisecond)
	first.signal(t, syscall.SIGINT)
	require.Zero(t, first.code(t, stopLimit), "being asked to end is no fault")
	requireNoProcessIn(t, folder)
	link(t, start.start(t).line(t))
}

// Root starts for whoever runs the tests as root; here nobody does, with the
// default folder below its home.
func TestServeAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	home := dataFolder(t)
	start := serving(t, filepath.Join(home, ".local", "share", "gradewatch"))
	start.environment = append(start.environment, "GRADEWATCH_DATA=", "HOME="+home)
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		require.NoError(t, err)
		uid, err := strconv.Atoi(nobody.Uid)
		require.NoError(t, err)
		gid, err := strconv.Atoi(nobody.Gid)
		require.NoError(t, err)
		require.NoError(t, os.Chown(home, uid, gid))
		start.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		self, err := os.Executable()
		require.NoError(t, err)
		start.binary = filepath.Join(home, "gradewatch")
		require.NoError(t, exec.CommandContext(t.Context(), "cp", self, start.binary).Run())
	}
	started := start.start(t)
	address := link(t, started.line(t))
	status, _ := get(t, address)
	require.Equal(t, http.StatusOK, status)
	require.DirExists(t, filepath.Join(home, ".local", "share", "gradewatch", "postgres"))
	started.signal(t, syscall.SIGINT)
	require.Zero(t, started.code(t, stopLimit))
	requireNoProcessIn(t, home)
}

// asking is health as a container's check may run it: told where to ask and nothing else.
func asking(of starting) starting {
	listen := of.environment[slices.IndexFunc(of.environment, func(v string) bool { return strings.HasPrefix(v, "GRADEWATCH_LISTEN=") })]
	return starting{arguments: []string{"health"}, environment: []string{listen, "HOME="}}
}

func TestWebAndWorkersOnAGivenPostgres(t *testing.T) {
	t.Parallel()
	database := testdb.Empty(t)
	environment := []string{"DATABASE_URL=" + database.AppURL, "DATABASE_DIRECT_URL=" + database.OwnerURL, "GRADEWATCH_REFERENCES=127.0.0.1:1"}
	start := func(arguments ...string) starting {
		return starting{arguments: arguments, environment: append([]string{"GRADEWATCH_LISTEN=" + freePort(t)}, environment...)}
	}
	code, _, faults := start("web").run(t)
	require.Equal(t, exitFault, code)
	require.Contains(t, faults, "gradewatch migrate")
	code, _, faults = start("migrate").run(t)
	require.Zero(t, code, faults)
	code, output, faults := start("sign-in-link", "--email", "ada@example.com").run(t)
	require.Zero(t, code, faults)
	require.Contains(t, output, "ada@example.com", "on an empty database it makes the first administrator")

	var running []*program
	for _, arguments := range [][]string{{"web"}, {"worker"}, {"worker", "--vantage", "arn"}} {
		one := start(arguments...)
		running = append(running, one.start(t))
		require.Eventually(t, func() bool {
			code, _, _ := asking(one).run(t)
			return code == 0
		}, 30*time.Second, 50*time.Millisecond, "%v", arguments)
	}
	// serve takes the application's user too, once the owner has migrated.
	whole := start("serve")
	whole.environment = append(whole.environment, "DATABASE_DIRECT_URL=")
	running = append(running, whole.start(t))
	require.Contains(t, running[len(running)-1].line(t), "to sign in as ada@example.com")
	for _, one := range running {
		one.signal(t, syscall.SIGTERM)
	}
	for _, one := range running {
		require.Zero(t, one.code(t, stopLimit), one.errors)
	}
}

func TestFaultsAreSaidPlainly(t *testing.T) {
	t.Parallel()
	empty := dataFolder(t)
	for name, test := range map[string]struct {
		arguments   []string
		environment []string
		code        int
		says        []string
	}{
		"every setting at once": {
			[]string{"serve"}, []string{
				"GRADEWATCH_LISTEN=here", "GRADEWATCH_RESOLVER=:::", "GRADEWATCH_ALLOW_NETWORKS=everything", "GRADEWATCH_EXTRA_ROOTS=/missing.pem",
			}, exitFault, []string{"GRADEWATCH_LISTEN", "GRADEWATCH_RESOLVER", "GRADEWATCH_ALLOW_NETWORKS", "GRADEWATCH_EXTRA_ROOTS"},
		},
		"web without a database":    {[]string{"web"}, nil, exitFault, []string{"set DATABASE_URL, or start 'gradewatch serve' first"}},
		"worker without a database": {[]string{"worker"}, nil, exitFault, []string{"set DATABASE_URL"}},
		"a vantage that is none":    {[]string{"worker", "--vantage", "Far Away"}, nil, exitUsage, []string{"lowercase letters"}},
		"health of no address":      {[]string{"health", "--address", "here"}, nil, exitUsage, []string{"no address and port"}},
		"no subcommand":             {nil, nil, exitUsage, []string{"--help"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := append([]string{"GRADEWATCH_DATA=" + empty}, test.environment...)
			code, output, faults := starting{arguments: test.arguments, environment: environment}.run(t)
			require.Equal(t, test.code, code, faults)
			require.Empty(t, output)
			for _, part := range test.says {
				require.Contains(t, faults, part)
			}
		})
	}
}

// An address that is taken ends the start, and what had started with it.
func TestServeOnATakenAddress(t *testing.T) {
	t.Parallel()
	folder := dataFolder(t)
	start := serving(t, folder)
	taken := "GRADEWATCH_LISTEN=" + takenPort(t)
	start.environment = append(start.environment, taken)
	code, output, faults := start.run(t)
	require.Equal(t, exitFault, code)
	require.Empty(t, output)
	require.Contains(t, faults, "another program listens on")
	requireNoProcessIn(t, folder)
	_, err := pgembed.Running(folder)
	require.ErrorIs(t, err, os.ErrNotExist)
}
