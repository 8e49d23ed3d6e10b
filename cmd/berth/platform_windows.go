package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"berth"
	"berth/agent"
	"berth/agent/winhost"
	"berth/imaging"
)

// defaultState is where an agent keeps its state unless told otherwise.
func defaultState() string {
	data := os.Getenv("ProgramData")
	if data == "" {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "Berth", "Agent")
}

// attachFlag: on Windows the system attaches images; what can be chosen is how it is told where they are.
func attachFlag(f *pflag.FlagSet, o *platformOptions) {
	f.StringVar(&o.attach, "uri-mode", winhost.URIAuto, "address under which packages are staged: auto, volume or junction")
}

// newPlatform returns this machine as a platform.
func newPlatform(o platformOptions, copies agent.CopySource) (platform, error) {
	if err := winhost.Protect(o.state); err != nil {
		return nil, err
	}
	if _, err := os.Stat(o.copies.folder); o.copies.folder != "" && errors.Is(err, os.ErrNotExist) {
		if err := winhost.Protect(o.copies.folder); err != nil { // users run programs out of what is in it
			return nil, err
		}
	}
	options := winhost.Options{StateDir: o.state, Log: o.log, URIMode: o.attach, VerifyAll: o.verifyAll, Copies: copies}
	if o.opener != nil {
		options.Images = imaging.New(o.opener, o.log)
	}
	return winhost.New(options)
}

// sessionCommands are those that only Windows has: the service, the worker in users' sessions, the self-test.
func sessionCommands(state *string) []*cobra.Command {
	return []*cobra.Command{installCommand(state), uninstallCommand(), serviceCommand(state), workerCommand(), selftestCommand(state)}
}

// workerCommand is started by the agent in a user's session.
func workerCommand() *cobra.Command {
	var session uint32
	c := &cobra.Command{
		Use: "session-worker", Short: "Register packages as the user of a session (started by the agent)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return winhost.SessionWorker(cmd.Context(), session, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	c.Flags().Uint32Var(&session, "session", 0, "`NUMBER` of the session, for those who look at the list of processes")
	return c
}

func selftestCommand(state *string) *cobra.Command {
	var o winhost.SelfTestOptions
	var level string
	c := &cobra.Command{
		Use: "selftest", Short: "Try on this machine all that the agent does with an image",
		Long: `Try on this machine all that the agent does with an image: policies, opening and attaching, finding the volume, checking the
content, staging, registering for the user of a session, finding users and processes, deregistering, destaging, detaching.
Every phase is timed; its error code is the one that Windows gave. The report is JSON on standard output. What was there
before stays; what the test makes is taken away again. Run it as LocalSystem for the phases in a session (psexec -s, or a
scheduled task); as administrator they are left out.`,
		Example: `  berth agent selftest --image \\files\apps\notes.vhdx`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return selftest(ctx, cmd, *state, level, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Image, "image", "", "`PATH` of a VHD, VHDX or CIM image with a signed package")
	f.StringVar(&o.Package, "package", "", "`FULLNAME` of the package, when the image has several")
	f.StringVar(&o.CertificateFile, "trust", "", "certificate `FILE` (DER or PEM) of the signer, to be trusted during the test")
	f.StringVar(&level, "log-level", "warn", "debug, info, warn or error")
	_ = c.MarkFlagRequired("image")
	return c
}

func selftest(ctx context.Context, cmd *cobra.Command, state, level string, o winhost.SelfTestOptions) error {
	dir, err := os.MkdirTemp("", "berth-selftest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // of this test alone
	h, err := winhost.New(winhost.Options{StateDir: dir, Log: logger(level), Refresh: time.Nanosecond, OnDemand: time.Nanosecond})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // images are detached by the test
	report := h.SelfTest(ctx, o)
	report.Agent, report.State = version, state
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetIndent("", "  ")
	if err := e.Encode(report); err != nil {
		return err
	}
	if !report.OK {
		return berth.Errorf(berth.Unavailable, "the self-test failed in the phase %s", report.Failed()).With("see the report, and docs/hosts.md for how to read it")
	}
	return nil
}
