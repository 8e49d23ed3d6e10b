package imaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"berth"
	"berth/msix"
)

// UnpackOptions say where to unpack a package to, and how strictly.
type UnpackOptions struct {
	Verify VerifyOptions
	Folder string // that will hold the files; it must be empty or not there
}

// Unpacked is what unpacking did.
type Unpacked struct {
	Folder string `json:"folder"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Verification
}

// Unpack expands a package into a folder, as Windows does: without [Content_Types].xml. Of a bundle each package goes to a
// folder of its own, named by its full name. Everything is verified as it is written: what is not as it was signed is an
// error, and then nothing is left behind. Whether the signer is trusted is in the result.
func (l *Library) Unpack(ctx context.Context, packagePath string, o UnpackOptions) (*Unpacked, error) {
	f, err := l.opener.Open(ctx, packagePath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	defer context.AfterFunc(ctx, func() { _ = f.Close() })()
	src := &source{r: f, progress: o.Verify.Progress}
	if src.progress != nil {
		src.progress.Expect(f.Size)
	}
	p, err := msix.OpenPackage(src, f.Size)
	if err != nil {
		return nil, explainPackage(packagePath, err)
	}
	out, err := newFolder(o.Folder)
	if err != nil {
		return nil, err
	}
	u := &unpacker{l: l, path: packagePath, o: o, src: src, out: Unpacked{Folder: o.Folder, Verification: Verification{OK: true, Trusted: true}}}
	err = u.unpack(ctx, p, out.root)
	if err = errors.Join(err, out.root.Close()); err != nil {
		return nil, errors.Join(err, out.clear())
	}
	return &u.out, nil
}

// unpacker unpacks one file, a package or a bundle.
type unpacker struct {
	l    *Library
	path string
	o    UnpackOptions
	src  *source
	out  Unpacked
}

func (u *unpacker) unpack(ctx context.Context, p *msix.Package, root *os.Root) error {
	if !p.IsBundle() {
		return u.one(ctx, p, root, "")
	}
	bundle, err := p.Bundle()
	if err == nil {
		err = u.verify(ctx, p, nil, "")
	}
	if err != nil {
		return u.explain(ctx, "", err)
	}
	for _, b := range bundle.Packages {
		if err := u.bundled(ctx, p, b, root); err != nil {
			return err
		}
	}
	return nil
}

// bundled unpacks a package that lies in a bundle.
func (u *unpacker) bundled(ctx context.Context, p *msix.Package, b msix.BundledPackage, root *os.Root) error {
	inner, done, err := u.l.bundled(ctx, container{u.path, p, u.src}, b)
	if err != nil {
		return u.explain(ctx, b.FileName, err)
	}
	defer done()
	m, err := inner.Manifest()
	if err != nil {
		return u.explain(ctx, b.FileName, err)
	}
	name := m.FullName()
	err = checkName(name)
	if err == nil {
		err = root.Mkdir(name, 0o755)
	}
	if err != nil {
		return writeError(name, err)
	}
	dir, err := root.OpenRoot(name)
	if err != nil {
		return writeError(name, err)
	}
	return errors.Join(u.one(ctx, inner, dir, name), dir.Close())
}

// one unpacks one package into a folder; dir is its name, or empty.
func (u *unpacker) one(ctx context.Context, p *msix.Package, root *os.Root, dir string) error {
	s := &unpackSink{root: root}
	defer s.close()
	if err := u.verify(ctx, p, s, dir); err != nil {
		return u.explain(ctx, dir, err)
	}
	for _, name := range []string{msix.BlockMapName, msix.SignatureName, msix.CodeIntegrityName} {
		if err := u.footprint(p, s, name); err != nil {
			return u.explain(ctx, path.Join(dir, name), err)
		}
	}
	u.out.Files += int(s.files.Load())
	u.out.Bytes += s.bytes.Load()
	return nil
}

// verify reads and checks a package whole, and gives its files to the sink.
func (u *unpacker) verify(ctx context.Context, p *msix.Package, s *unpackSink, dir string) error {
	mo := u.o.Verify.msix()
	if s != nil {
		mo.Sink = s
	}
	r, err := msix.VerifyPackage(ctx, p, mo)
	if err != nil {
		return err
	}
	var v Verification
	v.add(dir, r)
	u.out.add(dir, r)
	if v.OK && u.o.Verify.RequireTrust && !v.Trusted && r.Signature != nil {
		return &berth.Error{Kind: berth.Invalid, Field: "package", Code: codeUntrusted,
			Message: fmt.Sprintf("%s is as it was signed, but its signer is not trusted: %s", place(u.path, dir), v.Packages[0].check(msix.CheckChain).Detail),
			Remedy:  "name the signer's authority with --root, or accept any signer with --allow-untrusted"}
	}
	if v.OK {
		return nil
	}
	err = reportError(u.path, dir, r)
	if e, ok := errors.AsType[*berth.Error](err); ok {
		e.Remedy = "get the package again from where it was made; nothing was unpacked"
		if r.Result(msix.CheckSignature) == msix.Absent && len(r.Bad) == 0 && r.Result(msix.CheckBlockMap) == msix.Pass {
			e.Remedy = "accept a package that is not signed with --allow-unsigned"
		}
	}
	return err
}

// footprint writes one of the files that the block map does not list, and that the digests have vouched for.
func (u *unpacker) footprint(p *msix.Package, s *unpackSink, name string) error {
	info, err := fs.Stat(p.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	content, err := fs.ReadFile(p.FS(), name)
	if err != nil {
		return err
	}
	f, err := s.Begin(name, info.Size(), info.ModTime())
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	return errors.Join(err, f.Close())
}

// explain words what went wrong: first that the context ended or the file cannot be read.
func (u *unpacker) explain(ctx context.Context, part string, err error) error {
	where := place(u.path, part)
	if ctx.Err() != nil {
		return explain(where, ctx.Err())
	}
	if failed := u.src.failure(); failed != nil {
		err = failed
	}
	return explainPackage(where, err)
}

// unpackSink writes the files of a package below a folder, and never outside.
type unpackSink struct {
	root  *os.Root
	files atomic.Int64
	bytes atomic.Int64

	dir  string // the folder that was written to last, kept open
	last *outDir
}

// Begin implements msix.Sink.
func (s *unpackSink) Begin(name string, size int64, modified time.Time) (msix.SinkFile, error) {
	for part := range strings.SplitSeq(name, "/") {
		if err := checkName(part); err != nil {
			return nil, &berth.Error{Kind: berth.Invalid, Message: err.Error(), Field: "out", Err: err, Remedy: "unpack it on another system"}
		}
	}
	dir, err := s.folder(path.Dir(name))
	if err != nil {
		return nil, writeError(filepath.FromSlash(name), err)
	}
	dir.hold()
	f := &unpackFile{sink: s, name: filepath.FromSlash(name), dir: dir, size: size, modified: modified}
	f.file = sync.OnceValues(f.create)
	return f, nil
}

// folder opens a folder, made where it is not there. The files of a package come folder by folder.
func (s *unpackSink) folder(name string) (*outDir, error) {
	if s.last != nil && s.dir == name {
		return s.last, nil
	}
	if err := s.root.MkdirAll(name, 0o755); err != nil {
		return nil, err
	}
	root, err := s.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	s.close()
	s.dir, s.last = name, &outDir{Root: root}
	s.last.hold()
	return s.last, nil
}

func (s *unpackSink) close() {
	if s.last != nil {
		s.last.release()
		s.last = nil
	}
}

// unpackFile is a file that is being unpacked. It is made by whoever writes first: to make a file takes a file system longer
// than to write a small one, and so it is done by several goroutines at once, as writing is.
type unpackFile struct {
	sink     *unpackSink
	name     string // in the package, as this system writes it
	dir      *outDir
	file     func() (*os.File, error)
	size     int64
	modified time.Time
}

func (f *unpackFile) base() string { return filepath.Base(f.name) }

func (f *unpackFile) create() (*os.File, error) {
	file, err := f.dir.OpenFile(f.base(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, writeError(f.name, err)
	}
	return file, nil
}

// WriteAt implements msix.SinkFile.
func (f *unpackFile) WriteAt(p []byte, off int64) (int, error) {
	file, err := f.file()
	if err != nil {
		return 0, err
	}
	n, err := file.WriteAt(p, off)
	if err != nil {
		err = writeError(f.name, err)
	}
	return n, err
}

// Close implements msix.SinkFile.
func (f *unpackFile) Close() error {
	defer f.dir.release()
	file, err := f.file()
	if err != nil {
		return err
	}
	if err = file.Close(); err == nil {
		err = keepTime(f.dir.Root, f.base(), f.modified)
	}
	if err != nil {
		return writeError(f.name, err)
	}
	f.sink.files.Add(1)
	f.sink.bytes.Add(f.size)
	return nil
}
