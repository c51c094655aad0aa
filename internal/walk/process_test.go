package walk_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is one running gradewatch.
type process struct {
	t       *testing.T
	command *exec.Cmd
	ended   chan struct{} // closed once it is gone

	mu      sync.Mutex
	printed bytes.Buffer // guarded by mu
}

// start runs the program in a process group of its own. The test ends it.
func (w *world) start(env []string, arguments ...string) *process {
	w.t.Helper()
	p := &process{t: w.t, command: exec.Command(w.binary, arguments...), ended: make(chan struct{})}
	p.command.Env = append(append([]string(nil), w.env...), env...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	reader, writer := io.Pipe()
	p.command.Stdout, p.command.Stderr = writer, writer
	require.NoError(w.t, p.command.Start())
	var readers sync.WaitGroup
	readers.Go(func() { p.read(reader) })
	go func() {
		_ = p.command.Wait() // how it ended is what tests look at
		_ = writer.Close()
		readers.Wait()
		close(p.ended)
	}()
	w.t.Cleanup(func() {
		p.stop(10 * time.Second)
		if w.t.Failed() {
			w.t.Logf("%v printed:\n%s", arguments, p.output())
		}
	})
	return p
}

func (p *process) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.printed.Write(append(lines.Bytes(), '\n'))
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, from) // a line too long must not block the writer
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String()
}

// find waits until the program printed what matches, and returns the match.
func (p *process) find(expression string, limit time.Duration) []string {
	p.t.Helper()
	pattern := regexp.MustCompile(expression)
	var found []string
	eventually(p.t, limit, "the program prints "+expression, func() bool {
		found = pattern.FindStringSubmatch(p.output())
		return found != nil || p.gone()
	})
	require.NotNil(p.t, found, "the program ended: %s", p.output())
	return found
}

func (p *process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // it may be gone already
	<-p.ended
}

// stop asks the process to end and insists after limit.
func (p *process) stop(limit time.Duration) {
	if p.gone() {
		return
	}
	_ = p.command.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Errorf("the program did not end within %s of Ctrl-C", limit)
		p.kill()
	}
}

// dataFolder returns a folder that the private Postgres' own user can reach:
// testing's folders are closed to others.
func dataFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "walk")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755)) //nolint:gosec // another user goes through it
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return filepath.Join(folder, "data")
}
