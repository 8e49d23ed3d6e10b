package fat

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
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
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func TestFsckAcceptsFormat(t *testing.T) {
	fsck := tool(t, "fsck.fat")
	for name, c := range map[string]struct {
		tree fs.FS
		mib  int64
		opt  Options
	}{
		"smallest":          {fstest.MapFS{}, 33, Options{}},
		"clusters of 512":   {awkwardTree(), 48, testOptions},
		"clusters of 1024":  {awkwardTree(), 80, testOptions},
		"clusters of 4096":  {awkwardTree(), 300, testOptions},
		"clusters of 16384": {fstest.MapFS{"a/b": {Data: make([]byte, 20000)}}, 17 << 10, testOptions},
	} {
		t.Run(name, func(t *testing.T) {
			image, err := os.Create(filepath.Join(t.TempDir(), "volume"))
			if err != nil {
				t.Fatal(err)
			}
			defer image.Close()
			if err := Format(image, c.mib*mebibyte, c.opt, c.tree); err != nil {
				t.Fatal(err)
			}
			out := command(t, fsck, "-n", "-v", image.Name())
			for _, bad := range []string{"wrong", "differ", "mismatch", "Bad", "invalid", "fix"} {
				if bytes.Contains(out, []byte(bad)) {
					t.Fatalf("%s", out)
				}
			}
		})
	}
}

func TestMtoolsReadsFormat(t *testing.T) {
	mcopy := tool(t, "mcopy")
	dir := t.TempDir()
	image, out := filepath.Join(dir, "volume"), filepath.Join(dir, "out")
	source := awkwardTree()
	if err := os.WriteFile(image, makeVolume(t, source, testOptions), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, mcopy, "-s", "-n", "-i", image, "::/Names", "::/Sizes", "::/Deep", "::/Many", out)
	n := 0
	for path, file := range source {
		// mtools translates what the console's code page lacks.
		if file.Mode.IsDir() || strings.IndexFunc(path, func(r rune) bool { return r > 0x7E }) >= 0 {
			continue
		}
		b, err := os.ReadFile(filepath.Join(out, path))
		if err != nil || !bytes.Equal(b, file.Data) {
			t.Errorf("%s: %d bytes of %d, %v", path, len(b), len(file.Data), err)
		}
		n++
	}
	if n < 1500 {
		t.Errorf("only %d files compared", n)
	}
}

// TestReadsMkfs reads volumes of every type, made and filled by other tools, with files that are fragmented.
func TestReadsMkfs(t *testing.T) {
	mkfs, mcopy, mdel := tool(t, "mkfs.fat"), tool(t, "mcopy"), tool(t, "mdel")
	for _, c := range []struct {
		kind    Type
		mib     int
		cluster int    // sectors
		options string // of mkfs.fat, with a blank between
	}{
		{FAT12, 2, 1, ""}, {FAT12, 8, 8, ""}, {FAT16, 16, 4, ""}, {FAT16, 64, 8, ""}, {FAT32, 40, 1, ""}, {FAT32, 300, 8, ""},
		{FAT12, 8, 1, "-S 4096"}, {FAT16, 64, 4, "-S 2048 -f 1"}, {FAT16, 16, 4, "-f 3 -r 1024"}, {FAT32, 40, 1, "-f 4 -R 600 -b 60"},
	} {
		t.Run(fmt.Sprintf("%v of %d MiB %s", c.kind, c.mib, c.options), func(t *testing.T) {
			dir := t.TempDir()
			image := filepath.Join(dir, "volume")
			options := append(strings.Fields(c.options), "-C", "-n", "OTHER", "-F", fmt.Sprint(int(c.kind)), "-s", fmt.Sprint(c.cluster))
			command(t, mkfs, append(options, image, fmt.Sprint(c.mib<<10))...)
			content := func(i int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("content of %d;", i)), 900) }
			name := func(i int) string { return fmt.Sprintf("A File with a long name %d.txt", i) }
			put := func(i int, b []byte) {
				if err := os.WriteFile(filepath.Join(dir, name(i)), b, 0o600); err != nil {
					t.Fatal(err)
				}
				command(t, mcopy, "-i", image, filepath.Join(dir, name(i)), "::")
			}
			for i := range 24 {
				put(i, content(i))
			}
			for i := 0; i < 24; i += 2 {
				command(t, mdel, "-i", image, "::"+name(i))
			}
			big := slices.Concat(content(100), content(101), content(102), content(103), content(104), content(105))
			put(24, big)
			b, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			f := openBytes(t, b)
			if f.Type() != c.kind || f.Label() != "OTHER" {
				t.Errorf("%v %q", f.Type(), f.Label())
			}
			got := tree(t, f)
			if len(got) != 14 {
				t.Errorf("%d files", len(got))
			}
			for i := 1; i < 24; i += 2 {
				checkFile(t, f, name(i), content(i))
			}
			checkFile(t, f, name(24), big)
		})
	}
}
