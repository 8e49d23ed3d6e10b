// Command berth is Berth as one program: server, agent and command line. This folder is the only place that wires.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"berth/cli"
	"berth/imaging"
	"berth/share"
)

// version is set at build time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := cli.New(cli.Options{
		Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Library: library,
		Commands: commands, Args: os.Args[1:],
	})
	code := cli.Run(ctx, root, os.Args[1:])
	stop()
	os.Exit(code)
}

// commands are those that are not about a server or images, but are one end of them.
func commands() []*cobra.Command {
	return append(generators(), serverCommand(), agentCommand(), demoCommand(), backupCommand(), restoreCommand())
}

// library reads images for the command line: wherever its user may. Commands that read images are over before their garbage
// is worth collecting often.
func library() (*imaging.Library, error) {
	debug.SetGCPercent(400)
	log := logger("warn")
	logins, err := readLogins(os.Getenv("BERTH_SHARE_LOGINS"))
	if err != nil {
		return nil, err
	}
	opener, err := share.New(share.Options{Anywhere: true, Logins: logins, Log: log})
	if err != nil {
		return nil, err
	}
	return imaging.New(opener, log), nil
}

// logger writes to standard error; an unknown level means info.
func logger(level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l}))
}
