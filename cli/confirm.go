package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"berth"
)

// confirm asks before something that cannot be taken back, where a person is there to answer. Scripts are not asked: who
// wrote the command meant it.
func (p *program) confirm(format string, args ...any) error {
	in, ok := p.In.(*os.File)
	if p.yes || !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	fmt.Fprintf(p.Err, "%s [y/N] ", plain(fmt.Sprintf(format, args...)))
	answer, err := bufio.NewReader(in).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); err == nil && (answer == "y" || answer == "yes") {
		return nil
	}
	return berth.Errorf(berth.Conflict, "nothing was done: you did not say yes").With("answer y, or give --yes")
}
