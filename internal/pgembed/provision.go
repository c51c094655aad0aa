package pgembed

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// provisionRoles makes the login role before the first migration: the program
// never works as the owner. gradewatch_app is as the migrations make it.
const provisionRoles = `
DO $$ BEGIN
	IF to_regrole('gradewatch_app') IS NULL THEN CREATE ROLE gradewatch_app NOLOGIN NOINHERIT; END IF;
	IF to_regrole('` + loginRole + `') IS NULL THEN CREATE ROLE ` + loginRole + ` LOGIN NOINHERIT; END IF;
END $$;
GRANT gradewatch_app TO ` + loginRole

// provision makes the database and the login role where they are missing.
func provision(ctx context.Context, socket string) error {
	connection, err := pgx.Connect(ctx, socketURL(socket, ownerRole, "postgres"))
	if err != nil {
		return fmt.Errorf("connect to the private Postgres: %w", err)
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, provisionRoles); err != nil {
		return fmt.Errorf("make the login role: %w", err)
	}
	var exists bool
	if err := connection.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := connection.Exec(ctx, `CREATE DATABASE `+database); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}
