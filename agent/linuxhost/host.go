//go:build linux

package linuxhost

import (
	"bufio"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"berth"
	"berth/agent"
)

// Attach says how images are attached.
type Attach string

// The ways to attach an image.
const (
	AttachAuto    Attach = "auto"    // through FUSE where it may be used
	AttachFUSE    Attach = "fuse"    // through FUSE or not at all
	AttachExtract Attach = "extract" // by copying the files out of it
)

// Options say how a Host works. StateDir, Images and Log must be set.
type Options struct {
	StateDir  string
	Images    Images
	Log       *slog.Logger
	Attach    Attach           // AttachAuto
	VerifyAll bool             // read and check every file when a package is staged, not only as it is used
	Copies    agent.CopySource // copies of images on this host; nil: there are none
	Launcher  string           // starts a Windows program; wine
	Roots     *x509.CertPool   // trusted beside certificates/; the system's
	Now       func() time.Time // time.Now
	Device    string           // /dev/fuse; tests name one that is not there

	// Supervisor is the command that starts Supervise on the same state folder: then mounts, and the programs that run
	// out of them, outlive this process. Empty: this process serves its mounts itself.
	Supervisor []string

	Sessions Source // what tells of sessions beside PAM; SourcePAM: nothing does
	Bus      string // address of the bus on which systemd-logind is; the system's
	Utmp     string // file of logins; /run/utmp
	// HomeOf tells the home folder and the number of a user; tests have users of their own.
	HomeOf func(ctx context.Context, name string) (home string, uid int64, err error)

	betweenLooks time.Duration // at a source of sessions; tests wait less, or for signals alone
	patience     time.Duration // with one look; tests have less

	// Statfs tells the room of the volume of a folder; statfs(2). Tests tell of a full one.
	Statfs func(path string) (free, total uint64, err error)
}

// Host is this machine as a Platform. Close it to take its mounts away.
type Host struct {
	options Options
	mode    Attach            // AttachFUSE or AttachExtract
	why     string            // why not FUSE, or why FUSE does not work
	boot    string            // names this start of the machine
	types   map[string]string // extension -> type of its files on this machine

	homes sync.Map // home -> *sync.Mutex: one at a time writes to a user's entries

	holder holder // keeps the mounts

	mu   sync.Mutex
	busy map[string]int // packages that are being staged or destaged

	records map[string]keptRecord // by full name

	logins *logins // nil: PAM alone tells of sessions

	inotify *os.File // of the folder of sessions; nil where it cannot be watched
	notices chan struct{}
}

var _ agent.Platform = (*Host)(nil)

// New prepares the state folder and finds out how images can be attached.
func New(o Options) (*Host, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Attach, o.Launcher, o.Device = cmp.Or(o.Attach, AttachAuto), cmp.Or(o.Launcher, "wine"), cmp.Or(o.Device, "/dev/fuse")
	if o.Statfs == nil {
		o.Statfs = statfs
	}
	dir, err := filepath.Abs(o.StateDir)
	if err != nil {
		return nil, err
	}
	o.StateDir = dir
	for _, sub := range []string{"packages", "certificates", "sessions"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, coded(err, "cannot make the state folder")
		}
	}
	h := &Host{options: o, mode: AttachExtract, busy: map[string]int{}, records: map[string]keptRecord{}, types: readTypes(machineTypes)}
	h.holder = newOwn(o.Log)
	if len(o.Supervisor) > 0 {
		h.holder = &supervised{dir: o.StateDir, command: o.Supervisor, log: o.Log}
	}
	if h.boot, err = bootID(); err != nil {
		return nil, coded(err, "cannot tell this start of the machine from others")
	}
	switch o.Attach {
	case AttachExtract:
		h.why = "as configured"
	case AttachAuto, AttachFUSE:
		if err := h.probe(); err != nil {
			h.why = reason(err)
		}
		if h.why == "" || o.Attach == AttachFUSE {
			h.mode = AttachFUSE
		}
	default:
		return nil, berth.Errorf(berth.Invalid, "there is no way %q to attach images", o.Attach).On("attach").With("use auto, fuse or extract")
	}
	if h.logins, err = newLogins(o); err != nil {
		return nil, err
	}
	if err := h.watch(); err != nil {
		o.Log.Warn("the folder of sessions cannot be watched; looking at it every now and then", "error", err)
	}
	h.logins.begin()
	return h, nil
}

// Describe returns the facts of this machine.
func (h *Host) Describe(context.Context) (agent.Machine, error) {
	name, err := os.Hostname()
	if err != nil {
		return agent.Machine{}, err
	}
	arch := map[string]string{"amd64": "x64", "386": "x86", "arm64": "arm64", "arm": "arm"}[runtime.GOARCH]
	mode := string(h.mode)
	if h.why != "" {
		mode += ": " + h.why
	}
	return agent.Machine{Hostname: name, OS: osName(), Architecture: arch, Platform: "linuxhost", AttachMode: mode}, nil
}

// Close takes every mount of this process away, also from programs that use it: they could read nothing any more. The
// records stay, so that the next agent attaches the packages again. Mounts that a supervisor holds stay too.
func (h *Host) Close() error {
	h.logins.end()
	if h.inotify != nil {
		_ = h.inotify.Close() // nothing was written to it
	}
	return h.holder.close()
}

// hold marks a package as being worked on, so that what is half done does not count as a leftover.
func (h *Host) hold(fullName string) (release func()) {
	key := berth.Fold(fullName)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy[key]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.busy[key]--; h.busy[key] == 0 {
			delete(h.busy, key)
		}
	}
}

func (h *Host) held(fullName string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy[berth.Fold(fullName)] > 0
}

// path of something in the state folder.
func (h *Host) path(parts ...string) string {
	return filepath.Join(append([]string{h.options.StateDir}, parts...)...)
}

// osName reads PRETTY_NAME of os-release(5).
func osName() string {
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return "Linux"
	}
	defer func() { _ = f.Close() }() // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			if name, err := strconv.Unquote(v); err == nil {
				return name
			}
			return v
		}
	}
	return "Linux"
}

// bootID reads random(4): a UUID made anew at every start of the machine.
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// reason gives an error in few words: "/dev/fuse: no such file or directory".
func reason(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}
