//go:build windows

package winhost

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/winhost/winrt"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Options say how a Host works. StateDir and Log must be set.
type Options struct {
	StateDir  string
	Log       *slog.Logger
	URIMode   string           // URIAuto
	VerifyAll bool             // read and check every file when a package is staged, not manifest and code alone
	Copies    agent.CopySource // copies of images on this host; nil: there are none
	Refresh   time.Duration    // how long what Windows said of a package is believed while nothing happens to it; 15 s
	OnDemand  time.Duration    // how long a session is left alone before packages on demand are registered; 15 s
	Program   string           // started in users' sessions; this program
	Images    Images           // reads images for the server; nil: this host reads none but those of its plan
	Now       func() time.Time // time.Now
}

// Images tells what is in an image, without attaching it.
type Images interface {
	// Read returns the packages in the image, each with what was observed of it.
	Read(ctx context.Context, imagePath string) ([]berth.Package, error)
}

// Host is this machine as a Platform.
type Host struct {
	options  Options
	records  records
	manager  *winrt.Manager
	why      error // why there is no manager
	images   locks // by folded image path: attaching and letting go
	users    locks // by security id: registrations
	known    answers
	sessions sessionCache
	crew     crew
	hiring   locks // by session id: starting a worker
	swept    sync.Once
}

var (
	_ agent.Platform    = (*Host)(nil)
	_ agent.Preflighter = (*Host)(nil)
)

// New prepares the state folder and connects to the package manager. A Windows without one can still be looked at: staging
// fails there, and says why.
func New(o Options) (*Host, error) {
	o.URIMode = cmp.Or(o.URIMode, URIAuto)
	if o.URIMode != URIAuto && o.URIMode != URIVolume && o.URIMode != URIJunction {
		return nil, berth.Errorf(berth.Invalid, "there is no form %q of the address", o.URIMode).On("uri-mode").With("use auto, volume or junction")
	}
	o.Refresh, o.OnDemand = cmp.Or(o.Refresh, 15*time.Second), cmp.Or(o.OnDemand, 15*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, berth.Errorf(berth.Internal, "cannot tell where this program is: %w", err)
		}
		o.Program = self
	}
	h := &Host{options: o, records: records{o.StateDir},
		crew: crew{members: map[string]*member{}, ending: map[string]bool{}, refused: map[string]time.Time{}}}
	if err := h.records.make(); err != nil {
		return nil, coded(err, "cannot make the state folder "+o.StateDir)
	}
	h.manager, h.why = winrt.NewManager()
	if h.why != nil {
		o.Log.Error("the package manager of Windows is not there; nothing can be staged", "error", h.why)
	}
	return h, nil
}

// Close ends the workers and lets go of the package manager. Images stay attached: programs use them.
func (h *Host) Close() error {
	h.disband()
	if h.manager != nil {
		h.manager.Close()
		h.manager, h.why = nil, berth.Errorf(berth.Unavailable, "the agent ends")
	}
	return nil
}

// packages returns the package manager, or why there is none.
func (h *Host) packages() (*winrt.Manager, error) {
	if h.manager == nil {
		return nil, deployed(h.why, "cannot speak to the package manager of Windows")
	}
	return h.manager, nil
}

// Describe returns the facts of this machine.
func (h *Host) Describe(context.Context) (agent.Machine, error) {
	name, err := os.Hostname()
	if err != nil {
		return agent.Machine{}, err
	}
	mode := "virtdisk and cimfs"
	if err := cimfs().mount.Find(); err != nil {
		mode = "virtdisk; no CIM images: this Windows has no CimFS"
	}
	return agent.Machine{Hostname: name, OS: productName(), Build: int(windows.RtlGetVersion().BuildNumber),
		Architecture: architecture(), Platform: "winhost", AttachMode: mode}, nil
}

func architecture() string {
	return map[string]string{"amd64": "x64", "386": "x86", "arm64": "arm64", "arm": "arm"}[runtime.GOARCH]
}

// productName is what Windows calls itself, with its release.
func productName() string {
	v := windows.RtlGetVersion()
	name := fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, registry.QUERY_VALUE)
	if err != nil {
		return name
	}
	defer func() { _ = k.Close() }() // only read
	product, _, err := k.GetStringValue("ProductName")
	if err != nil {
		return name
	}
	if release, _, err := k.GetStringValue("DisplayVersion"); err == nil {
		product += " " + release
	}
	return fmt.Sprintf("%s (%d)", product, v.BuildNumber)
}

// locks holds a mutex for each key.
type locks struct{ m sync.Map }

// hold locks the key and returns what unlocks it.
func (l *locks) hold(key string) func() {
	m, _ := l.m.LoadOrStore(berth.Fold(key), &sync.Mutex{})
	mu := m.(*sync.Mutex)
	mu.Lock()
	return mu.Unlock
}
