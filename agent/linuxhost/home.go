//go:build linux

package linuxhost

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"
)

// applications is where a user's own entries lie below the home folder (XDG Base Directory and Desktop Menu Specification).
const applications = ".local/share/applications"

// Limits of what is read from a home, where its user may put anything.
const (
	mostEntryBytes = 64 << 10
	mostEntryFiles = 10000
)

// home is a user's home folder, opened. The agent is root and the folder is the user's: everything goes through os.Root,
// which no symbolic link of the user's leads out of, and owners are changed on open files alone.
type home struct {
	root *os.Root
	uid  int
	gid  int
}

func openHome(dir string) (*home, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	h := &home{root: root, uid: -1, gid: -1}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		h.uid, h.gid = int(st.Uid), int(st.Gid)
	}
	return h, nil
}

func (h *home) close() error { return h.root.Close() }

// found is an entry of ours in a home.
type found struct {
	file     string
	fullName string
	session  string // which registered it
	since    time.Time
}

// entries lists the entries of ours. A home that has no such folder has none.
func (h *home) entries() ([]found, error) {
	dir, err := h.root.Open(applications)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(mostEntryFiles)
	if err := errors.Join(ignore(err, io.EOF), dir.Close()); err != nil {
		return nil, err
	}
	var list []found
	for _, name := range names {
		if !strings.HasPrefix(name, "berth-") || !strings.HasSuffix(name, ".desktop") {
			continue
		}
		if f, ok := h.read(name); ok {
			list = append(list, f)
		}
	}
	return list, nil
}

// read reads one entry. What cannot be read, or is no plain file (a pipe would never end), is not ours.
func (h *home) read(name string) (found, bool) {
	f, err := h.root.OpenFile(path.Join(applications, name), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return found{}, false
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostEntryBytes {
		return found{}, false
	}
	content, err := io.ReadAll(io.LimitReader(f, mostEntryBytes))
	if err != nil {
		return found{}, false
	}
	fullName, session, ok := parseEntry(content)
	return found{name, fullName, session, info.ModTime()}, ok
}

// makeFolder makes a folder of the home, each part owned by the home's owner.
func (h *home) makeFolder(name string) error {
	dir := "."
	for part := range strings.SplitSeq(name, "/") {
		dir = path.Join(dir, part)
		err := h.root.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		f, err := h.root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(h.own(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// own gives an open file that was just made to the home's owner. That it is root's shows that the user did not put
// something else in its place meanwhile.
func (h *home) own(f *os.File) error {
	if h.uid < 0 {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 || info.Mode().IsRegular() && st.Nlink != 1 {
		return &fs.PathError{Op: "chown", Path: f.Name(), Err: syscall.EPERM}
	}
	return f.Chown(h.uid, h.gid)
}

// write puts a file in place in one step; its folder is there.
func (h *home) write(file string, content []byte) error {
	tmp := path.Join(path.Dir(file), ".berth-"+rand.Text()+".tmp")
	f, err := h.root.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, h.own(f), f.Sync(), f.Close())
	if err == nil {
		err = h.root.Rename(tmp, file)
	}
	if err != nil {
		return errors.Join(err, h.root.Remove(tmp))
	}
	return nil
}

func (h *home) remove(file string) error { return ignore(h.root.Remove(file), fs.ErrNotExist) }

// tidy removes what a process that died while writing left behind.
func (h *home) tidy() error {
	paths, err := fs.Glob(h.root.FS(), applications+"/.berth-*.tmp")
	types, terr := fs.Glob(h.root.FS(), userTypes+"/packages/.berth-*.tmp")
	err = errors.Join(err, terr)
	for _, p := range append(paths, types...) {
		err = errors.Join(err, ignore(h.root.Remove(p), fs.ErrNotExist))
	}
	return err
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// inHome runs f with a user's home, one at a time for each.
func (h *Host) inHome(dir string, f func(*home) error) error {
	lock, _ := h.homes.LoadOrStore(dir, new(sync.Mutex))
	mu := lock.(*sync.Mutex) //nolint:forcetypeassert // nothing else is stored
	mu.Lock()
	defer mu.Unlock()
	u, err := openHome(dir)
	if err != nil {
		return err
	}
	return errors.Join(f(u), u.close())
}
