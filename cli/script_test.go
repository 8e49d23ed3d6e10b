package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

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
	stdin io.Reader
	env   func(string) string
	ctx   context.Context
}

func (c call) run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	if c.stdin == nil {
		c.stdin = bytes.NewReader(nil)
	}
	if c.env == nil {
		c.env = func(string) string { return "" }
	}
	if c.ctx == nil {
		c.ctx = context.Background()
	}
	root := cli.New(cli.Options{Version: "1.2.3", In: c.stdin, Out: &out, Err: &errs, Env: c.env, Library: library})
	code = cli.Run(c.ctx, root, args)
	return code, out.String(), errs.String()
}

// TestImageScripts runs the scripts that need no server.
func TestImageScripts(t *testing.T) { runScripts(t, "testdata/local", newForge(t)) }

// TestServerScripts runs the scripts that have a server of their own each.
func TestServerScripts(t *testing.T) { runScripts(t, "testdata/server", newForge(t)) }

// runScripts runs every script of a folder. Beside the commands of every script they have
//
//	berth ARGS           run the command line; it must succeed, or with ! fail
//	exits CODE ARGS      run the command line; it must end with that code
//	interrupted ARGS     run the command line and interrupt it; it must end with 130
//	mode FILE OCTAL      the file has these permissions (not asked on Windows)
//	agent …              see agentCommand
//	tamper FILE TEXT     change the first byte of the first place where a file holds a text
//
// Paths in arguments are absolute ($WORK/…), since all scripts run in this one process.
func runScripts(t *testing.T, dir string, forge *forge) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	check(t, err)
	if len(names) == 0 {
		t.Fatalf("no scripts in %s", dir)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			work := t.TempDir()
			forge.lay(t, work)
			s := &script{t: t, dir: work, env: map[string]string{"WORK": work, "ID": forge.publisherID, "XDG_CONFIG_HOME": filepath.Join(work, "config")},
				commands: map[string]command{"berth": berthCommand, "exits": exitsCommand, "agent": agentCommand, "tamper": tamper,
					"interrupted": interruptedCommand, "mode": modeCommand}}
			if filepath.Base(dir) == "server" {
				startSite(t, s)
			}
			runScript(t, name, s)
		})
	}
}

func berthCommand(s *script, neg bool, args []string) {
	if code := s.run(args); (code != 0) != neg {
		s.t.Fatalf("exit code %d", code)
	}
}

func exitsCommand(s *script, _ bool, args []string) {
	if code := fmt.Sprint(s.run(args[1:])); code != args[0] {
		s.t.Fatalf("exit code %s, want %s", code, args[0])
	}
}

func interruptedCommand(s *script, _ bool, args []string) {
	ctx, stop := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, stop)
	var code int
	code, s.stdout, s.stderr = call{env: s.getenv, ctx: ctx}.run(args...)
	if code != cli.ExitInterrupted {
		s.t.Fatalf("exit code %d", code)
	}
}

func modeCommand(s *script, _ bool, args []string) {
	info, err := os.Stat(s.path(args[0]))
	check(s.t, err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] && runtime.GOOS != "windows" {
		s.t.Fatalf("%s has mode %s", args[0], got)
	}
}

// run runs the command line with the script's environment; $STDIN names a file for its standard input.
func (s *script) run(args []string) (code int) {
	c := call{env: s.getenv}
	if name := s.env["STDIN"]; name != "" {
		c.stdin = strings.NewReader(s.read(name))
	}
	code, s.stdout, s.stderr = c.run(args...)
	return code
}

func tamper(s *script, _ bool, args []string) {
	b := []byte(s.read(args[0]))
	at := bytes.Index(b, []byte(args[1]))
	if at < 0 {
		s.t.Fatalf("%s does not hold %q", args[0], args[1])
	}
	b[at] ^= 0xff
	check(s.t, os.WriteFile(s.path(args[0]), b, 0o644))
}
