package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"berth"
)

// The exit codes.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitNotFound    = 3
	ExitNotAllowed  = 4
	ExitConflict    = 5
	ExitPartly      = 6
	ExitUnreachable = 7
	ExitPending     = 8
	ExitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// exits is the one table from kinds of failure to exit codes.
var exits = map[berth.Kind]int{
	berth.Internal: ExitFailed, berth.Invalid: ExitFailed, berth.NotFound: ExitNotFound, berth.Conflict: ExitConflict,
	berth.Forbidden: ExitNotAllowed, berth.Unauthenticated: ExitNotAllowed, berth.Precondition: ExitConflict,
	berth.Unavailable: ExitUnreachable,
}

// ExitCode returns the exit code of a kind of failure; ok is false for a kind that the table does not know.
func ExitCode(k berth.Kind) (code int, ok bool) {
	code, ok = exits[k]
	return code, ok
}

// ran marks an error of what a command did. An error without the mark came before: the command line was wrong.
type ran struct{ error }

func (r ran) Unwrap() error { return r.error }

// coded is an error with an exit code of its own: usage, partly done, still pending.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// usage is an error about the value of a flag or an argument that only the command itself can judge.
func usage(field, remedy, format string, args ...any) error {
	return coded{berth.Errorf(berth.Invalid, format, args...).On(field).With(remedy), ExitUsage}
}

func codeOf(ctx context.Context, err error) int {
	if c, ok := errors.AsType[coded](err); ok {
		return c.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	if _, did := errors.AsType[ran](err); !did {
		return ExitUsage
	}
	return exits[berth.ErrorKind(err)]
}

// Run runs the command line, prints its error and returns the exit code.
func Run(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitDone
	}
	f := failure{ExitCode: codeOf(ctx, err), Error: describe(err)}
	if f.ExitCode == ExitUsage && f.Error.Remedy == "" {
		f.Error.Remedy = fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	}
	if f.ExitCode == ExitInterrupted {
		f.Error.Message, f.Error.Remedy = "interrupted", ""
	}
	if wantsJSON(root, args) {
		printJSON(root.ErrOrStderr(), f)
	} else {
		f.print(root.ErrOrStderr())
	}
	return f.ExitCode
}

// failure is an error as scripts get it: one JSON object on standard error.
type failure struct {
	Error    failed `json:"error"`
	ExitCode int    `json:"exitCode"`
}

type failed struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
	Field   string `json:"field,omitempty"`
	Remedy  string `json:"remedy,omitempty"`

	Meanwhile []berth.Meanwhile `json:"meanwhile,omitempty"`
}

func describe(err error) failed {
	e, ok := errors.AsType[*berth.Error](err)
	if !ok {
		message, remedy := splitHint(err.Error())
		kind := berth.Internal
		if _, did := errors.AsType[ran](err); !did {
			kind = berth.Invalid // the command line was wrong: Run says how to call it
		} else if remedy == "" {
			remedy = (&berth.Error{Kind: kind}).Advice()
		}
		return failed{Kind: kind.String(), Message: message, Remedy: remedy}
	}
	f := failed{Kind: e.Kind.String(), Message: e.Message, Code: e.Code, Field: e.Field, Remedy: e.Advice(), Meanwhile: e.Meanwhile}
	if f.Message == "" {
		f.Message = e.Error()
	}
	return f
}

// splitHint takes the suggestion apart that cobra puts below an unknown command.
func splitHint(s string) (message, remedy string) {
	message, rest, found := strings.Cut(s, "\n\nDid you mean this?\n")
	if !found {
		return strings.TrimSpace(s), ""
	}
	return message, "did you mean " + strings.Join(strings.Fields(rest), ", ") + "?"
}

// print words the failure for people. Text that came from elsewhere cannot steer the terminal.
func (f failure) print(w io.Writer) {
	message := plain(f.Error.Message)
	if f.Error.Code != "" {
		message += " (" + plain(f.Error.Code) + ")"
	}
	fmt.Fprintln(w, "berth: "+message)
	for _, m := range f.Error.Meanwhile {
		fmt.Fprintln(w, "  "+plain(meanwhileWords(m)))
	}
	if f.Error.Remedy != "" {
		fmt.Fprintln(w, "  what to do: "+plain(f.Error.Remedy))
	}
}

func printJSON(w io.Writer, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the last word of the program: there is nowhere to report that it could not be said
}

// wantsJSON looks at the arguments themselves, since the error may be that they could not be read.
func wantsJSON(root *cobra.Command, args []string) bool {
	if f := root.PersistentFlags().Lookup("output"); f != nil && f.Changed {
		return f.Value.String() == formatJSON
	}
	for i, a := range args {
		switch a {
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			return i+1 < len(args) && args[i+1] == formatJSON
		}
	}
	return false
}

// unknownVerb is what a noun does by itself.
func unknownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		var verbs []string
		for _, c := range cmd.Commands() {
			verbs = append(verbs, c.Name())
		}
		return coded{berth.Errorf(berth.Invalid, "%s needs a verb: %s", cmd.Name(), strings.Join(verbs, ", ")).
			With(fmt.Sprintf("see `%s --help`", cmd.CommandPath())), ExitUsage}
	}
	e := berth.Errorf(berth.Invalid, "unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		e = e.With("did you mean " + strings.Join(near, ", ") + "?")
	}
	return coded{e, ExitUsage}
}
