package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// table gathers rows for people. A heading is printed where there are rows.
type table struct {
	width    int  // columns of the terminal, 0 when it is none: then nothing is wrapped
	headless bool // leave out the headings of columns
	colored  bool // use the ink of cells
	parts    []tablePart
}

// tablePart is a block of rows that are aligned with each other.
type tablePart struct {
	title string
	head  []string
	rows  []tableRow
}

type tableRow struct {
	cells []string
	below []string // lines under the row
	inked int      // the cell that has the ink
	ink   ink
}

// columns begins a block of rows.
func (t *table) columns(head ...string) { t.parts = append(t.parts, tablePart{head: head}) }

// titled begins a block under a title.
func (t *table) titled(title string, head ...string) {
	t.parts = append(t.parts, tablePart{title: title, head: head})
}

// expect makes room for so many rows of the block.
func (t *table) expect(rows int) {
	last := &t.parts[len(t.parts)-1]
	last.rows = slices.Grow(last.rows, rows)
}

// row adds a row; what is under no column is a mistake of the caller and panics.
func (t *table) row(cells ...string) { t.rowWith(nil, cells...) }

// rowWith adds a row with lines under it.
func (t *table) rowWith(below []string, cells ...string) {
	last := &t.parts[len(t.parts)-1]
	for i := range cells {
		cells[i] = plain(cmp.Or(cells[i], "-"))
	}
	last.rows = append(last.rows, tableRow{cells: cells, below: below})
}

// paint gives a cell of the row that was added last its colour.
func (t *table) paint(column int, with ink) {
	rows := t.parts[len(t.parts)-1].rows
	rows[len(rows)-1].inked, rows[len(rows)-1].ink = column, with
}

// fact adds a line "name  value" to a block without heading; an empty value is left out.
func (t *table) fact(name, value string) {
	if value == "" {
		return
	}
	if len(t.parts) == 0 || len(t.parts[len(t.parts)-1].head) > 0 {
		t.columns()
	}
	t.row(name+":", value)
}

// empty tells that nothing will be printed.
func (t *table) empty() bool {
	return !slices.ContainsFunc(t.parts, func(p tablePart) bool { return p.title != "" || len(p.rows) > 0 })
}

func (t *table) write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	for i, part := range t.parts {
		if part.title != "" {
			if i > 0 {
				fmt.Fprintln(b)
			}
			fmt.Fprintln(b, plain(part.title))
		}
		t.writePart(b, part)
	}
	return b.Flush() // tells the first error of all
}

func (t *table) writePart(b *bufio.Writer, p tablePart) {
	if len(p.rows) == 0 {
		return
	}
	width := t.width
	if len(p.head) == 0 {
		width = 0 // facts are copied from the terminal: they stay whole
	}
	lines, head := p.rows, []tableRow(nil)
	if len(p.head) > 0 && !t.headless {
		head = []tableRow{{cells: p.head}}
	}
	widths := columnWidths(columnWidths(nil, head), lines)
	if len(head) > 0 {
		t.writeLine(b, &head[0], columns{widths, width})
	}
	for i := range lines {
		r := &lines[i]
		t.writeLine(b, r, columns{widths, width})
		for _, line := range r.below {
			fmt.Fprintln(b, "  "+plain(line))
		}
	}
}

// columnWidths returns the width of each column: that of its widest cell, in characters, or the one that it had.
func columnWidths(widths []int, rows []tableRow) []int {
	for r := range rows {
		for i, cell := range rows[r].cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// columns are the widths of the columns, and of the line; 0 for a line without end.
type columns struct {
	widths []int
	line   int
}

// spaces are what columns are filled up with.
var spaces = strings.Repeat(" ", 64)

// writeLine lays a row out. Colours come in after the measuring: they take no room.
func (t *table) writeLine(b *bufio.Writer, r *tableRow, c columns) {
	const gap = 2
	start, last := 0, len(r.cells)-1
	for i, cell := range r.cells {
		room := 0
		if i < last {
			room = c.widths[i] - utf8.RuneCountInString(cell) + gap
		} else {
			cell = wrap(strings.TrimRight(cell, " "), start, c.line)
		}
		start += c.widths[i] + gap
		if t.colored && r.ink != "" && i == r.inked {
			cell = r.ink.on(cell)
		}
		_, _ = b.WriteString(cell) // Flush tells
		for ; room > 0; room -= len(spaces) {
			_, _ = b.WriteString(spaces[:min(room, len(spaces))])
		}
	}
	_ = b.WriteByte('\n')
}

// wrap breaks the last cell of a line that is wider than the terminal: it goes on under its start.
func wrap(cell string, start, width int) string {
	const least = 20 // a narrower last column is harder to read than one that the terminal breaks itself
	room := width - start
	if width == 0 || start == 0 || room < least || len(cell) <= room {
		return cell
	}
	rest := []rune(cell)
	var out strings.Builder
	for len(rest) > room {
		cut := room
		for i := room; i > room/2; i-- {
			if rest[i] == ' ' {
				cut = i
				break
			}
		}
		out.WriteString(string(rest[:cut]) + "\n" + strings.Repeat(" ", start))
		rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
	}
	return out.String() + string(rest)
}

// plain makes text of unknown origin safe to print: names in an image or words of a server are shown, not obeyed.
func plain(s string) string {
	if isPlainASCII(s) {
		return s
	}
	ok := func(r rune) bool { return r != utf8.RuneError && (unicode.IsPrint(r) || r == ' ') }
	if strings.IndexFunc(s, func(r rune) bool { return !ok(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if ok(r) {
			b.WriteRune(r)
		} else {
			q := strconv.Quote(s[:n]) // bytes that are no character too
			b.WriteString(q[1 : len(q)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// isPlainASCII tells the text that most names are.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// age words how long ago something was: "12s", "3m", "5h", "9d"; empty for never.
func (p *program) age(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	switch d := max(0, p.Now().Sub(at)); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// yesNo words a switch.
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// bytesOf words a size.
func bytesOf(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, prefixes := float64(n), "KMGTPE"
	i := -1
	for v >= unit && i < len(prefixes)-1 {
		v, i = v/unit, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, prefixes[i])
}
