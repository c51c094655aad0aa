package web

import (
	"context"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// availabilityOf reads how an endpoint answered in the last 90 days
// (superoffice.md E-15).
func availabilityOf(ctx context.Context, tx *store.Tx, endpoint int64, now time.Time) (views.Availability, error) {
	days, err := tx.AvailabilityDays(ctx, endpoint, now.AddDate(0, 0, -90))
	return views.Availability{EndpointID: endpoint, Now: now, Days: days, Spans: monitor.Availability(days, now)}, err
}
