// Package share opens image files where they lie: local paths, UNC paths over SMB, and https URLs. A server opens only what is below
// its configured roots; what it opens is read at offsets and never as a whole.
//
// A file server that stays silent ends a read with an error instead of holding it for ever, and a connection that was lost
// is made again by the next read.
package share

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"berth"
)

// File is an open image file. Its ReadAt may be called by several goroutines at once; errors other than io.EOF are
// *berth.Error that name the path, Unavailable when reading again may help.
type File struct {
	io.ReaderAt
	Path string
	Size int64 // bytes, when it was opened
	// Stamp tells this content from another under the same path: the time of its last change as the file server gives it,
	// or the entity tag of a web server. Empty when nothing tells.
	Stamp string
	close func() error
}

// NewFile makes a File of something else that can be read at offsets. close may be called while it is read, and then ends
// the read.
func NewFile(r io.ReaderAt, path string, size int64, close func() error) *File {
	return &File{ReaderAt: r, Path: path, Size: size, close: close}
}

// Close lets go of the file, and of the connection it came over. Reads that are under way end with an error.
func (f *File) Close() error { return f.close() }

// Options say what may be opened and as whom.
type Options struct {
	Anywhere bool     // open any path: for the command line and for agents, who obey their own system's permissions
	Roots    []string // folders, UNC prefixes and https URLs below which files may be opened; used unless Anywhere
	Logins   []Login  // for UNC paths and https URLs, by server
	Log      *slog.Logger
	Patience time.Duration  // how long a file server may stay silent when it is asked something; 0: 30 seconds
	TLSRoots *x509.CertPool // whom to trust behind https URLs; nil: the system's certificates
}

// Opener opens image files.
type Opener struct {
	anywhere bool
	local    []string // cleaned absolute folders
	unc      []uncPath
	web      []webRoot
	client   func() *http.Client // for https
	logins   []Login
	log      *slog.Logger
	patience time.Duration

	authorities map[int]*x509.CertPool // by the login that names them
}

const defaultPatience = 30 * time.Second

// New returns an Opener. A root that is neither a folder that is there nor a UNC prefix is Invalid, as is a login that names a
// file of authorities which cannot be read.
func New(o Options) (*Opener, error) {
	op := &Opener{anywhere: o.Anywhere, logins: o.Logins, log: o.Log, patience: o.Patience}
	if op.patience <= 0 {
		op.patience = defaultPatience
	}
	var err error
	if op.authorities, err = readAuthorities(o.Logins); err != nil {
		return nil, err
	}
	op.client = sync.OnceValue(func() *http.Client {
		return op.webClient(&tls.Config{RootCAs: o.TLSRoots, MinVersion: tls.VersionTLS12})
	})
	if op.log == nil {
		op.log = slog.New(slog.DiscardHandler)
	}
	for _, root := range o.Roots {
		if err := op.addRoot(root); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (o *Opener) addRoot(root string) error {
	if u, is, err := parseURL(root); is {
		if err == nil {
			o.web = append(o.web, webRootOf(u))
		}
		return err
	}
	if u, ok := parseUNC(root); ok {
		if u.climbs() {
			return berth.Errorf(berth.Invalid, "image root %s climbs with . or ..", root).On("imageRoot").With("write the path without them")
		}
		o.unc = append(o.unc, u)
		return nil
	}
	abs, err := filepath.Abs(root)
	if err != nil || strings.TrimSpace(root) == "" {
		return berth.Errorf(berth.Invalid, "image root %q is neither a folder nor a UNC prefix", root).On("imageRoot").
			With(`name a folder, or a share as \\server\share`)
	}
	if fi, err := os.Stat(abs); err != nil || !fi.IsDir() {
		return berth.Errorf(berth.Invalid, "image root %s is not a folder that can be opened", abs).On("imageRoot").
			With("make the folder, or name another")
	}
	o.local = append(o.local, abs)
	return nil
}

// Roots returns the folders and prefixes below which files may be opened, for messages.
func (o *Opener) Roots() []string {
	roots := append([]string{}, o.local...)
	for _, u := range o.unc {
		roots = append(roots, u.String())
	}
	for _, w := range o.web {
		roots = append(roots, "https://"+strings.TrimSuffix(w.host, ":443")+w.path)
	}
	return roots
}

// Open opens an image file for reading. Errors are *berth.Error with the platform's code: a path outside the roots is
// Forbidden, one that is not there NotFound, a server that does not answer Unavailable. A context that ends before the
// file is open ends the attempt; it has no say about the open file.
func (o *Opener) Open(ctx context.Context, path string) (*File, error) {
	if strings.TrimSpace(path) == "" {
		return nil, berth.Errorf(berth.Invalid, "the path of the image is empty").On("imagePath").With("name the image file")
	}
	if strings.ContainsRune(path, 0) {
		return nil, berth.Errorf(berth.Invalid, "the path of the image holds a zero byte: %q", path).On("imagePath").With("name the image file")
	}
	if err := ctx.Err(); err != nil {
		return nil, explain(path, "opened", err)
	}
	if u, is, err := parseURL(path); err != nil {
		return nil, err
	} else if is {
		return o.openWeb(ctx, path, u)
	}
	u, ok := parseUNC(path)
	if !ok {
		return o.openLocal(path)
	}
	if !o.anywhere && !o.allowsUNC(u) {
		return nil, o.outside(path)
	}
	if u.path == "" {
		return nil, berth.Errorf(berth.Invalid, "%s names a share, not a file on it", u).On("imagePath").With("name the .vhd or .vhdx file itself")
	}
	if _, known := o.login(u.server); !known && runtime.GOOS == "windows" {
		return openAnywhere(u.String()) // Windows signs in by itself: as the user, or as the computer account
	}
	return o.openSMB(ctx, u)
}

func (o *Opener) outside(path string) *berth.Error {
	remedy := "the server opens images only below " + strings.Join(o.Roots(), ", ")
	if len(o.local)+len(o.unc)+len(o.web) == 0 {
		remedy = "start the server with --image-root FOLDER for each folder or share with images"
	}
	return berth.Errorf(berth.Forbidden, "%s is not below a configured image root", path).On("imagePath").With(remedy)
}

// stampOf is the stamp of a file that has a time of its last change.
func stampOf(fi fs.FileInfo) string { return fi.ModTime().UTC().Format(time.RFC3339Nano) }

// reader gives errors of reading their path, kind and code.
type reader struct {
	io.ReaderAt
	path string
}

// ReadAt implements io.ReaderAt.
func (r reader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explain(r.path, readAt(off), err)
	}
	return n, err
}
