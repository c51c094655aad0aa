package worker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// read fills in what a digest tells, as the transaction's team sees it.
func (w *digestWorker) read(ctx context.Context, tx *store.Tx, input *monitor.DigestInput) (err error) {
	if input.Endpoints, input.Failing, input.Grades, err = tx.DigestCounts(ctx); err != nil {
		return err
	}
	incidents, err := tx.DigestIncidents(ctx, input.From)
	if err != nil {
		return err
	}
	for _, one := range incidents {
		input.Incidents = append(input.Incidents, monitor.DigestIncident{
			Incident: monitor.Incident{
				ID: one.ID, Title: one.Title, Cause: one.Cause, Weight: one.Weight, OpenedAt: one.OpenedAt, ResolvedAt: one.ResolvedAt,
			},
			Place: digestPlace(one.ApplicationName, one.Environment, one.Endpoints), Link: fmt.Sprintf("/incidents/%d", one.ID),
		})
	}
	changes, err := tx.DigestChanges(ctx, input.From)
	if err != nil {
		return err
	}
	for _, one := range changes {
		input.Changes = append(input.Changes, monitor.DigestChange{
			Change: monitor.Change{OccurredAt: one.OccurredAt, Class: one.Class, Weight: one.Weight, Subject: one.Subject, Sentence: one.Sentence},
			Place:  digestPlace(one.ApplicationName, one.Environment, 1), Link: fmt.Sprintf("/endpoints/%d", one.EndpointID),
		})
	}
	return w.readUpcoming(ctx, tx, input)
}

// digestPlace says where something is: 'Portal, Production and 3 more'.
func digestPlace(application string, environment policy.Environment, endpoints int) string {
	place := application
	if environment != "" {
		place += ", " + string(environment)
	}
	if endpoints > 1 && place != "" {
		place += fmt.Sprintf(" and %d more", endpoints-1)
	}
	return place
}

// readUpcoming fills in what ends, and what is to be renewed.
func (w *digestWorker) readUpcoming(ctx context.Context, tx *store.Tx, input *monitor.DigestInput) error {
	at, until := input.Until, input.Until.Add(monitor.DigestAhead(input.Period))
	if err := w.readCertificates(ctx, tx, input, until); err != nil {
		return err
	}
	secrets, err := tx.SecretsInUse(ctx)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if !secret.ExpiresOn.Before(until) {
			continue
		}
		verb := "expires"
		if monitor.DaysLeft(secret.ExpiresOn, at) < 0 {
			verb = "has expired"
		}
		input.Upcoming = append(input.Upcoming, monitor.DigestLine{
			At: secret.ExpiresOn, Title: fmt.Sprintf("The %s %s on %s", secret.Kind.Words(), verb, secret.ExpiresOn.Format(time.DateOnly)),
			Place: digestPlace(secret.ApplicationName, secret.Environment, 1), Link: fmt.Sprintf("/applications/%d/secrets", secret.ApplicationID),
		})
	}
	applications, err := tx.StatingApplications(ctx)
	if err != nil {
		return err
	}
	for _, application := range applications {
		input.Upcoming = append(input.Upcoming, statementLines(application, at, until)...)
	}
	return nil
}

// statementLines tells the statements about an application that are to be made
// anew until until, those of a day together.
func statementLines(application store.StatingApplication, at, until time.Time) []monitor.DigestLine {
	byDay := map[time.Time]int{}
	for _, stated := range application.Attestations {
		statement, asked := attestations.SuperOffice().Statement(stated.Requirement)
		if asked && statement.AppliesTo(application.Type) && !stated.RenewBy.IsZero() && stated.RenewBy.Before(until) {
			byDay[stated.RenewBy]++
		}
	}
	var lines []monitor.DigestLine
	for day, count := range byDay {
		title := titleOfEnds(count, monitor.DaysLeft(day, at) < 0)
		lines = append(lines, monitor.DigestLine{At: day, Title: title, Place: application.Name, Link: fmt.Sprintf("/applications/%d/attestations", application.ID)})
	}
	return lines
}

// readCertificates fills in what is to be done about certificates.
func (w *digestWorker) readCertificates(ctx context.Context, tx *store.Tx, input *monitor.DigestInput, until time.Time) error {
	if w.config.Calendar == nil {
		return nil
	}
	served, err := tx.ServedCertificates(ctx)
	if err != nil {
		return err
	}
	places := map[int64]string{}
	for _, endpoint := range served.Endpoints {
		places[endpoint.EndpointID] = digestPlace(endpoint.ApplicationName, endpoint.Environment, 1)
	}
	for _, entry := range w.config.Calendar(served, input.Until, until) {
		if !tellsRenewal(entry, input.Period, input.Until) {
			continue
		}
		line := monitor.DigestLine{At: entry.At, Title: strings.TrimSuffix(entry.Title, "."), Link: "/calendar"}
		if len(entry.Endpoints) > 0 {
			line.Place = places[entry.Endpoints[0]]
			line.Link = fmt.Sprintf("/endpoints/%d", entry.Endpoints[0])
		}
		if others := len(entry.Endpoints) - 1; others > 0 {
			line.Place += fmt.Sprintf(" and %d more", others)
		}
		input.Upcoming = append(input.Upcoming, line)
	}
	return nil
}

// tellsRenewal says whether an entry of the calendar is for a digest. A renewal
// that will be due is nobody's business: most happen by themselves. One that is
// due stands in the weekly digest, and one that did not happen in each.
func tellsRenewal(entry renewal.Entry, period monitor.DigestPeriod, at time.Time) bool {
	past := !entry.At.After(at)
	switch entry.Kind {
	case renewal.RenewalDue:
		return past && period == monitor.WeeklyDigest
	case renewal.RenewalAsked, renewal.RenewalOverdue, renewal.Expiry:
		return past
	case renewal.AuthorityEnd, renewal.RootDistrust:
		return true
	default:
		return false
	}
}
