package imaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"berth/msix"
)

// Guarded are the files of a volume, those of packages held against their block maps: no byte of them is given out before
// the block that it is in was compared. What no block map covers is as it lies there.
type Guarded struct {
	*Files
	Packages []string // full names of the packages whose files are verified
	Notes    []string // what is not verified, and why
}

// OpenGuarded opens the files of a volume as Open does, and guards its packages. A package whose signature does not hold
// is an error; one that is not signed is held against its own block map, and noted.
func (l *Library) OpenGuarded(ctx context.Context, imagePath string, volume int) (*Guarded, error) {
	files, err := l.Open(ctx, imagePath, volume)
	if err != nil {
		return nil, err
	}
	stop := files.img.until(ctx)
	g, err := files.guard(ctx)
	if !stop() {
		err = files.explain(ctx, "", ctx.Err())
	}
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	return g, nil
}

func (f *Files) guard(ctx context.Context) (*Guarded, error) {
	dirs, err := msix.FindPackages(f.FS)
	if err != nil && len(dirs) == 0 {
		return nil, f.explain(ctx, "", err)
	}
	g := &Guarded{Files: f, Packages: []string{}}
	if err != nil {
		g.Notes = append(g.Notes, f.explain(ctx, "", err).Error())
	}
	tree := &guardedFS{FS: f.FS, packages: map[string]fs.FS{}}
	for _, dir := range dirs {
		if (found{fsys: f.FS, dir: dir}).isBundle() {
			continue // its packages are in folders of their own
		}
		if err := g.add(ctx, tree, dir); err != nil {
			return nil, err
		}
	}
	if len(dirs) == 0 {
		g.Notes = append(g.Notes, "no package: nothing is verified")
	}
	files := *f
	files.FS = tree
	g.Files = &files
	return g, nil
}

// add guards one package.
func (g *Guarded) add(ctx context.Context, tree *guardedFS, dir string) error {
	e, err := read(found{fsys: g.FS, dir: dir})
	if err != nil {
		if !unsealed(g.FS, dir) {
			return g.explain(ctx, dir, err)
		}
		g.Notes = append(g.Notes, fmt.Sprintf("%s is not verified: it has neither block map nor signature", dir))
		return nil
	}
	name := e.manifest.FullName()
	if e.signature == nil {
		g.Notes = append(g.Notes, name+" is not signed: its files are held against its own block map")
	} else if err := e.check(); err != nil {
		return g.explain(ctx, dir, err)
	}
	verified, err := msix.NewVerifiedFS(g.FS, dir, e.blockMap)
	if err != nil {
		return g.explain(ctx, dir, err)
	}
	tree.packages[dir] = verified
	g.Packages = append(g.Packages, name)
	return nil
}

// unsealed tells a folder that never was a signed package, or came from one without what would prove its content.
func unsealed(fsys fs.FS, dir string) bool {
	for _, name := range []string{msix.BlockMapName, msix.SignatureName} {
		if _, err := fs.Stat(fsys, path.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// guardedFS is a volume whose package folders are replaced by verified ones. Names are taken as they are spelled in the
// volume only: another spelling of a package's folder must not lead around the guard.
type guardedFS struct {
	fs.FS
	packages map[string]fs.FS // by folder
	spelled  sync.Map         // folder -> true: it is spelled so in the volume
}

// at gives the file system that has a name, and the name in it.
func (g *guardedFS) at(op, name string) (fs.FS, string, error) {
	if !fs.ValidPath(strings.ToValidUTF8(name, "_")) { // names of an image may hold half a surrogate pair
		return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if err := g.spelling(name); err != nil {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: err}
	}
	for dir, verified := range g.packages {
		if dir == "." {
			return verified, name, nil
		}
		if rest, ok := strings.CutPrefix(name, dir); ok && (rest == "" || rest[0] == '/') {
			return verified, path.Clean(strings.TrimPrefix(rest, "/")), nil
		}
	}
	return g.FS, name, nil
}

// spelling makes sure that the name, and each folder above it, is spelled as in the volume.
func (g *guardedFS) spelling(name string) error {
	if name == "." {
		return nil
	}
	if _, known := g.spelled.Load(name); known {
		return nil
	}
	if err := g.spelling(path.Dir(name)); err != nil {
		return err
	}
	info, err := fs.Stat(g.FS, name)
	if err != nil {
		return err
	}
	if info.Name() != path.Base(name) {
		return fs.ErrNotExist
	}
	if info.IsDir() {
		g.spelled.Store(name, true)
	}
	return nil
}

// Open implements fs.FS.
func (g *guardedFS) Open(name string) (fs.File, error) {
	fsys, inside, err := g.at("open", name)
	if err != nil {
		return nil, err
	}
	return fsys.Open(inside)
}

// Stat implements fs.StatFS.
func (g *guardedFS) Stat(name string) (fs.FileInfo, error) {
	fsys, inside, err := g.at("stat", name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(fsys, inside)
}

// ReadDir implements fs.ReadDirFS.
func (g *guardedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	fsys, inside, err := g.at("readdir", name)
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(fsys, inside)
}
