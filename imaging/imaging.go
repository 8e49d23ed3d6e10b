// Package imaging goes from the path of an image to the packages in it, verified, and from a package to an image. It puts
// the disk formats and the package format together and turns their errors into those that people are shown.
package imaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"

	"berth"
	"berth/disk"
	"berth/msix"
	"berth/share"
)

// Opener opens image files; a *share.Opener is one.
type Opener interface {
	// Open opens an image file for reading. Its errors are *berth.Error.
	Open(ctx context.Context, path string) (*share.File, error)
}

// Library reads images through an Opener.
type Library struct {
	opener    Opener
	log       *slog.Logger
	languages []string
}

// New returns a Library.
func New(opener Opener, log *slog.Logger) *Library { return &Library{opener: opener, log: log} }

// In returns a Library that gives names in the first of these languages that a package has (BCP 47 tags, such as "de-DE").
// Without it, and where a package has none of them, names are in the language that the package's author made the default.
func (l *Library) In(languages ...string) *Library {
	other := *l
	other.languages = languages
	return &other
}

// opened is an image with its file.
type opened struct {
	*disk.Image
	path      string
	file      *share.File
	source    *source
	languages []string // of names
	whole     fs.FS    // of a package in its container; nil for images
}

// open opens the file and recognises the image in it. The caller closes it.
func (l *Library) open(ctx context.Context, imagePath string) (*opened, error) {
	return l.openAs(ctx, imagePath, func(o *opened, set *fileSet) (err error) {
		o.Image, err = disk.Open(o.source, o.file.Size, imagePath, disk.Options{OpenBeside: l.beside(ctx, o.source, set)})
		return err
	})
}

// openEither does so where there may be a package in its container in the place of an image.
func (l *Library) openEither(ctx context.Context, imagePath string) (*opened, error) {
	if !inContainer(imagePath) {
		return l.open(ctx, imagePath)
	}
	return l.openAs(ctx, imagePath, func(o *opened, _ *fileSet) error { return o.openPackage() })
}

func (l *Library) openAs(ctx context.Context, imagePath string, recognise func(*opened, *fileSet) error) (*opened, error) {
	f, err := l.opener.Open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	set := &fileSet{files: []*share.File{f}}
	stamp := f.Stamp
	f = share.NewFile(f, f.Path, f.Size, set.Close)
	f.Stamp = stamp
	o := &opened{path: imagePath, file: f, source: &source{r: f}, languages: l.languages}
	stop := o.until(ctx)
	err = recognise(o, set)
	if !stop() || err != nil {
		_ = f.Close()
		return nil, o.explain(ctx, "", err)
	}
	return o, nil
}

// until closes the file once the context ends, so that a read which waits for a file server ends too. stop takes that
// back, and tells whether it was in time.
func (o *opened) until(ctx context.Context) (stop func() bool) {
	ends := context.AfterFunc(ctx, func() { _ = o.file.Close() })
	return func() bool { return ends() || ctx.Err() == nil }
}

// find returns the package folders of all volumes that can be read. A volume that cannot is noted, and is an error only
// when no volume could.
func (o *opened) find(ctx context.Context) (out []found, notes []string, err error) {
	if o.whole != nil {
		return []found{{fsys: o.whole, dir: "."}}, nil, nil
	}
	read := 0
	for _, v := range o.Volumes {
		fsys, verr := v.Open()
		if verr == nil {
			var dirs []string
			dirs, verr = msix.FindPackages(fsys) // what it found counts also when it could not look everywhere
			for _, d := range dirs {
				out = append(out, found{v, fsys, d})
			}
			if verr == nil || len(dirs) > 0 {
				read++
			}
		}
		if verr != nil {
			err = o.explain(ctx, fmt.Sprintf("volume %d", v.Index), verr)
			notes = append(notes, err.Error())
		}
		if unavailable(err) {
			return nil, nil, err // the other volumes are in the same file
		}
	}
	if read > 0 {
		err = nil
	}
	return out, notes, err
}

// found is a package folder in a volume of an image.
type found struct {
	volume *disk.Volume // nil for a package in its container
	fsys   fs.FS
	dir    string // of the package, "." when the volume's root is the package
}

// isBundle tells the folder of a bundle: it holds no application itself, its packages lie below it.
func (f found) isBundle() bool {
	_, err := fs.Stat(f.fsys, path.Join(f.dir, msix.ManifestName))
	return errors.Is(err, fs.ErrNotExist)
}

// packages leaves out the folders of bundles.
func packages(all []found) []found {
	return slices.DeleteFunc(all, found.isBundle)
}

// Attachment is one package of an open image: its files, every block of which is verified as it is read.
type Attachment struct {
	Package berth.Package
	FS      fs.FS // the package folder: AppxManifest.xml is at its root

	img *opened
	at  found
}

// Content tells the file of the image from another under the same name, by its size and the time of its last change. Empty
// when its file server does not tell.
func (a *Attachment) Content() string {
	if a.img.file.Stamp == "" {
		return ""
	}
	return fmt.Sprintf("%d %s", a.img.file.Size, a.img.file.Stamp)
}

// Close lets go of the image.
func (a *Attachment) Close() error { return a.img.file.Close() }

// Attach opens the image and the package in that folder of it. The signature, the block map and the manifest are checked
// before any file is served; the rest of the content is checked as it is read. The context is for opening only.
func (l *Library) Attach(ctx context.Context, imagePath, relativePath string) (*Attachment, error) {
	img, err := l.openEither(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	stop := img.until(ctx)
	a, err := img.attach(ctx, relativePath)
	if !stop() {
		err = img.explain(ctx, "", ctx.Err())
	}
	if err != nil {
		_ = img.file.Close()
		return nil, err
	}
	return a, nil
}

func (o *opened) attach(ctx context.Context, relativePath string) (*Attachment, error) {
	all, _, err := o.find(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range packages(all) {
		if berth.Fold(f.dir) != berth.Fold(Relative(relativePath)) {
			continue
		}
		e, err := read(f)
		if err == nil {
			err = e.check()
		}
		if err != nil {
			return nil, o.explain(ctx, f.dir, err)
		}
		served, err := msix.NewVerifiedFS(f.fsys, f.dir, e.blockMap)
		if err != nil {
			return nil, o.explain(ctx, f.dir, err)
		}
		return &Attachment{Package: o.describe(e), FS: served, img: o, at: f}, nil
	}
	return nil, &berth.Error{Kind: berth.NotFound, Code: codeNoFolder, Field: "relativePath",
		Message: fmt.Sprintf("image %s holds no package in the folder %q", o.path, relativePath),
		Remedy:  "see `berth image inspect` for the packages in it"}
}

// VerifyAll reads every file of the package and compares it with the block map.
func (a *Attachment) VerifyAll(ctx context.Context) error {
	r, err := a.img.verify(ctx, a.at, msix.VerifyOptions{})
	if err != nil {
		return err
	}
	return reportError(a.Package.ImagePath, a.at.dir, r)
}

// Relative gives the path of a package in an image its one form: slashes, none at the ends, "." for the root.
func Relative(p string) string {
	return path.Clean(trimSlashes(p))
}
