package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// incidentFields are the columns of monitor.Incident, of incidents i.
const incidentFields = `i.id, i.team_id, i.state, i.title, i.cause, i.weight, i.keys, i.opened_at,
	coalesce(i.resolved_at, '0001-01-01T00:00:00Z') AS resolved_at, i.turns, i.flapping,
	(SELECT count(DISTINCT o.endpoint_id)::integer FROM incident_requirements o WHERE o.incident_id = i.id AND o.resolved_at IS NULL) AS endpoints,
	(SELECT count(*)::integer FROM incident_requirements o WHERE o.incident_id = i.id AND o.resolved_at IS NULL) AS requirements,
	coalesce(i.acknowledged_at, '0001-01-01T00:00:00Z') AS acknowledged_at, i.acknowledged_by,
	coalesce(i.snoozed_until, '0001-01-01T00:00:00Z') AS snoozed_until, i.snooze_reason, i.snoozed_by,
	coalesce(i.told_at, '0001-01-01T00:00:00Z') AS told_at, i.told_kind, i.told_weight, i.told_endpoints, i.messages, i.level,
	coalesce(i.tell_at, '0001-01-01T00:00:00Z') AS tell_at, i.tell_kind, coalesce(i.tell_since, '0001-01-01T00:00:00Z') AS tell_since,
	coalesce(i.escalate_at, '0001-01-01T00:00:00Z') AS escalate_at`

// LockIncidents makes judgements of a team that may open an incident follow
// each other, until the transaction ends: two endpoints that break together
// find one incident. It comes after the endpoint's row and before the rows of
// incidents.
func (tx *Tx) LockIncidents(ctx context.Context, team int64) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('gradewatch.incidents', @team))`
	if _, err := tx.Exec(ctx, lock, pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the incidents of team %d: %w", team, err)
	}
	return nil
}

// KnownIncidents locks and returns, by ascending id, the incidents that hold or
// held requirements of an endpoint, and those of its team that share one of
// keys: all that are open, and those that resolved after since.
func (tx *Tx) KnownIncidents(ctx context.Context, team, endpoint int64, keys []string, since time.Time) ([]monitor.KnownIncident, error) {
	// Counts are read by a statement of their own, after the rows are locked:
	// whoever held them may have changed what is counted.
	const lock = `
		SELECT i.id FROM incidents i
		WHERE i.id IN (SELECT r.incident_id FROM incident_requirements r WHERE r.endpoint_id = @endpoint
				UNION SELECT k.id FROM incidents k WHERE k.team_id = @team AND k.keys && @keys::text[])
			AND (i.state <> 'resolved' OR i.resolved_at > @since)
		ORDER BY i.id FOR NO KEY UPDATE`
	rows, _ := tx.Query(ctx, lock, pgx.StrictNamedArgs{
		"team": team, "endpoint": endpoint, "keys": keys, "since": since,
	})
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("lock the incidents of endpoint %d: %w", endpoint, err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, _ = tx.Query(ctx, `SELECT `+incidentFields+`, ARRAY(SELECT o.requirement FROM incident_requirements o
			WHERE o.incident_id = i.id AND o.endpoint_id = @endpoint ORDER BY o.requirement) AS own
		FROM incidents i WHERE i.id = ANY(@ids) ORDER BY i.id`, pgx.StrictNamedArgs{"endpoint": endpoint, "ids": ids})
	return collectAll[monitor.KnownIncident](rows, "read the incidents of endpoint %d", endpoint)
}

// LockIncident returns an incident whose row is locked until the transaction
// ends. ErrNotFound: there is none that the transaction may see.
func (tx *Tx) LockIncident(ctx context.Context, id int64) (monitor.Incident, error) {
	rows, _ := tx.Query(ctx, `SELECT i.id FROM incidents i WHERE i.id = @id FOR NO KEY UPDATE`, pgx.StrictNamedArgs{"id": id})
	if _, err := collectOne[struct{ ID int64 }](rows, ErrNotFound, "lock incident %d", id); err != nil {
		return monitor.Incident{}, err
	}
	rows, _ = tx.Query(ctx, `SELECT `+incidentFields+` FROM incidents i WHERE i.id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[monitor.Incident](rows, ErrNotFound, "find incident %d", id)
}

