package msix

import (
	"io"
	"strconv"
	"strings"
)

const bundleFormat = "bundle manifest"

// bundleResourceID stands where a bundle's full name has a resource id.
const bundleResourceID = "~"

// BundleManifest is an AppxMetadata/AppxBundleManifest.xml: a bundle's identity
// and the packages in it.
type BundleManifest struct {
	Identity
	Packages []BundledPackage
	Schema   string // namespace of the root element
}

// BundledPackage is one Package element of a bundle manifest. Architecture and
// ResourceID together with the bundle's name and publisher give its identity.
type BundledPackage struct {
	Type         string // "application" or "resource"
	Version      Version
	Architecture string
	ResourceID   string
	FileName     string // name in the bundle, with backslashes as written
	Offset       int64  // of the package's data in the bundle; 0 in flat bundles
	Size         int64  // bytes
}

// ReadBundleManifest reads an AppxBundleManifest.xml of any generation. With an
// error about its packages it gives the bundle's identity all the same.
func ReadBundleManifest(r io.Reader) (*BundleManifest, error) {
	data, err := readLimited(r, maxManifest, bundleFormat, BundleManifestName)
	if err != nil {
		return nil, err
	}
	root, err := parseTree(data, bundleFormat, BundleManifestName)
	if err != nil {
		return nil, err
	}
	if root.local != "Bundle" {
		return nil, corrupt(bundleFormat, BundleManifestName, -1, "the root element is %q, want Bundle", clip(root.local))
	}
	m := &BundleManifest{Schema: root.space}
	if m.Identity, err = readIdentity(root, bundleFormat); err != nil {
		return nil, err
	}
	m.ResourceID = bundleResourceID
	seen := map[string]bool{}
	for _, e := range root.child("Packages").all("Package") {
		p, err := readBundledPackage(e)
		if err != nil {
			return m, err
		}
		name, ok := slashed(p.FileName)
		if key := foldName(name); !ok || seen[key] {
			return m, corrupt(bundleFormat, "Package/@FileName", -1, "%q is there twice, or no path inside the bundle", clip(p.FileName))
		}
		seen[foldName(name)] = true
		m.Packages = append(m.Packages, p)
	}
	if len(m.Packages) == 0 {
		return m, corrupt(bundleFormat, "Packages", -1, "the bundle names no package")
	}
	return m, nil
}

func readBundledPackage(e *node) (BundledPackage, error) {
	p := BundledPackage{
		Type:         firstOf(e.attr("Type"), "resource"), // the schema's default
		Architecture: firstOf(strings.ToLower(e.attr("Architecture")), "neutral"),
		ResourceID:   e.attr("ResourceId"),
		FileName:     e.attr("FileName"),
	}
	if p.Type != "application" && p.Type != "resource" {
		return p, corrupt(bundleFormat, "Package/@Type", -1, "unknown value %q", clip(p.Type))
	}
	if !knownArchitecture(p.Architecture) {
		return p, corrupt(bundleFormat, "Package/@Architecture", -1, "unknown value %q", clip(p.Architecture))
	}
	if p.FileName == "" {
		return p, corrupt(bundleFormat, "Package/@FileName", -1, "the attribute is missing")
	}
	if err := checkResourceID(p.ResourceID); err != nil {
		return p, err
	}
	var err error
	if p.Version, err = ParseVersion(e.attr("Version")); err != nil {
		return p, err
	}
	if p.Offset, err = countAttr(e, "Offset"); err != nil {
		return p, err
	}
	p.Size, err = countAttr(e, "Size")
	return p, err
}

// countAttr reads an optional attribute that counts bytes; a missing one is 0.
func countAttr(e *node, name string) (int64, error) {
	s := e.attr(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, corrupt(bundleFormat, "Package/@"+name, -1, "%q is not a count of bytes", clip(s))
	}
	return n, nil
}

// PackageIdentity gives the identity of one package of the bundle.
func (m *BundleManifest) PackageIdentity(p BundledPackage) Identity {
	return Identity{Name: m.Name, Publisher: m.Publisher, Version: p.Version, Architecture: p.Architecture, ResourceID: p.ResourceID}
}

// fileNames is the set of the packages' names, folded. A bundle's block map
// leaves them out: each has a block map and a signature of its own.
func (m *BundleManifest) fileNames() map[string]bool {
	if m == nil {
		return nil
	}
	names := map[string]bool{}
	for _, p := range m.Packages {
		if name, ok := slashed(p.FileName); ok {
			names[foldName(name)] = true
		}
	}
	return names
}
