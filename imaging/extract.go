package imaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"berth"
)

// Extraction is what extracting did.
type Extraction struct {
	Folder string `json:"folder"` // that holds the files now
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Failed []Sum  `json:"failed"` // files and folders that could not be extracted, each with its error
}

// Extract copies what is below a folder of the volume, or one file, into a folder of this machine, which must be empty or
// not there. progress may be nil. Names come from an image that anybody may have made: nothing
// is written outside the folder, no file twice, none through a link, none under a name that this system keeps for itself.
//
// What cannot be extracted is in the result and does not end the others. After an error nothing is left behind.
func (f *Files) Extract(ctx context.Context, at, folder string, progress Progress) (*Extraction, error) {
	out, err := newFolder(folder)
	if err != nil {
		return nil, err
	}
	x := &extractor{files: f, ctx: ctx, at: at, progress: progress, result: Extraction{Folder: folder, Failed: []Sum{}}}
	if err := x.run(out.root); err != nil {
		return nil, errors.Join(err, out.clear())
	}
	return &x.result, nil
}

// folder is one that is being filled.
type outFolder struct {
	path string
	made bool // by us
	root *os.Root
}

// newFolder makes a folder, or takes an empty one.
func newFolder(name string) (*outFolder, error) {
	o := &outFolder{path: name}
	err := os.Mkdir(name, 0o755)
	o.made = err == nil
	if errors.Is(err, fs.ErrExist) {
		var there []os.DirEntry
		if there, err = os.ReadDir(name); err == nil && len(there) > 0 {
			return nil, berth.Errorf(berth.Conflict, "the folder %s is not empty", name).On("out").With("name a folder that is not there yet")
		}
	}
	if err == nil {
		o.root, err = os.OpenRoot(name)
	}
	if err != nil {
		return nil, &berth.Error{Kind: berth.Invalid, Err: err, Field: "out", Message: fmt.Sprintf("the folder %s cannot be made: %v", name, err),
			Remedy: "make the folder above it, or name one that you may write to"}
	}
	return o, nil
}

// clear removes what was written.
func (o *outFolder) clear() error {
	if o.made {
		return os.RemoveAll(o.path)
	}
	list, err := os.ReadDir(o.path)
	for _, e := range list {
		err = errors.Join(err, os.RemoveAll(o.path+string(os.PathSeparator)+e.Name()))
	}
	return err
}

// extractor copies files with several workers.
type extractor struct {
	files    *Files
	ctx      context.Context
	at       string // what is extracted
	progress Progress

	mu     sync.Mutex
	result Extraction
	err    error // the first that ends it all
}

// copyJob is one file on its way.
type copyJob struct {
	name string  // in the volume
	dir  *outDir // where it goes
	base string  // under which name
}

// outDir is a folder that is written to. It is kept open while files are on their way into it, so that each file costs one
// step from there and not one for each folder above it.
type outDir struct {
	*os.Root
	users atomic.Int32 // whoever still writes here
}

func (d *outDir) hold() { d.users.Add(1) }

// release closes the folder after the last that wrote here.
func (d *outDir) release() {
	if d.users.Add(-1) == 0 {
		_ = d.Close() // nothing was written through it itself
	}
}

func (x *extractor) run(root *os.Root) error {
	jobs := make(chan copyJob)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			buf := make([]byte, pieceSize)
			for j := range jobs {
				if x.ended() == nil {
					x.copy(j, buf)
				}
				j.dir.release()
			}
		})
	}
	x.start(root, jobs)
	close(jobs)
	workers.Wait()
	return x.ended()
}

// start extracts a file, or a folder with all that is below it.
func (x *extractor) start(root *os.Root, jobs chan<- copyJob) {
	dir := &outDir{Root: root}
	dir.hold()
	defer dir.release()
	info, err := fs.Stat(x.files.FS, x.at)
	switch {
	case err != nil:
		x.end(x.files.Explain(x.ctx, x.at, err))
	case info.IsDir():
		x.folder(x.at, dir, jobs)
	default:
		x.queue(copyJob{x.at, dir, path.Base(x.at)}, jobs)
	}
}

