package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// firstEmail is the first administrator's address until somebody gives one.
const firstEmail = "administrator@localhost"

// signInLinkCommand prints a link that signs a person in once.
type signInLinkCommand struct {
	Email string `placeholder:"ADDRESS" help:"Whom to sign in. Default: the first administrator. On an empty database this creates that administrator."`
}

// Run works on DATABASE_URL, or on the private Postgres of a running serve.
func (c *signInLinkCommand) Run(ctx context.Context, term *terminal) error {
	opened, read, found, err := openFound(ctx, term)
	if err != nil {
		return err
	}
	defer opened.Close()
	base := found.instance.Address
	if base == "" {
		base = read.baseURL(read.Listen)
	}
	return printSignInLink(ctx, term, opened, base, c.Email)
}

// printSignInLink writes the one line that a person acts on.
func printSignInLink(ctx context.Context, term *terminal, from *store.Store, base, email string) error {
	now := time.Now()
	person, err := whoSignsIn(ctx, from, email, now)
	if err != nil {
		return err
	}
	token, err := auth.NewSignInLink(ctx, from, person, now)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(term.out, "Open %s/sign-in/%s to sign in as %s. The link works once, within %d minutes.\n",
		strings.TrimRight(base, "/"), token, person.Email, int(auth.LinkLifetime.Minutes()))
	return err
}

func whoSignsIn(ctx context.Context, from *store.Store, email string, at time.Time) (monitor.Person, error) {
	first := email
	if first == "" {
		first = firstEmail
	}
	administrator, _, err := auth.EnsureFirstAdministrator(ctx, from, first, at)
	if err != nil || email == "" {
		return administrator, err
	}
	person, err := auth.FindPerson(ctx, from, email)
	if errors.Is(err, store.ErrNotFound) {
		return person, fmt.Errorf("nobody has the mail address %q: leave --email out to sign in as the first administrator", email)
	}
	return person, err
}
