package imaging

import (
	"context"
	"io"
	"path"
	"strings"

	"berth"
	"berth/disk"
	"berth/msix"
)

// inContainer tells the path of a package that is not expanded: frameworks are handed out as such files, and a catalogue
// takes them as they are.
func inContainer(imagePath string) bool {
	switch strings.ToLower(path.Ext(imagePath)) {
	case ".appx", ".msix":
		return true
	}
	return false
}

// openPackage opens the file as a package in its container, which is then a volume of its own: its one folder is the root.
func (o *opened) openPackage() error {
	p, err := msix.OpenPackage(o.source, o.file.Size)
	if err != nil {
		return explainPackage(o.path, err)
	}
	if p.IsBundle() {
		return berth.Errorf(berth.Invalid, "%s is a bundle", o.path).On("imagePath").With("name the package in it that is for the hosts, as a file of its own")
	}
	o.Image = &disk.Image{Format: "appx", Size: o.file.Size}
	if o.whole, err = p.Expanded(); err != nil {
		return explainPackage(o.path, err)
	}
	return nil
}

// notExpanded refuses a package that is no framework and not expanded: only what is copied to a host anyway can be taken
// from its container.
func notExpanded(p berth.Package) error {
	return berth.Errorf(berth.Invalid, "%s is a package that is not expanded into an image; only frameworks can be taken as they are", p.ImagePath).
		On("imagePath").With("make an image of it: berth image build " + path.Base(strings.ReplaceAll(p.ImagePath, `\`, "/")) + " --out FILE.vhdx")
}

// CheckContainer checks a package in its container whole, and that it is what the plan says was added. Its errors are those
// of CheckContent.
func CheckContainer(ctx context.Context, r io.ReaderAt, size int64, p berth.PlannedPackage) error {
	pkg, err := msix.OpenPackage(r, size)
	if err != nil {
		return explainPackage(p.ImagePath, err)
	}
	report, err := msix.VerifyPackage(ctx, pkg, msix.VerifyOptions{})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return explainPackage(p.ImagePath, err)
	}
	if err := notAsSigned(report, p); err != nil {
		return err
	}
	sum, err := blockMapSum(pkg.FS())
	if err != nil {
		return explainPackage(p.ImagePath, err)
	}
	return asAdded(p, report, sum)
}
