package imaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"berth"
	"berth/msix"
)

// InspectPackage tells what is in a package in its container (.msix, .appx). Of a bundle it tells the packages in it.
func (l *Library) InspectPackage(ctx context.Context, packagePath string) ([]Package, error) {
	f, err := l.opener.Open(ctx, packagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	p, err := msix.OpenPackage(f, f.Size)
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	if !p.IsBundle() {
		one, err := l.inspectContainer(p, packagePath)
		return []Package{one}, err
	}
	bundle, err := p.Bundle()
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	var out []Package
	for _, b := range bundle.Packages {
		one, err := l.inspectBundled(ctx, container{packagePath, p, nil}, b)
		if errors.Is(err, errNotBeside) {
			one, err = absent(bundle, b), nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// errNotBeside: a flat bundle was copied without a package that it names.
var errNotBeside = fmt.Errorf("%w: neither in the bundle nor beside it", fs.ErrNotExist)

// absent is what a flat bundle says of a package that is not there.
func absent(bundle *msix.BundleManifest, b msix.BundledPackage) Package {
	id := bundle.Identity
	id.Version, id.Architecture, id.ResourceID = b.Version, b.Architecture, b.ResourceID
	return Package{Identity: Identity{id.Name, id.Publisher, berth.Version(id.Version), id.Architecture, id.ResourceID},
		FullName: id.FullName(), FamilyName: id.FamilyName(), Resource: b.Type == "resource",
		Applications: []berth.Application{}, Dependencies: []berth.Dependency{}, Targets: []Target{}, Capabilities: []string{},
		Findings: []string{b.FileName + ": " + words(errNotBeside)}}
}

func (l *Library) inspectBundled(ctx context.Context, c container, b msix.BundledPackage) (Package, error) {
	inner, done, err := l.bundled(ctx, c, b)
	if err != nil {
		return Package{}, explainPackage(c.path+": "+b.FileName, err)
	}
	defer done()
	return l.inspectContainer(inner, c.path+": "+b.FileName)
}

// container is an open package or bundle.
type container struct {
	path string
	*msix.Package
	src *source // counts what is read; may be nil
}

// bundled opens one package of a bundle: in it, or, for a flat bundle, beside it. done closes it.
func (l *Library) bundled(ctx context.Context, c container, b msix.BundledPackage) (inner *msix.Package, done func(), err error) {
	inner, err = c.OpenBundled(b)
	if err == nil || b.Offset != 0 || !errors.Is(err, fs.ErrNotExist) {
		return inner, func() {}, err
	}
	f, err := l.opener.Open(ctx, besideOf(c.path, strings.ReplaceAll(b.FileName, `\`, "/")))
	if berth.IsNotFound(err) {
		return nil, nil, &msix.Error{Format: "bundle", Structure: b.FileName, Offset: -1, Err: errNotBeside}
	}
	if err != nil {
		return nil, nil, err
	}
	var r io.ReaderAt = f
	if c.src != nil {
		r = c.src.also(f)
	}
	if inner, err = msix.OpenPackage(r, f.Size); err == nil {
		err = c.compare(b, inner) // what lies in the bundle is compared when the bundle is verified
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return inner, func() { _ = f.Close() }, nil
}

func (l *Library) inspectContainer(p *msix.Package, where string) (Package, error) {
	tree, err := p.Expanded()
	if err != nil {
		return Package{}, explainPackage(where, err)
	}
	e, err := read(found{fsys: tree, dir: "."})
	if err != nil {
		return Package{}, explainPackage(where, err)
	}
	return e.inspected(e.describe(where, l.languages)), nil
}

// compare holds a package against what the bundle's manifest says of it.
func (c container) compare(b msix.BundledPackage, inner *msix.Package) error {
	bundle, err := c.Bundle()
	if err != nil {
		return err
	}
	return bundle.Compare(b, inner)
}
