package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/imaging"
	"berth/wire"
)

// demo shows the whole way on one machine: its parts are processes of this same program, as they are in real life.
type demo struct {
	dir  string
	out  io.Writer
	self string // this program
	once bool

	server, agent *exec.Cmd
	hold          string // where mounts live: agent, or supervisor
	boot          bootstrap
	client        *client.Client
	began         time.Time
}

func demoCommand() *cobra.Command {
	d := &demo{hold: "agent"}
	c := &cobra.Command{
		Use: "demo", Short: "See the whole way on this machine: image, catalogue, host, session",
		Long: `Show the whole way on this machine, with real parts: a server, an agent, a signed package with two applications in two
versions, images, a session. Everything is made in a folder of its own and ends with Ctrl-C.`,
		Example: "  berth demo\n  berth demo --once",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.out, d.began = cmd.OutOrStdout(), time.Now()
			return d.run(cmd.Context())
		},
	}
	c.Flags().BoolVar(&d.once, "once", false, "stop at the end, and exit 0 only if every step was seen")
	c.Flags().StringVar(&d.dir, "dir", "", "folder to work in, kept; empty: a temporary one, removed")
	return c
}

const (
	demoHost = "demo-host"
	demoUser = "alice"
)

func (d *demo) run(ctx context.Context) (err error) {
	if d.self, err = os.Executable(); err != nil {
		return err
	}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "berth-demo-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(d.dir) }()
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return err
	}
	defer d.stop()
	if err := d.folders(); err != nil {
		return err
	}
	if err := d.show(ctx); err != nil {
		d.logs()
		return err
	}
	return d.end(ctx)
}

