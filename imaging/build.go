package imaging

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"berth"
	"berth/disk"
	"berth/msix"
)

// BuildOptions say which image to make of which packages.
type BuildOptions struct {
	Packages  []string // paths of signed .msix files
	Out       string   // path of the image to make; it must not be there
	Format    string   // vhd or vhdx; empty: by the name of Out
	Subformat string   // fixed or dynamic; empty: dynamic
	Table     string   // gpt, mbr or none; empty: gpt
	Folder    string   // folder in the image above the packages; empty: "apps"
}

// Build expands packages into a new image with one volume and returns what it then holds. The signature and every block of
// the packages are verified on the way; what is not whole is not built. An image that was not finished is not left behind.
func (l *Library) Build(ctx context.Context, o BuildOptions) (*Image, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	tree := &forest{folder: o.Folder, trees: map[string]fs.FS{}}
	for _, p := range o.Packages {
		done, err := l.plant(ctx, tree, p)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	spec := disk.Spec{Format: o.Format, Subformat: o.Subformat, Table: o.Table, Label: "BERTH", Time: time.Now().UTC(), Random: rand.Reader}
	err := newFile(o.Out, func(f *os.File) error { return disk.Create(&target{ctx, f}, spec, tree) })
	if err != nil {
		return nil, explainPackage(o.Out, err)
	}
	return l.Inspect(ctx, o.Out)
}

// complete fills in what was left to choose and refuses what cannot be made.
func (o *BuildOptions) complete() error {
	if len(o.Packages) == 0 {
		return berth.Errorf(berth.Invalid, "an image needs at least one package").On("packages").With("name a .msix file")
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(o.Out)), ".")
	named := ext == disk.VHD || ext == disk.VHDX
	switch {
	case o.Format == "" && named:
		o.Format = ext
	case o.Format == "":
		o.Format = disk.VHDX
	case named && o.Format != ext:
		return berth.Errorf(berth.Invalid, "the format is %s, but the name %s is that of a %s image", o.Format, o.Out, ext).On("format").
			With("Windows attaches an image by its name: let the two agree")
	}
	if o.Folder == "" {
		o.Folder = "apps"
	}
	if o.Folder == "." || o.Folder == ".." || strings.ContainsAny(o.Folder, `/\:*?"<>|`) {
		return berth.Errorf(berth.Invalid, "the folder %q cannot be made in the image", o.Folder).On("folder").
			With("name one folder, without separators")
	}
	for _, c := range []struct{ field, value, choices string }{
		{"format", o.Format, "vhd, vhdx"}, {"subformat", o.Subformat, "fixed, dynamic"}, {"table", o.Table, "gpt, mbr, none"},
	} {
		if c.value != "" && !slices.Contains(strings.Split(c.choices, ", "), c.value) {
			return berth.Errorf(berth.Invalid, "%s %q cannot be made", c.field, c.value).On(c.field).With("use one of " + c.choices)
		}
	}
	return nil
}

// plant adds the package's files to the tree; done closes the package.
func (l *Library) plant(ctx context.Context, tree *forest, path string) (done func(), err error) {
	f, err := l.opener.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	p, err := msix.OpenPackage(f, f.Size)
	if err != nil {
		return nil, explainPackage(path, err)
	}
	if p.IsBundle() {
		return nil, berth.Errorf(berth.Invalid, "%s is a bundle", path).On("packages").
			With("unpack it (berth msix unpack) and name the packages in it that the hosts need")
	}
	expanded, err := p.Expanded()
	if err != nil {
		return nil, explainPackage(path, err)
	}
	e, err := read(found{fsys: expanded, dir: "."})
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return nil, explainPackage(path, err)
	}
	name := e.manifest.FullName()
	if !tree.plant(name, &named{expanded, path}) {
		return nil, berth.Errorf(berth.Invalid, "package %s is named twice, the second time as %s", name, path).On("packages").
			With("name each package once")
	}
	return func() { _ = f.Close() }, nil
}

// named says in errors which package a file that cannot be read is in.
type named struct {
	fs.FS
	path string
}

// Open implements fs.FS.
func (n *named) Open(name string) (fs.File, error) {
	f, err := n.FS.Open(name)
	if err != nil {
		return nil, explainPackage(n.path, err)
	}
	return &namedFile{f, n.path}, nil
}

// ReadDir implements fs.ReadDirFS.
func (n *named) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(n.FS, name) }

type namedFile struct {
	fs.File
	path string
}

// Read implements io.Reader.
func (f *namedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explainPackage(f.path, err)
	}
	return n, err
}

// target is the file that an image is written to, until the context ends.
type target struct {
	ctx context.Context
	f   *os.File
}

// WriteAt implements io.WriterAt.
func (t *target) WriteAt(p []byte, off int64) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := t.f.WriteAt(p, off)
	if err != nil {
		err = writeError(t.f.Name(), err)
	}
	return n, err
}

func writeError(path string, err error) error {
	return &berth.Error{Kind: berth.Unavailable, Err: err, Field: "out", Message: fmt.Sprintf("%s cannot be written: %v", path, err),
		Remedy: "check the free space and the permissions of its folder"}
}
