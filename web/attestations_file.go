package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/web/views"
)

// newlines makes one line of text.
var newlines = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// attestationTable is the checklist of applications as rows, a heading first.
func attestationTable(applications []views.AttestedApplication) [][]string {
	table := [][]string{{
		"team", "application", "type", "requirement", "severity", "statement", "state", "result", "owner", "stated_on", "renew_by",
		"reason", "evidence", "note", "recorded_by", "recorded_at", "renewal_policy_of_gradewatch", "source", "catalog",
	}}
	for _, application := range applications {
		for _, row := range application.Rows {
			line := []string{
				application.Team, application.Application.Name, string(application.Application.Type), row.ID, string(row.Severity),
				row.Text, string(row.State), "", "", "", "", "", "", "", "", "", views.RenewalWords(row.Renewal), row.Source, attestations.SuperOffice().Name(),
			}
			if row.Newest != nil && row.Asked {
				copy(line[7:], statementCells(row))
			}
			table = append(table, line)
		}
	}
	return table
}

func statementCells(row views.AttestationRow) []string {
	stated := row.Newest
	cells := []string{string(stated.Result), stated.Owner, stated.StatedOn.Format(time.DateOnly), ""}
	if !stated.RenewBy.IsZero() {
		cells[3] = stated.RenewBy.Format(time.DateOnly)
	}
	return append(cells, stated.Reason, stated.Evidence, stated.Note, stated.RecordedBy, stated.RecordedAt.UTC().Format(time.RFC3339))
}

// sendTable sends rows as CSV (RFC 4180). Cells that a spreadsheet would take
// for a formula are quoted with an apostrophe, since anybody may have typed them.
func (s *server) sendTable(w http.ResponseWriter, r *http.Request, name string, table [][]string) error {
	var buffer bytes.Buffer
	writer := csv.NewWriter(&buffer)
	writer.UseCRLF = true
	for _, row := range table {
		cells := make([]string, 0, len(row))
		for _, cell := range row {
			cells = append(cells, harmless(cell))
		}
		if err := writer.Write(cells); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	writer.Flush()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	if _, err := buffer.WriteTo(w); err != nil && r.Context().Err() == nil {
		s.Logger.InfoContext(r.Context(), "the answer was not read to its end", "error", err)
	}
	return nil
}

// harmless returns a cell that no spreadsheet calculates.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
