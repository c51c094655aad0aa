package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/demo"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/pgembed"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// demoCommand runs everything beside local servers of different quality.
type demoCommand struct {
	WorsensAfter time.Duration `default:"1m" help:"When one of the servers gets worse, so that an alert is seen."`
}

// demoConfirmAfter is short: a newcomer waits for the alert.
const demoConfirmAfter = 5 * time.Second

// demoGatherFor likewise.
const demoGatherFor = 5 * time.Second

// Run works in a folder of its own and starts from nothing every time: the
// servers' ports and certificates are new every time too.
func (c *demoCommand) Run(ctx context.Context, term *terminal) error {
	read, err := readSettings(term)
	if err != nil {
		return err
	}
	if read.DatabaseURL != "" {
		return &usageError{errors.New("the demo fills a database of its own: unset DATABASE_URL")}
	}
	read.DataFolder = filepath.Join(read.DataFolder, "demo")
	if err := emptyDemoFolder(read.DataFolder); err != nil {
		return err
	}
	lines := &lineWriter{to: term.out}
	fleet, err := demo.Start(ctx, demo.Config{WorsensAfter: c.WorsensAfter, Told: lines.tell})
	if err != nil {
		return err
	}
	if err := c.settings(&read, fleet); err != nil {
		return errors.Join(err, fleet.Close())
	}
	err = serve(ctx, term, read, func(ctx context.Context, from *store.Store) error { return seedDemo(ctx, from, fleet) })
	return errors.Join(err, fleet.Close())
}

// emptyDemoFolder removes what the last demo left behind.
func emptyDemoFolder(folder string) error {
	_, err := pgembed.Running(folder)
	switch {
	case err == nil:
		return errors.New("a demo is running already: stop it first")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("empty the demo's folder: %w", err)
	}
	return nil
}

// settings points the service at the demo's servers, and at nothing else.
func (c *demoCommand) settings(read *settings, fleet *demo.Fleet) (err error) {
	read.resolver, read.References = fleet.Resolver, []string{fleet.Reference()}
	if read.networks, err = probe.ParseNetworks(fleet.AllowNetworks()); err != nil {
		return err
	}
	if err = read.trustAlso(fleet.RootsPEM); err != nil {
		return err
	}
	read.SMTPURL, read.MailFrom = fleet.Receiver.SMTPURL, "Gradewatch demo <demo@"+demo.Domain+">"
	read.ConfirmAfter, read.GatherFor = demoConfirmAfter, demoGatherFor
	return nil
}

// seedDemo registers the demo's servers, and a channel that its receiver hears
// besides the mail that every team gets.
func seedDemo(ctx context.Context, from *store.Store, fleet *demo.Fleet) error {
	now := time.Now()
	person, _, err := auth.EnsureFirstAdministrator(ctx, from, firstEmail, now)
	if err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(from.Pool()), &river.Config{})
	if err != nil {
		return fmt.Errorf("prepare River: %w", err)
	}
	return from.AsTeam(ctx, person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		application, err := tx.CreateApplication(ctx, monitor.Application{TeamID: person.TeamID, Name: "Demo", Type: policy.Standard}, now)
		if err != nil {
			return err
		}
		for _, endpoint := range fleet.Endpoints() {
			endpoint.TeamID, endpoint.ApplicationID = person.TeamID, application.ID
			if err := seedEndpoint(ctx, tx, client, endpoint, now); err != nil {
				return err
			}
		}
		return seedChannels(ctx, tx, person.TeamID, fleet, now)
	})
}

func seedEndpoint(ctx context.Context, tx *store.Tx, client *jobs.Client, endpoint monitor.Endpoint, now time.Time) error {
	endpoint.NextRunAt = now.Add(endpoint.Interval)
	created, err := tx.CreateEndpoint(ctx, endpoint, now)
	if err != nil {
		return err
	}
	assessment, err := tx.RequestAssessment(ctx, created.ID, monitor.First, checks.Quick, now, now)
	if err != nil {
		return err
	}
	return jobs.InsertLook(ctx, client, tx.Tx, assessment, now)
}

func seedChannels(ctx context.Context, tx *store.Tx, team int64, fleet *demo.Fleet, now time.Time) error {
	secret := alert.NewSecret()
	_, err := tx.CreateChannel(ctx, store.Channel{TeamID: team, Kind: "webhook", Address: fleet.Receiver.WebhookURL}, secret, now)
	return err
}

// lineWriter writes whole lines from several goroutines.
type lineWriter struct {
	mu sync.Mutex // guards to
	to io.Writer
}

func (w *lineWriter) tell(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = fmt.Fprintln(w.to, line) // nobody reads the demo any more
}
