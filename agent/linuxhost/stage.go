//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/mount"
)

// Stage attaches the package at packages/<full name> in the state folder. The order makes a death at any point harmless:
// the record comes first and tells what a mount or folder is; a folder appears whole, by renaming.
func (h *Host) Stage(ctx context.Context, p berth.PlannedPackage) error {
	if err := checkName(p.FullName); err != nil {
		return err
	}
	defer h.hold(p.FullName)()
	if done, err := h.isStaged(ctx, p.FullName); done || err != nil {
		return err
	}
	agent.EnterPhase(ctx, berth.PhaseAttach)
	if err := h.clear(p.FullName); err != nil {
		return agent.InPhase(berth.PhaseAttach, err)
	}
	image, done, err := h.open(ctx, p)
	defer done()
	if err != nil {
		return err
	}
	agent.EnterPhase(ctx, berth.PhaseStage)
	if err := h.writeRecord(p, image); err != nil {
		return firstOf(err, image.Close())
	}
	agent.EnterPhase(ctx, berth.PhaseAttach)
	if h.mode == AttachExtract {
		return agent.InPhase(berth.PhaseAttach, firstOf(h.extract(ctx, p, image), image.Close()))
	}
	return agent.InPhase(berth.PhaseAttach, h.holder.hold(ctx, p, h.packagePath(p.FullName), image))
}

// firstOf returns the first of the errors that is one: what went wrong, before what went wrong in clearing up.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// check compares the image with what the host trusts, then with what the plan says of it, file by file of those that make
// a package what it is.
func (h *Host) check(ctx context.Context, p berth.PlannedPackage, image *Image) error {
	agent.EnterPhase(ctx, berth.PhaseVerify)
	found := image.Package
	if err := h.checkSigner(found); err != nil {
		return agent.InPhase(berth.PhaseTrust, err)
	}
	if err := compare(p, found); err != nil {
		return agent.InPhase(berth.PhaseVerify, err)
	}
	all := h.options.VerifyAll || agent.Thorough(ctx)
	switch {
	case all && image.Check == nil && image.Verify != nil:
		return agent.InPhase(berth.PhaseVerify, coded(image.Verify(ctx), "cannot check the content of "+p.ImagePath))
	case image.Check == nil || !all && h.mode == AttachExtract: // which reads every file, and checks what it reads
		return nil
	}
	return agent.InPhase(berth.PhaseVerify, coded(image.Check(ctx, p, imaging.CheckOptions{All: all}), "cannot check the content of "+p.ImagePath))
}

// compare tells whether what was found is what was added.
func compare(p berth.PlannedPackage, found berth.Package) error {
	var thumb, blocks string
	if found.Certificate != nil {
		thumb = found.Certificate.Thumbprint
	}
	if found.Observed != nil {
		blocks = found.Observed.BlockMapSHA256
	}
	for _, c := range []struct{ file, what, want, got string }{
		{"AppxManifest.xml", "package", p.FullName, found.FullName},
		{"AppxSignature.p7x", "signer", p.Thumbprint, thumb},
		{"AppxBlockMap.xml", "SHA-256", p.BlockMapSHA256, blocks},
	} {
		if c.want != "" && berth.Fold(c.want) != berth.Fold(c.got) {
			return &berth.Error{Kind: berth.Invalid, Code: codeAltered,
				Message: fmt.Sprintf("%s in %s is not as it was when the package was added: its %s is %s, was %s", c.file, p.ImagePath, c.what, c.got, c.want),
				Remedy:  "put the image back as it was, or add the new content as a new version"}
		}
	}
	return nil
}

// Destage takes the package off the machine, unless entries of a session point into it.
func (h *Host) Destage(_ context.Context, fullName string) error {
	if err := checkName(fullName); err != nil {
		return err
	}
	defer h.hold(fullName)()
	holders, err := h.holders(fullName)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return berth.Errorf(berth.Conflict, "%s is registered in the session of %s", fullName, holders[0].User)
	}
	if err := h.holder.release(fullName, false); err != nil {
		return err
	}
	if err := h.clear(fullName); err != nil {
		return err
	}
	if err := os.Remove(h.recordPath(fullName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return coded(err, "cannot remove the record of "+fullName)
	}
	return nil
}

// isStaged tells whether the package is there, whole.
func (h *Host) isStaged(ctx context.Context, fullName string) (bool, error) {
	if err := h.holder.look(ctx); err != nil {
		return false, err
	}
	points, err := mount.Points(h.path("packages"))
	if err != nil {
		return false, coded(err, "cannot see what is mounted")
	}
	l, err := h.list()
	if err != nil {
		return false, err
	}
	r, known := l.records[fullName]
	return known && h.attached(r, points, l.folders), nil
}

// attached tells whether the package of a record is there: mounted by who holds it for this host, or extracted.
func (h *Host) attached(r record, points map[string]int, folders map[string]bool) bool {
	name := r.Package.FullName
	if r.Mode == AttachExtract {
		return folders[name] && points[h.packagePath(name)] == 0
	}
	return h.holder.has(name) && points[h.packagePath(name)] == 1
}

// clear removes what is left of a package: dead mounts, half of a mount of this process, and the folder.
func (h *Host) clear(fullName string) error {
	path := h.packagePath(fullName)
	if err := h.holder.release(fullName, true); err != nil { // it was unmounted by somebody else, or covered
		return err
	}
	points, err := mount.Points(h.path("packages"))
	if err != nil {
		return coded(err, "cannot see what is mounted")
	}
	for range points[path] {
		if err := mount.Unmount(path, true); err != nil {
			return coded(err, "cannot take away the dead mount "+path)
		}
	}
	return h.removeFolder(path)
}

// removeFolder removes a folder below packages and all that is in it; nothing must be mounted there.
func (h *Host) removeFolder(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() { // extracted folders are read-only, also for their owner when that is not root
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(p, 0o755)
			}
			return err
		})
	}
	return coded(errors.Join(err, os.RemoveAll(path)), "cannot remove "+path)
}
