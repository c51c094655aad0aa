//go:build peers

package bench

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

const repetitions = 15

// TestPrograms prints how long whole programs take on one nginx, and how much
// memory and processor time. They ask different questions: see README.md.
func TestPrograms(t *testing.T) {
	server := checktest.StartNginx(t, checktest.NginxConfig{})
	binary := build(t)
	port := fmt.Sprint(server.Addr.Port())
	fmt.Println("| command | median | fastest | slowest | processor time | memory |\n|---|---|---|---|---|---|")
	for _, command := range [][]string{
		{binary, "version"},
		{binary, "check", "--json", server.URL("localhost", "/callback")},
		{"sslscan", "--no-colour", "localhost:" + port},
		{"sslscan", "--no-colour", "--no-ciphersuites", "--no-groups", "--no-heartbleed", "--no-compression", "--no-renegotiation", "--no-fallback", "--no-check-certificate", "localhost:" + port},
		{"nmap", "-Pn", "-p", port, "--script", "ssl-enum-ciphers", "localhost"},
	} {
		printRow(t, command)
	}
}

func printRow(t *testing.T, command []string) {
	t.Helper()
	var walls []time.Duration
	var processor time.Duration
	var memory int64
	for range repetitions {
		process := exec.CommandContext(t.Context(), command[0], command[1:]...)
		var output bytes.Buffer
		process.Stdout, process.Stderr = &output, &output
		began := time.Now()
		err := process.Run()
		walls = append(walls, time.Since(began))
		require.NotNil(t, process.ProcessState, "%s cannot be started: install its package: %v", command[0], err)
		require.Contains(t, []int{0, 1}, process.ProcessState.ExitCode(), "%s", &output) // 1: a must fails (private root)
		processor += process.ProcessState.UserTime() + process.ProcessState.SystemTime()
		if usage, ok := process.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, usage.Maxrss)
		}
	}
	slices.Sort(walls)
	round := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	name := filepath.Base(command[0])
	for _, argument := range command[1:] {
		name += " " + argument
	}
	fmt.Printf("| `%s` | %s | %s | %s | %s | %d MiB |\n", name, round(walls[repetitions/2]), round(walls[0]),
		round(walls[repetitions-1]), round(processor/repetitions), memory/1024)
}
