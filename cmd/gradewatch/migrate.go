package main

import "context"

// migrateCommand brings the database to the newest schema. It is safe to run
// several at once, and again.
type migrateCommand struct{}

// Run uses DATABASE_DIRECT_URL, else DATABASE_URL, else the private Postgres
// of a running serve.
func (migrateCommand) Run(ctx context.Context, term *terminal) error {
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	found, err := findDatabase(read)
	if err != nil {
		return err
	}
	return found.migrate(ctx, newLogger(term.err))
}
