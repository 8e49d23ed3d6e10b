//go:build !windows

package cli

import (
	"os"

	"golang.org/x/term"
)

// obeysEscapes tells whether a file is a terminal: outside Windows all that are in use obey escape sequences.
func obeysEscapes(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
