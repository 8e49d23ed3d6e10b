//go:build linux

package linuxhost

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"berth/agent"
)

var _ agent.Noticer = (*Host)(nil)

// Notices tells when the record of a session was written, so that nobody who signs in waits for the next look at the machine.
// It is nil where the kernel does not say.
func (h *Host) Notices() <-chan struct{} { return h.notices }

// watch begins to listen to the folder of sessions: inotify(7). Records come by renaming; what else is written there is no
// news.
func (h *Host) watch() error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	f := os.NewFile(uintptr(fd), "inotify") // nonblocking: reading waits without a thread, and ends when the file is closed
	if _, err := unix.InotifyAddWatch(fd, h.path("sessions"), unix.IN_MOVED_TO); err != nil {
		return errors.Join(os.NewSyscallError("inotify_add_watch", err), f.Close())
	}
	h.inotify, h.notices = f, make(chan struct{}, 1)
	go listen(f, h.notices)
	return nil
}

func listen(f *os.File, notices chan<- struct{}) {
	buffer := make([]byte, 64*(unix.SizeofInotifyEvent+unix.NAME_MAX+1))
	for {
		n, err := f.Read(buffer)
		if err != nil {
			return // closed; the looks at the machine go on by the clock
		}
		if recordIn(buffer[:n]) {
			select {
			case notices <- struct{}{}:
			default:
			}
		}
	}
}

// recordIn tells whether any of the events is about a record. An event is a struct inotify_event: watch descriptor, mask,
// cookie, length of the name, and the name, filled up with NULs.
func recordIn(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		length := int(binary.NativeEndian.Uint32(events[12:16]))
		rest := events[unix.SizeofInotifyEvent:]
		if length > len(rest) {
			return true
		}
		if name, _, _ := strings.Cut(string(rest[:length]), "\x00"); strings.HasSuffix(name, ".json") {
			return true
		}
		events = rest[length:]
	}
	return false
}
