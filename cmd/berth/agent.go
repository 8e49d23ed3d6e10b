package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"berth/agent"
	"berth/share"
)

// platform is what this machine does for an agent, and how to end it.
type platform interface {
	agent.Platform
	Close() error
}

// platformOptions are the flags that say how this machine attaches images.
type platformOptions struct {
	state     string
	attach    string
	hold      string // supervisor or agent: which process serves the mounts
	sessions  string // what tells of sessions on Linux beside PAM
	logins    string // file with logins for file servers, for another process to read
	level     string // of its log
	verifyAll bool
	copies    copyOptions
	opener    *share.Opener
	log       *slog.Logger
	hints     <-chan struct{} // something changed on the machine: look again
	scan      time.Duration   // between two looks when nothing tells of a change; 0: the agent's own
}

func agentCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "agent", Short: "Enrol this machine as a host, run its agent, look at it",
		Long: "The agent keeps this machine at the plan that the server makes for it: it attaches images, stages packages and\n" +
			"registers their applications in users' sessions, and lets go again when nobody needs them.",
	}
	state := c.PersistentFlags().String("state", defaultState(), "state `FOLDER` of the agent")
	c.AddCommand(enrollCommand(state), runCommand(state), agentStatusCommand(state), agentDoctorCommand(state))
	c.AddCommand(sessionCommands(state)...)
	return c
}

func enrollCommand(state *string) *cobra.Command {
	var o agent.EnrollOptions
	c := &cobra.Command{
		Use: "enroll", Short: "Make this machine a host of a site",
		Long: `Make this machine a host of a site. The key comes from an owner: berth enroll-key create.
The server is believed by --fingerprint (as it prints it), by --ca, or by the system's certificates.`,
		Example: `  berth agent enroll --server https://berth.example:8443 --key bek_… --fingerprint sha256:…`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.StateDir = *state
			if err := agent.Enroll(cmd.Context(), o); err != nil {
				return err
			}
			s, err := agent.ReadStatus(*state)
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "host %s of site %s is enrolled; start it with: berth agent run --state %s\n", s.Name, s.Site, *state)
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&o.Server, "server", "", "`URL` of the server, https://HOST:PORT")
	f.StringVar(&o.Key, "key", "", "enrolment `KEY`")
	f.StringVar(&o.Name, "name", "", "`NAME` of the host in the site; empty: the machine's own")
	f.StringVar(&o.CAFile, "ca", "", "PEM `FILE` of the authority to believe the server by")
	f.StringVar(&o.Fingerprint, "fingerprint", "", "`FINGERPRINT` to believe the server by, sha256:…")
	f.BoolVar(&o.Force, "force", false, "replace the identity that the state folder has")
	_ = c.MarkFlagRequired("server")
	_ = c.MarkFlagRequired("key")
	return c
}

func runCommand(state *string) *cobra.Command {
	var o platformOptions
	c := &cobra.Command{
		Use: "run", Short: "Keep this machine at its plan",
		Example: "  berth agent run\n  berth agent run --verify-all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known, err := readLogins(o.logins)
			if err != nil {
				return err
			}
			o.state, o.log = *state, logger(o.level)
			// The agent opens what its plan names; what it may read is up to the system and the file server.
			if o.opener, err = share.New(share.Options{Anywhere: true, Logins: known, Log: o.log}); err != nil {
				return err
			}
			return runAgent(cmd.Context(), o)
		},
	}
	f := c.Flags()
	attachFlag(f, &o)
	o.copies.flags(f)
	f.BoolVar(&o.verifyAll, "verify-all", false, "read and check every file when a package is staged, not only as it is used")
	f.StringVar(&o.hold, "hold", "supervisor", "where mounts live on Linux: in a `supervisor` that outlives the agent, or in the agent")
	f.StringVar(&o.sessions, "sessions", "auto", "what tells of sessions on Linux beside PAM: `auto`, logind, utmp or pam (nothing)")
	f.StringVar(&o.logins, "share-logins", "", "JSON `FILE` with logins for file and web servers: see docs/shares.md")
	f.StringVar(&o.level, "log-level", "info", "debug, info, warn or error")
	return c
}

func runAgent(ctx context.Context, o platformOptions) error {
	copies, err := o.newCopies()
	if err != nil {
		return err
	}
	p, err := newPlatform(o, copies)
	if err != nil {
		return err
	}
	defer func() {
		if err := p.Close(); err != nil {
			o.log.Warn("letting go of the images", "error", err)
		}
	}()
	a, err := agent.New(agent.Options{StateDir: o.state, Platform: p, Log: o.log, Version: version, Hints: o.hints, Scan: o.scan, Copies: copies, AuditSpread: o.copies.spread})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	m, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	o.log.Info("agent runs", "platform", m.Platform, "attach", m.AttachMode, "state", o.state)
	return a.Run(ctx)
}

func agentStatusCommand(state *string) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "What the agent of this machine last saw and did",
		Example: "  berth agent status\n  berth agent status -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := agent.ReadStatus(*state)
			if err != nil {
				return err
			}
			if f := cmd.Flag("output"); f != nil && f.Value.String() == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(s)
			}
			return printStatus(cmd, s)
		},
	}
}

func printStatus(cmd *cobra.Command, s agent.Status) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "Host\t%s (site %s, %s)\n", s.Name, s.Site, s.HostID)
	fmt.Fprintf(w, "Server\t%s\n", s.Server)
	fmt.Fprintf(w, "Runs\t%t\n", s.Running)
	fmt.Fprintf(w, "Attaches by\t%s\n", s.Facts.AttachMode)
	fmt.Fprintf(w, "Plan\tgeneration %d, %d packages\n", s.Generation, s.Packages)
	fmt.Fprintf(w, "Last sync\t%s\n", s.LastSync.Local().Format(time.DateTime))
	if s.LastError != "" {
		fmt.Fprintf(w, "Last error\t%s: %s\n", s.LastErrorAt.Local().Format(time.DateTime), s.LastError)
	}
	if c := s.Facts.Cache; c != nil {
		for _, i := range c.Images {
			fmt.Fprintf(w, "Copy\t%s: %s\n", i.Path, i.Stands())
		}
	}
	for _, p := range s.Facts.Problems {
		fmt.Fprintf(w, "Problem\t%s\n", p)
	}
	for _, p := range s.Facts.Packages {
		state := "absent"
		if p.Staged {
			state = fmt.Sprintf("staged, registered in %d sessions", len(p.Sessions))
		}
		if p.Failure != nil {
			state = fmt.Sprintf("%s failed: %s", p.Failure.Phase, p.Failure.Message)
		}
		fmt.Fprintf(w, "Package\t%s: %s\n", p.FullName, state)
	}
	for _, problem := range s.Facts.Problems {
		fmt.Fprintf(w, "Problem\t%s\n", problem)
	}
	return w.Flush()
}
