package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/config"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// asProgram makes the test binary the program itself, so that tests can start,
// signal and kill it.
const asProgram = "GRADEWATCH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testdb.Main(m)
}

// program is a started gradewatch.
type program struct {
	command *exec.Cmd
	lines   chan string // of standard output
	errors  *text
	ended   chan struct{}
}

// text is output that is read while it is written.
type text struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *text) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *text) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// starting says how to start the program.
type starting struct {
	binary      string // "" the test's own
	credential  *syscall.Credential
	environment []string
	arguments   []string
}

func (s starting) start(t *testing.T) *program {
	t.Helper()
	if s.binary == "" {
		self, err := os.Executable()
		require.NoError(t, err)
		s.binary = self
	}
	started := &program{lines: make(chan string, 16), errors: &text{}, ended: make(chan struct{})}
	started.command = exec.CommandContext(context.Background(), s.binary, s.arguments...)
	started.command.Dir = "/"
	started.command.Env = append(withoutSettings(), asProgram+"=yes")
	started.command.Env = append(started.command.Env, s.environment...)
	started.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.credential}
	started.command.Stderr = started.errors
	output, err := started.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, started.command.Start())
	go func() {
		defer close(started.ended)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			started.lines <- scanner.Text()
		}
		close(started.lines)
		_ = started.command.Wait() // tests ask for its code
	}()
	t.Cleanup(func() {
		_ = started.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-started.ended:
		case <-time.After(20 * time.Second):
			_ = started.command.Process.Kill()
			<-started.ended
		}
		if t.Failed() {
			t.Logf("%v said:\n%s", s.arguments, started.errors)
		}
	})
	return started
}

// withoutSettings is our environment without the program's own variables.
func withoutSettings() []string {
	names := config.Names()
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains(names, name) && name != "XDG_DATA_HOME" {
			kept = append(kept, variable)
		}
	}
	return kept
}

// line returns the next line of standard output.
func (p *program) line(t *testing.T) string {
	t.Helper()
	select {
	case line, open := <-p.lines:
		require.True(t, open, "the program ended: %s", p.errors)
		return line
	case <-time.After(60 * time.Second):
		t.Fatalf("the program printed nothing: %s", p.errors)
		return ""
	}
}

// code waits for the end, which must come within limit.
func (p *program) code(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatalf("the program did not end within %s: %s", limit, p.errors)
		return -1
	}
}

// runProgram runs it to its end and returns what it printed.
func (s starting) run(t *testing.T) (code int, output, faults string) {
	t.Helper()
	started := s.start(t)
	code = started.code(t, 60*time.Second)
	var lines []string
	for line := range started.lines {
		lines = append(lines, line)
	}
	return code, strings.Join(lines, "\n"), started.errors.String()
}

// dataFolder is a folder in which the program, whoever it is, keeps data.
func dataFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "gw")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

// freePort is a loopback address that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	socket, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, socket.Close())
	return socket.Addr().String()
}

// link returns the address in the one line that serve prints.
func link(t *testing.T, line string) string {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	require.Equal(t, "Open", word, line)
	address, _, _ := strings.Cut(rest, " ")
	return address
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// processesIn lists the processes that work in folder: every process of a
// Postgres works in its data.
func processesIn(t *testing.T, folder string) (found []string) {
	t.Helper()
	working, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	require.NotEmpty(t, working, "this test reads /proc")
	for _, link := range working {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, folder) {
			found = append(found, filepath.Base(filepath.Dir(link)))
		}
	}
	return found
}

func requireNoProcessIn(t *testing.T, folder string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(processesIn(t, folder)) == 0 }, 10*time.Second, 20*time.Millisecond,
		"no process may be left in %s", folder)
}

func (p *program) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	err := p.command.Process.Signal(signal)
	if !errors.Is(err, os.ErrProcessDone) {
		require.NoError(t, err)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// takenPort is a loopback address that somebody listens on for the test's time.
func takenPort(t *testing.T) string {
	t.Helper()
	socket, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	return socket.Addr().String()
}
