package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showInventory offers exports and imports, of all or of one application.
func (s *server) showInventory(w http.ResponseWriter, r *http.Request) error {
	model, err := s.inventoryPage(r)
	if err != nil {
		return err
	}
	if model.Application != nil {
		model.Name, model.Type = model.Application.Name, string(model.Application.Type)
	}
	return s.render(w, r, http.StatusOK, views.InventoryPage(s.page(r, "Import and export", "/"), model))
}

func (s *server) inventoryPage(r *http.Request) (views.Inventory, error) {
	model := views.Inventory{MayChange: may(r, auth.ChangeInventory), Now: s.now()}
	id, err := queryID(r, "application")
	if err != nil {
		return model, err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if id != 0 {
			application, err := tx.Application(ctx, id)
			if err != nil {
				return err
			}
			model.Application = &application
		}
		model.Imports, err = tx.Imports(ctx, model.Now)
		return err
	})
	return model, err
}

// queryID reads an id from the query; 0: there is none.
func queryID(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%s %q: %w", name, text, store.ErrNotFound)
	}
	return id, nil
}

// exportInventory returns an action that sends what is registered in one format.
func (s *server) exportInventory(extension, contentType string, write func(io.Writer, []monitor.Endpoint) error) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := queryID(r, "application")
		if err != nil {
			return err
		}
		var registered inventory.Registered
		var application monitor.Application
		err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
			if id != 0 {
				if application, err = tx.Application(ctx, id); err != nil {
					return err
				}
			}
			registered, err = tx.Inventory(ctx, id)
			return err
		})
		if err != nil {
			return err
		}
		var file bytes.Buffer
		if err := write(&file, registered.Endpoints); err != nil {
			return err
		}
		s.sendFile(w, r, saveAs("urls", application.Name, extension), contentType, &file)
		return nil
	}
}

// sendFile sends a whole file to be saved.
func (s *server) sendFile(w http.ResponseWriter, r *http.Request, name, contentType string, file *bytes.Buffer) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := file.WriteTo(w); err != nil && r.Context().Err() == nil {
		s.Logger.InfoContext(r.Context(), "the answer was not read to its end", "error", err)
	}
}
