//go:build peers

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

const hosts = 200

// TestHosts prints what a full look at two hundred hosts from a file costs in
// all: time, sockets at a time, memory.
func TestHosts(t *testing.T) {
	binary := build(t)
	var list strings.Builder
	for range hosts {
		fmt.Fprintf(&list, "localhost:%d\n", checktest.StartGoServer(t, checktest.GoServerConfig{}).Port())
	}
	file := filepath.Join(t.TempDir(), "hosts")
	require.NoError(t, os.WriteFile(file, []byte(list.String()), 0o600))
	for _, arguments := range [][]string{
		{"check", "--full", "--file", file},
		{"check", "--full", "--intrusive", "--file", file},
	} {
		command := exec.CommandContext(t.Context(), binary, arguments...)
		var output bytes.Buffer
		command.Stdout, command.Stderr = &output, &output
		began := time.Now()
		require.NoError(t, command.Start())
		ended := make(chan struct{})
		var watching sync.WaitGroup
		most := 0
		watching.Go(func() { most = mostSockets(command.Process.Pid, ended) })
		_ = command.Wait() // its code speaks of the servers
		close(ended)
		watching.Wait()
		require.Contains(t, []int{0, 1, 3}, command.ProcessState.ExitCode(), "%s", &output)
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		require.True(t, ok)
		lines := strings.Split(strings.TrimSpace(output.String()), "\n")
		fmt.Printf("%d hosts, %s: %s, %s of processor time, at most %d sockets at a time, %d MiB\n%s\n", hosts, strings.Join(arguments[1:len(arguments)-2], " "),
			time.Since(began).Round(100*time.Millisecond), (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Round(100*time.Millisecond),
			most, usage.Maxrss/1024, strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
}

// mostSockets counts the sockets of a process every 10 ms, until ended.
func mostSockets(pid int, ended <-chan struct{}) (most int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	for {
		entries, _ := os.ReadDir(folder) // gone when the process is
		open := 0
		for _, entry := range entries {
			if target, err := os.Readlink(filepath.Join(folder, entry.Name())); err == nil && strings.HasPrefix(target, "socket:") {
				open++
			}
		}
		most = max(most, open)
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
	}
}
