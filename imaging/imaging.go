// Package imaging goes from the path of an image to the packages in it, verified, and from a package to an image. It puts
// the disk formats and the package format together and turns their errors into those that people are shown.
package imaging

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path"

	"berth"
	"berth/disk"
	"berth/msix"
	"berth/share"
)

// Opener opens image files; a *share.Opener is one.
type Opener interface {
	Open(ctx context.Context, path string) (*share.File, error)
}

// Library reads images through an Opener.
type Library struct {
	opener Opener
	log    *slog.Logger
}

// New returns a Library.
func New(opener Opener, log *slog.Logger) *Library { return &Library{opener: opener, log: log} }

// opened is an image with its file.
type opened struct {
	*disk.Image
	file *share.File
}

// open opens the file and recognises the image in it. The caller closes it.
func (l *Library) open(ctx context.Context, imagePath string) (*opened, error) {
	f, err := l.opener.Open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	img, err := disk.Open(f, f.Size, imagePath)
	if err != nil {
		_ = f.Close()
		return nil, explain(imagePath, err)
	}
	return &opened{img, f}, nil
}

// found is a package folder in a volume of an image.
type found struct {
	volume int
	fsys   fs.FS
	dir    string // of the package, "." when the volume's root is the package
}

// find returns the package folders of all volumes that can be read. A volume that cannot is noted, and is an error only
// when no volume could.
func (o *opened) find(imagePath string) (out []found, notes []string, err error) {
	read := 0
	for i := range o.Volumes {
		v := o.Volumes[i]
		fsys, verr := v.Open()
		if verr == nil {
			var dirs []string
			if dirs, verr = msix.FindPackages(fsys); verr == nil {
				read++
			}
			for _, d := range dirs {
				out = append(out, found{i, fsys, d})
			}
		}
		if verr != nil {
			err = explain(fmt.Sprintf("%s, volume %d (%s)", imagePath, i, v.FileSystem), verr)
			notes = append(notes, err.Error())
		}
	}
	if read > 0 {
		err = nil
	}
	return out, notes, err
}

// Attachment is one package of an open image: its files, every block of which is verified as it is read.
type Attachment struct {
	Package berth.Package
	FS      fs.FS // the package folder: AppxManifest.xml is at its root

	img *opened
	at  found
}

// Close lets go of the image.
func (a *Attachment) Close() error { return a.img.file.Close() }

// Attach opens the image and the package in that folder of it. The signature and the block map are checked before any
// file is served; the content is checked as it is read.
func (l *Library) Attach(ctx context.Context, imagePath, relativePath string) (*Attachment, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	a, err := attach(img, imagePath, relativePath)
	if err != nil {
		_ = img.file.Close()
		return nil, err
	}
	return a, nil
}

func attach(img *opened, imagePath, relativePath string) (*Attachment, error) {
	all, _, err := img.find(imagePath)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if berth.Fold(f.dir) != berth.Fold(Relative(relativePath)) {
			continue
		}
		e, err := read(f)
		if err != nil {
			return nil, explain(imagePath+": "+f.dir, err)
		}
		if err := e.checkSignature(); err != nil {
			return nil, explain(imagePath+": "+f.dir, err)
		}
		served, err := msix.NewVerifiedFS(f.fsys, f.dir, e.blockMap)
		if err != nil {
			return nil, explain(imagePath+": "+f.dir, err)
		}
		return &Attachment{Package: e.describe(imagePath), FS: served, img: img, at: f}, nil
	}
	return nil, &berth.Error{Kind: berth.NotFound, Code: "0x80080204", Field: "relativePath",
		Message: fmt.Sprintf("image %s holds no package in folder %q", imagePath, relativePath),
		Remedy:  "see `berth image inspect` for the packages in it"}
}

// VerifyAll reads every file of the package and compares it with the block map.
func (a *Attachment) VerifyAll(ctx context.Context) error {
	r, err := msix.VerifyExpanded(ctx, a.at.fsys, a.at.dir, msix.VerifyOptions{})
	if err != nil {
		return explain(a.Package.ImagePath+": "+a.at.dir, err)
	}
	return reportError(a.Package.ImagePath, a.at.dir, r)
}

// Relative gives the path of a package in an image its one form: slashes, none at the ends, "." for the root.
func Relative(p string) string {
	return path.Clean(trimSlashes(p))
}
