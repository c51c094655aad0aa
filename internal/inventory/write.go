package inventory

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// WriteCSV writes endpoints as comma-separated values with a byte order mark,
// by which spreadsheets know UTF-8. Read again, it changes nothing.
func WriteCSV(w io.Writer, endpoints []monitor.Endpoint) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write the inventory as CSV: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(Columns()) // Error says it
	for _, endpoint := range endpoints {
		_ = out.Write(cellsOf(RowOf(endpoint)))
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the inventory as CSV: %w", err)
	}
	return nil
}

// WriteRejections writes rows that were rejected as CSV: where each stood, what
// is wrong with it, and the row itself, to be put right and imported again.
func WriteRejections(w io.Writer, rejections []Rejection) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write the rejected rows: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(append([]string{"place", "reason"}, Columns()...)) // Error says it
	for _, rejection := range rejections {
		reason := ""
		for i, sentence := range rejection.Reasons {
			if i > 0 {
				reason += " "
			}
			reason += sentence
		}
		_ = out.Write(append([]string{escape(rejection.Row.Place), escape(reason)}, cellsOf(rejection.Row)...))
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the rejected rows: %w", err)
	}
	return nil
}

func cellsOf(row Row) []string {
	cells := make([]string, 0, len(Columns()))
	for _, field := range row.Fields() {
		cells = append(cells, escape(*field))
	}
	return cells
}

// jsonRow is a row of our JSON. Numbers and booleans are what they are.
type jsonRow struct {
	Application string      `json:"application"`
	Type        string      `json:"type"`
	Environment string      `json:"environment,omitempty"`
	Kind        string      `json:"kind"`
	ValueKind   string      `json:"value_kind"`
	Value       string      `json:"value"`
	ProbeURL    string      `json:"probe_url,omitempty"`
	Method      string      `json:"method"`
	Interval    json.Number `json:"interval_minutes"`
	PostAllowed bool        `json:"post_allowed"`
	ClientID    string      `json:"client_id,omitempty"`
}

// WriteJSON writes endpoints in our own form, docs/inventory.schema.json.
func WriteJSON(w io.Writer, endpoints []monitor.Endpoint) error {
	rows := make([]jsonRow, 0, len(endpoints))
	for _, endpoint := range endpoints {
		row := RowOf(endpoint)
		rows = append(rows, jsonRow{
			row.Application, row.Type, row.Environment, row.Kind, row.ValueKind, row.Value, row.ProbeURL, row.Method,
			json.Number(row.Interval), endpoint.PostAllowed, row.ClientID,
		})
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	err := out.Encode(struct {
		Version int       `json:"gradewatch_inventory"`
		URLs    []jsonRow `json:"urls"`
	}{version, rows})
	if err != nil {
		return fmt.Errorf("write the inventory as JSON: %w", err)
	}
	return nil
}

// sheetName is the sheet of our workbooks.
const sheetName = "URLs"

// WriteXLSX writes endpoints as an Excel workbook of one sheet, every cell as text.
func WriteXLSX(w io.Writer, endpoints []monitor.Endpoint) (err error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }() // it holds no more than memory
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the inventory as a workbook: %w", err)
		}
	}()
	if err := book.SetSheetName(book.GetSheetName(0), sheetName); err != nil {
		return err
	}
	sheet, err := book.NewStreamWriter(sheetName)
	if err != nil {
		return err
	}
	if err := layOut(book, sheet); err != nil {
		return err
	}
	for i, endpoint := range endpoints {
		if err := writeRow(sheet, i+2, cellsOf(RowOf(endpoint)), 0); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// layOut sets widths, keeps the first row in sight, and writes it.
func layOut(book *excelize.File, sheet *excelize.StreamWriter) error {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	for i, width := range []float64{24, 10, 12, 14, 16, 60, 40, 8, 16, 12, 36} {
		if err := sheet.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return writeRow(sheet, 1, Columns(), bold)
}

func writeRow(sheet *excelize.StreamWriter, number int, texts []string, style int) error {
	cells := make([]any, 0, len(texts))
	for _, text := range texts {
		cells = append(cells, excelize.Cell{Value: text, StyleID: style})
	}
	at, err := excelize.CoordinatesToCellName(1, number)
	if err != nil {
		return err
	}
	return sheet.SetRow(at, cells)
}