// folder extracts what is in a folder.
func (x *extractor) folder(name string, dir *outDir, jobs chan<- copyJob) {
	list, err := fs.ReadDir(x.files.FS, name)
	if err != nil {
		x.fail(name, err)
	}
	for _, e := range list {
		full := path.Join(name, e.Name())
		if x.ended() != nil {
			return
		}
		if err := checkName(e.Name()); err != nil {
			x.fail(full, err)
			continue
		}
		if e.IsDir() {
			x.below(full, dir, jobs)
		} else {
			x.queue(copyJob{full, dir, e.Name()}, jobs)
		}
	}
}

// below makes the folder and extracts what is in it.
func (x *extractor) below(name string, parent *outDir, jobs chan<- copyJob) {
	base := path.Base(name)
	if err := parent.Mkdir(base, 0o755); err != nil {
		x.fail(name, err)
		return
	}
	root, err := parent.OpenRoot(base)
	if err != nil {
		x.fail(name, err)
		return
	}
	dir := &outDir{Root: root}
	dir.hold()
	defer dir.release()
	x.folder(name, dir, jobs)
}

func (x *extractor) queue(j copyJob, jobs chan<- copyJob) {
	j.dir.hold()
	jobs <- j
}

// copy copies one file and keeps its time.
func (x *extractor) copy(j copyJob, buf []byte) {
	size, err := x.write(j, buf)
	if err == nil {
		x.done(size)
		return
	}
	x.fail(j.name, err)
}

func (x *extractor) write(j copyJob, buf []byte) (size int64, err error) {
	src, err := x.files.FS.Open(j.name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	info, err := src.Stat()
	if err != nil {
		return 0, err
	}
	dst, err := j.dir.OpenFile(j.base, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	size, err = copyPieces(x.ctx, dst, src, buf)
	if err == nil && size != info.Size() {
		err = fmt.Errorf("it gave %d bytes and has %d", size, info.Size())
	}
	if err = errors.Join(err, dst.Close()); err == nil {
		err = keepTime(j.dir.Root, j.base, info.ModTime())
	}
	if err != nil {
		err = errors.Join(err, j.dir.Remove(j.base)) // half a file is none
	}
	return size, err
}

// unwritten is an error of writing, not of reading.
type unwritten struct{ error }

// copyPieces copies a file by way of buf.
func copyPieces(ctx context.Context, dst io.Writer, src io.Reader, buf []byte) (size int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return size, err
		}
		n, err := src.Read(buf)
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return size, &unwritten{werr}
			}
			size += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

func keepTime(dir *os.Root, name string, t time.Time) error {
	if t.Unix() <= 0 {
		return nil
	}
	return dir.Chtimes(name, t, t)
}

func (x *extractor) done(bytes int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.result.Files++
	x.result.Bytes += bytes
	if x.progress != nil {
		x.progress.Add(bytes)
	}
}

// fail notes what could not be extracted. When the image can be read no more, or nothing more be written, that ends it all.
func (x *extractor) fail(name string, err error) {
	ends := x.files.Broken(x.ctx, name)
	if w, ok := errors.AsType[*unwritten](err); ok && ends == nil {
		ends = writeError(x.result.Folder, w.error)
	}
	if ends != nil {
		x.end(ends)
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.result.Failed = append(x.result.Failed, Sum{Path: name, Error: words(cause(err))})
}

func (x *extractor) end(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		x.err = err
	}
}

func (x *extractor) ended() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil && x.ctx.Err() != nil {
		x.err = x.files.explain(x.ctx, "", x.ctx.Err())
	}
	return x.err
}

// checkName refuses names that would not be one file in the folder. Names that Windows keeps for itself, and what it cannot
// have in names, are refused where they would do harm: there.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("the name %q cannot be made", name)
	}
	if runtime.GOOS == "windows" && !windowsName(name) {
		return fmt.Errorf("the name %q cannot be made on Windows", name)
	}
	return nil
}

// windowsName tells whether a file of this name can be made on Windows, and is a file then
// ("Naming Files, Paths, and Namespaces").
func windowsName(name string) bool {
	if strings.ContainsAny(name, `<>:"/\|?*`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return false
	}
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	digits, isPort := strings.CutPrefix(stem, "COM")
	if !isPort {
		digits, isPort = strings.CutPrefix(stem, "LPT")
	}
	return !isPort || !strings.Contains("0123456789¹²³", digits) || digits == ""
}
