package inventory

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Bounds of a workbook, whose compressed size says nothing.
const (
	maxUnzipped = 64 << 20
	maxParts    = 1000    // files in the archive
	maxSheets   = 50      // a workbook of URLs has one
	maxColumns  = 256     // cells of a row
	maxRowGap   = 200_000 // rows gone through, empty ones too
)

func errWorkbook() error {
	return &FileError{"The workbook cannot be read. Save it anew as Excel Workbook (.xlsx), or as CSV UTF-8."}
}

// readXLSX reads the first sheet that names columns. Formulas count by the
// value that was last computed; links to other files are never followed.
func readXLSX(content []byte) (file File, err error) {
	defer func() {
		if recover() != nil { // the library is given what strangers wrote
			file, err = File{}, errWorkbook()
		}
	}()
	if err := checkArchive(content); err != nil {
		return File{}, err
	}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped,
	})
	if err != nil {
		return File{}, errWorkbook()
	}
	defer func() { _ = book.Close() }() // it holds no more than memory
	return readBook(book)
}

func readBook(book *excelize.File) (File, error) {
	c := &collector{file: File{Format: XLSX}}
	sheets := book.GetSheetList()
	if len(sheets) > maxSheets {
		return c.file, &FileError{fmt.Sprintf("The workbook has more than %d sheets.", maxSheets)}
	}
	refused, read := errWorkbook(), false
	for _, sheet := range sheets {
		if read {
			c.note(fmt.Sprintf("The sheet %s was left aside: only the first one with URLs is read.", quoted(sheet)))
			continue
		}
		before := *c
		found, err := readSheet(book, sheet, c)
		switch {
		case err == nil && found:
			read = true
		case err == nil:
			c.note(fmt.Sprintf("The sheet %s is empty.", quoted(sheet)))
		case len(c.file.Rows) > 0:
			return c.file, err
		default:
			refused, *c = err, before
			c.note(fmt.Sprintf("The sheet %s was left aside: its first row names no column value or URL.", quoted(sheet)))
		}
	}
	if !read {
		return c.file, refused
	}
	return c.done()
}

// readSheet reads one sheet, and says whether it holds anything.
func readSheet(book *excelize.File, sheet string, c *collector) (found bool, err error) {
	rows, err := book.Rows(sheet)
	if err != nil {
		return false, errWorkbook()
	}
	defer func() { _ = rows.Close() }()
	var h *header
	for number := 1; rows.Next(); number++ {
		if number > maxRowGap {
			return h != nil, &FileError{fmt.Sprintf("The sheet %s goes on behind row %s. Delete its empty rows.", quoted(sheet), grouped(maxRowGap))}
		}
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return h != nil, errWorkbook()
		}
		if len(cells) > maxColumns {
			return h != nil, &FileError{fmt.Sprintf("Row %d of the sheet %s has more than %d cells.", number, quoted(sheet), maxColumns)}
		}
		switch {
		case h != nil:
			err = h.add(fmt.Sprintf("Sheet %s, row %d", sheet, number), cells)
		case len(cells) > 0:
			h, err = readHeader(cells, c)
		}
		if err != nil {
			return h != nil, err
		}
	}
	if rows.Error() != nil {
		return h != nil, errWorkbook()
	}
	return h != nil, nil
}

// checkArchive refuses what unpacks to too much before anything is unpacked.
// archive/zip gives no more bytes than the directory says.
func checkArchive(content []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return errWorkbook()
	}
	var total uint64
	for _, part := range archive.File {
		if total += part.UncompressedSize64; total > maxUnzipped || part.UncompressedSize64 > maxUnzipped {
			return &FileError{"The workbook unpacks to more than 64 MiB. Split it, or send it as CSV."}
		}
	}
	if len(archive.File) > maxParts {
		return &FileError{fmt.Sprintf("The workbook has more than %s parts.", grouped(maxParts))}
	}
	for _, part := range archive.File {
		if strings.HasPrefix(strings.ToLower(part.Name), "xl/worksheets/sheet") && !whole(part) {
			return errWorkbook()
		}
	}
	return nil
}

// whole says whether a sheet is text to its end. The library takes a byte that
// no XML may have for the end of the sheet, and the rows behind it would be
// missing without a word.
func whole(part *zip.File) bool {
	opened, err := part.Open()
	if err != nil {
		return false
	}
	defer func() { _ = opened.Close() }() // all of it is read, or it is refused
	content, err := io.ReadAll(io.LimitReader(opened, maxUnzipped+1))
	if err != nil || !utf8.Valid(content) {
		return false
	}
	control := bytes.ContainsFunc(content, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' })
	return !control && bytes.Contains(content[max(0, len(content)-1<<16):], []byte("worksheet>"))
}
