package pgembed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long each step may take.
const (
	startLimit     = 2 * time.Minute // recovery after a crash replays the log first
	fastLimit      = 8 * time.Second
	immediateLimit = 3 * time.Second
)

// process is the postmaster as our child.
type process struct {
	command *exec.Cmd
	done    chan struct{} // closed once it was waited for
}

// startProcess runs the server and returns when it answers. Orphaned backends
// of a killed postmaster need a moment to notice; until then it is refused.
func startProcess(ctx context.Context, l layout, user account, unsafe bool) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var running *process
	err := poll(ctx, 200*time.Millisecond, func() (bool, error) {
		var err error
		if running, err = launch(l, user, unsafe); err != nil {
			return false, err
		}
		fault := running.answers(ctx, l)
		if fault == nil {
			return true, nil
		}
		stopped := running.stop(ctx)
		if strings.Contains(fault.Error(), "pre-existing shared memory block") {
			return false, stopped
		}
		return false, errors.Join(fault, stopped)
	})
	if err != nil {
		return nil, fmt.Errorf("start the private Postgres: %w", err)
	}
	return running, nil
}

// launch starts the program. Its messages go to a file, which outlives us.
func launch(l layout, user account, unsafe bool) (*process, error) {
	if err := os.Rename(l.log(), l.log()+".1"); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("keep the last log: %w", err)
	}
	log, err := os.OpenFile(l.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of Postgres: %w", err)
	}
	defer log.Close() // the child has its own
	// Not CommandContext: it outlives the start, and stop ends it.
	command := exec.Command(l.binaries.path("postgres"), arguments(l, unsafe)...) //nolint:noctx // see above
	user.as(command)
	command.Dir = l.data()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", command.Path, err)
	}
	running := &process{command: command, done: make(chan struct{})}
	go func() {
		defer close(running.done)
		_ = command.Wait() // how it ended is in its log
	}()
	return running, nil
}

func arguments(l layout, unsafe bool) []string {
	settings := []string{
		"listen_addresses=", "unix_socket_directories=" + l.socket, "unix_socket_permissions=0700", "port=" + port,
		"hba_file=" + l.hba(), "timezone=UTC", "log_timezone=UTC", "cluster_name=gradewatch",
		"logging_collector=off", "log_destination=stderr",
	}
	if unsafe {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300",
			"shared_buffers=64MB", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0")
	}
	list := []string{"-D", l.data()}
	for _, setting := range settings {
		list = append(list, "-c", setting)
	}
	return list
}

// answers waits until the server takes a connection, or says why it ended.
func (p *process) answers(ctx context.Context, l layout) error {
	return poll(ctx, 20*time.Millisecond, func() (bool, error) {
		select {
		case <-p.done:
			log, _ := os.ReadFile(l.log()) // without it the message says less
			return false, fmt.Errorf("Postgres ended (%s): %s", p.command.ProcessState, tail(log, 800))
		default:
		}
		connection, err := pgx.Connect(ctx, socketURL(l.socket, ownerRole, "postgres"))
		if err != nil {
			return false, nil // not yet
		}
		return true, connection.Close(ctx)
	})
}

// stop ends the server: fast shutdown, then immediate, then kill. It returns
// when the process is gone.
func (p *process) stop(ctx context.Context) error {
	steps := []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGINT, fastLimit}, {syscall.SIGQUIT, immediateLimit}}
	for _, step := range steps {
		if p.signal(ctx, step.signal, step.limit) {
			return nil
		}
	}
	// The whole group: without a postmaster the rest would linger.
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill the private Postgres: %w", err)
	}
	<-p.done
	return nil
}

// signal sends one and says whether the process ended in time. An ended ctx
// shortens only the fast shutdown: SIGQUIT always gets its moment.
func (p *process) signal(ctx context.Context, signal syscall.Signal, limit time.Duration) bool {
	if signal != syscall.SIGINT {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case <-p.done:
		return true
	default:
	}
	_ = p.command.Process.Signal(signal) // it may have ended meanwhile, which done tells
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
		return false
	}
}
