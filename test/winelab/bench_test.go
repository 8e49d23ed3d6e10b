//go:build linux

package winelab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"berth"
	"berth/client"
	"berth/imaging"
	"berth/share"
	"berth/wire"
)

const (
	hostName   = "wine-01"
	family     = "Contoso.Notes"
	stateOnC   = `C:\berth-agent`
	production = "Production"
)

// user is somebody who signs in on the bench.
type user struct{ name, sid string }

var users = []user{{"alice", "S-1-5-21-7-7-7-1101"}, {"bob", "S-1-5-21-7-7-7-1102"}}

// bench is a server, a Windows, and images that both see.
type bench struct {
	*wine
	t      *testing.T
	dir    string
	boot   bootstrap
	client *client.Client
	logons int64
	images int
	agent  *exec.Cmd // when it runs by itself and not as a service
	told   int       // codes that were told as they should be

	serving *exec.Cmd
}

type bootstrap struct {
	URL    string `json:"url"`
	CAFile string `json:"caFile"`
	Token  string `json:"token"`
	Site   string `json:"site"`

	Subscription string `json:"subscriptionId"`
}

// newBench empties the Windows and starts a server of its own.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{wine: windows(t), t: t, dir: t.TempDir()}
	b.must(os.RemoveAll(b.fake()))
	b.must(os.RemoveAll(filepath.Join(b.prefix, "drive_c", "berth-agent")))
	for _, sub := range []string{"images", "disks", "mounted", "sessions", "staged", "registered", "signers", "inject", "needs", "held", "junctions"} {
		b.must(os.MkdirAll(b.fake(sub), 0o755))
	}
	b.must(os.MkdirAll(filepath.Join(b.dir, "images"), 0o755))
	_, _ = b.run(t.Context(), "reg", "delete", `HKLM\Software\Berth`, "/f") // it may not be there
	b.startServer()
	t.Cleanup(func() {
		if t.Failed() {
			b.tell()
		}
	})
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// tell shows what the Windows and the agent said, after a failure.
func (b *bench) tell() {
	for _, file := range []string{b.fake("log.txt"), filepath.Join(b.prefix, "drive_c", "berth-agent", "agent.log"), filepath.Join(b.dir, "agent.log"), filepath.Join(b.dir, "server.log")} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		b.t.Logf("--- end of %s\n%s", file, strings.Join(lines[max(0, len(lines)-40):], "\n"))
	}
}

// fake is a path in the state of the fake Windows.
func (b *bench) fake(parts ...string) string {
	return filepath.Join(append([]string{b.prefix, "drive_c", "fake"}, parts...)...)
}

