//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"berth/mount"
)

// gallery makes the pairs to compare.
type gallery struct {
	*exhibits
	berth string
	work  string // for what is extracted; removed before each run
}

// pairs are all comparisons, those of each image together.
func (g *gallery) pairs() []pair {
	var all []pair
	for _, c := range containers {
		all = append(all, g.ofImage(c.name)...)
	}
	unpack := filepath.Join(g.work, "unpacked")
	return append(all, pair{"unpack the .msix, all of it verified", 2,
		command{argv: []string{g.berth, "msix", "unpack", g.msix, "--out", unpack, "--root", g.root}, prepare: remove(unpack)},
		command{argv: []string{"7zz", "x", "-y", "-bd", "-o" + unpack, g.msix}, prepare: remove(unpack)}, "`7zz x` (verifies CRC-32 alone)"})
}

func (g *gallery) ofImage(name string) []pair {
	img := g.images[name]
	manifest := g.pkgPath + "/AppxManifest.xml"
	out := filepath.Join(g.work, "out")
	berth := func(args ...string) []string { return append([]string{g.berth, "image"}, args...) }
	return []pair{
		{name + ": list all files", 2, command{argv: berth("ls", "-R", img)}, command{argv: []string{"7zz", "l", img}}, "`7zz l`"},
		{name + ": one file to standard output", 2, command{argv: berth("cat", img, manifest)}, command{argv: []string{"7zz", "x", "-so", img, manifest}}, "`7zz x -so`"},
		{name + ": SHA-256 of all files", 1, command{argv: berth("hash", img)}, command{argv: []string{"7zz", "t", "-scrcSHA256", img}}, "`7zz t -scrcSHA256`"},
		{name + ": SHA-256 of all files", 2, command{argv: berth("hash", img)}, g.vhdimount(img), "`vhdimount`, `ntfs-3g`, `sha256sum` on 2 cores"},
		{name + ": extract all", 1, command{argv: berth("extract", img, "--out", out), prepare: remove(out)},
			command{argv: []string{"7zz", "x", "-y", "-bd", "-o" + out, img}, prepare: remove(out)}, "`7zz x`"},
		{name + ": read all through a mount, verified", 1, g.mounted(img), g.ntfs3g(), "`ntfs-3g` on the bare volume, nothing verified"},
	}
}

func remove(dir string) func() error { return func() error { return os.RemoveAll(dir) } }

// readAll reads every file below a folder with two programs at once.
func readAll(dir, program string) []string {
	return []string{"sh", "-c", "cd " + dir + " && find . -type f -print0 | xargs -0 -n64 -P2 " + program}
}

// vhdimount hashes the way that there was without Berth. Only the hashing counts, not the mounting.
func (g *gallery) vhdimount(img string) command {
	disk, files := filepath.Join(g.work, "vhdi"), filepath.Join(g.work, "ntfs")
	var loop string
	c := command{argv: readAll(files, "sha256sum")}
	c.prepare = func() error {
		if err := errors.Join(os.MkdirAll(disk, 0o755), os.MkdirAll(files, 0o755), run("vhdimount", img, disk)); err != nil {
			return err
		}
		o, err := exec.Command("losetup", "-r", "-f", "--show", "-o", fmt.Sprint(around), "--sizelimit", fmt.Sprint(volumeSize), filepath.Join(disk, "vhdi1")).Output()
		if err != nil {
			return fmt.Errorf("losetup: %w", err)
		}
		loop = strings.TrimSpace(string(o))
		return run("ntfs-3g", "-o", "ro", loop, files)
	}
	c.tidy = func() error {
		return errors.Join(mount.Unmount(files, false), run("losetup", "-d", loop), mount.Unmount(disk, true))
	}
	return c
}

// ntfs3g reads through ntfs-3g as its makers know it best: the volume is a plain file.
func (g *gallery) ntfs3g() command {
	files := filepath.Join(g.work, "ntfs")
	return command{argv: readAll(files, "cat"),
		prepare: func() error {
			return errors.Join(os.MkdirAll(files, 0o755), run("ntfs-3g", "-o", "ro", g.volume, files))
		},
		observe: func(s *sample) { s.read, s.peak = 0, 0 }, // not told of a program that runs on by itself
		tidy:    func() error { return mount.Unmount(files, false) }}
}

// mounted reads through `berth image mount`.
func (g *gallery) mounted(img string) command {
	files := filepath.Join(g.work, "berth")
	var serving *exec.Cmd
	return command{argv: readAll(files, "cat"),
		prepare: func() error {
			serving = exec.Command(g.berth, "image", "mount", img, files)
			if err := errors.Join(os.MkdirAll(files, 0o755), serving.Start()); err != nil {
				return err
			}
			return appears(filepath.Join(files, "apps"))
		},
		observe: func(s *sample) { s.read, s.peak = readBytes(serving.Process.Pid), peakBytes(serving.Process.Pid) },
		tidy:    func() error { return errors.Join(serving.Process.Signal(os.Interrupt), serving.Wait()) }}
}

// appears waits until a file is there.
func appears(name string) error {
	for range 1000 {
		if _, err := os.Stat(name); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s does not appear", name)
}
