//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"berth"
	"golang.org/x/sys/unix"
)

// temporary names folders that are being filled. They begin with a dot, which no package does.
const temporary = ".extract-"

// mostDepth bounds the folders of a package: a damaged image may hold a folder that contains itself.
const mostDepth = 64

// extract copies the package's files, each block verified, to a folder beside its place, makes them last, and renames it.
func (h *Host) extract(ctx context.Context, p berth.PlannedPackage, image *Image) error {
	if err := h.checkSpace(image); err != nil {
		return err
	}
	tmp := h.path("packages", temporary+p.FullName)
	if err := h.removeFolder(tmp); err != nil { // of a process that died here
		return err
	}
	err := fill(ctx, tmp, image.FS)
	if err == nil {
		err = syncAll(tmp)
	}
	if err == nil {
		err = os.Rename(tmp, h.packagePath(p.FullName))
	}
	if err == nil {
		return coded(syncAll(h.path("packages")), "cannot make the packages last")
	}
	return firstOf(coded(err, "cannot extract "+p.FullName), h.removeFolder(tmp))
}

// checkSpace says early what the copy would find out late.
func (h *Host) checkSpace(image *Image) error {
	if image.Package.Observed == nil {
		return nil
	}
	free, _, err := h.options.Statfs(h.options.StateDir)
	if err != nil {
		return coded(err, "cannot see how much space is free")
	}
	need := uint64(max(image.Package.Observed.Bytes, 0))
	if free < need {
		return &berth.Error{Kind: berth.Unavailable, Code: unix.ErrnoName(syscall.ENOSPC),
			Message: fmt.Sprintf("%s needs %d bytes, %s has %d left", image.Package.FullName, need, h.options.StateDir, free)}
	}
	return nil
}

// fill makes the folder and copies everything into it. Names come from an image that anybody may have made: the folder is
// written through os.Root, which they cannot leave, and no file is written twice.
func fill(ctx context.Context, dir string, from fs.FS) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	var folders []string
	err = copyFolder(ctx, root, from, ".", 0, &folders)
	for i := len(folders) - 1; i >= 0 && err == nil; i-- {
		err = root.Chmod(folders[i], 0o555)
	}
	return errors.Join(err, root.Close())
}

func copyFolder(ctx context.Context, root *os.Root, from fs.FS, dir string, depth int, folders *[]string) error {
	if depth > mostDepth {
		return fmt.Errorf("folder %s lies deeper than %d folders", dir, mostDepth)
	}
	entries, err := fs.ReadDir(from, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !fs.ValidPath(name):
			return fmt.Errorf("the image holds a file with the name %q", name)
		case !e.IsDir():
			err = copyFile(root, from, name)
		default:
			*folders = append(*folders, name)
			if err = root.Mkdir(name, 0o755); err == nil {
				err = copyFolder(ctx, root, from, name, depth+1, folders)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies one file and keeps its time.
func copyFile(root *os.Root, from fs.FS, name string) (err error) {
	src, err := from.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// A file that grows while it is copied would not be the one that was verified.
	n, err := io.Copy(dst, io.LimitReader(src, info.Size()+1))
	if err == nil && n != info.Size() {
		err = fmt.Errorf("file %s has %d bytes, should have %d", name, n, info.Size())
	}
	err = errors.Join(err, dst.Chmod(0o555), dst.Close())
	if t := info.ModTime(); err == nil && t.Unix() > 0 {
		err = root.Chtimes(name, t, t)
	}
	return err
}

// syncAll writes everything out that the file system of the folder holds back: one call for however many files.
func syncAll(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
