package store

// windowColumns are those of monitor.MaintenanceWindow, of maintenance_windows w.
const windowColumns = `w.id, w.team_id, w.reason, coalesce(w.application_id, 0) AS application_id, coalesce(w.environment, '') AS environment,
	coalesce(w.endpoint_id, 0) AS endpoint_id, w.host, w.starts_at, w.duration_seconds::bigint * 1000000000 AS duration, w.recurrence, w.zone,
	w.created_by, w.created_at, coalesce(w.ended_at, '0001-01-01T00:00:00Z') AS ended_at`

// windowsOf reads the maintenance windows that cover an endpoint, began by @at
// and were not ended by then, whether one of their occurrences runs or not.
const windowsOf = `SELECT ` + windowColumns + `
	FROM maintenance_windows w JOIN endpoints e ON e.id = @endpoint AND e.team_id = w.team_id
	WHERE (w.ended_at IS NULL OR w.ended_at > @at) AND w.starts_at <= @at
		AND (w.recurrence <> '' OR w.starts_at + make_interval(secs => w.duration_seconds) > @at)
		AND (w.application_id IS NULL OR w.application_id = e.application_id)
		AND (w.environment IS NULL OR w.environment = e.environment)
		AND (w.endpoint_id IS NULL OR w.endpoint_id = e.id)
		AND (w.host = '' OR w.host = e.host)
	ORDER BY w.id`
