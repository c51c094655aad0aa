package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// cell is a piece of text and how it looks.
type cell struct{ text, style string }

// table is lines of cells below each other. On a screen that is too narrow
// whole columns go, those named in drop first.
type table struct {
	indent int
	rows   [][]cell
	drop   []int // columns, the first to go first
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// write prints the rows. width 0: as wide as they are.
func (t *table) write(p *printer, b *bytes.Buffer) {
	widths := t.widths()
	for _, column := range t.drop {
		if p.width == 0 || t.total(widths) <= p.width {
			break
		}
		widths[column] = 0
	}
	for _, row := range t.rows {
		t.writeRow(p, b, row, widths)
	}
}

func (t *table) writeRow(p *printer, b *bytes.Buffer, row []cell, widths []int) {
	b.WriteString(strings.Repeat(" ", t.indent))
	blanks := 0 // owed: no line ends with them
	for column, cell := range row {
		if widths[column] == 0 {
			continue
		}
		text := printable(cell.text)
		if text != "" {
			b.WriteString(strings.Repeat(" ", blanks) + p.styled(cell.style, text))
			blanks = 0
		}
		blanks += widths[column] - utf8.RuneCountInString(text) + columnGap
	}
	b.WriteByte('\n')
}

const columnGap = 2

func (t *table) widths() []int {
	var widths []int
	for _, row := range t.rows {
		for column, cell := range row {
			if column == len(widths) {
				widths = append(widths, 0)
			}
			widths[column] = max(widths[column], utf8.RuneCountInString(printable(cell.text)))
		}
	}
	return widths
}

func (t *table) total(widths []int) int {
	total := t.indent - columnGap
	for _, width := range widths {
		if width > 0 {
			total += width + columnGap
		}
	}
	return total
}

// Where a label begins, and the text behind it.
const (
	labelIndent, labelWidth   = 4, 17
	detailIndent, detailWidth = 6, 22
)

// field prints a label and text behind it, broken at blanks where the screen
// is narrower.
func (p *printer) field(b *bytes.Buffer, label, text string) {
	p.wrapped(b, fmt.Sprintf("%*s%-*s", labelIndent, "", labelWidth-labelIndent, label), labelWidth, text)
}

// detail is field within a section.
func (p *printer) detail(b *bytes.Buffer, label, text string) {
	p.wrapped(b, fmt.Sprintf("%*s%-*s", detailIndent, "", detailWidth-detailIndent, label), detailWidth, text)
}

// listing prints text that may be long.
func (p *printer) listing(b *bytes.Buffer, indent int, text string) {
	p.wrapped(b, strings.Repeat(" ", indent), indent+2, text)
}

// wrapped prints text behind start, and what does not fit below it, indented.
func (p *printer) wrapped(b *bytes.Buffer, start string, indent int, text string) {
	b.WriteString(start)
	p.words(b, utf8.RuneCountInString(start), indent, text)
}

// wrappedAfter is wrapped behind a start that is as wide as the indent, and may
// have colors.
func (p *printer) wrappedAfter(b *bytes.Buffer, start string, indent int, text string) {
	b.WriteString(start)
	p.words(b, indent, indent, text)
}

// words prints text from column used on.
func (p *printer) words(b *bytes.Buffer, used, indent int, text string) {
	for i, word := range strings.Split(printable(text), " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case p.width > 0 && used+1+length > p.width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = indent
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += length
	}
	b.WriteByte('\n')
}

func (p *printer) heading(b *bytes.Buffer, text string) {
	b.WriteString("\n    " + p.styled(bold, text) + "\n")
}

// section prints a heading and what fill writes, or nothing where that is
// nothing.
func (p *printer) section(b *bytes.Buffer, heading string, fill func(b *bytes.Buffer)) {
	var body bytes.Buffer
	if fill(&body); body.Len() > 0 {
		p.heading(b, heading)
		b.Write(body.Bytes())
	}
}

// words writes codes as people read them: connection_reset, connection reset.
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }
