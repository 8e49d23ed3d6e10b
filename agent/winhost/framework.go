//go:build windows

package winhost

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"berth"
	"berth/agent"
)

// stageFile stages a framework from its container. It is copied first, so that what is checked is what Windows reads.
func (h *Host) stageFile(ctx context.Context, rec record) error {
	p := rec.Package
	if !p.Framework {
		return agent.InPhase(berth.PhaseAttach, berth.Errorf(berth.Invalid, "%s is no image: only frameworks are staged from package files", p.ImagePath))
	}
	if err := h.note(rec); err != nil {
		return agent.InPhase(berth.PhaseAttach, err)
	}
	local := h.frameworkFile(p)
	if err := copyFile(ctx, rec.image(), local); err != nil {
		return agent.InPhase(berth.PhaseAttach, coded(err, "cannot copy the framework "+rec.image()))
	}
	defer func() { _ = agent.Remove(local) }() // Windows has its own copy; one that stays is overwritten
	if err := checkPackageFile(ctx, local, p); err != nil {
		return err
	}
	m, err := h.packages()
	if err != nil {
		return agent.InPhase(berth.PhaseStage, err)
	}
	err = deployed(m.Stage(ctx, fileURL(local, false)), "cannot stage the framework "+p.FullName)
	return agent.InPhase(berth.PhaseStage, err)
}

// frameworkFile is where a framework is copied to. The name says what it is, to those who read Windows' logs.
func (h *Host) frameworkFile(p berth.PlannedPackage) string {
	return filepath.Join(h.records.folder("frameworks"), p.FullName+filepath.Ext(p.ImagePath))
}

// foreign tells whether a framework is on the machine already, or a newer one that takes its place, and is none of
// Berth's: then it is used as it is.
func (h *Host) foreign(p berth.PlannedPackage, rec *record) (bool, error) {
	if !p.Framework {
		return false, nil
	}
	m, err := h.packages()
	if err != nil {
		return false, agent.InPhase(berth.PhaseStage, err)
	}
	there, err := h.family(p.FamilyName)
	if err != nil {
		return false, agent.InPhase(berth.PhaseStage, deployed(err, "cannot look for "+p.FullName))
	}
	version, architecture, _ := identityOf(p.FullName)
	var others []string
	for _, name := range there {
		if serves(name, version, architecture) && (rec.Foreign || readMarker(name).image == "") {
			others = append(others, name)
		}
	}
	by := best(others)
	if by == "" {
		rec.Foreign, rec.By = false, ""
		return false, nil
	}
	if known, err := m.Find(by); err != nil || known == nil || len(known.Problems) > 0 {
		return false, nil //nolint:nilerr // what Windows finds wrong with it is no reason not to bring our own
	}
	rec.Foreign, rec.By = true, by
	return true, coded(h.records.write(*rec), "cannot keep the record of "+p.FullName)
}

// family lists the full names of the packages of a family that the machine knows.
func (h *Host) family(familyName string) ([]string, error) {
	m, err := h.packages()
	if err != nil {
		return nil, err
	}
	list, err := m.Family(familyName)
	var names []string
	for _, p := range list {
		names = append(names, p.FullName)
	}
	return names, err
}

// needs finds the frameworks that the package on a volume asks for, each in the version that Windows will take. One that
// the machine does not have is an error that names it: what Windows says of it names none.
func (h *Host) needs(fsys fs.FS, p berth.PlannedPackage) ([]string, error) {
	m, err := manifest(fsys, ".")
	if err != nil {
		return nil, agent.InPhase(berth.PhaseVerify, coded(err, "cannot read the manifest of "+p.FullName))
	}
	var out []string
	for _, d := range m.Dependencies {
		has, err := h.family(d.FamilyName())
		if err != nil {
			h.options.Log.Warn("cannot look for a framework; Windows will", "package", p.FullName, "framework", d.Name, "error", err)
			continue
		}
		var good []string
		for _, name := range has {
			if serves(name, berth.Version(d.MinVersion), m.Identity.Architecture) {
				good = append(good, name)
			}
		}
		if len(good) == 0 {
			return nil, agent.InPhase(berth.PhaseStage, missing(p, d, m.Identity.Architecture, has, h.failedFramework(d.FamilyName())))
		}
		out = append(out, best(good))
	}
	return out, nil
}

// failedFramework is the framework of a family that the plan has and that is not on the machine; empty: none.
func (h *Host) failedFramework(familyName string) string {
	list, _, err := h.records.list()
	if err != nil {
		return ""
	}
	for _, rec := range list {
		if rec.Package.Framework && berth.Fold(rec.Package.FamilyName) == berth.Fold(familyName) {
			return rec.Package.FullName
		}
	}
	return ""
}

// leaveFramework tells whether a framework must stay because packages that are not Berth's need it since.
func (h *Host) leaveFramework(p berth.PlannedPackage, err error) bool {
	if !p.Framework || codeOf(err) != codeNoFramework {
		return false
	}
	h.options.Log.Info("a framework stays on the machine: other packages need it", "package", p.FullName, "reason", err)
	return true
}

// unlink removes what the state folder has of a package beside its record.
func (h *Host) unlink(rec record) error {
	for _, path := range []string{rec.Link, h.frameworkFile(rec.Package)} {
		if path == "" {
			continue
		}
		if err := agent.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return coded(err, "cannot remove "+strings.TrimSpace(path))
		}
	}
	return nil
}
