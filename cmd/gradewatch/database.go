package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gradewatch/gradewatch/internal/pgembed"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/migrations"
)

// connections of a process' pools. The worker's looks hold none while they
// wait for the network.
const (
	webConnections    = 8
	workerConnections = 12
)

// database says where the rows are, by who asks.
type database struct {
	owner    string // migrations
	web      string // short transactions, through a pooler where there is one
	worker   string // past a pooler: River listens on it
	embedded *pgembed.Server
	instance pgembed.Instance // of another process that runs the embedded one
}

func givenDatabase(s settings) database {
	direct := s.DatabaseDirectURL
	if direct == "" {
		direct = s.DatabaseURL
	}
	return database{owner: direct, web: s.DatabaseURL, worker: direct}
}

// startDatabase returns the given Postgres, or runs a private one.
func startDatabase(ctx context.Context, s settings, logger *slog.Logger) (database, error) {
	if s.DatabaseURL != "" {
		return givenDatabase(s), nil
	}
	server, err := pgembed.Start(ctx, pgembed.Config{DataFolder: s.DataFolder, Logger: logger})
	if err != nil {
		return database{}, err
	}
	return database{owner: server.OwnerURL(), web: server.AppURL(), worker: server.AppURL(), embedded: server}, nil
}

// findDatabase returns the given Postgres, or the private one of a running serve.
func findDatabase(s settings) (database, error) {
	if s.DatabaseURL != "" {
		return givenDatabase(s), nil
	}
	instance, err := pgembed.Running(s.DataFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return database{}, fmt.Errorf("no database: set DATABASE_URL, or start 'gradewatch serve' first, which runs one in %s", s.DataFolder)
	}
	if err != nil {
		return database{}, err
	}
	if instance.SocketFolder == "" {
		return database{}, fmt.Errorf("the private Postgres in %s is still starting (process %d): try again", s.DataFolder, instance.PID)
	}
	return database{owner: instance.OwnerURL(), web: instance.AppURL(), worker: instance.AppURL(), instance: instance}, nil
}

// migrate applies what is missing.
func (d database) migrate(ctx context.Context, logger *slog.Logger) error {
	pool, err := pgxpool.New(ctx, d.owner)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer pool.Close()
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	return migrations.Apply(ctx, pool, logger)
}

// open connects and refuses a schema that is older than the program.
func open(ctx context.Context, url string, connections int32) (*store.Store, error) {
	opened, err := store.Open(ctx, url, connections)
	if err != nil {
		return nil, err
	}
	if err := current(ctx, opened); err != nil {
		opened.Close()
		return nil, err
	}
	return opened, nil
}

// current says whether the database answers and has all that the program needs.
func current(ctx context.Context, opened *store.Store) error {
	pending, err := migrations.Pending(ctx, opened.Pool())
	if err == nil && pending {
		err = errors.New("the database lacks migrations that this program needs: run 'gradewatch migrate'")
	}
	return err
}

// postgresStop is how long the private Postgres may take to end by itself.
const postgresStop = 10 * time.Second

// openFound opens the database that the settings lead to, for a command beside
// a running service. Whoever calls closes the store.
func openFound(ctx context.Context, term *terminal) (opened *store.Store, read settings, found database, err error) {
	if read, err = readSettings(term); err != nil {
		return nil, read, found, err
	}
	if found, err = findDatabase(read); err != nil {
		return nil, read, found, err
	}
	opened, err = open(ctx, found.web, 2)
	return opened, read, found, err
}
