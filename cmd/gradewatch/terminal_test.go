package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
)

// pseudoTerminal returns a terminal to write to, and what reads what was
// written once it is closed.
func pseudoTerminal(t *testing.T) (written *os.File, read func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = master.Close() })
	var number, unlock int32
	ioctl(t, master, syscall.TIOCSPTLCK, &unlock)
	ioctl(t, master, syscall.TIOCGPTN, &number)
	written, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = written.Close() })
	text := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, master) // ends with EIO when the other side is closed
		text <- b.String()
	}()
	return written, func() string {
		require.NoError(t, written.Close())
		return <-text
	}
}

func ioctl(t *testing.T, file *os.File, request uintptr, value *int32) {
	t.Helper()
	raw, err := file.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(descriptor uintptr) {
		_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, descriptor, request, uintptr(unsafe.Pointer(value))) //nolint:gosec // a terminal of our own
		require.Zero(t, fault)
	}))
}

func TestCheckOnATerminal(t *testing.T) {
	t.Parallel()
	url := fmt.Sprintf("https://%s/", checktest.StartGoServer(t, checktest.GoServerConfig{}))
	for _, test := range []struct {
		environment map[string]string
		color       bool
		progress    bool
	}{
		{map[string]string{"TERM": "xterm"}, true, true},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false, true},
		{map[string]string{"TERM": "dumb"}, false, false},
	} {
		out, readOut := pseudoTerminal(t)
		faults, readFaults := pseudoTerminal(t)
		code := run(t.Context(), []string{"check", url}, &terminal{
			out: out, err: faults, env: func(name string) string { return test.environment[name] },
		})
		require.Equal(t, exitGood, code)
		text, line := readOut(), readFaults()
		require.Contains(t, text, "T-03")
		require.Equal(t, test.color, bytes.Contains([]byte(text), []byte("\x1b[")), "%v: %q", test.environment, text)
		require.Equal(t, test.progress, bytes.Contains([]byte(line), []byte("looked at")), "%v: %q", test.environment, line)
	}
}

// resize makes a terminal as wide as columns.
func resize(t *testing.T, file *os.File, columns uint16) {
	t.Helper()
	size := struct{ rows, columns, x, y uint16 }{rows: 24, columns: columns}
	raw, err := file.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(descriptor uintptr) {
		_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, descriptor, syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))) //nolint:gosec // a terminal of our own
		require.Zero(t, fault)
	}))
}

// A full look names the stage that it waits for, on a line that never breaks,
// and prints tables that fit.
func TestCheckFullOnATerminal(t *testing.T) {
	t.Parallel()
	const columns = 70
	url := goServerURL(t)
	out, readOut := pseudoTerminal(t)
	faults, readFaults := pseudoTerminal(t)
	resize(t, out, columns)
	resize(t, faults, columns)
	runner := pretending(t, serverFamilies())
	command := checkCommand{URLs: []string{url}, Full: true, Type: "custom", Kind: "redirect", Environment: "Production", Profile: []string{"superoffice"}, FailOn: "must"}
	require.NoError(t, command.run(t.Context(), &terminal{
		out: out, err: faults, env: func(string) string { return "" },
	}, &runner))
	text, line := readOut(), readFaults()
	for _, stage := range []string{"tls, 0 of 1", "suites, 0 of 1", "vulnerabilities, 0 of 1", "clients, 0 of 1", "http, 0 of 1"} {
		require.Contains(t, line, stage)
	}
	for shown := range strings.SplitSeq(line, clearLine) {
		require.Less(t, len(shown), columns)
	}
	require.Contains(t, text, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
	require.NotContains(t, text, "0xC02F", "there is no room for numbers")
}

func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	require.Zero(t, terminalWidth(&bytes.Buffer{}))
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	require.Zero(t, terminalWidth(file))
	require.NoError(t, file.Close())
	terminal, read := pseudoTerminal(t)
	resize(t, terminal, 10)
	require.Equal(t, 10, terminalWidth(terminal))
	require.Equal(t, narrowest, lineWidth(terminal))
	read()
}
