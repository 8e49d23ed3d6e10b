//go:build linux

package main

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"berth/disk/part"
	"berth/imaging"
	"berth/mount"
)

// exhibits are the files that are measured.
type exhibits struct {
	dir     string
	root    string            // certificate of the signer
	msix    string            // the tree as a signed package
	volume  string            // an NTFS volume with the package expanded in it
	raw     string            // a disk with that volume
	images  map[string]string // the disk, by container: "dynamic VHDX"
	pkgPath string            // folder of the package in the volume
}

const (
	treeFiles  = 2000
	treeSize   = 300_000_000
	volumeSize = 400 << 20
	around     = 1 << 20 // before the volume and behind it, for the partition table
)

// containers are the images to make, with what qemu-img calls them.
var containers = []struct{ name, file, format, options string }{
	{"dynamic VHDX", "dynamic.vhdx", "vhdx", "subformat=dynamic"},
	{"fixed VHDX", "fixed.vhdx", "vhdx", "subformat=fixed"},
	{"dynamic VHD", "dynamic.vhd", "vpc", "subformat=dynamic,force_size=on"},
	{"fixed VHD", "fixed.vhd", "vpc", "subformat=fixed,force_size=on"},
}

// makeExhibits makes what is not in the folder yet.
func makeExhibits(dir, berth string) (*exhibits, error) {
	e := &exhibits{dir: dir, root: filepath.Join(dir, "signer.pem"), msix: filepath.Join(dir, "suite.msix"), volume: filepath.Join(dir, "volume.ntfs"),
		raw: filepath.Join(dir, "disk.raw"), images: map[string]string{}}
	for _, c := range containers {
		e.images[c.name] = filepath.Join(dir, c.file)
	}
	for _, step := range []struct {
		file string
		make func() error
	}{{e.msix, e.makePackage}, {e.volume, func() error { return e.makeVolume(berth) }}, {e.raw, e.makeDisk}} {
		if err := once(step.file, step.make); err != nil {
			return nil, err
		}
	}
	for _, c := range containers {
		out := e.images[c.name]
		err := once(out, func() error {
			return run("qemu-img", "convert", "-f", "raw", "-O", c.format, "-o", c.options, e.raw, out)
		})
		if err != nil {
			return nil, err
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "expanded", "*"))
	if err != nil || len(names) != 1 {
		return nil, fmt.Errorf("%s: expected one package, found %d", filepath.Join(dir, "expanded"), len(names))
	}
	e.pkgPath = "apps/" + filepath.Base(names[0])
	return e, nil
}

// once makes a file unless it is there. One that was not finished is not left there.
func once(file string, make func() error) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, "making", filepath.Base(file))
	if err := make(); err != nil {
		return errors.Join(err, os.RemoveAll(file))
	}
	return nil
}

// run runs a program and gives its output with its error.
func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// makePackage grows the tree, packs and signs it.
func (e *exhibits) makePackage() error {
	tree := filepath.Join(e.dir, "tree")
	if err := os.RemoveAll(tree); err != nil {
		return err
	}
	if err := plantTree(tree, treeFiles, treeSize, 1); err != nil {
		return err
	}
	cert, key, err := imaging.SelfSigned(treePublisher, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600); err != nil {
		return err
	}
	return errors.Join(imaging.SignFolder(tree, e.msix, cert, key), os.RemoveAll(tree))
}

// makeVolume expands the package into an NTFS volume that ntfs-3g writes.
func (e *exhibits) makeVolume(berth string) (err error) {
	expanded := filepath.Join(e.dir, "expanded")
	if err := os.RemoveAll(expanded); err != nil {
		return err
	}
	if err := os.Mkdir(expanded, 0o755); err != nil {
		return err
	}
	m, err := fullName(berth, e.msix)
	if err != nil {
		return err
	}
	if err := run(berth, "msix", "unpack", e.msix, "--out", filepath.Join(expanded, m)); err != nil {
		return err
	}
	f, err := os.Create(e.volume)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(volumeSize), f.Close()); err != nil {
		return err
	}
	if err := run("mkntfs", "-q", "-F", "-p", "2048", "-L", "SUITE", "-s", "512", "-H", "255", "-S", "63", e.volume); err != nil {
		return err
	}
	at, err := os.MkdirTemp(e.dir, "mnt-")
	if err != nil {
		return err
	}
	if err := run("ntfs-3g", "-o", "big_writes", e.volume, at); err != nil {
		return err
	}
	err = errors.Join(os.Mkdir(filepath.Join(at, "apps"), 0o755), os.CopyFS(filepath.Join(at, "apps", m), os.DirFS(filepath.Join(expanded, m))))
	return errors.Join(err, mount.Unmount(at, false), settle(at))
}

// settle waits until ntfs-3g has written everything: the mount is gone before the program is.
func settle(at string) error {
	for range 600 {
		if err := run("sh", "-c", "! pgrep -f \"ntfs-3g.* "+at+"\""); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return os.Remove(at)
}

// fullName asks for the full name of the package in a container.
func fullName(berth, msix string) (string, error) {
	out, err := exec.Command(berth, "msix", "inspect", msix, "-o", "name").Output()
	if err != nil || len(out) < 2 {
		return "", fmt.Errorf("%s: its package has no name: %w", msix, err)
	}
	return string(out[:len(out)-1]), nil
}

// makeDisk puts the volume into a partition.
func (e *exhibits) makeDisk() error {
	f, err := os.Create(e.raw)
	if err != nil {
		return err
	}
	size := int64(volumeSize + 2*around)
	err = f.Truncate(size)
	if err == nil {
		p := part.Partition{Start: around, Size: volumeSize, Type: part.TypeBasicData, Name: "Basic data partition", ID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
		err = part.WriteGPT(f, part.Layout{Size: size, DiskID: [16]byte{1, 2, 3, 4}, Partitions: []part.Partition{p}})
	}
	if err == nil {
		err = copyAt(f, around, e.volume)
	}
	return errors.Join(err, f.Close())
}

func copyAt(w io.WriterAt, off int64, name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(w, off), in)
	return errors.Join(err, in.Close())
}
