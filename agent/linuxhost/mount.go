//go:build linux

package linuxhost

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"berth"
	fusefs "github.com/hanwen/go-fuse/v2/fs"
	proto "github.com/hanwen/go-fuse/v2/fuse"
)

// forever is how long the kernel may keep names and attributes: content of a mount never changes.
var forever = time.Hour

// mostFindings bounds how many bad blocks of a mount are remembered, and so how often they are logged.
const mostFindings = 100

// mount is a package that this process serves.
type mount struct {
	fullName string
	path     string
	server   *proto.Server
	image    *Image
	log      *slog.Logger

	mu       sync.Mutex
	findings map[string]bool
}

// serve mounts the package's files at path, where an empty folder is made. What is open in the image belongs to the mount
// from then on, also when it fails.
func (h *Host) serve(fullName, path string, image *Image) (*mount, error) {
	m := &mount{fullName: fullName, path: path, image: image, log: h.options.Log, findings: map[string]bool{}}
	root, err := fs.Stat(image.FS, ".")
	if err != nil {
		return nil, errors.Join(coded(err, "cannot read the package"), image.Close())
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(coded(err, "cannot make the mount point"), image.Close())
	}
	asRoot := os.Geteuid() == 0
	m.server, err = fusefs.Mount(path, &node{served: &served{fsys: image.FS, note: m.note}, name: ".", info: root}, &fusefs.Options{
		EntryTimeout: &forever, AttrTimeout: &forever, NegativeTimeout: &forever,
		MountOptions: proto.MountOptions{
			AllowOther: asRoot, // the users of the host; others than root may not ask for it
			Name:       "berth", FsName: fullName, Options: options(asRoot),
			DirectMountStrict: asRoot, // no helper program is needed
			DirectMountFlags:  syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NODEV,
			DisableXAttrs:     true,
			Logger:            slog.NewLogLogger(h.options.Log.Handler(), slog.LevelDebug),
		},
	})
	if err != nil {
		return nil, errors.Join(coded(err, "cannot mount "+path), image.Close())
	}
	return m, nil
}

func options(asRoot bool) []string {
	if asRoot {
		return nil // given as flags
	}
	return []string{"ro"}
}

// note takes down what is wrong with a file, once.
func (m *mount) note(name string, off int64, err error) {
	finding := fmt.Sprintf("%s: file %s, block %d: %v", m.fullName, name, off>>16, err) // blocks of 64 KiB, as in the block map
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.findings[finding] || len(m.findings) >= mostFindings {
		return
	}
	m.findings[finding] = true
	m.log.Error("a file of a mounted package cannot be served", "package", m.fullName, "file", name, "block", off>>16, "offset", off, "error", err)
}

func (m *mount) problems() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for f := range m.findings {
		list = append(list, f)
	}
	return list
}

// close unmounts and lets go of the image. One that is in use is left as it is, with an error, unless it goes lazily.
func (m *mount) close(lazily bool) error {
	if err := unmount(m.path, lazily); err != nil {
		e := coded(err, "cannot unmount "+m.path)
		if b, ok := errors.AsType[*berth.Error](e); ok && errors.Is(err, syscall.EBUSY) {
			b.Kind, b.Remedy = berth.Conflict, "end the programs that use it; see `fuser -m "+m.path+"`"
		}
		return e
	}
	if !lazily { // programs that still use a lazy one end with this process
		m.server.Wait()
	}
	return m.image.Close()
}

// probe finds out whether FUSE may be used, by using it: a device that can be opened says little inside a container.
func (h *Host) probe() error {
	f, err := os.OpenFile(h.options.Device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	left, err := filepath.Glob(h.path(".probe-*"))
	for _, dir := range left { // of a process that was killed here
		err = errors.Join(err, unmount(dir, true), os.Remove(dir))
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(h.options.StateDir, ".probe-")
	if err != nil {
		return err
	}
	m, err := h.serve("probe", dir, &Image{FS: os.DirFS("/"), Close: func() error { return nil }})
	if err == nil {
		err = m.close(false)
	}
	return errors.Join(err, os.Remove(dir))
}
