package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool finds an independent tool, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("skipped: %s is not installed", name)
	return ""
}

func command(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, exit.Stderr)
	}
	return out
}

// TestReadsMkntfs reads volumes of every cluster size, made and filled by ntfs-3g's tools.
func TestReadsMkntfs(t *testing.T) {
	mkntfs, ntfscp, ntfscat := tool(t, "mkntfs"), tool(t, "ntfscp"), tool(t, "ntfscat")
	for _, cluster := range []int64{512, 1024, 4096, 32768, 65536, 131072, 2 << 20} {
		t.Run(fmt.Sprint(cluster), func(t *testing.T) {
			dir := t.TempDir()
			image, source := filepath.Join(dir, "volume"), filepath.Join(dir, "source")
			file, err := os.Create(image)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			size := max(16<<20, 512*cluster)
			if err := file.Truncate(size); err != nil {
				t.Fatal(err)
			}
			command(t, mkntfs, "-q", "-F", "-f", "-s", "512", "-c", fmt.Sprint(cluster), "-L", "Ördnung", image)
			for i := range 20 {
				content := bytes.Repeat([]byte(fmt.Sprintf("content of %d;", i)), 1+i*i*30)
				if err := os.WriteFile(source, content, 0o600); err != nil {
					t.Fatal(err)
				}
				command(t, ntfscp, "-f", image, source, fmt.Sprintf("file %d", i))
			}
			f, err := Open(file, size)
			if err != nil {
				t.Fatal(err)
			}
			if f.Label() != "Ördnung" || f.geo.cluster != cluster {
				t.Errorf("label %q, cluster %d", f.Label(), f.geo.cluster)
			}
			list, err := f.ReadDir(".")
			if err != nil || len(list) != 20 {
				t.Errorf("%d files, %v", len(list), err)
			}
			for _, e := range list {
				got, err := fs.ReadFile(f, e.Name())
				if err != nil || !bytes.Equal(got, command(t, ntfscat, "-f", image, e.Name())) {
					t.Errorf("%s differs, %v", e.Name(), err)
				}
			}
		})
	}
}
