//go:build windows

package winhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// Stage attaches the image, checks the package on the volume, and makes it known to Windows. Record and marker come first:
// a death at any point leaves nothing on the machine that nobody knows of.
func (h *Host) Stage(ctx context.Context, p berth.PlannedPackage) error {
	if err := checkName(p.FullName); err != nil {
		return err
	}
	defer h.images.hold(p.ImagePath)()
	defer h.known.forget(p.FullName)
	rec := record{Package: p}
	if before, err := h.records.read(p.FullName); err == nil && before != nil {
		rec.Foreign = before.Foreign
	}
	if foreign, err := h.foreign(p, &rec); foreign || err != nil {
		return err
	}
	copied, done := h.source(p)
	defer done()
	if copied != "" {
		rec.Copy = copied
		err := h.stageFrom(ctx, &rec)
		if !h.unfit(ctx, rec, err) {
			return err
		}
		rec.Copy, rec.Volume, rec.Link = "", "", ""
	}
	return h.stageFrom(ctx, &rec)
}

// stageFrom stages the package out of the file that the record names.
func (h *Host) stageFrom(ctx context.Context, to *record) error {
	rec := *to
	rec.Content = contentOf(rec.image())
	if isPackageFile(rec.Package.ImagePath) {
		return h.stageFile(ctx, rec)
	}
	if err := h.note(rec); err != nil {
		return agent.InPhase(berth.PhaseAttach, err)
	}
	var err error
	agent.EnterPhase(ctx, berth.PhaseAttach)
	if rec.Volume, err = attach(ctx, rec.image(), rec.Package.RelativePath); err != nil {
		return agent.InPhase(berth.PhaseAttach, coded(err, "cannot attach the image "+rec.image()))
	}
	if err := h.note(rec); err != nil {
		return agent.InPhase(berth.PhaseAttach, err)
	}
	agent.EnterPhase(ctx, berth.PhaseVerify)
	if err := h.verify(ctx, rec); err != nil {
		return h.giveUp(rec, err)
	}
	agent.EnterPhase(ctx, berth.PhaseStage)
	if rec.Frameworks, err = h.needs(h.content(rec), rec.Package); err != nil {
		return h.giveUp(rec, err)
	}
	if err := h.records.write(rec); err != nil {
		return agent.InPhase(berth.PhaseStage, coded(err, "cannot keep the record of "+rec.Package.FullName))
	}
	if err := h.makeKnown(ctx, &rec); err != nil {
		return h.giveUp(rec, agent.InPhase(berth.PhaseStage, err))
	}
	return nil
}

// note writes record and marker.
func (h *Host) note(rec record) error {
	if err := h.records.write(rec); err != nil {
		return coded(err, "cannot keep the record of "+rec.Package.FullName)
	}
	return mark(rec)
}

// verify reads the package from the volume that Windows made of the image, and compares it with its signature and with
// what was recorded when it was added.
func (h *Host) verify(ctx context.Context, rec record) error {
	return checkContent(ctx, h.content(rec), rec.Package, imaging.CheckOptions{All: h.options.VerifyAll || agent.Thorough(ctx)})
}

// content is the folder of a package on its volume.
func (h *Host) content(rec record) folder {
	return folder(below(volumeRoot(rec.Volume), rec.Package.RelativePath))
}

// giveUp detaches an image whose package could not be staged, so that the file can be replaced, unless Windows knows the
// package: then something may use it.
func (h *Host) giveUp(rec record, why error) error {
	if m, err := h.packages(); err == nil {
		if known, err := m.Find(rec.Package.FullName); err != nil || known != nil {
			return why
		}
	}
	if err := h.detach(rec); err != nil {
		h.options.Log.Warn("cannot detach the image of a package that was not staged", "package", rec.Package.FullName, "error", err)
	}
	return why
}

// makeKnown stages the package, trying the forms of its address in turn where Windows does not take one.
func (h *Host) makeKnown(ctx context.Context, rec *record) error {
	m, err := h.packages()
	if err != nil {
		return err
	}
	what := "cannot stage " + rec.Package.FullName
	folder := below(volumeRoot(rec.Volume), rec.Package.RelativePath)
	if h.options.URIMode != URIJunction {
		for _, raw := range []bool{false, true} {
			address := fileURL(folder, raw)
			err = deployed(m.StageInPlace(ctx, address), what)
			if codeOf(err) != codeInvalidArg {
				return err
			}
			h.options.Log.Info("Windows does not take this form of the address", "address", address)
		}
		if h.options.URIMode == URIVolume {
			return err
		}
	}
	if rec.Link, err = h.link(rec.Package.FullName, folder); err != nil {
		return err
	}
	if err := h.records.write(*rec); err != nil {
		return coded(err, what)
	}
	return deployed(m.StageInPlace(ctx, fileURL(rec.Link, false)), what)
}

// link makes a junction to a folder of a volume that has no drive letter.
func (h *Host) link(fullName, folder string) (string, error) {
	path := filepath.Join(h.records.folder("links"), fullName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", coded(err, "cannot replace the junction "+path)
	}
	return path, coded(makeJunction(path, folder), "cannot make the junction "+path)
}