func (d *demo) folders() error {
	for _, sub := range []string{"images", "packages", filepath.Join("home", demoUser)} {
		if err := os.MkdirAll(filepath.Join(d.dir, sub), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// show goes through the steps; each is seen to be true before the next begins.
func (d *demo) show(ctx context.Context) error {
	var v1, v2 string
	steps := []struct {
		what string
		do   func() error
	}{
		{"the server runs", func() error { return d.startServer(ctx) }},
		{"a package with two applications is made and signed in two versions, and expanded into images", func() error { return d.makeImages(ctx) }},
		{"this machine is enrolled as a host and its agent runs", func() error { return d.startAgent(ctx) }},
		{"both versions are in the catalogue, read from their images and verified", func() (err error) {
			v1, v2, err = d.addPackages(ctx)
			return err
		}},
		{"1.0.0.0 is tagged Production, the family is assigned by that tag, and applied", func() error { return d.assign(ctx, v1) }},
		{"1.0.0.0 is Ready on the host", func() error { return d.await(ctx, v1, berth.StatusReady) }},
		{"alice signs in, and 1.0.0.0 is In use", func() error { return d.signIn(ctx, v1) }},
		{"Production moves to 2.0.0.0: it is Ready for new sessions", func() error { return d.move(ctx, v2) }},
		{"1.0.0.0 is Disabling while alice's session lasts", func() error { return d.await(ctx, v1, berth.StatusDisabling) }},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		d.say("%s", s.what)
	}
	if err := d.table(ctx); err != nil {
		return err
	}
	if err := d.signOut(ctx, v1); err != nil {
		return fmt.Errorf("letting go: %w", err)
	}
	d.say("alice signs out: 1.0.0.0 is deregistered, destaged and detached; 2.0.0.0 stays")
	return d.table(ctx)
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%6.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// spawn starts this program with other arguments; its output goes to a log file in the folder.
func (d *demo) spawn(name string, args ...string) (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(d.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	c := exec.Command(d.self, args...)
	c.Stdout, c.Stderr = log, log
	return c, c.Start()
}

func (d *demo) startServer(ctx context.Context) (err error) {
	if err := d.spawnServer("127.0.0.1:0"); err != nil {
		return err
	}
	return d.connect(ctx)
}

func (d *demo) spawnServer(listen string) (err error) {
	d.server, err = d.spawn("server", "server", "--data", filepath.Join(d.dir, "server"), "--listen", listen,
		"--image-root", filepath.Join(d.dir, "images"), "--bootstrap", d.bootstrapFile())
	return err
}

func (d *demo) bootstrapFile() string { return filepath.Join(d.dir, "admin.json") }

// connect waits until the server answers under what its bootstrap file says.
func (d *demo) connect(ctx context.Context) error {
	return d.poll(ctx, "the server answers", func() (bool, error) {
		b, err := os.ReadFile(d.bootstrapFile())
		if err != nil {
			return false, nil
		}
		if err := json.Unmarshal(b, &d.boot); err != nil {
			return false, err
		}
		ca, err := os.ReadFile(d.boot.CAFile)
		if err != nil {
			return false, err
		}
		d.client, err = client.New(client.Options{Server: d.boot.URL, Token: d.boot.Token, CA: ca, Site: d.boot.Site, Face: "cli"})
		if err != nil {
			return false, err
		}
		resp, err := d.client.Raw(ctx, http.MethodGet, "/healthz", nil)
		if err != nil {
			return false, nil
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

func (d *demo) makeImages(ctx context.Context) error {
	lib, err := library()
	if err != nil {
		return err
	}
	signer, err := newDemoSigner()
	if err != nil {
		return err
	}
	for _, v := range []struct{ version, image string }{{"1.0.0.0", "notes-1.vhdx"}, {"2.0.0.0", "notes-2.vhd"}} {
		folder := filepath.Join(d.dir, "packages", v.version)
		file := folder + ".msix"
		if err := writeDemoPackage(folder, v.version); err != nil {
			return err
		}
		if err := imaging.SignFolder(folder, file, signer.cert, signer.key); err != nil {
			return err
		}
		if _, err := lib.Build(ctx, imaging.BuildOptions{Packages: []string{file}, Out: filepath.Join(d.dir, "images", v.image)}); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startAgent(ctx context.Context) error {
	key, err := d.client.CreateEnrollKey(ctx, wire.CreateEnrollKey{Name: "demo", Kind: berth.KindRDSH})
	if err != nil {
		return err
	}
	state := filepath.Join(d.dir, "agent")
	enroll := exec.CommandContext(ctx, d.self, "agent", "enroll", "--state", state, "--server", d.boot.URL, "--key", key.Text,
		"--ca", d.boot.CAFile, "--name", demoHost)
	if out, err := enroll.CombinedOutput(); err != nil {
		return fmt.Errorf("enrolment: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := d.spawnAgent(); err != nil {
		return err
	}
	return d.poll(ctx, "the agent reports", func() (bool, error) {
		h, err := d.client.Host(ctx, demoHost)
		return err == nil && h.Facts.Generation > 0, err
	})
}

func (d *demo) spawnAgent() (err error) {
	d.agent, err = d.spawn("agent", "agent", "run", "--sessions", "pam", "--hold", d.hold, "--state", filepath.Join(d.dir, "agent"))
	return err
}

func (d *demo) addPackages(ctx context.Context) (v1, v2 string, err error) {
	var names []string
	for _, image := range []string{"notes-1.vhdx", "notes-2.vhd"} {
		p, err := d.client.AddPackage(ctx, wire.AddPackage{ImagePath: filepath.Join(d.dir, "images", image)})
		if err != nil {
			return "", "", err
		}
		names = append(names, p.FullName)
	}
	return names[0], names[1], nil
}

func (d *demo) assign(ctx context.Context, v1 string) error {
	p, err := d.client.TagPackage(ctx, v1, wire.TagPackage{Tag: "Production"})
	if err != nil {
		return err
	}
	if _, err := d.client.Assign(ctx, client.Holder{Kind: "hosts", Name: demoHost}, wire.Assign{Family: p.FamilyName, Tag: "Production"}); err != nil {
		return err
	}
	_, err = d.client.Apply(ctx)
	return err
}

func (d *demo) signIn(ctx context.Context, v1 string) error {
	if err := d.session(ctx, "open", "demo-session", "--user", demoUser, "--home", filepath.Join(d.dir, "home", demoUser)); err != nil {
		return err
	}
	if err := d.await(ctx, v1, berth.StatusInUse); err != nil {
		return err
	}
	// A package counts as in use from its first entry on.
	return d.poll(ctx, "alice has two application entries", func() (bool, error) {
		entries, err := filepath.Glob(filepath.Join(d.dir, "home", demoUser, ".local/share/applications/*.desktop"))
		return len(entries) == 2, err
	})
}

func (d *demo) move(ctx context.Context, v2 string) error {
	if _, err := d.client.TagPackage(ctx, v2, wire.TagPackage{Tag: "Production", Move: true}); err != nil {
		return err
	}
	if err := d.await(ctx, "", berth.StatusNotApplied); err != nil {
		return err
	}
	if _, err := d.client.Apply(ctx); err != nil {
		return err
	}
	return d.await(ctx, v2, berth.StatusReady)
}

func (d *demo) signOut(ctx context.Context, v1 string) error {
	if err := d.session(ctx, "close", "demo-session"); err != nil {
		return err
	}
	return d.poll(ctx, v1+" leaves the host", func() (bool, error) {
		rows, err := d.client.Status(ctx, demoHost, "", "")
		for _, r := range rows {
			if r.FullName == v1 {
				return false, err
			}
		}
		return err == nil, err
	})
}

func (d *demo) session(ctx context.Context, verb string, args ...string) error {
	args = append([]string{"agent", "session", verb, "--state", filepath.Join(d.dir, "agent")}, args...)
	out, err := exec.CommandContext(ctx, d.self, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("session %s: %w: %s", verb, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// await waits until the package (any, when fullName is empty) has the status on the host.
func (d *demo) await(ctx context.Context, fullName string, want berth.StatusName) error {
	var last string
	err := d.poll(ctx, fmt.Sprintf("%s is %s", fullName, want), func() (bool, error) {
		rows, err := d.client.Status(ctx, demoHost, "", "")
		for _, r := range rows {
			if fullName != "" && r.FullName != fullName {
				continue
			}
			if last = fmt.Sprintf("%s: %s", r.Status.Name, r.Status.Cause); r.Status.Name == want {
				return true, nil
			}
		}
		return false, err
	})
	if err != nil && last != "" {
		err = fmt.Errorf("%w; it is %s", err, last)
	}
	return err
}

const demoPatience = 90 * time.Second

// poll asks until the answer is yes. A server that is away for a moment is asked again.
func (d *demo) poll(ctx context.Context, what string, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	for {
		ok, err := ask()
		if ok {
			return nil
		}
		if err != nil && berth.ErrorKind(err) != berth.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waited for this in vain: %s", what), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *demo) table(ctx context.Context) error {
	rows, err := d.client.Status(ctx, "", "", "")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(d.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "\n         HOST\tPACKAGE\tVERSION\tSTATUS\tCAUSE\n")
	for _, r := range rows {
		fmt.Fprintf(w, "         %s\t%s\t%s\t%s\t%s\n", r.Host, r.DisplayName, r.Version, r.Status.Name, r.Status.Cause)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// end says how to go on, and stays until it is stopped unless it is to be over.
func (d *demo) end(ctx context.Context) error {
	h, err := d.client.Host(ctx, demoHost)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "Images are attached by  %s\nConsole                 %s/\nAdministrator's token   %s\n", h.Facts.AttachMode, d.boot.URL, d.boot.Token)
	if err := d.consoleSignIn(ctx); err != nil {
		return err
	}
	if d.once {
		d.say("every step was seen")
		return nil
	}
	fmt.Fprintf(d.out, `Go on in another terminal:
  export BERTH_BOOTSTRAP=%s
  %s status                      how the packages stand on the hosts
  %s package list                the catalogue
  %s agent session open s2 --user bob --home %s --state %s
  %s image inspect %s

Ctrl-C ends the demo.
`, d.bootstrapFile(), d.self, d.self, d.self, filepath.Join(d.dir, "home", "bob"), filepath.Join(d.dir, "agent"),
		d.self, filepath.Join(d.dir, "images", "notes-2.vhd"))
	<-ctx.Done()
	return nil
}

// consoleSignIn prints an address that opens the console signed in, once: what stands behind the # is not sent to any server;
// the console takes it out of the address and exchanges the token for another, which ends it.
func (d *demo) consoleSignIn(ctx context.Context) error {
	t, err := d.client.CreateToken(ctx, wire.CreateToken{Name: "console of the demo", Role: berth.RoleOwner, Days: 1})
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "Console, signed in once %s/#once=%s\n\n", d.boot.URL, t.Text)
	return nil
}

// stop ends the processes, the agent first, so that it lets go of its images.
func (d *demo) stop() {
	for _, c := range []*exec.Cmd{d.agent, d.server} {
		if c == nil || c.Process == nil {
			continue
		}
		_ = c.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { _ = c.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = c.Process.Kill()
			<-done
		}
	}
}

// logs shows the end of the processes' logs after a failure.
func (d *demo) logs() {
	for _, name := range []string{"server", "agent"} {
		b, err := os.ReadFile(filepath.Join(d.dir, name+".log"))
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		fmt.Fprintf(d.out, "\n--- end of the %s's log\n%s\n", name, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}
