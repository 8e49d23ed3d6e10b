// Package share opens image files where they lie: local paths and UNC paths over SMB. A server opens only what is below
// its configured roots; what it opens is read at offsets and never as a whole.
package share

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"berth"
)

// File is an open image file.
type File struct {
	io.ReaderAt
	Path  string
	Size  int64 // bytes
	close func() error
}

// Close lets go of the file, and of the connection it came over.
func (f *File) Close() error { return f.close() }

// Options say what may be opened and as whom.
type Options struct {
	Anywhere bool     // open any path: for the command line and for agents, who obey their own system's permissions
	Roots    []string // folders and UNC prefixes below which files may be opened; used unless Anywhere
	Logins   []Login  // for UNC paths, by server
	Log      *slog.Logger
}

// Opener opens image files.
type Opener struct {
	anywhere bool
	local    []string // cleaned absolute folders
	unc      []uncPath
	logins   []Login
	log      *slog.Logger
}

// New returns an Opener. A root that is neither an absolute path nor a UNC prefix is Invalid.
func New(o Options) (*Opener, error) {
	op := &Opener{anywhere: o.Anywhere, logins: o.Logins, log: o.Log}
	for _, root := range o.Roots {
		if u, ok := parseUNC(root); ok {
			op.unc = append(op.unc, u)
			continue
		}
		abs, err := filepath.Abs(root)
		if err != nil || root == "" {
			return nil, berth.Errorf(berth.Invalid, "image root %q is neither a folder nor a UNC prefix", root).On("imageRoot")
		}
		if fi, err := os.Stat(abs); err != nil || !fi.IsDir() {
			return nil, berth.Errorf(berth.Invalid, "image root %s is not a folder that can be opened", abs).On("imageRoot").
				With("make the folder, or name another")
		}
		op.local = append(op.local, abs)
	}
	return op, nil
}

// Roots returns the folders and prefixes below which files may be opened, for messages.
func (o *Opener) Roots() []string {
	roots := append([]string{}, o.local...)
	for _, u := range o.unc {
		roots = append(roots, u.String())
	}
	return roots
}

// Open opens an image file for reading. Errors are *berth.Error with the platform's code: a path outside the roots is
// Forbidden, one that is not there NotFound, a server that does not answer Unavailable.
func (o *Opener) Open(ctx context.Context, path string) (*File, error) {
	if strings.TrimSpace(path) == "" {
		return nil, berth.Errorf(berth.Invalid, "the path of the image is empty").On("imagePath")
	}
	if strings.ContainsRune(path, 0) {
		return nil, berth.Errorf(berth.Invalid, "the path of the image holds a zero byte").On("imagePath")
	}
	if u, ok := parseUNC(path); ok {
		if !o.anywhere && !o.allowsUNC(u) {
			return nil, o.outside(path)
		}
		return o.openSMB(ctx, u)
	}
	return o.openLocal(path)
}

func (o *Opener) outside(path string) error {
	remedy := "the server opens images only below " + strings.Join(o.Roots(), ", ")
	if len(o.local)+len(o.unc) == 0 {
		remedy = "start the server with --image-root FOLDER for each folder or share with images"
	}
	return berth.Errorf(berth.Forbidden, "%s is not below a configured image root", path).On("imagePath").With(remedy)
}

func (o *Opener) openLocal(path string) (*File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, explain(path, err)
	}
	if o.anywhere {
		f, err := os.Open(abs)
		return file(abs, f, err)
	}
	for _, root := range o.local {
		rel, err := filepath.Rel(root, abs)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		// os.Root refuses symbolic links and names that lead out, also when they change meanwhile.
		r, err := os.OpenRoot(root)
		if err != nil {
			return nil, explain(path, err)
		}
		defer func() { _ = r.Close() }()
		f, err := r.Open(rel)
		if err != nil && strings.Contains(err.Error(), "escapes") {
			return nil, o.outside(path)
		}
		return file(abs, f, err)
	}
	return nil, o.outside(path)
}

func file(path string, f *os.File, err error) (*File, error) {
	if err != nil {
		return nil, explain(path, err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		_ = f.Close()
		return nil, explain(path, err)
	}
	return &File{ReaderAt: f, Path: path, Size: fi.Size(), close: f.Close}, nil
}

var errNotRegular = errors.New("not a regular file")

// explain gives an error of the system or of an SMB server its kind, code and remedy.
func explain(path string, err error) error {
	e := &berth.Error{Kind: berth.Unavailable, Field: "imagePath", Err: err, Code: errno(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		e.Kind, e.Message = berth.NotFound, fmt.Sprintf("image %s is not there", path)
		e.Remedy = "check the path and that the file is on the share"
		if e.Code == "" {
			e.Code = "ENOENT"
		}
	case errors.Is(err, fs.ErrPermission):
		e.Kind, e.Message = berth.Invalid, fmt.Sprintf("image %s may not be read", path)
		e.Remedy = "give the computer account (or the configured login) read permission on the share and on the file"
		if e.Code == "" {
			e.Code = "EACCES"
		}
	case errors.Is(err, errNotRegular):
		e.Kind, e.Message, e.Remedy = berth.Invalid, path+" is a folder, not an image file", "name the .vhd or .vhdx file itself"
	default:
		e.Message = fmt.Sprintf("image %s cannot be opened: %v", path, err)
		e.Remedy = "check the network and the file server, then try again"
	}
	return e
}

// errno returns the name of the system's error number, empty when err carries none.
func errno(err error) string {
	names := map[syscall.Errno]string{syscall.ENOENT: "ENOENT", syscall.EACCES: "EACCES", syscall.ENOTDIR: "ENOTDIR",
		syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ETIMEDOUT: "ETIMEDOUT", syscall.EHOSTUNREACH: "EHOSTUNREACH",
		syscall.EIO: "EIO", syscall.EPERM: "EACCES", syscall.ELOOP: "ELOOP"}
	var n syscall.Errno
	if errors.As(err, &n) {
		return names[n]
	}
	return ""
}
