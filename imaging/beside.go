package imaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"berth"
	"berth/disk"
	"berth/share"
)

// fileSet are the files that an image consists of: closing one is closing all.
type fileSet struct {
	mu     sync.Mutex
	closed bool
	files  []*share.File
}

// add takes a file up, or closes it when the set is closed already.
func (s *fileSet) add(f *share.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = f.Close()
		return
	}
	s.files = append(s.files, f)
}

// Close closes all files. Reads that are under way end with an error.
func (s *fileSet) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}

// beside opens the other files of an image for disk.Open: parents of differencing images, the data of a CIM. They are
// opened as the image itself was, so that a server opens none outside its roots.
func (l *Library) beside(ctx context.Context, src *source, set *fileSet) func(from, path string) (disk.File, error) {
	return func(from, rel string) (disk.File, error) {
		name := besideOf(from, rel)
		f, err := l.opener.Open(ctx, name)
		if kind := berth.ErrorKind(err); err != nil && (kind == berth.NotFound || kind == berth.Forbidden) {
			return disk.File{}, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		if err != nil {
			return disk.File{}, err
		}
		set.add(f)
		return disk.File{ReaderAt: src.also(f), Size: f.Size, Name: name}, nil
	}
}

// besideOf gives the path of a file that lies in the folder of from, or where rel leads from there. A path on a share
// stays on it.
func besideOf(from, rel string) string {
	if u, err := url.Parse(from); err == nil && u.Host != "" && strings.Contains(from, "://") {
		u.Path, u.RawPath = path.Join("/", path.Dir(u.Path), rel), ""
		return u.String() // with the query, which may be what gives access
	}
	slashed := strings.ReplaceAll(from, `\`, "/")
	if !strings.HasPrefix(slashed, "//") {
		return filepath.Join(filepath.Dir(from), filepath.FromSlash(rel))
	}
	prefix, rest := uncShare(slashed)
	return strings.ReplaceAll(prefix+path.Join("/", path.Dir(rest), rel), "/", `\`)
}

// uncShare divides a UNC path, with slashes, into its share and the path there; the long form has "?/UNC" before.
func uncShare(p string) (prefix, rest string) {
	parts := 2
	if strings.HasPrefix(strings.ToUpper(p), "//?/UNC/") {
		parts = 4
	}
	all := strings.SplitN(strings.TrimPrefix(p, "//"), "/", parts+1)
	if len(all) <= parts {
		return p, ""
	}
	return "//" + strings.Join(all[:parts], "/"), all[parts]
}

// Part is one of the files that an image consists of.
type Part struct {
	Path  string
	Size  int64  // bytes
	Stamp string // tells this content from another: see share.File
}

// Parts names the files that reading the packages of an image needs: the image itself first, then those beside it, in the
// order in which they were opened. It reads the tables of the image and the manifests in it.
func (l *Library) Parts(ctx context.Context, imagePath string) ([]Part, error) {
	seen := &recorder{opener: l.opener}
	other := *l
	other.opener = seen
	if _, err := other.Read(ctx, imagePath); err != nil {
		return nil, err
	}
	return seen.parts, nil
}

// recorder takes down what is opened.
type recorder struct {
	opener Opener

	mu    sync.Mutex
	parts []Part
}

// Open implements Opener.
func (r *recorder) Open(ctx context.Context, path string) (*share.File, error) {
	f, err := r.opener.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.ContainsFunc(r.parts, func(p Part) bool { return p.Path == path }) {
		r.parts = append(r.parts, Part{Path: path, Size: f.Size, Stamp: f.Stamp})
	}
	return f, nil
}
