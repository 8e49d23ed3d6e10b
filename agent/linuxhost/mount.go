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

	"berth"
	"berth/mount"
)

// mostFindings bounds how many bad blocks of a mount are remembered, and so how often they are logged.
const mostFindings = 100

// attachment is a package that this process serves.
type attachment struct {
	fullName string
	path     string
	served   *mount.Mount
	image    *Image
	log      *slog.Logger

	mu       sync.Mutex
	findings map[string]bool
}

// serve mounts the package's files at path, where an empty folder is made. What is open in the image belongs to the mount
// from then on, also when it fails.
func (h *Host) serve(fullName, path string, image *Image) (*attachment, error) {
	m := &attachment{fullName: fullName, path: path, image: image, log: h.options.Log, findings: map[string]bool{}}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(coded(err, "cannot make the mount point"), image.Close())
	}
	var err error
	m.served, err = mount.Serve(path, image.FS, mount.Options{Source: fullName, Log: h.options.Log, Failed: m.note})
	if err != nil {
		return nil, errors.Join(coded(err, "cannot mount "+path), image.Close())
	}
	return m, nil
}

// note takes down what is wrong with a file, once.
func (m *attachment) note(name string, off int64, err error) {
	finding := fmt.Sprintf("%s: file %s, block %d: %v", m.fullName, name, off>>16, err) // blocks of 64 KiB, as in the block map
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.findings[finding] || len(m.findings) >= mostFindings {
		return
	}
	m.findings[finding] = true
	m.log.Error("a file of a mounted package cannot be served", "package", m.fullName, "file", name, "block", off>>16, "offset", off, "error", err)
}

func (m *attachment) problems() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for f := range m.findings {
		list = append(list, f)
	}
	return list
}

// close unmounts and lets go of the image. One that is in use is left as it is, with an error, unless it goes lazily:
// programs that still use it then end with this process.
func (m *attachment) close(lazily bool) error {
	if err := m.served.Unmount(lazily); err != nil {
		e := coded(err, "cannot unmount "+m.path)
		if b, ok := errors.AsType[*berth.Error](e); ok && errors.Is(err, syscall.EBUSY) {
			b.Kind, b.Remedy = berth.Conflict, "end the programs that use it; see `fuser -m "+m.path+"`"
		}
		return e
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
		err = errors.Join(err, mount.Unmount(dir, true), os.Remove(dir))
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
