package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// SeenVantage is a vantage with what its last check saw.
type SeenVantage struct {
	monitor.VantageHealth
	SeenAt time.Time            // when a worker of it last said that it runs
	Event  *monitor.HealthEvent `db:"-"` // of the last check; nil: there was none
	Detail []byte               // Event as JSON
}

// Vantages lists the places that we look from, by name: whether what they see
// can be believed, and since when.
func (tx *Tx) Vantages(ctx context.Context) ([]SeenVantage, error) {
	rows, _ := tx.Query(ctx, `
		SELECT name AS vantage, state, coalesce(since, '0001-01-01T00:00:00Z') AS since, reason,
			coalesce(checked_at, '0001-01-01T00:00:00Z') AS checked_at, failures, successes, told, seen_at, detail
		FROM vantages ORDER BY name`)
	vantages, err := collectAll[SeenVantage](rows, "list the vantages")
	if err != nil {
		return nil, err
	}
	for i := range vantages {
		if vantages[i].Detail == nil {
			continue
		}
		vantages[i].Event = &monitor.HealthEvent{}
		if err := json.Unmarshal(vantages[i].Detail, vantages[i].Event); err != nil {
			return nil, fmt.Errorf("read what vantage %s checked: %w", vantages[i].Vantage, err)
		}
	}
	return vantages, nil
}
