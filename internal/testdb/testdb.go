// Package testdb gives every test a migrated database of its own on one
// private Postgres per test binary. It is for tests only and is never linked
// into the program.
package testdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/gradewatch/gradewatch/internal/pgembed"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/migrations"
)

// connections is the size of a test database's pool.
const connections = 10

// Database is a migrated database that belongs to one test.
type Database struct {
	Store    *store.Store  // as the application's role
	Pool     *pgxpool.Pool // the Store's pool
	OwnerURL string        // superuser; go round the Store only to arrange or inspect
	AppURL   string        // what the program would be given
}

// shared is the one server of the test binary: a test's only package state.
var shared struct {
	mu      sync.Mutex // held while a database is made: CREATE DATABASE at once is slower than one by one
	server  *pgembed.Server
	folder  string
	fault   error // of the first start: said to every test
	counter atomic.Int64
}

// Main runs the tests of a package and then stops its Postgres. TestMain calls
// it: func TestMain(m *testing.M) { testdb.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the tests' Postgres:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Stop stops the server if any test started it, for a TestMain of one's own.
func Stop() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := shared.server.Stop(ctx)
	shared.server = nil
	return errors.Join(err, os.RemoveAll(shared.folder))
}

// New returns a fresh database for this test and drops it when the test ends.
func New(t testing.TB) *Database {
	t.Helper()
	fresh := create(t, "template_gradewatch")
	opened, err := store.Open(t.Context(), fresh.AppURL, connections)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	t.Cleanup(opened.Close)
	fresh.Store, fresh.Pool = opened, opened.Pool()
	return fresh
}

// Empty returns a database without any migration, and no Store or Pool: for
// tests of the migrations themselves.
func Empty(t testing.TB) *Database {
	t.Helper()
	return create(t, "template1")
}

func create(t testing.TB, template string) *Database {
	t.Helper()
	server := start(t)
	name := fmt.Sprintf("test_%d", shared.counter.Add(1))
	shared.mu.Lock()
	err := execute(t.Context(), server.OwnerURL(), `CREATE DATABASE `+name+` TEMPLATE `+template)
	shared.mu.Unlock()
	if err != nil {
		t.Fatalf("clone the template database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := execute(ctx, server.OwnerURL(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return &Database{OwnerURL: renamed(server.OwnerURL(), name), AppURL: renamed(server.AppURL(), name)}
}

func start(t testing.TB) *pgembed.Server {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.fault == nil {
		shared.fault = startServer()
	}
	if shared.fault != nil {
		t.Fatalf("this test needs PostgreSQL 15 or later: run `make deps`, which installs the package postgresql: %v", shared.fault)
	}
	return shared.server
}

// startServer runs on its own context: the server outlives the first test.
func startServer() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	folder, err := os.MkdirTemp("", "gwdb")
	if err != nil {
		return fmt.Errorf("make a folder for the tests' Postgres: %w", err)
	}
	if err := os.Chmod(folder, 0o711); err != nil { // as root another user serves it
		return fmt.Errorf("open the folder of the tests' Postgres: %w", err)
	}
	server, err := pgembed.Start(ctx, pgembed.Config{DataFolder: folder, FastUnsafe: true})
	if err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	shared.server, shared.folder = server, folder
	return makeTemplate(ctx, server)
}

func makeTemplate(ctx context.Context, server *pgembed.Server) error {
	const name = "template_gradewatch"
	if err := execute(ctx, server.OwnerURL(), `CREATE DATABASE `+name); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, renamed(server.OwnerURL(), name))
	if err != nil {
		return fmt.Errorf("connect to the template database: %w", err)
	}
	defer pool.Close() // a database in use cannot be cloned
	return migrations.Apply(ctx, pool, slog.New(slog.DiscardHandler))
}

func execute(ctx context.Context, url, statement string) error {
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to the tests' Postgres: %w", err)
	}
	_, err = connection.Exec(ctx, statement)
	return errors.Join(err, connection.Close(ctx))
}

// renamed returns url with another database.
func renamed(url, name string) string {
	return strings.Replace(url, "@/gradewatch?", "@/"+name+"?", 1)
}
