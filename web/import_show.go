package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// importSize is how many entries a page of an import lists.
const importSize = 100

// showImport shows what an import would change now, or what it did.
func (s *server) showImport(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	model, err := s.importPage(r)
	if err != nil {
		return err
	}
	return s.renderImport(w, r, http.StatusOK, model)
}

func (s *server) renderImport(w http.ResponseWriter, r *http.Request, status int, model views.Import) error {
	return s.render(w, r, status, views.ImportPage(s.page(r, "Import", "/"), model))
}

// importPage compares an import with what is registered now.
func (s *server) importPage(r *http.Request) (views.Import, error) {
	model := views.Import{Now: s.now()}
	id, err := pathID(r, "id")
	if err != nil {
		return model, err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Import, err = tx.Import(ctx, id); err != nil {
			return err
		}
		if model.Now.Before(model.ExpiresAt) {
			if model.Plan, err = planOf(ctx, tx, id); err != nil {
				return err
			}
			model.Quota, err = quotaOf(ctx, tx, model.TeamID, model.Plan)
			return err
		}
		if model.AppliedAt.IsZero() {
			return fmt.Errorf("import %d is expired: %w", id, store.ErrNotFound)
		}
		return nil
	})
	if err == nil && model.Now.Before(model.ExpiresAt) {
		s.listPart(r, &model)
	}
	return model, err
}

// planOf says what an import would change at the moment.
func planOf(ctx context.Context, tx *store.Tx, id int64) (plan inventory.Plan, err error) {
	rows, err := tx.ImportRows(ctx, id)
	if err != nil {
		return plan, err
	}
	registered, err := tx.Inventory(ctx, 0)
	if err != nil {
		return plan, err
	}
	return inventory.Compare(rows, registered), nil
}

// quotaOf says in a sentence where a plan's hosts would be too many.
func quotaOf(ctx context.Context, tx *store.Tx, team int64, plan inventory.Plan) (string, error) {
	var full *store.HostQuotaError
	err := tx.CheckHostQuota(ctx, team, store.HostsOf(plan))
	if errors.As(err, &full) {
		return quotaSentence(full), nil
	}
	return "", err
}

// listPart picks what the page lists: the part that was asked for, else the
// first that has anything.
func (s *server) listPart(r *http.Request, model *views.Import) {
	model.Part = views.ImportPart(r.URL.Query().Get("show"))
	if !slices.Contains(views.ImportParts(), model.Part) {
		model.Part = views.ImportAdded
		if i := slices.IndexFunc(views.ImportParts(), func(part views.ImportPart) bool { return model.Count(part) > 0 }); i >= 0 {
			model.Part = views.ImportParts()[i]
		}
	}
	count := model.Count(model.Part)
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	number = min(max(number, 1), max(1, (count+importSize-1)/importSize))
	from, to := (number-1)*importSize, min(number*importSize, count)
	model.First = from + 1
	if number > 1 {
		model.Previous = model.PartPath(model.Part, number-1)
	}
	if to < count {
		model.Next = model.PartPath(model.Part, number+1)
	}
	switch model.Part {
	case views.ImportRejected:
		model.Rejections = model.Plan.Rejected[from:to]
	case views.ImportApplications:
		model.Applications = model.Plan.Applications[from:to]
	case views.ImportAdded:
		model.Items = s.withHints(model.Plan.Added[from:to])
	case views.ImportChanged:
		model.Items = s.withHints(model.Plan.Changed[from:to])
	case views.ImportUnchanged:
		model.Items = withoutHints(model.Plan.Unchanged[from:to])
	case views.ImportMissing:
		model.Items = withoutHints(model.Plan.Missing[from:to])
	}
}

// withHints says what the requirements will say of the text of each URL.
func (s *server) withHints(items []inventory.Item) []views.ImportItem {
	listed := withoutHints(items)
	for i := range listed {
		listed[i].Hints = s.hintsOf(listed[i].Endpoint.Subject())
	}
	return listed
}

func withoutHints(items []inventory.Item) []views.ImportItem {
	listed := make([]views.ImportItem, 0, len(items))
	for _, item := range items {
		listed = append(listed, views.ImportItem{Item: item})
	}
	return listed
}

// sendRejected sends the rows that were rejected, with why.
func (s *server) sendRejected(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	model, err := s.importPage(r)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := inventory.WriteRejections(&file, model.Plan.Rejected); err != nil {
		return err
	}
	s.sendFile(w, r, saveAs("rejected", "", "csv"), "text/csv; charset=utf-8", &file)
	return nil
}
