//go:build unix

package share

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
)

// TestDevicesAndPipes opens what would wait for ever, or do something, when it is opened.
func TestDevicesAndPipes(t *testing.T) {
	root, _ := tree(t)
	fifo := filepath.Join(root, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{"anywhere": {Anywhere: true}, "roots": {Roots: []string{root, "/dev"}}} {
		op := newOpener(t, o)
		for _, path := range []string{fifo, "/dev/zero", "/dev/null"} {
			done := make(chan error, 1)
			go func() { _, err := op.Open(context.Background(), path); done <- err }()
			select {
			case err := <-done:
				if berth.ErrorKind(err) != berth.Invalid || !strings.Contains(err.Error(), path+" is a device or a pipe") {
					t.Errorf("%s, %s: %v", name, path, err)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("%s: opening %s hangs", name, path)
			}
		}
	}
}

// TestPipeIsSwappedIn replaces the file between the check and the opening.
func TestPipeIsSwappedIn(t *testing.T) {
	root, _ := tree(t)
	image, fifo := filepath.Join(root, "a.vhdx"), filepath.Join(root, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := openRegular(image, func() (os.FileInfo, error) {
		fi, err := os.Stat(image)
		return fi, errors.Join(err, os.Rename(fifo, image))
	}, func() (*os.File, error) { return os.OpenFile(image, os.O_RDONLY|nonblock, 0) })
	if berth.ErrorKind(err) != berth.Invalid {
		t.Error(err)
	}
}

// TestPermission runs itself as a user without rights, since root reads everything.
func TestPermission(t *testing.T) {
	if path := os.Getenv("SHARE_TEST_PATH"); path != "" {
		for _, o := range []Options{{Anywhere: true}, {Roots: []string{filepath.Dir(path)}}} {
			_, err := newOpener(t, o).Open(context.Background(), path)
			check(t, err, berth.Error{Kind: berth.Invalid, Code: "EACCES", Message: path + " may not be opened"}, berth.StatusStagingFailed)
		}
		return
	}
	dir, err := os.MkdirTemp("", "share")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	image, self := filepath.Join(dir, "a.vhdx"), filepath.Join(dir, "test")
	program, err := os.ReadFile(os.Args[0])
	if err = errors.Join(err, os.WriteFile(self, program, 0o755), os.WriteFile(image, nil, 0), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestPermission$", "-test.v")
	cmd.Env, cmd.Dir = append(os.Environ(), "SHARE_TEST_PATH="+image), dir
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "EACCES") {
		t.Errorf("%v\n%s", err, out)
	}
}