// Destage takes the package from the machine and detaches its image, unless somebody uses it.
func (h *Host) Destage(ctx context.Context, fullName string) error {
	if err := checkName(fullName); err != nil {
		return err
	}
	rec, err := h.records.read(fullName)
	if err != nil {
		return coded(err, "cannot read the record of "+fullName)
	}
	if rec == nil {
		return unmark(fullName)
	}
	return h.letGo(ctx, *rec)
}

// letGo takes a package off the machine, from what a record or a marker says of it.
func (h *Host) letGo(ctx context.Context, rec record) error {
	name := rec.Package.FullName
	defer h.images.hold(rec.Package.ImagePath)()
	defer h.known.forget(name)
	if rec.Foreign {
		return coded(h.records.remove(name), "cannot remove the record of "+name)
	}
	if err := h.free(rec); err != nil {
		return err
	}
	if err := h.makeUnknown(ctx, name); err != nil && !h.leaveFramework(rec.Package, err) {
		return err
	}
	if err := h.detach(rec); err != nil {
		return coded(err, "cannot detach the image "+rec.image())
	}
	if err := h.unlink(rec); err != nil {
		return err
	}
	if err := h.forgetUsers(name); err != nil {
		return err
	}
	if err := h.records.remove(name); err != nil {
		return coded(err, "cannot remove the record of "+name)
	}
	return unmark(name)
}

// forgetUsers takes a package that nobody has any more out of what is written down of users.
func (h *Host) forgetUsers(fullName string) error {
	sids, err := h.records.users()
	if err != nil {
		return coded(err, "cannot read what is registered")
	}
	for _, sid := range sids {
		if err := h.forgetUser(sid, fullName); err != nil {
			return coded(err, "cannot write down what is registered for "+sid)
		}
	}
	return nil
}

func (h *Host) forgetUser(sid, fullName string) error {
	defer h.users.hold(sid)()
	l, err := h.records.ledger(sid)
	if _, has := l.Packages[berth.Fold(fullName)]; err != nil || !has {
		return err
	}
	delete(l.Packages, berth.Fold(fullName))
	return h.records.writeLedger(sid, l)
}

// free refuses while a session has the package, or a program of it runs.
func (h *Host) free(rec record) error {
	name := rec.Package.FullName
	busy, err := h.uses(rec)
	if err != nil {
		return err
	}
	if len(busy) > 0 {
		return &berth.Error{Kind: berth.Conflict, Code: codeInUse,
			Message: fmt.Sprintf("%s is in use: process %d, %s, in session %d", name, busy[0].pid, busy[0].program, busy[0].session)}
	}
	if rec.Package.Framework { // a user has it through what needs it, and Windows keeps it for that
		return nil
	}
	sessions, err := h.list()
	if err != nil {
		return err
	}
	holders, err := h.holders(name, sessions)
	if err != nil {
		return err
	}
	for _, r := range holders {
		if !strings.HasPrefix(r.Session.ID, formerPrefix) {
			return &berth.Error{Kind: berth.Conflict, Code: codeInUse, Message: fmt.Sprintf("%s is registered in the session of %s", name, r.Session.User)}
		}
	}
	return nil
}

// makeUnknown removes the package for all users.
func (h *Host) makeUnknown(ctx context.Context, fullName string) error {
	m, err := h.packages()
	if err != nil {
		return err
	}
	known, err := m.Find(fullName)
	if err != nil {
		return deployed(err, "cannot look for "+fullName)
	}
	if known == nil {
		return nil
	}
	err = deployed(m.Destage(ctx, fullName), "cannot take "+fullName+" from the machine")
	if codeOf(err) == codeNotFound {
		return nil
	}
	return err
}

// detach lets go of the image of a record, unless another package of the image needs it.
func (h *Host) detach(rec record) error {
	if rec.image() == "" || isPackageFile(rec.Package.ImagePath) {
		return nil
	}
	others, _, err := h.records.list()
	if err != nil {
		return err
	}
	for _, o := range others {
		sameImage := berth.Fold(o.image()) == berth.Fold(rec.image())
		if sameImage && berth.Fold(o.Package.FullName) != berth.Fold(rec.Package.FullName) && o.Volume != "" && volumeThere(o.Volume) {
			return nil
		}
	}
	if rec.Volume == "" || !volumeThere(rec.Volume) {
		if !isCIM(rec.image()) && rec.Volume == "" {
			return h.detachUnseen(rec.image())
		}
		return nil
	}
	if isCIM(rec.image()) {
		return detachCIM(rec.Volume)
	}
	return detachDisk(rec.image())
}

// detachUnseen detaches an image that may have been attached by an agent that died before it saw the volume. An image
// that cannot be opened, or that is not attached, leaves nothing to detach.
func (h *Host) detachUnseen(image string) error {
	attached, err := diskAttached(image)
	if err != nil || !attached {
		return nil //nolint:nilerr // what cannot be opened cannot have been attached by us just now
	}
	return detachDisk(image)
}
