package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// remindBatch is how many applications are listed at a time.
const remindBatch = 200

// remindWorker tells what is about to expire, or to be renewed.
type remindWorker struct {
	river.WorkerDefaults[jobs.Remind]
	config Config
}

// Timeout implements river.Worker.
func (w *remindWorker) Timeout(*river.Job[jobs.Remind]) time.Duration { return upkeepTimeout }

// NextRetry implements river.Worker.
func (w *remindWorker) NextRetry(job *river.Job[jobs.Remind]) time.Time { return backoff(job.Attempt) }

// Work goes through the applications that have a day to be reminded of, each in
// a transaction of its own: one that fails keeps no other from being told.
func (w *remindWorker) Work(ctx context.Context, _ *river.Job[jobs.Remind]) error {
	at := w.config.now()
	until := at.AddDate(0, 0, monitor.RemindAhead)
	var faults []error
	for after := int64(0); ; {
		var applications []monitor.Application
		err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			applications, err = tx.RemindableApplications(ctx, until, after, remindBatch)
			return err
		})
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("find what to remind of: %w", err))...)
		}
		for _, application := range applications {
			after = application.ID
			err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return (&reminding{tx: tx, application: application, at: at, until: until}).tell(ctx)
			})
			if err != nil {
				faults = append(faults, fmt.Errorf("remind of application %d: %w", application.ID, err))
			}
		}
		if len(applications) < remindBatch || ctx.Err() != nil {
			return errors.Join(append(faults, ctx.Err())...)
		}
	}
}

// reminding tells what is due of one application, in one transaction: what is
// told, that it was told, and the jobs that deliver it stand together or not at
// all.
type reminding struct {
	tx          *store.Tx
	application monitor.Application
	at, until   time.Time
}

func (r *reminding) tell(ctx context.Context) error {
	if err := r.secrets(ctx); err != nil {
		return err
	}
	return r.attestations(ctx)
}

// secrets tells each secret by itself.
func (r *reminding) secrets(ctx context.Context) error {
	secrets, err := r.tx.RemindableSecrets(ctx, r.application.ID, r.until)
	if err != nil {
		return err
	}
	byID, dated := map[int64]monitor.ApplicationSecret{}, make([]monitor.Dated, 0, len(secrets))
	for _, secret := range secrets {
		byID[secret.ID] = secret.ApplicationSecret
		dated = append(dated, monitor.Dated{ID: secret.ID, On: secret.ExpiresOn, Sent: secret.Sent})
	}
	for _, reminder := range monitor.Remind(dated, monitor.SecretThresholds(), r.at) {
		secret := byID[reminder.ID]
		fresh, err := r.tx.MarkSecretReminded(ctx, secret, reminder.Threshold, r.at)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		if err := r.notify(ctx, r.secretMessage(secret, reminder)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reminding) secretMessage(secret monitor.ApplicationSecret, reminder monitor.Reminder) monitor.Message {
	message := r.message(monitor.SecretExpiring, "secrets")
	message.Environment = string(secret.Environment)
	message.Title = fmt.Sprintf("The %s expires on %s", secret.Kind.Words(), secret.ExpiresOn.Format(time.DateOnly))
	if reminder.DaysLeft < 0 {
		message.Title = fmt.Sprintf("The %s expired on %s", secret.Kind.Words(), secret.ExpiresOn.Format(time.DateOnly))
	}
	message.Secret = &monitor.SecretDue{
		Kind: secret.Kind, Description: secret.Description, ExpiresOn: secret.ExpiresOn.Format(time.DateOnly),
		DaysLeft: reminder.DaysLeft, Owner: secret.Owner,
	}
	return message
}

// attestations tells the statements that are due together, and those that are
// overdue together: they are often stated on one day.
func (r *reminding) attestations(ctx context.Context) error {
	statements, err := r.tx.RemindableAttestations(ctx, r.application.ID, r.until)
	if err != nil {
		return err
	}
	byID, dated := map[int64]monitor.Attestation{}, make([]monitor.Dated, 0, len(statements))
	for _, statement := range statements {
		if known, asked := attestations.SuperOffice().Statement(statement.Requirement); !asked || !known.AppliesTo(r.application.Type) {
			continue // nobody is asked for it any more
		}
		byID[statement.ID] = statement.Attestation
		dated = append(dated, monitor.Dated{ID: statement.ID, On: statement.RenewBy, Sent: statement.Sent})
	}
	ends := map[int][]monitor.AttestationEnd{}
	for _, reminder := range monitor.Remind(dated, monitor.AttestationThresholds(), r.at) {
		fresh, err := r.tx.MarkAttestationReminded(ctx, byID[reminder.ID], reminder.Threshold, r.at)
		if err != nil {
			return err
		}
		if fresh {
			ends[reminder.Threshold] = append(ends[reminder.Threshold], endOf(byID[reminder.ID], reminder))
		}
	}
	for _, threshold := range monitor.AttestationThresholds() {
		if len(ends[threshold]) == 0 {
			continue
		}
		message := r.message(monitor.AttestationDue, "attestations")
		message.Title = titleOfEnds(len(ends[threshold]), threshold < 0)
		message.Attestations = ends[threshold]
		if err := r.notify(ctx, message); err != nil {
			return err
		}
	}
	return nil
}

func endOf(statement monitor.Attestation, reminder monitor.Reminder) monitor.AttestationEnd {
	known, _ := attestations.SuperOffice().Statement(statement.Requirement)
	return monitor.AttestationEnd{
		Requirement: statement.Requirement, Text: known.Text, RenewBy: statement.RenewBy.Format(time.DateOnly),
		DaysLeft: reminder.DaysLeft, Owner: statement.Owner, Severity: known.Severity,
	}
}

func titleOfEnds(count int, overdue bool) string {
	switch {
	case overdue && count == 1:
		return "1 statement is overdue"
	case overdue:
		return fmt.Sprintf("%d statements are overdue", count)
	case count == 1:
		return "1 statement is to be renewed soon"
	default:
		return fmt.Sprintf("%d statements are to be renewed soon", count)
	}
}

func (r *reminding) message(kind monitor.NotificationKind, page string) monitor.Message {
	return monitor.Message{
		Kind: kind, OccurredAt: r.at, Application: r.application.Name, ApplicationID: r.application.ID,
		Link: fmt.Sprintf("/applications/%d/%s", r.application.ID, page),
	}
}

func (r *reminding) notify(ctx context.Context, message monitor.Message) error {
	places := []monitor.RoutePlace{{ApplicationID: r.application.ID, Environment: policy.Environment(message.Environment)}}
	return notify(ctx, r.tx, r.application.TeamID, message, monitor.RouteSubject{Places: places}, r.at)
}
