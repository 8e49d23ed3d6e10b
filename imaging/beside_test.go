package imaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"berth"
	"berth/share"
)

// put writes samples into a folder under other names.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, from := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, sample(t, "log2timeline_dfvfs/"+from+".gz"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDifferencingImages reads images of Windows with their parents beside them, and holds the disk against what libvhdi
// made of the two.
func TestDifferencingImages(t *testing.T) {
	facts := sampleJSON[map[string]struct {
		DiskSHA string `json:"disk_sha256"`
	}](t, "FACTS-images.json")
	for child, parent := range map[string]string{"fat-differential.vhdx": "fat-parent.vhdx", "ntfs-differential.vhd": "ntfs-parent.vhd"} {
		dir := t.TempDir()
		put(t, dir, map[string]string{child: child, parent: parent})
		file := filepath.Join(dir, child)
		img, err := library(t).Inspect(context.Background(), file)
		if err != nil || img.Subformat != "differencing" || len(img.Parents) != 1 || img.Parents[0] != filepath.Join(dir, parent) {
			t.Fatalf("%s: %+v, %v", child, img, err)
		}
		o, err := library(t).open(context.Background(), file)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(o.Image, 0, o.Image.Size)); err != nil {
			t.Fatal(err)
		}
		if want := facts["log2timeline_dfvfs/"+child+".gz"].DiskSHA; want == "" || hex.EncodeToString(h.Sum(nil)) != want {
			t.Errorf("%s: the disk is not that of the facts (%s)", child, want)
		}
		if err := o.file.Close(); err != nil {
			t.Error(err)
		}
		if n, err := o.ReadAt(make([]byte, 512), 0); err == nil || n != 0 {
			t.Errorf("%s: %d bytes read after closing", child, n)
		}
	}
}

func TestParentsThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a/child.vhdx": "fat-differential.vhdx", "b/child.vhdx": "fat-differential.vhdx", "b/fat-parent.vhdx": "ntfs-parent.vhdx",
		"c/child.vhdx": "fat-differential.vhdx", "c/fat-parent.vhdx": "fat12.raw"})
	for folder, want := range map[string]struct{ code, says string }{
		"a": {codeVHDParent, `fat-parent.vhdx" is not beside`},
		"b": {codeVHDOther, "f88d4d92-6fcc-408d-9bef-9b7c89f15c89"},
		"c": {codeVHDCorrupt, "fat-parent.vhdx"},
	} {
		_, err := library(t).Inspect(context.Background(), filepath.Join(dir, folder, "child.vhdx"))
		fails(t, err, berth.Invalid, want.code)
		if err != nil && !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

// TestParentsStayBelowTheRoots has a child that names its parent in a folder that the server does not serve.
func TestParentsStayBelowTheRoots(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"served/child.vhdx": "fat-differential.vhdx", "other/fat-parent.vhdx": "fat-parent.vhdx"})
	if runtime.GOOS != "windows" {
		if err := os.Symlink(filepath.Join(dir, "other", "fat-parent.vhdx"), filepath.Join(dir, "served", "fat-parent.vhdx")); err != nil {
			t.Fatal(err)
		}
	}
	opener, err := share.New(share.Options{Roots: []string{filepath.Join(dir, "served")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(opener, nil).Inspect(context.Background(), filepath.Join(dir, "served", "child.vhdx"))
	fails(t, err, berth.Invalid, codeVHDParent)
}

func TestBesideOf(t *testing.T) {
	for _, c := range [][3]string{
		{`\\nas\apps\child.vhdx`, "parent.vhdx", `\\nas\apps\parent.vhdx`},
		{`\\nas\apps\a\b\child.vhdx`, "../parent.vhdx", `\\nas\apps\a\parent.vhdx`},
		{`\\nas\apps\child.vhdx`, "../../../another/share/parent.vhdx", `\\nas\apps\another\share\parent.vhdx`},
		{`\\?\UNC\nas\apps\x\child.vhdx`, "p.vhdx", `\\?\UNC\nas\apps\x\p.vhdx`},
		{`//nas/apps/x/child.vhdx`, "p.vhdx", `\\nas\apps\x\p.vhdx`},
		{"https://host/a/b.vhdx", "../c.vhdx", "https://host/c.vhdx"},
		{"https://host/b.vhdx", "../../../c.vhdx", "https://host/c.vhdx"},
		{"https://host/a/b%20c.vhdx?sig=x/y%3D&v=1", "p q.vhdx", "https://host/a/p%20q.vhdx?sig=x/y%3D&v=1"},
	} {
		if got := besideOf(c[0], c[1]); got != c[2] {
			t.Errorf("%s beside %s: %s, want %s", c[1], c[0], got, c[2])
		}
	}
	if got, want := besideOf(filepath.Join("a", "b", "c.vhd"), "../p.vhd"), filepath.Join("a", "p.vhd"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