// incidentArguments are the columns that a judgement or a tick writes.
func incidentArguments(incident monitor.Incident) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"team": incident.TeamID, "state": string(incident.State), "title": incident.Title, "cause": string(incident.Cause),
		"weight": string(incident.Weight), "keys": incident.Keys, "opened": incident.OpenedAt,
		"resolved": timeOrNil(incident.ResolvedAt), "turns": incident.Turns, "flapping": incident.Flapping,
		"acknowledged_at": timeOrNil(incident.AcknowledgedAt), "acknowledged_by": incident.AcknowledgedBy,
		"snoozed_until": timeOrNil(incident.SnoozedUntil), "snooze_reason": incident.SnoozeReason, "snoozed_by": incident.SnoozedBy,
		"told_at": timeOrNil(incident.ToldAt), "told_kind": string(incident.ToldKind), "told_weight": string(incident.ToldWeight),
		"told_endpoints": incident.ToldEndpoints, "messages": incident.Messages, "level": incident.Level,
		"tell_at": timeOrNil(incident.TellAt), "tell_kind": string(incident.TellKind), "tell_since": timeOrNil(incident.TellSince),
		"escalate_at": timeOrNil(incident.EscalateAt),
	}
}

func (tx *Tx) insertIncident(ctx context.Context, incident monitor.Incident) (id int64, err error) {
	const insert = `
		INSERT INTO incidents (team_id, state, title, cause, weight, keys, opened_at, resolved_at, turns, flapping,
			acknowledged_at, acknowledged_by, snoozed_until, snooze_reason, snoozed_by, told_at, told_kind, told_weight,
			told_endpoints, messages, level, tell_at, tell_kind, tell_since, escalate_at)
		VALUES (@team, @state, @title, @cause, @weight, coalesce(@keys::text[], '{}'), @opened, @resolved, coalesce(@turns::timestamptz[], '{}'), @flapping,
			@acknowledged_at, @acknowledged_by, @snoozed_until, @snooze_reason, @snoozed_by, @told_at, @told_kind, @told_weight,
			@told_endpoints, @messages, @level, @tell_at, @tell_kind, @tell_since, @escalate_at)
		RETURNING id`
	if err := tx.QueryRow(ctx, insert, incidentArguments(incident)).Scan(&id); err != nil {
		return 0, fmt.Errorf("open an incident: %w", err)
	}
	return id, nil
}

// SaveIncident writes an incident whose row the transaction has locked.
func (tx *Tx) SaveIncident(ctx context.Context, incident monitor.Incident) error {
	const update = `
		UPDATE incidents SET state = @state, title = @title, cause = @cause, weight = @weight, keys = coalesce(@keys::text[], '{}'),
			resolved_at = @resolved, turns = coalesce(@turns::timestamptz[], '{}'), flapping = @flapping,
			acknowledged_at = @acknowledged_at, acknowledged_by = @acknowledged_by,
			snoozed_until = @snoozed_until, snooze_reason = @snooze_reason, snoozed_by = @snoozed_by,
			told_at = @told_at, told_kind = @told_kind, told_weight = @told_weight, told_endpoints = @told_endpoints,
			messages = @messages, level = @level,
			tell_at = @tell_at, tell_kind = @tell_kind, tell_since = @tell_since, escalate_at = @escalate_at
		WHERE id = @id`
	arguments := incidentArguments(incident)
	delete(arguments, "team")
	delete(arguments, "opened")
	arguments["id"] = incident.ID
	if _, err := tx.Exec(ctx, update, arguments); err != nil {
		return fmt.Errorf("write incident %d: %w", incident.ID, err)
	}
	return nil
}

