package imaging

import (
	"context"

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
		inner, err := p.OpenBundled(b)
		if err != nil {
			return nil, explainPackage(packagePath+": "+b.FileName, err)
		}
		one, err := l.inspectContainer(inner, packagePath+": "+b.FileName)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
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
