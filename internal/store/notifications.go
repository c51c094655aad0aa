package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// TeamName returns a team's name.
func (tx *Tx) TeamName(ctx context.Context, team int64) (name string, err error) {
	if err := tx.QueryRow(ctx, `SELECT name FROM teams WHERE id = @id`, pgx.StrictNamedArgs{"id": team}).Scan(&name); err != nil {
		return "", fmt.Errorf("find team %d: %w", team, err)
	}
	return name, nil
}

// Notify writes a notification of message and one delivery for each channel of
// the team that is in use, and returns the deliveries' ids: the caller inserts
// their jobs in the same transaction.
func (tx *Tx) Notify(ctx context.Context, team int64, message monitor.Message, at time.Time) (deliveries []string, err error) {
	notification, err := tx.insertNotification(ctx, team, message, at)
	if err != nil {
		return nil, err
	}
	return tx.deliverToAll(ctx, team, notification, at)
}

// NotifyRouted writes a notification of message and its deliveries, and returns
// these: the caller inserts their jobs in the same transaction.
func (tx *Tx) NotifyRouted(ctx context.Context, team int64, message monitor.Message, dispatches []monitor.Dispatch, at time.Time) ([]Dispatched, error) {
	notification, err := tx.insertNotification(ctx, team, message, at)
	if err != nil {
		return nil, err
	}
	return tx.deliverTo(ctx, team, notification, dispatches, at)
}

func (tx *Tx) insertNotification(ctx context.Context, team int64, message monitor.Message, at time.Time) (uuid.UUID, error) {
	payload, err := json.Marshal(message)
	if err != nil {
		return uuid.Nil, fmt.Errorf("write the message %s: %w", message.Kind, err)
	}
	notification, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("make an id for a notification: %w", err)
	}
	const insert = `
		INSERT INTO notifications (id, team_id, kind, incident_id, endpoint_id, application_id, created_at, payload, sequence, weight)
		VALUES (@id, @team, @kind, nullif(@incident::bigint, 0), nullif(@endpoint::bigint, 0), nullif(@application::bigint, 0), @at, @payload,
			@sequence, @weight)`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"id": notification.String(), "team": team, "kind": string(message.Kind), "incident": message.IncidentID,
		"endpoint": message.EndpointID, "application": message.ApplicationID, "at": at, "payload": json.RawMessage(payload),
		"sequence": max(message.Sequence, 1), "weight": string(message.Weight),
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("store the notification %s: %w", message.Kind, err)
	}
	return notification, nil
}

func (tx *Tx) deliverToAll(ctx context.Context, team int64, notification uuid.UUID, at time.Time) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT id FROM channels WHERE team_id = @team AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id`,
		pgx.StrictNamedArgs{"team": team})
	channels, err := collectAll[struct{ ID int64 }](rows, "list the channels of team %d", team)
	if err != nil {
		return nil, err
	}
	var deliveries []string
	for _, channel := range channels {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id for a delivery: %w", err)
		}
		const insert = `
			INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at)
			VALUES (@id, @team, @notification, @channel, 'pending', @at, @at)`
		_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
			"id": id.String(), "team": team, "notification": notification.String(), "channel": channel.ID, "at": at,
		})
		if err != nil {
			return nil, fmt.Errorf("store a delivery to channel %d: %w", channel.ID, err)
		}
		deliveries = append(deliveries, id.String())
	}
	return deliveries, nil
}

// FirstSubject returns what an incident's mail is called, as its first message
// had it: the title that may change stays so in a thread. Empty: nothing was told.
func (tx *Tx) FirstSubject(ctx context.Context, incident int64) (subject string, err error) {
	rows, _ := tx.Query(ctx, `SELECT coalesce(nullif(payload->>'subject', ''), payload->>'title', '') FROM notifications
		WHERE incident_id = @incident ORDER BY sequence LIMIT 1`, pgx.StrictNamedArgs{"incident": incident})
	subjects, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("find what the mail of incident %d is called: %w", incident, err)
	}
	return strings.Join(subjects, ""), nil
}