// SaveIncidentPlans writes what a judgement does to incidents, and sets the
// IncidentID of the states of requirements that an incident holds from now on.
// It returns the incidents as they stand, in the order of plans, with their ids.
func (tx *Tx) SaveIncidentPlans(ctx context.Context, assessment monitor.Assessment, plans []monitor.IncidentPlan,
	verdicts []checks.Verdict, states map[string]monitor.RequirementState, at time.Time,
) ([]monitor.Incident, error) {
	saved := make([]monitor.Incident, len(plans))
	for i, plan := range plans { // a requirement has one open incident at the most: it leaves one before it joins another
		if err := tx.closeRequirements(ctx, plan, assessment.EndpointID, at); err != nil {
			return nil, err
		}
		saved[i] = plan.Incident
	}
	for i, plan := range plans {
		var err error
		if plan.Opened {
			saved[i].ID, err = tx.insertIncident(ctx, plan.Incident)
		} else {
			err = tx.SaveIncident(ctx, plan.Incident)
		}
		if err != nil {
			return nil, err
		}
		if err := tx.addRequirements(ctx, saved[i].ID, assessment, plan, verdicts); err != nil {
			return nil, err
		}
		for _, requirement := range plan.Added {
			state := states[requirement]
			state.IncidentID = saved[i].ID
			states[requirement] = state
		}
		if err := tx.AddIncidentEntries(ctx, saved[i], plan.Entries); err != nil {
			return nil, err
		}
	}
	return saved, nil
}

func (tx *Tx) closeRequirements(ctx context.Context, plan monitor.IncidentPlan, endpoint int64, at time.Time) error {
	if len(plan.Removed) == 0 {
		return nil
	}
	const closing = `
		UPDATE incident_requirements SET resolved_at = @at
		WHERE incident_id = @incident AND endpoint_id = @endpoint AND requirement = ANY(@requirements) AND resolved_at IS NULL`
	_, err := tx.Exec(ctx, closing, pgx.StrictNamedArgs{
		"at": at, "incident": plan.Incident.ID, "endpoint": endpoint, "requirements": plan.Removed,
	})
	if err != nil {
		return fmt.Errorf("close requirements of incident %d: %w", plan.Incident.ID, err)
	}
	return nil
}

// addRequirements puts requirements of the assessment's endpoint into an
// incident, with the vantages from where it was seen since it failed.
func (tx *Tx) addRequirements(ctx context.Context, incident int64, assessment monitor.Assessment, plan monitor.IncidentPlan, verdicts []checks.Verdict) error {
	if len(plan.Added) == 0 {
		return nil
	}
	weights := make([]string, 0, len(plan.Added))
	for _, requirement := range plan.Added {
		weight := plan.Incident.Weight
		if i := slices.IndexFunc(verdicts, func(v checks.Verdict) bool { return v.Requirement == requirement }); i >= 0 {
			if own := monitor.WeightOf(verdicts[i]); !own.Heavier(weight) {
				weight = own
			}
		}
		weights = append(weights, string(weight))
	}
	const insert = `
		INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id, since, weight, vantages)
		SELECT @incident, @team, @endpoint, r.requirement, @assessment, @since::timestamptz, r.weight,
			coalesce(nullif(ARRAY(SELECT DISTINCT a.vantage FROM assessments a WHERE a.endpoint_id = @endpoint AND a.outcome = 'judged'
				AND a.finished_at >= @since::timestamptz AND a.slot >= @since::timestamptz - interval '1 day' ORDER BY a.vantage), '{}'),
				ARRAY[@vantage::text])
		FROM unnest(@requirements::text[], @weights::text[]) AS r(requirement, weight)
		ON CONFLICT (incident_id, endpoint_id, requirement) DO UPDATE SET assessment_id = excluded.assessment_id,
			since = excluded.since, weight = excluded.weight, vantages = excluded.vantages, resolved_at = NULL`
	_, err := tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"incident": incident, "team": assessment.TeamID, "endpoint": assessment.EndpointID, "assessment": assessment.ID,
		"since": timeOrNil(plan.Since), "vantage": assessment.Vantage, "requirements": plan.Added, "weights": weights,
	})
	if err != nil {
		return fmt.Errorf("add requirements to incident %d: %w", incident, err)
	}
	return nil
}