func (b *bench) startServer() {
	b.t.Helper()
	file := filepath.Join(b.dir, "admin.json")
	b.runServer("--listen", "127.0.0.1:0", "--bootstrap", file)
	b.t.Cleanup(b.stopServer)
	until(b.t, "the server answers", func() (bool, any) {
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &b.boot) != nil {
			return false, err
		}
		ca, err := os.ReadFile(b.boot.CAFile)
		if err != nil {
			return false, err
		}
		b.client, err = client.New(client.Options{Server: b.boot.URL, Token: b.boot.Token, CA: ca, Site: b.boot.Site, Face: "cli"})
		if err != nil {
			return false, err
		}
		resp, err := b.client.Raw(b.t.Context(), http.MethodGet, "/healthz", nil)
		if err != nil {
			return false, err
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

func (b *bench) runServer(args ...string) {
	b.t.Helper()
	log, err := os.OpenFile(filepath.Join(b.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	b.must(err)
	defer func() { _ = log.Close() }() // the server has its own
	b.serving = exec.Command(b.server, append([]string{"server", "--data", filepath.Join(b.dir, "server"),
		"--image-root", filepath.Join(b.dir, "images")}, args...)...)
	b.serving.Stdout, b.serving.Stderr = log, log
	b.serving.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	b.must(b.serving.Start())
}

func (b *bench) stopServer() {
	_ = b.serving.Process.Kill()
	_ = b.serving.Wait()
}

// serveAgain starts the server where it was.
func (b *bench) serveAgain() {
	b.t.Helper()
	b.runServer("--listen", strings.TrimPrefix(b.boot.URL, "https://"))
	until(b.t, "the server answers again", func() (bool, any) {
		resp, err := b.client.Raw(b.t.Context(), http.MethodGet, "/healthz", nil)
		if err != nil {
			return false, err
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

// signer signs the packages of a bench.
type signer struct {
	b    *bench
	sign func(folder, file string) error
	// thumbprint must be in TrustedPeople before the fake Windows stages; file holds the certificate.
	thumbprint, file string
}

func (b *bench) newSigner() *signer {
	b.t.Helper()
	cert, key, err := imaging.SelfSigned(publisher, time.Now(), randomness{})
	b.must(err)
	file := filepath.Join(b.dir, "signer.cer")
	b.must(os.WriteFile(file, cert.Raw, 0o644))
	return &signer{b: b, thumbprint: thumbprint(cert.Raw), file: file, sign: func(folder, file string) error { return imaging.SignFolder(folder, file, cert, key) }}
}

func (b *bench) library() *imaging.Library {
	b.t.Helper()
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	b.must(err)
	return imaging.New(opener, slog.New(slog.DiscardHandler))
}

// image makes a signed package and an image of it, and tells the fake Windows what it would make of it when attached: the
// content is read out of the real image with the project's own readers.
func (s *signer) image(version, name string, needs ...string) (fullName, path string) {
	b := s.b
	b.t.Helper()
	folder := filepath.Join(b.dir, "packages", version)
	b.must(writePackage(folder, version, needs...))
	b.must(s.sign(folder, folder+".msix"))
	path = filepath.Join(b.dir, "images", name)
	lib := b.library()
	img, err := lib.Build(b.t.Context(), imaging.BuildOptions{Packages: []string{folder + ".msix"}, Out: path})
	b.must(err)
	fullName = img.Packages[0].FullName
	b.must(os.WriteFile(b.fake("signers", fullName), []byte(s.thumbprint+"\n"), 0o644))
	b.knows(path, uuid.NewString(), path)
	if len(needs) > 0 {
		b.must(os.WriteFile(b.fake("needs", fullName), []byte("Contoso.Runtime_\n"), 0o644))
	}
	return fullName, path
}

// framework makes a signed framework, as the file that frameworks are handed out as.
func (s *signer) framework(version string) (fullName, path string) {
	b := s.b
	b.t.Helper()
	folder := filepath.Join(b.dir, "packages", "runtime-"+version)
	b.must(writeFramework(folder, version))
	path = filepath.Join(b.dir, "images", "Contoso.Runtime."+version+".appx")
	b.must(s.sign(folder, path))
	found, err := b.library().InspectPackage(b.t.Context(), path)
	b.must(err)
	fullName = found[0].FullName
	b.must(os.WriteFile(b.fake("signers", fullName), []byte(s.thumbprint+"\n"), 0o644))
	return fullName, path
}

// knows puts the content of an image where the fake Windows takes it from when the path is attached.
func (b *bench) knows(image, guid, path string) {
	b.t.Helper()
	files, err := b.library().Open(b.t.Context(), image, 1)
	b.must(err)
	defer func() { _ = files.Close() }()
	b.must(copyTree(b.fake("disks", "{"+guid+"}"), files.FS))
	b.images++
	b.volume(path, 10+b.images, guid)
}

// volume makes a volume of a disk known; a disk may have several.
func (b *bench) volume(path string, disk int, guid string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.fake("images"))
	b.must(err)
	b.must(os.WriteFile(b.fake("images", fmt.Sprintf("%d.txt", len(entries)+1)), fmt.Appendf(nil, "%s\n%d\n%s\n", path, disk, guid), 0o644))
	b.must(os.Symlink(filepath.Join("..", "drive_c", "fake", "mounted", "{"+guid+"}"), filepath.Join(b.prefix, "dosdevices", "volume{"+guid+"}")))
}

// enroll makes the Windows a host of the site.
func (b *bench) enroll() {
	b.t.Helper()
	b.enrollWith(wire.CreateEnrollKey{Name: "wine", Kind: berth.KindRDSH})
}

func (b *bench) enrollWith(o wire.CreateEnrollKey) {
	b.t.Helper()
	key, err := b.client.CreateEnrollKey(b.t.Context(), o)
	b.must(err)
	b.berth(b.t, "agent", "enroll", "--state", stateOnC, "--server", b.boot.URL, "--key", key.Text, "--ca", b.boot.CAFile, "--name", hostName)
}

// install installs and starts the service; it is taken away when the test ends.
func (b *bench) install(flags ...string) {
	b.t.Helper()
	b.berth(b.t, append([]string{"agent", "install", "--state", stateOnC}, flags...)...)
	b.t.Cleanup(func() {
		if out, err := b.run(context.Background(), b.exe, "agent", "uninstall"); err != nil {
			b.t.Logf("uninstalling: %v: %s", err, out)
			b.wine.end()
		}
	})
}

// start starts the agent by itself, without a service.
func (b *bench) start(flags ...string) {
	b.t.Helper()
	log, err := os.OpenFile(filepath.Join(b.dir, "agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	b.must(err)
	defer func() { _ = log.Close() }()
	b.agent = b.command(context.Background(), append([]string{b.exe, "agent", "run", "--state", stateOnC}, flags...)...)
	b.agent.Stdout, b.agent.Stderr = log, log
	b.must(b.agent.Start())
}

// stop kills the agent that was started by itself.
func (b *bench) stop() {
	b.t.Helper()
	b.kill(b.t, "run")
	_ = b.agent.Wait() // it was killed
}

// add adds the image to the catalogue, with the tag.
func (b *bench) add(image string, tags ...string) berth.Package {
	b.t.Helper()
	p, err := b.client.AddPackage(b.t.Context(), wire.AddPackage{ImagePath: image})
	b.must(err)
	for _, tag := range tags {
		p, err = b.client.TagPackage(b.t.Context(), p.FullName, wire.TagPackage{Tag: tag, Move: true})
		b.must(err)
	}
	return p
}

func (b *bench) holder() client.Holder {
	return client.Holder{Kind: "defaults", Name: string(berth.KindRDSH)}
}

func (b *bench) assign(p berth.Package) {
	b.t.Helper()
	_, err := b.client.Assign(b.t.Context(), b.holder(), wire.Assign{Family: p.FamilyName, Tag: production})
	b.must(err)
	b.apply()
}

func (b *bench) apply() {
	b.t.Helper()
	_, err := b.client.Apply(b.t.Context())
	b.must(err)
}

// signIn begins a session of the user; the numbers of odd ones are active, of even ones disconnected.
func (b *bench) signIn(number int, u user) {
	b.t.Helper()
	b.logons++
	const since1601 = 11644473600 // seconds from 1601 to 1970
	logon := (time.Now().Unix() - 3600 + b.logons + since1601) * 10_000_000
	text := fmt.Sprintf("%s\nCORP\n%s\n%d\n", u.name, u.sid, logon)
	b.must(os.WriteFile(b.fake("sessions", fmt.Sprintf(".%d", number)), []byte(text), 0o644))
	b.must(os.Rename(b.fake("sessions", fmt.Sprintf(".%d", number)), b.fake("sessions", fmt.Sprintf("%d.txt", number))))
	b.announce()
}

// announce tells a service what Windows would tell it: that a session began or ended.
func (b *bench) announce() {
	if len(b.agents("service")) > 0 {
		_, _ = b.run(b.t.Context(), "sc", "control", "BerthAgent", "128") // it looks by itself too, seldom
	}
}

func (b *bench) signOut(number int) {
	b.t.Helper()
	b.must(os.Remove(b.fake("sessions", fmt.Sprintf("%d.txt", number))))
	b.announce()
}

// inject lets a call fail with a code, until it is healed.
func (b *bench) inject(call, code string) {
	b.t.Helper()
	b.must(os.WriteFile(b.fake("inject", call), []byte(strings.TrimPrefix(code, "0x")), 0o644))
}

func (b *bench) heal(call string) {
	b.t.Helper()
	b.must(os.Remove(b.fake("inject", call)))
}

// status is that of a package on the host; a zero one when the host has nothing to do with it.
func (b *bench) status(fullName string) berth.Status {
	rows, err := b.client.Status(b.t.Context(), hostName, "", "")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows {
		if r.FullName == fullName {
			return r.Status
		}
	}
	return berth.Status{}
}

// await waits for a status.
func (b *bench) await(fullName string, want berth.StatusName) berth.Status {
	b.t.Helper()
	var got berth.Status
	until(b.t, fmt.Sprintf("%s is %q", fullName, want), func() (bool, any) {
		got = b.status(fullName)
		return got.Name == want, got
	})
	return got
}

// state is what the fake Windows has: attached volumes, staged packages, and who has which registered.
func (b *bench) state() string {
	var all []string
	for _, kind := range []string{"mounted", "staged", "registered"} {
		_ = filepath.WalkDir(b.fake(kind), func(path string, d fs.DirEntry, err error) error { // a folder that goes meanwhile is looked at again
			if err != nil || path == b.fake(kind) {
				return nil
			}
			if kind == "mounted" {
				all = append(all, "mounted")
				return fs.SkipDir
			}
			if !d.IsDir() {
				rel, _ := filepath.Rel(b.fake(), path)
				all = append(all, rel)
			}
			return nil
		})
	}
	return strings.Join(all, " ")
}

// awaitState waits until the fake Windows has just this.
func (b *bench) awaitState(want ...string) {
	b.t.Helper()
	until(b.t, "the machine has "+strings.Join(want, " "), func() (bool, any) {
		got := b.state()
		return got == strings.Join(want, " "), got
	})
}

func registered(u user, fullName string) string { return "registered/" + u.sid + "/" + fullName }

// sound fails the test when the fake Windows saw something that must not be.
func (b *bench) sound() {
	b.t.Helper()
	text, err := os.ReadFile(b.fake("log.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	b.must(err)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "VIOLATION") || strings.Contains(line, "BROKEN") {
			b.t.Errorf("the fake Windows noted: %s", line)
		}
	}
}

// calls counts the lines of the fake Windows' log that hold the text.
func (b *bench) calls(text string) int {
	all, err := os.ReadFile(b.fake("log.txt"))
	if err != nil {
		return 0
	}
	return strings.Count(string(all), text)
}

// reboot is a start of the machine: volumes and sessions are gone, what Windows knows is not.
func (b *bench) reboot() {
	b.t.Helper()
	b.kill(b.t, "service")
	b.powerOff()
	b.serve()
}

// powerOff ends everything that runs on the machine, and what does not outlive it: attached volumes and sessions.
func (b *bench) powerOff() {
	b.t.Helper()
	b.wine.end()
	for _, kind := range []string{"mounted", "sessions"} {
		entries, err := os.ReadDir(b.fake(kind))
		b.must(err)
		for _, e := range entries {
			if kind == "sessions" {
				b.must(os.Remove(b.fake(kind, e.Name())))
				continue
			}
			b.must(os.Rename(b.fake(kind, e.Name()), b.fake("disks", e.Name())))
		}
	}
	b.must(b.stay())
}

// serve starts the service again, as Windows does when it starts; Wine does it with the first program.
func (b *bench) serve() {
	b.t.Helper()
	out, err := b.run(b.t.Context(), "net", "start", "BerthAgent")
	if err != nil && len(b.agents("service")) == 0 {
		b.t.Fatalf("net start: %v: %s", err, out)
	}
	until(b.t, "the service runs", func() (bool, any) { return len(b.agents("service")) > 0, out })
}
