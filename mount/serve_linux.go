package mount

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	proto "github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// forever is how long the kernel may keep names and attributes: content of a mount never changes.
var forever = time.Hour

// largest is the size of the reads that the kernel may ask for. Each is a change between two processes: few large ones
// serve a file in less time than many small ones.
const largest = 1 << 20

// Mount is a file system that this process serves.
type Mount struct {
	path   string
	server *proto.Server
}

// Serve mounts fsys at path, an empty folder. It returns when the files can be used; they can be until Unmount, or until
// this process ends. Root needs no helper program and serves every user; others need fusermount3 and serve themselves.
func Serve(path string, fsys fs.FS, o Options) (*Mount, error) {
	root, err := fs.Stat(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("the root of the files cannot be read: %w", err)
	}
	asRoot := os.Geteuid() == 0
	files := newOpenFiles(fsys)
	options := &fusefs.Options{
		EntryTimeout: &forever, AttrTimeout: &forever, NegativeTimeout: &forever,
		MountOptions: proto.MountOptions{
			AllowOther: asRoot, // the users of the machine; others than root may not ask for it
			Name:       "berth", FsName: o.Source, Options: flags(asRoot),
			DirectMountStrict: asRoot, // no helper program is needed
			DirectMountFlags:  syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NODEV,
			DisableXAttrs:     true,
			MaxWrite:          cmp.Or(o.MostRead, largest), // bounds reads too
			Logger:            slog.NewLogLogger(o.logger().Handler(), slog.LevelDebug),
		},
	}
	// Not fusefs.Mount, which opens a file of the new mount: a process that is killed while it waits for itself to answer
	// cannot end, and neither can its mount, until somebody aborts the connection. The kernel has been answered by now.
	raw := fusefs.NewNodeFS(&node{served: &served{fsys: fsys, files: files, note: o.failed}, name: ".", info: root}, options)
	server, err := proto.NewServer(raw, path, &options.MountOptions)
	if err != nil {
		return nil, err
	}
	go server.Serve()
	go func() {
		server.Wait()
		files.close()
	}()
	return &Mount{path, server}, nil
}

func flags(asRoot bool) []string {
	if asRoot {
		return nil // given as flags of mount(2)
	}
	return []string{"ro"}
}

// Unmount takes the mount away and waits until nothing reads from it. One that is in use stays as it is, with EBUSY;
// lazily it goes at once from the table of mounts, and for programs that use it when they let go: then it does not wait.
func (m *Mount) Unmount(lazily bool) error {
	if err := Unmount(m.path, lazily); err != nil {
		return err
	}
	if !lazily {
		m.server.Wait()
	}
	return nil
}

// OpenHere lets this very process open files of the mount with package os, which otherwise has the kernel ask whether they
// can be polled, and so this process ask itself while it waits. It is for tests: see Serve for what it costs to be killed
// meanwhile.
func (m *Mount) OpenHere() error {
	// The library answers this name itself, and that it cannot poll; the kernel then asks no more.
	fd, err := unix.Open(filepath.Join(m.path, ".go-fuse-epoll-hack"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("the mount at %s does not answer: %w", m.path, err)
	}
	_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return errors.Join(err, unix.Close(fd))
}

// Wait returns when the mount is gone, whoever has taken it away.
func (m *Mount) Wait() { m.server.Wait() }
