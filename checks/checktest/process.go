package checktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	startPatience = 20 * time.Second      // how long a server may take to be ready on a busy machine
	pollInterval  = 10 * time.Millisecond // how often its readiness is asked for
	stopPatience  = 3 * time.Second       // between SIGTERM and SIGKILL
)

// process is a child in its own process group, with what it printed.
type process struct {
	command *exec.Cmd
	exited  chan struct{}
	once    sync.Once

	mu     sync.Mutex
	output bytes.Buffer
}

// startProcess starts a program that ends with t at the latest. Its standard
// input stays open and silent: s_server leaves when it ends.
func startProcess(t testing.TB, program string, arguments ...string) *process {
	t.Helper()
	p := &process{command: exec.Command(program, arguments...), exited: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = p, p
	p.command.Env = append(os.Environ(), "LC_ALL=C")
	// SIGTERM and not SIGKILL when the test binary dies: a master process then
	// still ends its workers.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	stdin, err := p.command.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start(), "starting %s", program)
	go func() {
		defer close(p.exited)
		_ = p.command.Wait() // its code is of no interest: it was told to leave
		_ = stdin.Close()
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s printed:\n%s", program, p.printed())
		}
	})
	return p
}

// Write implements io.Writer for the child's output; it keeps the first 64 KiB.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.output.Len() < 64<<10 {
		p.output.Write(text)
	}
	return len(text), nil
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

func (p *process) pid() int { return p.command.Process.Pid }

// stop ends the whole group and waits for it.
func (p *process) stop() {
	p.once.Do(func() {
		group := -p.pid()
		_ = syscall.Kill(group, syscall.SIGTERM)
		select {
		case <-p.exited:
		case <-time.After(stopPatience):
		}
		_ = syscall.Kill(group, syscall.SIGKILL)
		<-p.exited
	})
}

// until waits until ready says yes. It returns an error with what the process
// printed when the process ends or patience does.
func (p *process) until(what string, ready func() bool) error {
	deadline := time.NewTimer(startPatience)
	defer deadline.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if ready() {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return fmt.Errorf("process ended before %s:\n%s", what, p.printed())
		case <-deadline.C:
			return fmt.Errorf("waited %s for %s:\n%s", startPatience, what, p.printed())
		}
	}
}

// startOnFreePort calls start with free ports until it works: between finding
// a port and binding it somebody else may take it.
func startOnFreePort[T any](t testing.TB, address netip.Addr, start func(port, second uint16) (T, error)) T {
	t.Helper()
	var failure error
	for range 4 {
		server, err := start(freePorts(t, address))
		if err == nil {
			return server
		}
		failure = err
		if !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
			break
		}
	}
	require.NoError(t, failure)
	panic("unreachable")
}

// freePorts returns two different ports that nobody listens on.
func freePorts(t testing.TB, address netip.Addr) (port, second uint16) {
	t.Helper()
	var ports [2]uint16
	for index := range ports {
		listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		ports[index] = listenPort(listener)
	}
	return ports[0], ports[1]
}

func listenPort(listener net.Listener) uint16 {
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		return address.AddrPort().Port()
	}
	return 0
}

// program returns the path of an installed program, or fails the test with the
// name of the package to install.
func program(t testing.TB, debianPackage string, candidates ...string) string {
	t.Helper()
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	require.FailNowf(t, "a program is missing",
		"%s is not installed: install the package %s, or run make deps.", candidates[0], debianPackage)
	return ""
}

// newToken returns a string that no other server knows, so that a test never
// takes a stranger on a reused port for its own.
func newToken() string { return rand.Text() }

// versionServed says whether the status port answers with token.
func versionServed(status netip.AddrPort, token string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+status.String()+"/", nil)
	if err != nil {
		return false
	}
	request.Close = true
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.Header.Get(versionHeader) == token
}

const versionHeader = "X-Config-Version"

// children returns the process ids of parent's children.
func children(parent int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && parentOf(pid) == parent {
			found = append(found, pid)
		}
	}
	return found
}

// parentOf reads the fourth field of /proc/PID/stat. The second is the command
// in parentheses, which may itself hold spaces and parentheses.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

func anyOf(pids, among []int) bool {
	return slices.ContainsFunc(pids, func(pid int) bool { return slices.Contains(among, pid) })
}
