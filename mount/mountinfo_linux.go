package mount

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Points reads proc_pid_mountinfo(5) and counts what is mounted below a folder, by path. It asks the kernel's table
// and not the mounts, so that a dead one cannot hang it.
func Points(below string) (map[string]int, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	// The kernel writes real paths; the state folder may be reached by a symbolic link.
	real, err := filepath.EvalSymlinks(below)
	if err != nil {
		return nil, err
	}
	points := map[string]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		if name, ok := strings.CutPrefix(unescape(fields[4]), real+"/"); ok {
			points[filepath.Join(below, name)]++
		}
	}
	return points, lines.Err()
}

// unescape turns the octal escapes of mountinfo back: space, tab, newline and backslash.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// Unmount takes whatever is mounted at path away, by whichever process; lazily also from programs that use it. When nothing
// is mounted there it does nothing.
func Unmount(path string, lazily bool) error {
	flags := unix.UMOUNT_NOFOLLOW
	if lazily {
		flags |= unix.MNT_DETACH
	}
	err := unix.Unmount(path, flags)
	switch {
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOENT):
		return nil
	case errors.Is(err, syscall.EPERM): // an ordinary user's mounts were made by this helper, and go by it
		args := []string{"-u", "--", path}
		if lazily {
			args = []string{"-u", "-z", "--", path}
		}
		if out, ferr := exec.Command("fusermount3", args...).CombinedOutput(); ferr != nil {
			return errors.Join(err, ferr, errors.New(strings.TrimSpace(string(out))))
		}
		return nil
	}
	return err
}
