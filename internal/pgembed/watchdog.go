package pgembed

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watchdog is a shell that waits on a pipe from us. The kernel closes the pipe
// however we end, and then it ends the server, which nobody else would.
type watchdog struct {
	command *exec.Cmd
	pipe    io.WriteCloser
}

// The server may be about to start when we are killed, so its pid file is
// waited for a little. A line on the pipe says that all ended well.
const watch = `trap '' INT TERM HUP
if read -r line; then exit 0; fi
tries=0
while [ $tries -lt 50 ]; do
	if read -r pid 2>/dev/null <"$1/postmaster.pid"; then kill -QUIT "$pid"; sleep 0.5; break; fi
	tries=$((tries + 1)); sleep 0.1
done
rm -rf "$1"`

func startWatchdog(ctx context.Context, data string) (*watchdog, error) {
	command := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-c", watch, "watchdog", data)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not end it first
	pipe, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the watchdog's pipe: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return &watchdog{command: command, pipe: pipe}, nil
}

// dismiss ends the watchdog after the server was stopped in order.
func (w *watchdog) dismiss() error {
	if _, err := io.WriteString(w.pipe, "stopped\n"); err != nil {
		return fmt.Errorf("dismiss the watchdog: %w", err)
	}
	if err := w.command.Wait(); err != nil {
		return fmt.Errorf("wait for the watchdog: %w", err)
	}
	return nil
}
