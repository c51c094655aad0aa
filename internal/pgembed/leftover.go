package pgembed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopLeftover ends the server that a killed program left running on data, and
// removes the pid file of one that is gone: its number may be another
// process's by now, and Postgres would refuse to start for that. The caller
// holds the folder's lock, so no live program owns what is found.
func stopLeftover(ctx context.Context, data string, logger *slog.Logger) error {
	pidFile := filepath.Join(data, "postmaster.pid")
	pid, err := readPID(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if pid > 1 && serves(ctx, pid, data) {
		logger.WarnContext(ctx, "stopping the Postgres that a killed program left", "pid", pid)
		if err := endLeftover(ctx, pid, data); err != nil {
			return err
		}
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a stale pid file: %w", err)
	}
	return nil
}

func readPID(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("read who serves the data: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan()
	pid, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
	if err != nil {
		return 0, nil // cut off by the crash: nobody is known to serve
	}
	return pid, nil
}

// serves says whether pid is a live Postgres whose data this is. A postmaster
// works in its data folder.
func serves(ctx context.Context, pid int, data string) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	folder, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err == nil {
		resolved, resolveErr := filepath.EvalSymlinks(data)
		program, programErr := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
		return resolveErr == nil && programErr == nil && folder == resolved &&
			strings.HasPrefix(filepath.Base(program), "postgres")
	}
	// No /proc, as on macOS: our command line names the data.
	line, err := exec.CommandContext(ctx, "ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(line), "postgres -D "+data+" ")
}

// endLeftover asks harder and harder and waits for the process to be gone.
func endLeftover(ctx context.Context, pid int, data string) error {
	for _, step := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGINT, fastLimit}, {syscall.SIGQUIT, immediateLimit}, {syscall.SIGKILL, immediateLimit}} {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the Postgres (process %d) that a killed program left: %w", pid, err)
		}
		limited, cancel := context.WithTimeout(ctx, step.limit)
		err := poll(limited, 20*time.Millisecond, func() (bool, error) { return !serves(limited, pid, data), nil })
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stop the Postgres (process %d) that a killed program left: %w", pid, ctx.Err())
		}
	}
	return fmt.Errorf("the Postgres (process %d) that a killed program left does not end", pid)
}
