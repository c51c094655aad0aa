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
type Store struct{ pool *pgxpool.Pool }

// New returns a Store on pool.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// Pool returns the pool, for River's driver.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Tx is a transaction that has taken a role. Methods on Tx hold the SQL.
type Tx struct{ pgx.Tx }

// AsTeam runs do in a transaction that sees the rows of one team only.
func (s *Store) AsTeam(ctx context.Context, team int64, do func(context.Context, *Tx) error) error {
	return s.as(ctx, "gradewatch_team", fmt.Sprint(team), do)
}

// AsOperator runs do in a transaction that sees the rows of every team.
func (s *Store) AsOperator(ctx context.Context, do func(context.Context, *Tx) error) error {
	return s.as(ctx, "gradewatch_operator", "", do)
}

// AsWorker runs do in a transaction of the service itself.
func (s *Store) AsWorker(ctx context.Context, do func(context.Context, *Tx) error) error {
	return s.as(ctx, "gradewatch_worker", "", do)
}

// as takes the role and the team for this transaction only: a connection that
// goes back to the pool, ours or a pooler's, carries neither.
func (s *Store) as(ctx context.Context, role, team string, do func(context.Context, *Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		const take = `SELECT set_config('role', $1, true), set_config('gradewatch.team_id', $2, true)`
		if _, err := tx.Exec(ctx, take, role, team); err != nil {
			return fmt.Errorf("take the role %s: %w", role, err)
		}
		return do(ctx, &Tx{Tx: tx})
	})
}
