//go:build linux

package linuxhost

import (
	"context"
	"io/fs"

	"berth"
	"berth/imaging"
)

// Images opens packages in images.
type Images interface {
	// Attach opens the image and the package in that folder of it. It has checked the signature and the block map.
	Attach(ctx context.Context, imagePath, relativePath string) (*Image, error)
}

// Image is an open package.
type Image struct {
	Package berth.Package
	FS      fs.FS                       // the package folder; every block is verified before it is given out
	Verify  func(context.Context) error // reads and checks every file
	From    string                      // the file that it was opened from, when that is a copy on this host
	Content string                      // size and time of the file

	// Check compares what the options ask for with the block map and with the plan; nil: only what is read is checked.
	Check func(context.Context, berth.PlannedPackage, imaging.CheckOptions) error
	Close func() error // lets go of the image file
}

// FromLibrary opens packages by way of a library.
func FromLibrary(l *imaging.Library) Images { return library{l} }

type library struct{ l *imaging.Library }

// Attach implements Images.
func (l library) Attach(ctx context.Context, imagePath, relativePath string) (*Image, error) {
	a, err := l.l.Attach(ctx, imagePath, relativePath)
	if err != nil {
		return nil, err
	}
	return &Image{Package: a.Package, FS: a.FS, Verify: a.VerifyAll, Check: a.Check, Content: a.Content(), Close: a.Close}, nil
}
