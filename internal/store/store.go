// Package store holds every SQL statement of the program. Each method runs in
// a transaction opened by AsTeam, AsOperator or AsWorker, which takes the role
// that row-level security knows. It judges nothing and never asks the database
// for the time: time is a parameter.
package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound is what a method returns for a row that does not exist or that
// the transaction's team may not see; the two cannot be told apart on purpose.
var ErrNotFound = errors.New("not found")

// ErrConflict is what a method returns when another row already holds the key.
var ErrConflict = errors.New("already exists")

// Store reaches the database through a pool whose user neither owns tables nor
// bypasses row-level security.
type Store struct {
	pool      *pgxpool.Pool
	hostQuota int // hosts a team that are not shown to be its own; 0: any number
}

// New returns a Store on pool.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// WithHostQuota returns the same store with a quota: how many hosts a team may
// have looked at that are not shown to be its own. 0 is no quota.
func (s *Store) WithHostQuota(hosts int) *Store { return &Store{pool: s.pool, hostQuota: hosts} }

// Pool returns the pool, for River's driver.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Tx is a transaction that has taken a role. Methods on Tx hold the SQL.
type Tx struct {
	pgx.Tx
	hostQuota int // the store's
}

// AsTeam runs do in a transaction that sees the rows of one team only.
func (s *Store) AsTeam(ctx context.Context, team int64, do func(context.Context, *Tx) error) error {
	return s.as(ctx, fmt.Sprintf(`BEGIN; SET LOCAL jit = off; SET LOCAL ROLE gradewatch_team; SET LOCAL gradewatch.team_id = '%d'`, team), do)
}

// AsOperator runs do in a transaction that sees the rows of every team.
func (s *Store) AsOperator(ctx context.Context, do func(context.Context, *Tx) error) error {
	return s.as(ctx, `BEGIN; SET LOCAL jit = off; SET LOCAL ROLE gradewatch_operator; SET LOCAL gradewatch.team_id = ''`, do)
}

// AsWorker runs do in a transaction of the service itself.
func (s *Store) AsWorker(ctx context.Context, do func(context.Context, *Tx) error) error {
	return s.as(ctx, `BEGIN; SET LOCAL jit = off; SET LOCAL ROLE gradewatch_worker; SET LOCAL gradewatch.team_id = ''`, do)
}

// as begins, and takes the role and the team, in one round trip. It takes them
// for this transaction only: a connection that goes back to the pool, ours or
// a pooler's, carries neither. When part of begin fails, the pool closes
// the connection, so that nothing runs without its role. Statements here take
// milliseconds: compiling one takes several hundred.
func (s *Store) as(ctx context.Context, begin string, do func(context.Context, *Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error {
		return do(ctx, &Tx{Tx: tx, hostQuota: s.hostQuota})
	})
}
