//go:build linux

package linuxhost

import (
	"cmp"
	"context"
	"errors"

	"berth"
	"berth/agent"
	"berth/imaging"
)

var _ agent.Auditor = (*Host)(nil)

// open opens a package in the host's copy of its image, if there is a good one, or on the share, and checks it. The copy
// stays until done is called.
func (h *Host) open(ctx context.Context, p berth.PlannedPackage) (image *Image, done func(), err error) {
	if h.options.Copies != nil {
		if path, done := h.options.Copies.Use(p); path != "" {
			image, err := h.openAt(ctx, p, path)
			if err == nil || ctx.Err() != nil {
				return image, done, err
			}
			done()
			if s, ok := errors.AsType[*agent.StepError](err); !ok || s.Phase != berth.PhaseTrust {
				h.options.Log.Warn("the copy of an image cannot be used; trying the share", "package", p.FullName, "copy", path, "error", err)
				h.options.Copies.Suspect(path)
			}
		}
	}
	image, err = h.openAt(ctx, p, p.ImagePath)
	return image, func() {}, err
}

// openAt opens the package in that file and checks it.
func (h *Host) openAt(ctx context.Context, p berth.PlannedPackage, path string) (*Image, error) {
	image, err := h.options.Images.Attach(ctx, path, p.RelativePath)
	if err != nil {
		return nil, agent.InPhase(berth.PhaseAttach, coded(err, "cannot open the image "+path))
	}
	if path != p.ImagePath {
		image.From = path
	}
	if err := h.check(ctx, p, image); err != nil {
		return nil, firstOf(err, image.Close())
	}
	return image, nil
}

// Audit opens a staged package once more, where it is attached from, and checks all of it.
func (h *Host) Audit(ctx context.Context, p berth.PlannedPackage, pace func(ctx context.Context, n int) error) (err error) {
	r, err := h.readRecord(p.FullName)
	if err != nil {
		return berth.Errorf(berth.Unavailable, "%s is gone meanwhile: %w", p.FullName, err)
	}
	image, err := h.options.Images.Attach(ctx, cmp.Or(r.From, p.ImagePath), p.RelativePath)
	switch kind := berth.ErrorKind(err); {
	case err != nil && (kind == berth.NotFound || kind == berth.Forbidden): // what is attached is none the worse for it
		return berth.Errorf(berth.Unavailable, "cannot open the image %s again: %w", p.ImagePath, err)
	case err != nil:
		return coded(err, "cannot open the image "+p.ImagePath)
	}
	defer func() { err = firstOf(err, image.Close()) }()
	if image.Check == nil {
		return nil
	}
	err = coded(image.Check(ctx, p, imaging.CheckOptions{All: true, Pace: pace}), "cannot check the content of "+p.ImagePath)
	if err != nil && r.From != "" && h.options.Copies != nil && ctx.Err() == nil {
		h.options.Copies.Suspect(r.From)
	}
	return err
}
