package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"berth/cli"
	"berth/imaging"
	"berth/share"
)

// library opens any path, as the program does.
func library() (*imaging.Library, error) {
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return imaging.New(opener, slog.New(slog.DiscardHandler)), nil
}

// call is one run of the command line in this process.
type call struct {
	stdin    io.Reader
	env      func(string) string
	ctx      context.Context
	out, err io.Writer
}

// run runs the command line and returns what it wrote.
func (c call) run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	c.out, c.err = &out, &errs
	code = c.exit(args)
	return code, out.String(), errs.String()
}

// exit runs the command line and returns its exit code.
func (c call) exit(args []string) int {
	if c.stdin == nil {
		c.stdin = bytes.NewReader(nil)
	}
	if c.env == nil {
		c.env = func(string) string { return "" }
	}
	if c.ctx == nil {
		c.ctx = context.Background()
	}
	root := cli.New(cli.Options{Version: "1.2.3", In: c.stdin, Out: c.out, Err: c.err, Env: c.env, Library: library})
	return cli.Run(c.ctx, root, args)
}

// TestImageScripts runs the scripts that need no server.
func TestImageScripts(t *testing.T) { runScripts(t, "testdata/local", newForge(t), nil) }

// TestServerScripts runs the scripts that have a server of their own each.
func TestServerScripts(t *testing.T) { runScripts(t, "testdata/server", newForge(t), startSite) }

// runScripts runs every script of a folder with testscript. Beside the commands of every such script they have
//
//	berth ARGS           run the command line; it must succeed, or with ! fail
//	exits CODE ARGS      run the command line; it must end with that code
//	interrupted ARGS     run the command line and interrupt it; it must end with 130
//	capture NAME RE      set a variable to the first group of what the last run wrote to standard output
//	mode FILE OCTAL      the file has these permissions (not asked on Windows)
//	agent …              see agentCommand
//	wrong CODE ARGS      run the command line as JSON; it must end with that code and say what happened and what to do
//	tamper FILE TEXT     change the first byte of the first place where a file holds a text
//
// Paths in arguments are absolute ($WORK/…), since all scripts run in this one process; $STDIN names the file that is the
// standard input. The setup of the folder, if it has one, comes after that of every script.
func runScripts(t *testing.T, dir string, forge *forge, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ID", forge.publisherID)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			if err := os.CopyFS(e.WorkDir, os.DirFS(forge.dir)); err != nil || setup == nil {
				return err
			}
			return setup(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"berth": berthCommand, "exits": exitsCommand, "interrupted": interruptedCommand, "capture": captureCommand,
			"mode": modeCommand, "agent": agentCommand, "tamper": tamperCommand, "wrong": wrongCommand,
		},
	})
}

// runIn runs the command line with a script's environment and standard input.
func runIn(ctx context.Context, ts *testscript.TestScript, out io.Writer, args []string) int {
	c := call{env: ts.Getenv, ctx: ctx, out: out, err: ts.Stderr()}
	if name := ts.Getenv("STDIN"); name != "" {
		c.stdin = strings.NewReader(ts.ReadFile(name))
	}
	return c.exit(args)
}

// expect ends the script unless a command that cannot be negated has as many arguments as it needs.
func expect(ts *testscript.TestScript, neg bool, args []string, least int) {
	if neg || len(args) < least {
		ts.Fatalf("this takes at least %d arguments, and no !", least)
	}
}

func berthCommand(ts *testscript.TestScript, neg bool, args []string) {
	if code := runIn(context.Background(), ts, ts.Stdout(), args); (code != cli.ExitDone) != neg {
		ts.Fatalf("exit code %d", code)
	}
}

func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 1)
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := runIn(context.Background(), ts, ts.Stdout(), args[1:]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// wrongCommand holds an error to what every error is: one JSON object on standard error with a kind, words of what happened
// and words of what to do, and the exit code in it; nothing on standard output.
func wrongCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 1)
	var out, errs bytes.Buffer
	c := call{env: ts.Getenv, ctx: context.Background(), out: &out, err: &errs}
	code := c.exit(append(args[1:], "-o", "json"))
	var f struct {
		Error    struct{ Kind, Message, Remedy string }
		ExitCode int
	}
	fmt.Fprint(ts.Stderr(), errs.String())
	switch err := json.Unmarshal(errs.Bytes(), &f); {
	case err != nil:
		ts.Fatalf("standard error is no JSON object: %v: %s", err, errs.String())
	case fmt.Sprint(code) != args[0] || f.ExitCode != code:
		ts.Fatalf("exit code %d, and %d in the error, want %s", code, f.ExitCode, args[0])
	case f.Error.Kind == "" || f.Error.Message == "" || f.Error.Remedy == "":
		ts.Fatalf("the error lacks its kind, what happened or what to do: %s", errs.String())
	case out.Len() > 0:
		ts.Fatalf("standard output holds %s", out.String())
	}
}

// interruptedCommand interrupts once something was written, or after a while when nothing is.
func interruptedCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 1)
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	quiet := time.AfterFunc(time.Second, stop)
	defer quiet.Stop()
	if code := runIn(ctx, ts, stopAfter{ts.Stdout(), stop}, args); code != cli.ExitInterrupted {
		ts.Fatalf("exit code %d", code)
	}
}

// stopAfter calls stop after each write.
type stopAfter struct {
	io.Writer
	stop func()
}

func (w stopAfter) Write(b []byte) (int, error) {
	defer w.stop()
	return w.Writer.Write(b)
}

func captureCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 2)
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no match for %#q with a group in standard output", args[1])
	}
	ts.Setenv(args[0], m[1])
}

func modeCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 2)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] && runtime.GOOS != "windows" {
		ts.Fatalf("%s has mode %s", args[0], got)
	}
}

func tamperCommand(ts *testscript.TestScript, neg bool, args []string) {
	expect(ts, neg, args, 2)
	b := []byte(ts.ReadFile(args[0]))
	at := bytes.Index(b, []byte(args[1]))
	if at < 0 {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	b[at] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}
