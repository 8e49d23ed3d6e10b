package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"

	"berth"
	"berth/agent/winhost"
	"berth/share"
)

// serviceName is the name of the service and of its source in the event log.
const serviceName = "BerthAgent"

// lookAgain is the control that has the agent look at the machine at once: sc control BerthAgent 128.
const lookAgain = 128

// rareScan is between two looks at the machine: a service is told of sessions that begin and end, and of work that ended.
const rareScan = 10 * time.Second

// serviceArgs are the flags of the service, which are those of a run.
type serviceArgs struct {
	options       platformOptions
	logins, level string
}

func (a *serviceArgs) flags(c *cobra.Command) {
	f := c.Flags()
	attachFlag(f, &a.options)
	f.BoolVar(&a.options.verifyAll, "verify-all", false, "read and check every file when a package is staged, not manifest and code alone")
	a.options.copies.flags(f)
	f.StringVar(&a.logins, "share-logins", "", "JSON file with logins for file servers")
	f.StringVar(&a.level, "log-level", "info", "debug, info, warn or error")
}

func installCommand(state *string) *cobra.Command {
	var a serviceArgs
	c := &cobra.Command{
		Use: "install", Short: "Install the agent as a service, and start it",
		Long: `Install this program, where it lies, as the service BerthAgent: it runs as LocalSystem, starts with Windows, is started
again when it ends unexpectedly, and writes to the event log under its own source. Run as administrator; enrol the host first.`,
		Example: "  berth agent install\n  berth agent install --verify-all", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := install(*state, a); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "the service %s is installed and runs\n", serviceName)
			return nil
		},
	}
	a.flags(c)
	return c
}

// args are the flags as another process takes them.
func (o *copyOptions) args() []string {
	var args []string
	if o.folder != "" {
		args = append(args, "--cache-folder", o.folder)
	}
	if o.most > 0 {
		args = append(args, "--cache-size", fmt.Sprint(int64(o.most)))
	}
	if o.spread > 0 {
		args = append(args, "--cache-spread", o.spread.String())
	}
	return args
}

// install makes the service, or brings one that is there to the same state.
func install(state string, a serviceArgs) (err error) {
	if err := winhost.Protect(state); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	m, err := mgr.Connect()
	if err != nil {
		return serviceError(err, "cannot reach the service manager")
	}
	defer func() { err = errors.Join(err, m.Disconnect()) }()
	args := []string{"agent", "service", "--state", state, "--uri-mode", a.options.attach, "--log-level", a.level}
	if a.options.verifyAll {
		args = append(args, "--verify-all")
	}
	args = append(args, a.options.copies.args()...)
	if a.logins != "" {
		args = append(args, "--share-logins", a.logins)
	}
	config := mgr.Config{DisplayName: "Berth agent", StartType: mgr.StartAutomatic, ErrorControl: mgr.ErrorNormal,
		Description: "Attaches images of MSIX packages and registers their applications in users' sessions."}
	s, err := m.CreateService(serviceName, exe, config, args...)
	if errors.Is(err, windows.ERROR_SERVICE_EXISTS) {
		return berth.Errorf(berth.Conflict, "the service %s is installed already", serviceName).With("take it away first: berth agent uninstall")
	}
	if err != nil {
		return serviceError(err, "cannot install the service")
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	again := mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: 5 * time.Second}
	later := mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: time.Minute}
	if err := s.SetRecoveryActions([]mgr.RecoveryAction{again, again, later}, uint32((24 * time.Hour).Seconds())); err != nil {
		return serviceError(err, "cannot say what happens when the service fails")
	}
	if err := s.SetRecoveryActionsOnNonCrashFailures(true); err != nil {
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Warn("the service is not started again when it stops with an error", "error", err)
	}
	if err := eventlog.InstallAsEventCreate(serviceName, eventlog.Error|eventlog.Warning|eventlog.Info); err != nil {
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Warn("no source in the event log", "error", err)
	}
	return serviceError(s.Start(), "cannot start the service")
}

func uninstallCommand() *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "Stop the service and take it away",
		Long:    "Stop the service BerthAgent and take it away. Packages stay attached and staged; the state folder stays.",
		Example: "  berth agent uninstall", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := uninstall(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "the service %s is gone\n", serviceName)
			return nil
		},
	}
}

