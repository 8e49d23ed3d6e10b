//go:build windows

package winhost

import (
	"errors"

	"golang.org/x/sys/windows/registry"

	"berth"
)

// Keys below HKEY_LOCAL_MACHINE that say what on this machine is Berth's.
const (
	keyPackages     = `SOFTWARE\Berth\Agent\Packages`     // one key for each package: Image, Folder, Volume, Copy
	keyCertificates = `SOFTWARE\Berth\Agent\Certificates` // thumbprint = store, or store;foreign
)

// marker is what the registry says of a package that Berth attached.
type marker struct {
	fullName, image, folder, volume, copy string
}

// mark writes the marker of a record.
func mark(rec record) error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, keyPackages+`\`+rec.Package.FullName, registry.SET_VALUE)
	if err != nil {
		return coded(err, "cannot write down in the registry that "+rec.Package.FullName+" is Berth's")
	}
	err = errors.Join(k.SetStringValue("Image", rec.Package.ImagePath), k.SetStringValue("Folder", rec.Package.RelativePath),
		k.SetStringValue("Volume", rec.Volume), k.SetStringValue("Copy", rec.Copy), k.Close())
	return coded(err, "cannot write down in the registry that "+rec.Package.FullName+" is Berth's")
}

func unmark(fullName string) error {
	err := registry.DeleteKey(registry.LOCAL_MACHINE, keyPackages+`\`+fullName)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return coded(err, "cannot remove the registry key of "+fullName)
}

// marked lists the markers.
func marked() ([]marker, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, keyPackages, registry.ENUMERATE_SUB_KEYS)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, coded(err, "cannot read from the registry what is Berth's")
	}
	names, err := k.ReadSubKeyNames(-1)
	if err := errors.Join(err, k.Close()); err != nil {
		return nil, coded(err, "cannot read from the registry what is Berth's")
	}
	var list []marker
	for _, name := range names {
		if checkName(name) == nil {
			list = append(list, readMarker(name))
		}
	}
	return list, nil
}

// readMarker reads a marker; one whose values are missing has them empty.
func readMarker(fullName string) marker {
	m := marker{fullName: fullName}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, keyPackages+`\`+fullName, registry.QUERY_VALUE)
	if err != nil {
		return m
	}
	defer func() { _ = k.Close() }() // only read
	for name, to := range map[string]*string{"Image": &m.image, "Folder": &m.folder, "Volume": &m.volume, "Copy": &m.copy} {
		if v, _, err := k.GetStringValue(name); err == nil {
			*to = v
		}
	}
	return m
}

// record makes a record of a marker, so that what it stands for can be let go of as any other.
func (m marker) record() record {
	return record{Package: berth.PlannedPackage{FullName: m.fullName, FamilyName: familyOf(m.fullName), ImagePath: m.image, RelativePath: m.folder,
		Framework: isPackageFile(m.image)}, Volume: m.volume, Copy: m.copy}
}
