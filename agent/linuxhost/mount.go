//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"berth"
	"berth/mount"
)

// mostFindings bounds how many bad blocks of a mount are remembered, and so how often they are logged.
const mostFindings = 100

// mostRead bounds a read of a mounted package. A host has dozens of mounts, each with a buffer of this size.
const mostRead = 128 << 10

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

// holder keeps mounts: in this process, or in one that outlives it.
type holder interface {
	// hold mounts the package at path, where an empty folder is made. What is open in the image belongs to the holder from
	// then on, also when it fails.
	hold(ctx context.Context, p berth.PlannedPackage, path string, image *Image) error
	// release unmounts, lazily also from programs that use the package. That it is not held is no error.
	release(fullName string, lazily bool) error
	// look brings what has and findings say up to date.
	look(ctx context.Context) error
	has(fullName string) bool
	findings() []string
	close() error
}

// own holds mounts in this process: they end with it.
type own struct {
	log    *slog.Logger
	opened func(*mount.Mount) error // for tests, which read in the process that serves; else nil

	mu     sync.Mutex
	mounts map[string]*attachment // by folded full name
}

func newOwn(log *slog.Logger) *own { return &own{log: log, mounts: map[string]*attachment{}} }

func (o *own) hold(_ context.Context, p berth.PlannedPackage, path string, image *Image) error {
	m, err := serve(p.FullName, path, image, o.log)
	if err == nil && o.opened != nil {
		err = o.opened(m.served)
	}
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mounts[berth.Fold(p.FullName)] = m
	return nil
}

func (o *own) release(fullName string, lazily bool) error {
	o.mu.Lock()
	m := o.mounts[berth.Fold(fullName)]
	o.mu.Unlock()
	if m == nil {
		return nil
	}
	if err := m.close(lazily); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mounts[berth.Fold(fullName)] == m {
		delete(o.mounts, berth.Fold(fullName))
	}
	return nil
}

func (o *own) look(context.Context) error { return nil }

func (o *own) has(fullName string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mounts[berth.Fold(fullName)] != nil
}

// names lists what is held, by full name.
func (o *own) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []string{}
	for _, m := range o.mounts {
		list = append(list, m.fullName)
	}
	slices.Sort(list)
	return list
}

// findings are the files that mounts could not serve.
func (o *own) findings() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []string{}
	for _, m := range o.mounts {
		list = append(list, m.problems()...)
	}
	slices.Sort(list)
	return list
}

// close takes every mount away, also from programs that use it: they could read nothing any more.
func (o *own) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	for name, m := range o.mounts {
		errs = append(errs, m.close(true))
		delete(o.mounts, name)
	}
	return errors.Join(errs...)
}

// serve mounts the package's files at path, where an empty folder is made. What is open in the image belongs to the mount
// from then on, also when it fails.
func serve(fullName, path string, image *Image, log *slog.Logger) (*attachment, error) {
	m := &attachment{fullName: fullName, path: path, image: image, log: log, findings: map[string]bool{}}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(coded(err, "cannot make the mount point"), image.Close())
	}
	var err error
	m.served, err = mount.Serve(path, image.FS, mount.Options{Source: fullName, Log: log, MostRead: mostRead, Failed: m.note})
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
	m, err := serve("probe", dir, &Image{FS: os.DirFS("/"), Close: func() error { return nil }}, h.options.Log)
	if err == nil {
		err = m.close(false)
	}
	return errors.Join(err, os.Remove(dir))
}
