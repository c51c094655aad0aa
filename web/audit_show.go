package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listAudit says who did what.
func (s *server) listAudit(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ReadAudit); err != nil {
		return err
	}
	query := r.URL.Query()
	model := views.Audit{Source: query.Get("source"), User: query.Get("user"), Days: query.Get("days")}
	filter := store.AuditFilter{Source: model.Source, User: model.User, Limit: pageSize + 1}
	if days, err := strconv.Atoi(model.Days); err == nil && days > 0 && days < 10_000 {
		filter.Since = s.now().Add(-time.Duration(days) * 24 * time.Hour)
	}
	if before, err := strconv.ParseInt(query.Get("before"), 10, 64); err == nil && before > 0 {
		filter.Before = before
	}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Records, err = tx.AuditRecords(ctx, filter)
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Records) > pageSize {
		model.Records = model.Records[:pageSize]
		older := url.Values{"before": {strconv.FormatInt(model.Records[pageSize-1].ID, 10)}}
		for name, value := range map[string]string{"source": model.Source, "user": model.User, "days": model.Days} {
			if value != "" {
				older.Set(name, value)
			}
		}
		model.Older = "/audit?" + older.Encode()
	}
	return s.render(w, r, http.StatusOK, views.AuditPage(s.page(r, "Audit", "/audit"), model))
}
