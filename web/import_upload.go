package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

const (
	// maxUpload bounds the request with a file: the file, and what is around it.
	maxUpload = inventory.MaxBytes + 1<<20
	// maxUploadField bounds every other field of that form.
	maxUploadField = 4096
	// importLifetime is how long an import can be confirmed.
	importLifetime = 24 * time.Hour
	// readsAtOnce bounds how many files are read at the same time: each takes
	// many times its size.
	readsAtOnce = 2
)

// upload is the form of a file.
type upload struct {
	name    string // of the file
	content []byte
	given   bool
	fields  map[string]string
}

// uploadImport reads a file and keeps its rows until somebody confirms them.
func (s *server) uploadImport(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	form, err := readUpload(r)
	var refused *inventory.FileError
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	faults := form.faults(refused)
	if len(faults) > 0 {
		return s.refuseUpload(w, r, form, faults)
	}
	file, err := s.readInventory(r.Context(), form)
	if errors.As(err, &refused) {
		return s.refuseUpload(w, r, form, views.Faults{{ID: "file", Text: refused.Sentence}})
	}
	if err != nil {
		return err
	}
	staged, err := s.stage(r, form, file)
	if errors.Is(err, store.ErrImportsWait) {
		return s.refuseUpload(w, r, form, views.Faults{{ID: "file", Text: fmt.Sprintf(
			"Your team has %d imports that wait to be confirmed. Confirm or discard one first.", store.MostImports)}})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/imports/%d", staged.ID))
}

// readUpload reads the form. A *inventory.FileError says what is wrong with the file.
func readUpload(r *http.Request) (upload, error) {
	form := upload{fields: map[string]string{}}
	reader, err := r.MultipartReader()
	if err != nil {
		return form, errors.Join(errBadForm, err)
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err == nil {
			err = form.read(part)
		}
		var tooLarge *http.MaxBytesError
		var refused *inventory.FileError
		switch {
		case errors.As(err, &tooLarge):
			return form, &inventory.FileError{Sentence: "The file is larger than 32 MiB. Split it."}
		case errors.As(err, &refused):
			return form, err
		case err != nil:
			return form, errors.Join(errBadForm, err)
		}
	}
}

// read takes one part of the form.
func (u *upload) read(part *multipart.Part) (err error) {
	if part.FormName() != "file" {
		text, err := io.ReadAll(io.LimitReader(part, maxUploadField))
		if len(u.fields) < 10 && storable(string(text)) {
			u.fields[part.FormName()] = strings.TrimSpace(string(text))
		}
		return err
	}
	u.given = part.FileName() != ""
	u.name = fileName(part.FileName())
	if u.content, err = io.ReadAll(io.LimitReader(part, inventory.MaxBytes+1)); err != nil {
		return err
	}
	if len(u.content) > inventory.MaxBytes {
		return &inventory.FileError{Sentence: "The file is larger than 32 MiB. Split it."}
	}
	return nil
}

// fileName is what a browser calls a file, without folders and what cannot be shown.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if !inventory.Legible(name) || strings.Trim(name, "./ ") == "" {
		return "file"
	}
	if utf8.RuneCountInString(name) > maxNameRunes {
		return string([]rune(name)[:maxNameRunes])
	}
	return name
}

func (u *upload) faults(refused *inventory.FileError) views.Faults {
	var faults views.Faults
	switch {
	case refused != nil:
		faults = append(faults, views.FieldFault{ID: "file", Text: refused.Sentence})
	case !u.given:
		faults = append(faults, views.FieldFault{ID: "file", Text: "Choose a file."})
	}
	if name := u.fields["name"]; name != "" && (!inventory.Legible(name) || utf8.RuneCountInString(name) > maxNameRunes) {
		faults = append(faults, views.FieldFault{ID: "name", Text: fmt.Sprintf("Use a name of at most %d characters that can be seen.", maxNameRunes)})
	}
	if kind := u.fields["type"]; kind != "" && kind != string(policy.Standard) && kind != string(policy.Custom) {
		faults = append(faults, views.FieldFault{ID: "type", Text: "Choose standard or custom, or leave it to the file."})
	}
	return faults
}

// refuseUpload shows the form again. A browser never fills in a file by itself.
func (s *server) refuseUpload(w http.ResponseWriter, r *http.Request, form upload, faults views.Faults) error {
	model, err := s.inventoryPage(r)
	if err != nil {
		return err
	}
	model.Name, model.Type, model.Faults = form.fields["name"], form.fields["type"], faults
	return s.render(w, r, http.StatusUnprocessableEntity, views.InventoryPage(s.page(r, "Import and export", "/"), model))
}

// readInventory reads a file when its turn has come.
func (s *server) readInventory(ctx context.Context, form upload) (inventory.File, error) {
	select {
	case s.reads <- struct{}{}:
	case <-ctx.Done():
		return inventory.File{}, ctx.Err()
	}
	defer func() { <-s.reads }()
	return inventory.Read(form.content, inventory.Defaults{Application: form.fields["name"], Type: form.fields["type"]})
}

func (s *server) stage(r *http.Request, form upload, file inventory.File) (staged store.Import, err error) {
	now := s.now()
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		session := visitOf(r).session
		staged, err = tx.StageImport(ctx, s.actor(r), store.Import{
			TeamID: session.TeamID, FileName: form.name, Format: file.Format, Notes: file.Notes, CreatedBy: session.Email,
			CreatedAt: now, ExpiresAt: now.Add(importLifetime),
		}, file.Rows)
		return err
	})
	return staged, err
}
