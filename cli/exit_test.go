package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"berth"
)

func TestEveryKindHasAnExitCode(t *testing.T) {
	want := map[berth.Kind]int{berth.Internal: 1, berth.Invalid: 1, berth.NotFound: 3, berth.Conflict: 5, berth.Forbidden: 4,
		berth.Unauthenticated: 4, berth.Precondition: 5, berth.Unavailable: 7}
	for _, k := range berth.Kinds {
		code, ok := ExitCode(k)
		if !ok || code != want[k] {
			t.Errorf("kind %s ends with %d (known: %v), want %d", k, code, ok, want[k])
		}
	}
}

// failing is a root whose only command fails with err.
func failing(out *bytes.Buffer, err error) *cobra.Command {
	foreign := &cobra.Command{Use: "foreign", Short: "Fail", RunE: func(*cobra.Command, []string) error { return err }}
	return New(Options{In: strings.NewReader(""), Out: io.Discard, Err: out, Env: func(string) string { return "" }, Commands: func() []*cobra.Command { return []*cobra.Command{foreign} }})
}

// TestForeignCommands: what the commands of others return is worded and counted by the same table.
func TestForeignCommands(t *testing.T) {
	ended, stop := context.WithCancel(context.Background())
	stop()
	tests := map[string]struct {
		ctx  context.Context
		err  error
		code int
		text string
	}{
		"plain":       {context.Background(), errors.New("it broke"), 1, "berth: it broke\n  what to do: see the log of the server, and report this with what it says\n"},
		"of a kind":   {context.Background(), berth.Errorf(berth.Forbidden, "no").With("ask"), 4, "berth: no\n  what to do: ask\n"},
		"wrapped":     {context.Background(), fmt.Errorf("x: %w", berth.Errorf(berth.NotFound, "gone")), 3, "berth: gone\n  what to do: check the name; the list of its kind shows what there is\n"},
		"interrupted": {ended, fmt.Errorf("reading: %w", context.Canceled), 130, "berth: interrupted\n"},
		"terminal":    {context.Background(), berth.Errorf(berth.Invalid, "evil\x1b[2Jname"), 1, "berth: evil\\x1b[2Jname\n  what to do: correct the input and try again\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if code := Run(tt.ctx, failing(&out, tt.err), []string{"foreign"}); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if out.String() != tt.text {
				t.Errorf("got %q, want %q", out.String(), tt.text)
			}
		})
	}
}

// TestEveryCommandExplainsItself holds each command to a help text of readable width: what it does, and an example.
func TestEveryCommandExplainsItself(t *testing.T) {
	const widest = 128 // characters
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s: no help text", c.CommandPath())
		}
		for line := range strings.Lines(c.Long) {
			if len([]rune(line)) > widest {
				t.Errorf("%s: a line of the help is wider than %d: %s", c.CommandPath(), widest, line)
			}
		}
		if !c.HasSubCommands() && c.Example == "" && c.Name() != "foreign" && c.Runnable() {
			t.Errorf("%s: no example", c.CommandPath())
		}
		if c.Example != "" && !strings.Contains(c.Example, c.CommandPath()) {
			t.Errorf("%s: the example shows another command: %s", c.CommandPath(), c.Example)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(failing(&bytes.Buffer{}, nil))
}

func TestUntilEnds(t *testing.T) {
	asked := 0
	done, err := until(t.Context(), &waker{}, time.Minute, func() (bool, error) { asked++; return asked == 1, nil })
	if !done || err != nil || asked != 1 {
		t.Errorf("done %v, error %v, asked %d times", done, err, asked)
	}
	if done, err = until(t.Context(), &waker{}, 20*time.Millisecond, func() (bool, error) { return false, nil }); done || err != nil {
		t.Errorf("after the time: done %v, error %v", done, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err = until(ctx, &waker{}, time.Minute, func() (bool, error) { return false, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

// TestEveryNameIsCompleted holds each command whose argument names something that is there to a completion with live names.
func TestEveryNameIsCompleted(t *testing.T) {
	there := regexp.MustCompile(`^\[?\{?(PACKAGE|HOST|TAG|FAMILY|FAMILY!APP|POOL|KIND|THUMBPRINT|CLIENT|KEY-ID|TOKEN-ID|SESSION-ID|ENTRY)(\.\.\.)?\]?$`)
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "image" || c.Name() == "msix" {
			return // what they work on are files
		}
		for i, word := range strings.Fields(c.Use)[1:] {
			old := strings.HasPrefix(word, "NAME") || strings.HasPrefix(word, "[NAME") // of what is there, unless the verb makes it
			made := strings.HasPrefix(c.Name(), "add") || strings.HasPrefix(c.Name(), "create") || (c.Name() == "rename" && i == 1)
			if !there.MatchString(word) && (!old || made) || (i > 0 && strings.HasPrefix(strings.Fields(c.Use)[i], "--")) {
				continue
			}
			if seen++; c.ValidArgsFunction == nil {
				t.Errorf("%s: no completion for %s", c.CommandPath(), word)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(failing(&bytes.Buffer{}, nil))
	if seen < 40 {
		t.Errorf("only %d arguments were looked at", seen)
	}
}
