package imaging

import (
	"context"

	"berth"
)

// Survey tells what is in an image as the catalogue would have it, without reading the content of the packages. A package
// or volume that cannot be read is noted and does not hide the others.
func (l *Library) Survey(ctx context.Context, imagePath string) (out berth.Image, err error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return out, err
	}
	defer func() { _ = img.file.Close() }()
	defer img.until(ctx)()
	out = berth.Image{Path: imagePath, Size: img.file.Size, Format: img.Format, Subformat: img.Subformat, VirtualSize: img.Size,
		PartitionTable: img.PartitionTable.Scheme, Packages: []berth.Package{}, Notes: []string{}}
	all, notes, err := img.find(ctx)
	if err != nil {
		return out, err
	}
	out.Notes = append(out.Notes, notes...)
	for _, f := range packages(all) {
		e, err := read(f)
		if err == nil {
			out.Packages = append(out.Packages, img.describe(e))
			continue
		}
		if err = img.explain(ctx, f.dir, err); unavailable(err) {
			return out, err
		}
		out.Notes = append(out.Notes, err.Error())
	}
	return out, nil
}

// Make builds an image of packages and returns what it then holds; see Build.
func (l *Library) Make(ctx context.Context, b berth.BuildImage) (berth.Image, error) {
	o := BuildOptions{Packages: b.Packages, Out: b.Out, Format: b.Format, Subformat: b.Subformat, Table: b.Table}
	if _, err := l.Build(ctx, o); err != nil {
		return berth.Image{}, err
	}
	return l.Survey(ctx, b.Out)
}
