package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
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
