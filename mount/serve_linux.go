package mount

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	proto "github.com/hanwen/go-fuse/v2/fuse"
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
	server, err := fusefs.Mount(path, &node{served: &served{fsys: fsys, files: files, note: o.failed}, name: ".", info: root}, &fusefs.Options{
		EntryTimeout: &forever, AttrTimeout: &forever, NegativeTimeout: &forever,
		MountOptions: proto.MountOptions{
			AllowOther: asRoot, // the users of the machine; others than root may not ask for it
			Name:       "berth", FsName: o.Source, Options: flags(asRoot),
			DirectMountStrict: asRoot, // no helper program is needed
			DirectMountFlags:  syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NODEV,
			DisableXAttrs:     true,
			MaxWrite:          largest, // bounds reads too
			Logger:            slog.NewLogLogger(o.logger().Handler(), slog.LevelDebug),
		},
	})
	if err != nil {
		return nil, err
	}
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

// Wait returns when the mount is gone, whoever has taken it away.
func (m *Mount) Wait() { m.server.Wait() }
