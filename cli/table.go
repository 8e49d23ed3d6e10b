package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// table gathers rows for people. A heading is printed where there are rows.
type table struct {
	width int // columns of the terminal, 0 when it is none: then nothing is wrapped
	parts []tablePart
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
}

// columns begins a block of rows.
func (t *table) columns(head ...string) { t.parts = append(t.parts, tablePart{head: head}) }

// titled begins a block under a title.
func (t *table) titled(title string, head ...string) {
	t.parts = append(t.parts, tablePart{title: title, head: head})
}

// row adds a row; what is under no column is a mistake of the caller and panics.
func (t *table) row(cells ...string) { t.rowWith(nil, cells...) }

// rowWith adds a row with lines under it.
func (t *table) rowWith(below []string, cells ...string) {
	last := &t.parts[len(t.parts)-1]
	for i := range cells {
		cells[i] = plain(cmp.Or(cells[i], "-"))
	}
	last.rows = append(last.rows, tableRow{cells, below})
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
	var b bytes.Buffer
	for i, part := range t.parts {
		if part.title != "" {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(plain(part.title) + "\n")
		}
		part.write(&b, t.width)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p tablePart) write(b *bytes.Buffer, width int) {
	if len(p.rows) == 0 {
		return
	}
	var aligned bytes.Buffer
	tw := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	if len(p.head) > 0 {
		fmt.Fprintln(tw, strings.Join(p.head, "\t"))
	}
	for _, r := range p.rows {
		fmt.Fprintln(tw, strings.Join(r.cells, "\t"))
	}
	_ = tw.Flush() // into memory
	lines := strings.Split(strings.TrimSuffix(aligned.String(), "\n"), "\n")
	start := 0 // of the last column
	if len(p.head) > 0 {
		start = max(0, strings.LastIndex(lines[0], p.head[len(p.head)-1]))
		b.WriteString(strings.TrimRight(lines[0], " ") + "\n")
		lines = lines[1:]
	}
	for i, r := range p.rows {
		b.WriteString(wrap(strings.TrimRight(lines[i], " "), start, width))
		for _, line := range r.below {
			b.WriteString("  " + plain(line) + "\n")
		}
	}
}

// wrap breaks a line that is wider than the terminal: its last column goes on under itself.
func wrap(line string, start, width int) string {
	const least = 20 // a narrower last column is harder to read than one that the terminal breaks itself
	runes := []rune(line)
	if width == 0 || len(runes) <= width || start == 0 || width-start < least || start >= len(runes) {
		return line + "\n"
	}
	out, rest := string(runes[:start]), runes[start:]
	for room := width - start; len(rest) > room; {
		cut := room
		for i := room; i > room/2; i-- {
			if rest[i] == ' ' {
				cut = i
				break
			}
		}
		out += string(rest[:cut]) + "\n" + strings.Repeat(" ", start)
		rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
	}
	return out + string(rest) + "\n"
}

// plain makes text of unknown origin safe to print: names in an image or words of a server are shown, not obeyed.
func plain(s string) string {
	ok := func(r rune) bool { return r != utf8.RuneError && (unicode.IsPrint(r) || r == ' ') }
	if strings.IndexFunc(s, func(r rune) bool { return !ok(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if ok(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// terminalWidth is the number of columns of a terminal, 0 for anything else.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
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
