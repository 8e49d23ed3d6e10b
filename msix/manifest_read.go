package msix

import (
	"io"
	"strconv"
	"strings"
)

// manifestFormat is the Format of errors about an AppxManifest.xml.
const manifestFormat = "manifest"

// ReadManifest reads an AppxManifest.xml of any schema generation (2010, 2013,
// Windows 10). Elements are matched by local name; unknown ones are ignored,
// which is what IgnorableNamespaces asks for and what newer schemas need.
func ReadManifest(r io.Reader) (*Manifest, error) {
	data, err := readLimited(r, maxManifest, manifestFormat, ManifestName)
	if err != nil {
		return nil, err
	}
	root, err := parseTree(data, manifestFormat, ManifestName)
	if err != nil {
		return nil, err
	}
	if root.local != "Package" {
		return nil, corrupt(manifestFormat, ManifestName, -1, "the root element is %q, want Package", clip(root.local))
	}
	m := &Manifest{Schema: root.space, Properties: readProperties(root.child("Properties"))}
	if m.Identity, err = readIdentity(root, manifestFormat); err != nil {
		return nil, err
	}
	if m.Applications, err = readApplications(root.child("Applications")); err != nil {
		return nil, err
	}
	if err := m.readDependencies(root); err != nil {
		return nil, err
	}
	m.Capabilities = readCapabilities(root.child("Capabilities"))
	m.Resources = readResources(root.child("Resources"))
	return m, nil
}

// readIdentity reads the Identity element, which packages and bundles share.
func readIdentity(root *node, format string) (Identity, error) {
	e := root.child("Identity")
	switch n := len(root.all("Identity")); {
	case n == 0:
		return Identity{}, corrupt(format, "Identity", -1, "the element is missing")
	case n > 1:
		return Identity{}, corrupt(format, "Identity", -1, "there are %d, and only one can be true", n)
	}
	id := Identity{
		Name:         e.attr("Name"),
		Publisher:    e.attr("Publisher"),
		Architecture: strings.ToLower(e.attr("ProcessorArchitecture")),
		ResourceID:   e.attr("ResourceId"),
	}
	if id.Architecture == "" {
		id.Architecture = "neutral"
	}
	if !knownArchitecture(id.Architecture) {
		return Identity{}, corrupt(format, "Identity/@ProcessorArchitecture", -1, "unknown value %q", clip(id.Architecture))
	}
	if err := checkName(id.Name); err != nil {
		return Identity{}, err
	}
	if err := checkResourceID(id.ResourceID); err != nil {
		return Identity{}, err
	}
	if id.Publisher == "" || len(id.Publisher) > 8192 {
		return Identity{}, corrupt(format, "Identity/@Publisher", -1, "%d bytes long, want 1 to 8192", len(id.Publisher))
	}
	var err error
	id.Version, err = ParseVersion(e.attr("Version"))
	return id, err
}

// checkResourceID holds a resource id to ST_ResourceId: it becomes part of a folder name.
func checkResourceID(id string) error {
	if len(id) > 30 {
		return corrupt("identity", "ResourceId", -1, "%d characters, want at most 30", len(id))
	}
	for _, r := range id {
		ok := r == '-' || r == '.' || r == '~' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !ok {
			return corrupt("identity", "ResourceId", -1, "%q holds %q", id, r)
		}
	}
	return nil
}

func readProperties(e *node) Properties {
	return Properties{
		DisplayName:          e.content("DisplayName"),
		PublisherDisplayName: e.content("PublisherDisplayName"),
		Description:          e.content("Description"),
		Logo:                 e.content("Logo"),
		Framework:            isTrue(e.content("Framework")),
		ResourcePackage:      isTrue(e.content("ResourcePackage")),
	}
}

// isTrue reads an xs:boolean; anything else is false.
func isTrue(s string) bool {
	b, err := strconv.ParseBool(s)
	return err == nil && b
}

// readDependencies reads PackageDependency and TargetDeviceFamily of Windows 10,
// and Prerequisites, which stood in for the latter in Windows 8.
func (m *Manifest) readDependencies(root *node) error {
	dependencies := root.child("Dependencies")
	var err error
	if m.Dependencies, err = m.readPackages(dependencies.all("PackageDependency")); err != nil {
		return err
	}
	if m.MainPackages, err = m.readPackages(dependencies.all("MainPackageDependency")); err != nil {
		return err
	}
	for _, e := range dependencies.all("TargetDeviceFamily") {
		if err := m.addTarget(e.attr("Name"), e.attr("MinVersion"), e.attr("MaxVersionTested")); err != nil {
			return err
		}
	}
	if e := root.child("Prerequisites"); e != nil {
		return m.addTarget("", e.content("OSMinVersion"), e.content("OSMaxVersionTested"))
	}
	return nil
}

func (m *Manifest) readPackages(elements []*node) ([]Dependency, error) {
	var list []Dependency
	for _, e := range elements {
		d := Dependency{Name: e.attr("Name"), Publisher: e.attr("Publisher")}
		if d.Publisher == "" { // left out: the publisher of the package itself
			d.Publisher = m.Publisher
		}
		if err := optionalVersion(&d.MinVersion, e.attr("MinVersion")); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func (m *Manifest) addTarget(name, lowest, tested string) error {
	t := TargetDeviceFamily{Name: name}
	if err := optionalVersion(&t.MinVersion, lowest); err != nil {
		return err
	}
	if err := optionalVersion(&t.MaxVersionTested, tested); err != nil {
		return err
	}
	m.Targets = append(m.Targets, t)
	return nil
}

func optionalVersion(v *Version, s string) (err error) {
	if s != "" {
		*v, err = parseOSVersion(s)
	}
	return err
}

func readResources(e *node) []Resource {
	var list []Resource
	for _, r := range e.all("Resource") {
		list = append(list, Resource{Language: r.attr("Language"), Scale: r.anyAttr("Scale"), DXLevel: r.anyAttr("DXFeatureLevel")})
	}
	return list
}