func uninstall(ctx context.Context) (err error) {
	m, err := mgr.Connect()
	if err != nil {
		return serviceError(err, "cannot reach the service manager")
	}
	defer func() { err = errors.Join(err, m.Disconnect()) }()
	s, err := m.OpenService(serviceName)
	if err != nil {
		return serviceError(err, "there is no service "+serviceName)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := s.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return serviceError(err, "cannot stop the service")
	}
	if err := stopped(ctx, s); err != nil {
		return err
	}
	_ = eventlog.Remove(serviceName) // the source may have been removed by hand
	return serviceError(s.Delete(), "cannot take the service away")
}

// stopped waits until the service has ended.
func stopped(ctx context.Context, s *mgr.Service) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		st, err := s.Query()
		if err != nil {
			return serviceError(err, "cannot ask for the state of the service")
		}
		if st.State == svc.Stopped {
			return nil
		}
		select {
		case <-ctx.Done():
			return berth.Errorf(berth.Unavailable, "the service does not end").With("end the process berth.exe")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func serviceError(err error, what string) error {
	if err == nil {
		return nil
	}
	e := berth.Errorf(berth.Unavailable, "%s: %w", what, err)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return e.With("run this as administrator")
	}
	return e
}

// serviceCommand is what the service manager starts. It is asked for by name: whether a process is a service cannot be
// told everywhere.
func serviceCommand(state *string) *cobra.Command {
	var a serviceArgs
	c := &cobra.Command{
		Use: "service", Short: "Run as a service (started by Windows)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return svc.Run(serviceName, &service{args: a, state: *state})
		},
	}
	a.flags(c)
	return c
}

// service is the agent under the service manager.
type service struct {
	args  serviceArgs
	state string
}

// Execute implements svc.Handler: it runs the agent until it is told to stop.
func (s *service) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending}
	log, done := s.logger()
	defer done()
	hints := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, log, hints) }()
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown | svc.AcceptSessionChange}
	stopping := false
	for {
		select {
		case err := <-ended:
			if err != nil && !stopping {
				log.Error("the agent ended", "error", err)
				return true, 1
			}
			return false, 0
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- r.CurrentStatus
			case svc.SessionChange, lookAgain: // its data may be gone by now; the sessions are looked at anew
				select {
				case hints <- struct{}{}:
				default:
				}
			case svc.Stop, svc.Shutdown:
				stopping = true
				status <- svc.Status{State: svc.StopPending, WaitHint: 30_000}
				cancel()
			default: // nothing else is accepted
			}
		}
	}
}

func (s *service) run(ctx context.Context, log *slog.Logger, hints <-chan struct{}) error {
	known, err := readLogins(s.args.logins)
	if err != nil {
		return err
	}
	o := s.args.options
	o.state, o.log, o.hints, o.scan = s.state, log, hints, rareScan
	if o.opener, err = share.New(share.Options{Anywhere: true, Logins: known, Log: log}); err != nil {
		return err
	}
	return runAgent(ctx, o)
}

// logger writes to agent.log in the state folder, and warnings and errors to the event log too. Where neither can be
// opened, the service runs all the same.
func (s *service) logger() (*slog.Logger, func()) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.args.level)); err != nil {
		level = slog.LevelInfo
	}
	events, err := eventlog.Open(serviceName)
	if err != nil {
		events = nil
	}
	file := winhost.NewLogFile(filepath.Join(s.state, "agent.log"))
	text := slog.NewTextHandler(file, &slog.HandlerOptions{Level: level})
	done := func() {
		_ = file.Close() // nothing more is written
		if events != nil {
			_ = events.Close()
		}
	}
	return slog.New(&eventHandler{Handler: text, events: events}), done
}

// eventHandler writes warnings and errors to the event log too.
type eventHandler struct {
	slog.Handler
	events *eventlog.Log
}

// eventID is that of EventCreate.exe's messages, which show the text as it is.
const eventID = 1

// Handle implements slog.Handler.
func (h *eventHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.events != nil && r.Level >= slog.LevelWarn {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += fmt.Sprintf("\n%s: %v", a.Key, a.Value); return true })
		if r.Level >= slog.LevelError {
			_ = h.events.Error(eventID, text) // the file has it too
		} else {
			_ = h.events.Warning(eventID, text)
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &eventHandler{h.Handler.WithAttrs(attrs), h.events}
}

// WithGroup implements slog.Handler.
func (h *eventHandler) WithGroup(name string) slog.Handler {
	return &eventHandler{h.Handler.WithGroup(name), h.events}
}
