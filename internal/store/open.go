package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Open connects a pool for the program's own work and returns a Store on it. A
// user who owns tables or bypasses row-level security gives its rights up for
// gradewatch_app on every connection.
func Open(ctx context.Context, url string, connections int32) (*Store, error) {
	configuration, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	configuration.MaxConns = connections
	configuration.AfterConnect = giveUpRights
	pool, err := pgxpool.NewWithConfig(ctx, configuration)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return New(pool), nil
}

func giveUpRights(ctx context.Context, connection *pgx.Conn) error {
	if _, err := connection.Exec(ctx, `SET ROLE gradewatch_app`); err != nil {
		return fmt.Errorf("take the role gradewatch_app (apply the migrations first): %w", err)
	}
	return nil
}

// Close closes the pool.
func (s *Store) Close() { s.pool.Close() }
