package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The names inside the private Postgres.
const (
	ownerRole = "gradewatch_owner" // superuser: owns the schema
	loginRole = "gradewatch"       // member of gradewatch_app and nothing else
	database  = "gradewatch"
	port      = "5432" // names the socket file; nothing listens on TCP
)

// Config says where and how to run. Only DataFolder is required.
type Config struct {
	DataFolder string       // see DefaultDataFolder
	Logger     *slog.Logger // nil: silent
	Address    string       // where the program serves, told to a second start; see Announce
	// FastUnsafe is for tests: nothing is flushed to disk, and a watchdog
	// kills the server and removes its data when this process dies.
	FastUnsafe bool
}

// Server is a running private Postgres.
type Server struct {
	config  Config
	lock    *folderLock
	layout  layout
	account account
	process *process
	watch   *watchdog
	mu      sync.Mutex // guards stopped
	stopped bool
}

// Start runs the Postgres of config.DataFolder and returns when it answers.
// What a killed program left behind is stopped and recovered first. ctx bounds
// the start only. A *RunningError says that another process serves the folder.
func Start(ctx context.Context, config Config) (server *Server, err error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	folder, err := filepath.Abs(config.DataFolder)
	if err != nil || config.DataFolder == "" {
		return nil, fmt.Errorf("private Postgres: no usable data folder %q: %w", config.DataFolder, errors.Join(err, os.ErrInvalid))
	}
	config.DataFolder = folder
	if err := makeDataFolder(folder); err != nil {
		return nil, err
	}
	lock, err := lockPatiently(ctx, folder)
	if err != nil {
		return nil, err
	}
	server = &Server{config: config, lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, server.abandon(ctx))
			server = nil
		}
	}()
	if err := server.prepare(ctx); err != nil {
		return server, err
	}
	return server, server.run(ctx)
}

// prepare settles who runs the server, with which binaries, on which data.
func (s *Server) prepare(ctx context.Context) (err error) {
	s.layout = layout{folder: s.config.DataFolder}
	if err := removeStaleSocket(s.layout.folder); err != nil {
		return err
	}
	if err := s.writeInstance(""); err != nil { // a second start can name us from now on
		return err
	}
	if s.account, err = chooseAccount(s.layout.data()); err != nil {
		return err
	}
	if err := s.account.reaches(s.layout.folder); err != nil {
		return err
	}
	if err := stopLeftover(ctx, s.layout.data(), s.config.Logger); err != nil {
		return err
	}
	if s.layout.binaries, err = chooseBinaries(ctx, s.layout, s.account, s.config.Logger); err != nil {
		return err
	}
	if err := initialize(ctx, s.layout, s.account, s.config.Logger); err != nil {
		return err
	}
	if err := writeAccess(s.layout); err != nil {
		return err
	}
	s.layout.socket, err = makeSocketFolder(s.layout.folder, s.account)
	return err
}

func (s *Server) run(ctx context.Context) (err error) {
	if err := s.writeInstance(s.config.Address); err != nil {
		return err
	}
	if s.config.FastUnsafe {
		if s.watch, err = startWatchdog(ctx, s.layout.data()); err != nil {
			return err
		}
	}
	if s.process, err = startProcess(ctx, s.layout, s.account, s.config.FastUnsafe); err != nil {
		return err
	}
	if err := provision(ctx, s.layout.socket); err != nil {
		return err
	}
	s.config.Logger.InfoContext(ctx, "private Postgres runs", "folder", s.layout.folder,
		"binaries", s.layout.binaries.folder, "version", s.layout.binaries.version, "user", s.account.name)
	return nil
}

// OwnerURL connects as the superuser that owns the schema: migrations only.
func (s *Server) OwnerURL() string { return socketURL(s.layout.socket, ownerRole, database) }

// AppURL connects as the login role that the program works with. It exists
// before the first migration and is a member of gradewatch_app.
func (s *Server) AppURL() string { return socketURL(s.layout.socket, loginRole, database) }

// Done is closed when the server process has ended, wanted or not.
func (s *Server) Done() <-chan struct{} { return s.process.done }

// LogFile is where the server writes its messages.
func (s *Server) LogFile() string { return s.layout.log() }

// Announce records the address at which the program serves, so that a second
// start on the folder can name it.
func (s *Server) Announce(address string) error { return s.writeInstance(address) }

func (s *Server) writeInstance(address string) error {
	return writeInstance(s.layout.folder, Instance{PID: os.Getpid(), Address: address, SocketFolder: s.layout.socket})
}

// Stop shuts the server down (fast, then harder), waits until its process has
// ended and gives the folder free. Later calls do nothing. ctx bounds the fast
// shutdown; when it ends the server is killed, which loses no committed data.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	return s.abandon(ctx)
}

// abandon releases everything that was taken, in the reverse order.
func (s *Server) abandon(ctx context.Context) error {
	var faults []error
	if s.process != nil {
		faults = append(faults, s.process.stop(ctx))
	}
	if s.watch != nil {
		faults = append(faults, s.watch.dismiss())
	}
	faults = append(faults, removeInstance(s.layout))
	faults = append(faults, s.lock.release())
	return errors.Join(faults...)
}

// socketURL is a libpq URL of a Unix socket.
func socketURL(socket, user, database string) string {
	query := url.Values{"host": {socket}, "port": {port}}
	return "postgres://" + user + "@/" + database + "?" + query.Encode()
}

// poll calls ready until it says true, returns an error or ctx ends.
func poll(ctx context.Context, every time.Duration, ready func() (bool, error)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if done, err := ready(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
