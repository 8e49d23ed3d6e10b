package share

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"berth"
)

// mostEntries bounds how many entries of a folder are looked at: a listing is for people, who search further down.
const mostEntries = 5000

var errNotFolder = errors.New("not a folder")

// kinds tells by the end of its name what a file is; others are not listed.
var kinds = map[string]string{
	".vhd": berth.EntryImage, ".vhdx": berth.EntryImage, ".cim": berth.EntryImage, ".img": berth.EntryImage,
	".msix": berth.EntryPackage, ".appx": berth.EntryPackage,
}

// List returns the folders, images and packages in a folder, folders first; an empty folder stands for the roots
// themselves. What is outside of the roots is refused as Open refuses it. more tells that there are further entries,
// which were not looked at.
func (o *Opener) List(ctx context.Context, folder string) (entries []berth.ImageEntry, more bool, err error) {
	if strings.TrimSpace(folder) == "" {
		for _, root := range o.Roots() {
			entries = append(entries, berth.ImageEntry{Name: root, Path: root, Kind: berth.EntryFolder})
		}
		return entries, false, nil
	}
	if strings.ContainsRune(folder, 0) {
		return nil, false, berth.Errorf(berth.Invalid, "the path of the folder holds a zero byte: %q", folder).On("path").With("name a folder")
	}
	infos, join, err := o.readFolder(ctx, folder)
	if err != nil {
		return nil, false, notFolder(folder, err)
	}
	more = len(infos) > mostEntries
	for _, fi := range infos[:min(len(infos), mostEntries)] {
		if e, ok := entry(fi); ok {
			e.Path = join(fi.Name())
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b berth.ImageEntry) int {
		folders := func(e berth.ImageEntry) int { return map[string]int{berth.EntryFolder: -1}[e.Kind] }
		return cmp.Or(cmp.Compare(folders(a), folders(b)), cmp.Compare(berth.Fold(a.Name), berth.Fold(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return entries, more, nil
}

// entry describes what is listed; hidden files and everything that is neither a folder nor an image or package is not.
func entry(fi fs.FileInfo) (e berth.ImageEntry, ok bool) {
	e = berth.ImageEntry{Name: fi.Name(), Kind: berth.EntryFolder}
	if strings.HasPrefix(e.Name, ".") {
		return e, false
	}
	if fi.IsDir() {
		return e, true
	}
	e.Kind, ok = kinds[strings.ToLower(filepath.Ext(e.Name))]
	e.Size, e.ModifiedAt = fi.Size(), fi.ModTime().UTC()
	return e, ok && fi.Mode().IsRegular()
}

// notFolder gives errors of listing the words that fit a folder.
func notFolder(folder string, err error) error {
	e, ok := errors.AsType[*berth.Error](explainFolder(folder, err))
	if !ok {
		return err
	}
	return e.On("path")
}

func explainFolder(folder string, err error) error {
	if _, known := errors.AsType[*berth.Error](err); known {
		return err
	}
	if errors.Is(err, errNotFolder) {
		return berth.Errorf(berth.Invalid, "%s is a file, not a folder", folder).With("inspect it, or list the folder that it is in")
	}
	e, ok := errors.AsType[*berth.Error](explain(folder, "listed", err))
	if !ok {
		return err
	}
	e.Message = strings.Replace(e.Message, "image "+folder, "folder "+folder, 1)
	e.Remedy = strings.Replace(e.Remedy, "that the file is", "that the folder is", 1)
	return e
}

// readFolder reads up to one entry more than mostEntries, and returns how the path of an entry is made.
func (o *Opener) readFolder(ctx context.Context, folder string) (infos []fs.FileInfo, join func(string) string, err error) {
	u, ok := parseUNC(folder)
	if !ok {
		infos, err = o.listLocal(folder)
		return infos, func(name string) string { return filepath.Join(folder, name) }, err
	}
	join = func(name string) string { return u.String() + `\` + name }
	if !o.anywhere && !o.allowsUNC(u) {
		return nil, nil, o.outside(folder)
	}
	if _, known := o.login(u.server); !known && runtime.GOOS == "windows" {
		infos, err = readDir(func() (*os.File, error) { return os.Open(u.String()) }, nil)
		return infos, join, err
	}
	infos, err = o.listSMB(ctx, u)
	return infos, join, err
}

func (o *Opener) listLocal(folder string) ([]fs.FileInfo, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if o.anywhere {
		return readDir(func() (*os.File, error) { return os.Open(abs) }, os.Stat)
	}
	linked := false
	for _, root := range o.local {
		rel, err := filepath.Rel(root, abs)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		infos, err := listBelow(root, rel)
		if !escapes(err) {
			return infos, err
		}
		linked = true
	}
	e := o.outside(folder)
	if linked {
		e.Message = fmt.Sprintf("a symbolic link on the way to %s is absolute or leads out of the image root", folder)
	}
	return nil, e
}

// listBelow lists a folder below a root; os.Root refuses what leads out. Of links only those count that stay below.
func listBelow(root, rel string) ([]fs.FileInfo, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return readDir(func() (*os.File, error) { return r.OpenFile(rel, os.O_RDONLY|nonblock, 0) },
		func(name string) (fs.FileInfo, error) { return r.Stat(filepath.Join(rel, name)) })
}

// readDir reads the entries of a folder; stat, where there is one, says what a symbolic link leads to.
func readDir(open func() (*os.File, error), stat func(string) (fs.FileInfo, error)) ([]fs.FileInfo, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if fi, err := f.Stat(); err != nil || !fi.IsDir() {
		return nil, cmp.Or(err, errNotFolder)
	}
	infos, err := f.Readdir(mostEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) { // Readdir says EOF of an empty folder
		return nil, err
	}
	var out []fs.FileInfo
	for _, fi := range infos {
		if fi.Mode()&fs.ModeSymlink != 0 && stat != nil {
			to, err := stat(fi.Name())
			if err != nil {
				continue // it leads out of the root, or nowhere
			}
			fi = linkTo{to, fi.Name()}
		}
		out = append(out, fi)
	}
	return out, nil
}

// linkTo is what a link leads to, under the link's name.
type linkTo struct {
	fs.FileInfo
	name string
}

// Name is that of the link.
func (l linkTo) Name() string { return l.name }

// listSMB lists a folder of a share over a connection of its own.
func (o *Opener) listSMB(ctx context.Context, u uncPath) (infos []fs.FileInfo, err error) {
	login, _ := o.login(u.server)
	d := net.Dialer{Timeout: min(dialTimeout, o.patience)}
	conn, err := d.DialContext(ctx, "tcp", login.Address)
	if err != nil {
		return nil, err
	}
	l := &link{conn: &patientConn{Conn: conn, patience: o.patience}}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	l.conn.ask()
	defer l.conn.answered()
	mount, err := l.join(ctx, u, login)
	if err != nil {
		return nil, err
	}
	f, err := mount.Open(u.path)
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(f, nil) // it would talk to the server once more
	if fi, err := f.Stat(); err != nil || !fi.IsDir() {
		return nil, cmp.Or(err, errNotFolder)
	}
	infos, err = f.Readdir(mostEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	_ = f.Close()
	_ = l.session.Logoff()
	return infos, ctx.Err()
}

// CheckNew tells whether the server may make a file at the path: in a local folder below a root. Images are made where
// the server writes fast and alone; from there they are copied to the share, or the share is that folder.
func (o *Opener) CheckNew(path string) error {
	if _, unc := parseUNC(path); unc && runtime.GOOS != "windows" {
		return berth.Errorf(berth.Invalid, "%s is on a file server: the server makes images in its own folders only", path).On("out").
			With("name a path below one of " + strings.Join(o.local, ", ") + ", or use `berth image build` where the share is mounted")
	}
	abs, err := filepath.Abs(path)
	if err != nil || strings.TrimSpace(path) == "" {
		return berth.Errorf(berth.Invalid, "%q cannot name an image to make", path).On("out").With("name a .vhdx or .vhd file")
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return berth.Errorf(berth.NotFound, "the folder of %s cannot be opened: %w", path, err).On("out").With("make the folder first")
	}
	for _, root := range o.local {
		real, err := filepath.EvalSymlinks(root)
		if err != nil {
			continue
		}
		if rel, err := filepath.Rel(real, dir); err == nil && filepath.IsLocal(rel) {
			return nil
		}
	}
	return o.outside(path).On("out")
}
