package msix

import (
	"path"
	"strings"
)

// checkBundle compares a bundle's manifest with the packages that are there.
func (v *packageCheck) checkBundle() {
	if v.report.Bundle == nil {
		return
	}
	applications := 0
	for _, b := range v.report.Bundle.Packages {
		if b.Type == "application" {
			applications++
		}
		if b.Offset == 0 { // a flat bundle names packages that lie beside it
			continue
		}
		v.checkBundled(b)
	}
	if applications == 0 {
		v.bad.add(BundleManifestName, "none of its packages is an application")
	}
}

func (v *packageCheck) checkBundled(b BundledPackage) {
	name, ok := slashed(b.FileName)
	e := v.p.files[foldName(name)]
	if !ok || e == nil {
		v.bad.add(b.FileName, "missing")
		return
	}
	if v.report.BlockMap != nil {
		if _, mapped := v.report.BlockMap.File(name); mapped {
			v.bad.add(name, "a bundle's block map must not list its packages")
		}
	}
	if ext := strings.ToLower(path.Ext(name)); ext != ".appx" && ext != ".msix" {
		v.bad.add(name, "its name ends neither in .appx nor in .msix")
	}
	if e.usize != b.Size {
		v.bad.add(name, "%d bytes long, the bundle manifest says %d", e.usize, b.Size)
		return
	}
	if data, err := v.p.dataOffset(e); err != nil || data != b.Offset {
		v.bad.add(name, "not at byte %d, where the bundle manifest has it", b.Offset)
		return
	}
	if err := v.compareBundled(b); err != nil {
		v.bad.add(name, "%v", err)
	}
}

// compareBundled compares one package of a bundle with what the bundle says of it.
func (v *packageCheck) compareBundled(b BundledPackage) error {
	inner, err := v.p.OpenBundled(b)
	if err != nil {
		return err
	}
	return v.report.Bundle.Compare(b, inner)
}

// Compare holds a package against what the bundle's manifest says of it: its
// length, its identity, and whether it is an application or a resource.
func (m *BundleManifest) Compare(b BundledPackage, inner *Package) error {
	if inner.size != b.Size {
		return corrupt(bundleFormat, b.FileName, -1, "%d bytes long, the bundle manifest says %d", inner.size, b.Size)
	}
	manifest, err := inner.Manifest()
	if err != nil {
		return err
	}
	if want := m.PackageIdentity(b).FullName(); manifest.FullName() != want {
		return corrupt(bundleFormat, b.FileName, -1, "it is %s, the bundle manifest says %s", manifest.FullName(), want)
	}
	if isResource := manifest.Properties.ResourcePackage; isResource != (b.Type == "resource") {
		return corrupt(bundleFormat, b.FileName, -1, "its manifest does not agree that it is a package of type %s", b.Type)
	}
	return nil
}
