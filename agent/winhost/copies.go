//go:build windows

package winhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"berth"
	"berth/agent"
	"berth/imaging"
)

var _ agent.Auditor = (*Host)(nil)

// image is the file that is attached, or is to be.
func (r record) image() string { return cmp.Or(r.Copy, r.Package.ImagePath) }

// source is the copy to attach a package from, empty for the share. An image that is attached already, for another package
// in it, is not attached a second time: two disks with one identity do not get on with each other.
func (h *Host) source(p berth.PlannedPackage) (path string, done func()) {
	if path, attached := h.attachedFrom(p); attached || h.options.Copies == nil {
		return path, func() {}
	}
	return h.options.Copies.Use(p)
}

// attachedFrom tells whether the image of a package is attached for another one, and from which copy.
func (h *Host) attachedFrom(p berth.PlannedPackage) (path string, attached bool) {
	list, _, err := h.records.list()
	if err != nil {
		return "", false
	}
	for _, r := range list {
		if berth.Fold(r.Package.ImagePath) == berth.Fold(p.ImagePath) && r.Volume != "" && volumeThere(r.Volume) {
			return r.Copy, true
		}
	}
	return "", false
}

// unfit tells whether a package could not be staged because of the copy that it was to be attached from. The copy is looked
// through then, and the share is tried.
func (h *Host) unfit(ctx context.Context, rec record, err error) bool {
	s, ok := errors.AsType[*agent.StepError](err)
	if !ok || ctx.Err() != nil || s.Phase != berth.PhaseAttach && s.Phase != berth.PhaseVerify {
		return false
	}
	h.options.Log.Warn("the copy of an image cannot be used; trying the share", "package", rec.Package.FullName, "copy", rec.Copy, "error", err)
	if h.options.Copies != nil {
		h.options.Copies.Suspect(rec.Copy)
	}
	return true
}

// contentOf tells the file of an image from another under the same name; empty when it cannot be looked at.
func contentOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}

// Audit checks all of a staged package on the volume that Windows made of its image.
func (h *Host) Audit(ctx context.Context, p berth.PlannedPackage, pace func(ctx context.Context, n int) error) error {
	if isPackageFile(p.ImagePath) { // checked whole when it was staged; Windows looks after its own copy
		return nil
	}
	rec, err := h.records.read(p.FullName)
	if err != nil || rec == nil || !volumeThere(rec.Volume) {
		return berth.Errorf(berth.Unavailable, "%s is not attached any more", p.FullName)
	}
	fsys := folder(below(volumeRoot(rec.Volume), rec.Package.RelativePath))
	err = checkContent(ctx, fsys, p, imaging.CheckOptions{All: true, Pace: pace})
	if err != nil && rec.Copy != "" && h.options.Copies != nil && ctx.Err() == nil {
		h.options.Copies.Suspect(rec.Copy)
	}
	return err
}
