package winhost

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// unreadable is a volume whose share went away: one file fails to be read.
type unreadable struct {
	fs.FS
	name string
	err  error
}

func (u unreadable) Open(name string) (fs.File, error) {
	f, err := u.FS.Open(name)
	if err == nil && strings.EqualFold(name, u.name) {
		return failingFile{f, u.err}, nil
	}
	return f, err
}

type failingFile struct {
	fs.File
	err error
}

func (f failingFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "notes.exe", Err: f.err}
}

// TestUnreadableIsNoVerdict: that a file cannot be read says nothing of what is in it, unless the volume itself is damaged.
func TestUnreadableIsNoVerdict(t *testing.T) {
	dir, p := expandedPackage(t)
	for err, want := range map[syscall.Errno]berth.Kind{
		syscall.Errno(64): berth.Unavailable, // ERROR_NETNAME_DELETED
		syscall.Errno(21): berth.Unavailable, // ERROR_NOT_READY
		errorFileCorrupt:  berth.Invalid,
		errorCRC:          berth.Invalid,
	} {
		got := checkContent(t.Context(), unreadable{folder(dir), "notes.exe", err}, p, imaging.CheckOptions{All: true})
		if s, ok := errors.AsType[*agent.StepError](got); !ok || s.Phase != berth.PhaseVerify || berth.ErrorKind(got) != want {
			t.Errorf("%d: %v (%v), want %v", uint(err), got, berth.ErrorKind(got), want)
		}
	}
}
