package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// dates are the days that people entered: when secrets expire, and until when
// statements count.
type dates struct {
	secrets      []store.DatedSecret
	applications []store.StatingApplication
}

// readDates reads the days that the transaction sees.
func readDates(ctx context.Context, tx *store.Tx) (known dates, err error) {
	if known.secrets, err = tx.SecretsInUse(ctx); err != nil {
		return known, err
	}
	known.applications, err = tx.StatingApplications(ctx)
	return known, err
}

// calendarEntries puts what is to come for certificates and for the days that
// people entered in one order.
func (s *server) calendarEntries(served store.ServedCertificates, known dates, now, until time.Time) []views.CalendarEntry {
	var entries []views.CalendarEntry
	for _, entry := range renewal.Calendar(calendarCertificates(served, s.Trust, now), renewal.Limits(), now, until) {
		entries = append(entries, views.CalendarEntry{Entry: entry})
	}
	for _, secret := range known.secrets {
		if secret.ExpiresOn.Before(until) {
			entries = append(entries, secretEntry(secret, now))
		}
	}
	for _, application := range known.applications {
		entries = append(entries, statementEntries(application, now, until)...)
	}
	slices.SortStableFunc(entries, func(a, b views.CalendarEntry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Title, b.Title))
	})
	return entries
}

func secretEntry(secret store.DatedSecret, now time.Time) views.CalendarEntry {
	verb := "expires"
	if monitor.DaysLeft(secret.ExpiresOn, now) < 0 {
		verb = "has expired"
	}
	text := secret.Owner + " answers for it."
	if secret.Description != "" {
		text = secret.Description + ". " + text
	}
	return views.CalendarEntry{
		Entry: renewal.Entry{
			At: secret.ExpiresOn, Kind: views.SecretExpiry, Text: text,
			Title: fmt.Sprintf("The %s of %s in %s %s", secret.Kind.Words(), secret.ApplicationName, secret.Environment, verb),
		},
		Application: &views.CalendarApplication{
			ID: secret.ApplicationID, TeamID: secret.TeamID, Name: secret.ApplicationName, TeamName: secret.TeamName,
			Path: fmt.Sprintf("/applications/%d/secrets", secret.ApplicationID),
		},
		About: fmt.Sprintf("secret %d", secret.ID),
	}
}

// statementEntries are one entry a day: statements are often made together.
func statementEntries(application store.StatingApplication, now, until time.Time) []views.CalendarEntry {
	byDay := map[time.Time][]string{}
	for _, stated := range application.Attestations {
		statement, asked := attestations.SuperOffice().Statement(stated.Requirement)
		if asked && statement.AppliesTo(application.Type) && !stated.RenewBy.IsZero() && stated.RenewBy.Before(until) {
			byDay[stated.RenewBy] = append(byDay[stated.RenewBy], stated.Requirement)
		}
	}
	var entries []views.CalendarEntry
	for day, requirements := range byDay {
		count := "1 statement is"
		if len(requirements) > 1 {
			count = fmt.Sprintf("%d statements are", len(requirements))
		}
		title := fmt.Sprintf("%s to be renewed for %s", count, application.Name)
		if monitor.DaysLeft(day, now) < 0 {
			title = fmt.Sprintf("%s overdue for %s", count, application.Name)
		}
		entries = append(entries, views.CalendarEntry{
			Entry: renewal.Entry{At: day, Kind: views.StatementRenewal, Title: title, Text: strings.Join(requirements, ", ") + ". This is the last day on which they count."},
			Application: &views.CalendarApplication{
				ID: application.ID, TeamID: application.TeamID, Name: application.Name, TeamName: application.TeamName,
				Path: fmt.Sprintf("/applications/%d/attestations", application.ID),
			},
			About: fmt.Sprintf("statements %d %s", application.ID, day.Format(time.DateOnly)),
		})
	}
	return entries
}
