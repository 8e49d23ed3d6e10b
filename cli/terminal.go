package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"berth"
)

// When results have colours.
const (
	colorAuto   = "auto" // on a terminal that has not been told otherwise
	colorAlways = "always"
	colorNever  = "never"
)

var colorChoices = []string{colorAuto, colorAlways, colorNever}

// ink is the colour of a cell: the parameter of "select graphic rendition" (ECMA-48, 8.3.117). Empty is the terminal's own.
type ink string

const (
	green  ink = "32"
	yellow ink = "33"
	red    ink = "31"
)

// on colours a text; the terminal's own colour comes back behind it.
func (i ink) on(s string) string { return "\x1b[" + string(i) + "m" + s + "\x1b[0m" }

// statusInk is green for what works, yellow for what only takes its time, and red for what somebody must look at.
func statusInk(n berth.StatusName) ink {
	switch n {
	case berth.StatusReady, berth.StatusInUse:
		return green
	case berth.StatusDisabling, berth.StatusNotApplied:
		return yellow
	default:
		return red
	}
}

// colored decides on colours. What --color says counts first, then NO_COLOR (no-color.org: any value but the empty one).
func (p *program) colored() bool {
	switch p.color {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	return p.Env("NO_COLOR") == "" && p.Env("TERM") != "dumb" && onTerminal(p.Out)
}

// onTerminal tells that a writer is a terminal that obeys escape sequences.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && obeysEscapes(f)
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
