package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"berth"
	"berth/agent"
	"berth/agent/cache"
	"berth/agent/linuxhost"
	"berth/imaging"
	"berth/share"
)

// defaultState is where an agent keeps its state unless told otherwise.
func defaultState() string { return "/var/lib/berth-agent" }

func attachFlag(f *pflag.FlagSet, o *platformOptions) {
	f.StringVar(&o.attach, "attach", "auto", "how images are attached: auto, fuse or extract")
}

// newPlatform returns this machine as a platform.
func newPlatform(o platformOptions, copies agent.CopySource) (platform, error) {
	supervisor, err := supervisorCommand(o)
	if err != nil {
		return nil, err
	}
	return linuxhost.New(linuxhost.Options{StateDir: o.state, Images: linuxhost.FromLibrary(imaging.New(fallOver(o.opener, o.copyFolder(), o.log), o.log)),
		Log: o.log, Attach: linuxhost.Attach(o.attach), VerifyAll: o.verifyAll, Copies: copies, Supervisor: supervisor, Sessions: linuxhost.Source(o.sessions)})
}

// fallOver lets what is attached from the share go on in the host's copy when the share is away.
func fallOver(o *share.Opener, folder string, log *slog.Logger) imaging.Opener {
	if folder == "" {
		return o
	}
	return cache.FallOver{Opener: o, Folder: folder, Log: log}
}

// supervisorCommand starts this program as the process that holds mounts.
func supervisorCommand(o platformOptions) ([]string, error) {
	switch o.hold {
	case "agent":
		return nil, nil
	case "supervisor":
	default:
		return nil, berth.Errorf(berth.Invalid, "mounts cannot live in %q", o.hold).On("hold").With("use supervisor or agent")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	paths := []string{o.state, o.logins, o.copyFolder()} // the supervisor runs in another folder
	for i, p := range paths {
		if p == "" {
			continue
		}
		if paths[i], err = filepath.Abs(p); err != nil {
			return nil, err
		}
	}
	return []string{self, "agent", "hold", "--state", paths[0], "--share-logins", paths[1], "--cache-folder", paths[2], "--log-level", o.level}, nil
}

// holdCommands are the process that holds mounts, and what ends them.
func holdCommands(state *string) []*cobra.Command {
	var logins, level, copies string
	hold := &cobra.Command{
		Use: "hold", Short: "Hold the mounts of this machine (started by the agent)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known, err := readLogins(logins)
			if err != nil {
				return err
			}
			log := logger(level)
			opener, err := share.New(share.Options{Anywhere: true, Logins: known, Log: log})
			if err != nil {
				return err
			}
			return linuxhost.Supervise(cmd.Context(), linuxhost.SupervisorOptions{StateDir: *state,
				Images: linuxhost.FromLibrary(imaging.New(fallOver(opener, copies, log), log)), Log: log})
		},
	}
	hold.Flags().StringVar(&logins, "share-logins", "", "JSON `FILE` with logins for file servers")
	hold.Flags().StringVar(&copies, "cache-folder", "", "`FOLDER` with copies of images; empty: there are none")
	hold.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	release := &cobra.Command{
		Use: "release", Short: "Take all packages off this machine, also from programs that use them",
		Long: `Take all mounts of packages away, also from programs that use them. For a machine that is to be a host no longer: stop the
agent first, else it attaches everything again.`,
		Example: "  systemctl stop berth-agent && berth agent release", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			names, err := linuxhost.ReleaseAll(cmd.Context(), *state, logger("info"))
			for _, name := range names {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			return err
		},
	}
	return []*cobra.Command{hold, release}
}

// sessionCommands are what a login hook calls on Linux; on Windows the system itself tells of sessions.
func sessionCommands(state *string) []*cobra.Command {
	c := &cobra.Command{
		Use: "session", Short: "Tell the agent of users' sessions (for login hooks)",
		Long: `Tell the agent when a user's session begins and ends. Called by pam_exec without arguments, it takes the session from
PAM's variables:

  session optional pam_exec.so /usr/bin/berth agent session`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return pamSession(cmd.Context(), *state) },
	}
	c.AddCommand(sessionOpenCommand(state), sessionCloseCommand(state), sessionListCommand(state))
	return append(holdCommands(state), c)
}

func sessionOpenCommand(state *string) *cobra.Command {
	var s linuxhost.Session
	c := &cobra.Command{
		Use: "open ID", Short: "A session begins", Args: cobra.ExactArgs(1),
		Example: "  berth agent session open c2 --user alice --pid 4711",
		RunE: func(cmd *cobra.Command, args []string) error {
			s.ID = args[0]
			home, err := homeOf(cmd.Context(), s.User)
			if err != nil && s.Home == "" {
				return err
			}
			s.Home = cmp.Or(s.Home, home)
			return linuxhost.OpenSession(*state, s)
		},
	}
	f := c.Flags()
	f.StringVar(&s.User, "user", "", "the user's name")
	f.StringVar(&s.Home, "home", "", "the user's home folder; empty: as the system knows it")
	f.IntVar(&s.PID, "pid", 0, "the session ends with this process; 0: with `session close`")
	_ = c.MarkFlagRequired("user")
	return c
}

func sessionCloseCommand(state *string) *cobra.Command {
	return &cobra.Command{Use: "close ID", Short: "A session ends", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return linuxhost.CloseSession(*state, args[0]) }}
}

func sessionListCommand(state *string) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Sessions that the agent knows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sessions, err := linuxhost.ListSessions(*state)
			for _, s := range sessions {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", s.ID, s.User, s.Since.Local().Format("2006-01-02 15:04:05"))
			}
			return err
		}}
}

func homeOf(ctx context.Context, name string) (string, error) {
	home, _, err := linuxhost.HomeOf(ctx, name)
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return "", e.With("name the folder with --home")
	}
	return home, err
}

// pamSession takes a session from the variables that pam_exec sets (pam_exec(8)).
func pamSession(ctx context.Context, state string) error {
	name, kind := os.Getenv("PAM_USER"), os.Getenv("PAM_TYPE")
	id := cmp.Or(os.Getenv("XDG_SESSION_ID"), os.Getenv("PAM_SERVICE")+"-"+fmt.Sprint(os.Getppid()))
	switch kind {
	case "open_session":
		home, err := homeOf(ctx, name)
		if err != nil {
			return err
		}
		return linuxhost.OpenSession(state, linuxhost.Session{ID: id, User: name, Home: home, PID: os.Getppid()})
	case "close_session":
		return linuxhost.CloseSessionOf(state, id, name)
	}
	return berth.Errorf(berth.Invalid, "PAM_TYPE is %q: this is called by pam_exec for sessions", kind).
		With("use `berth agent session open` and `close` by hand")
}
