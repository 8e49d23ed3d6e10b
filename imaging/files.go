package imaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"berth"
	"berth/disk"
	"berth/disk/ntfs"
)

// Files are the files of one volume of an image, as they lie there: nothing is verified. For files that are held against
// their signature see Attach.
type Files struct {
	fs.FS
	Volume  int // index of the volume
	Volumes int // how many the image has

	img *opened
}

// Close lets go of the image. Reads that are under way end with an error.
func (f *Files) Close() error { return f.img.file.Close() }

// Broken tells, once something in the image could not be read, whether that is because the image itself cannot be read, or
// the context has ended: then there is no use in going on.
func (f *Files) Broken(ctx context.Context, part string) error {
	if ctx.Err() != nil {
		return f.explain(ctx, part, ctx.Err())
	}
	if err := f.img.source.failure(); err != nil {
		return explain(place(f.img.path, part), err)
	}
	return nil
}

func (f *Files) explain(ctx context.Context, part string, err error) error {
	return f.img.explain(ctx, part, err)
}

// Explain words that a path in the volume could not be opened or read.
func (f *Files) Explain(ctx context.Context, name string, err error) error {
	if broken := f.Broken(ctx, name); broken != nil {
		return broken
	}
	if errors.As(err, new(*berth.Error)) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return berth.Errorf(berth.NotFound, "image %s holds no %q in volume %d", f.img.path, name, f.Volume).On("path").
			With("see `berth image ls -R` for what is in it")
	}
	return f.explain(ctx, name, cause(err))
}

// Stream is a stream beside the content of a file or folder: on NTFS, NAME:STREAM.
type Stream struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// StreamsOf lists the streams beside the content of a file, where its file system has such.
func StreamsOf(info fs.FileInfo) (list []Stream) {
	if stat, ok := info.Sys().(*ntfs.Stat); ok {
		for _, s := range stat.Streams {
			list = append(list, Stream(s))
		}
	}
	return list
}

// open opens a file, or a stream of one by NAME:STREAM.
func (f *Files) open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	named, has := f.FS.(interface {
		OpenStream(name, stream string) (fs.File, error)
	})
	i := strings.LastIndexByte(name, ':')
	if has && i > 0 && errors.Is(err, fs.ErrNotExist) {
		return named.OpenStream(name[:i], strings.TrimSuffix(name[i+1:], "/"))
	}
	return file, err
}

// cause takes the path out of an error that is told with it anyway.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok && disk.Classify(e.Err) != nil {
		return e.Err
	}
	return err
}

// Copy writes one file, or a stream of one by NAME:STREAM, to w.
func (f *Files) Copy(ctx context.Context, name string, w io.Writer) error {
	file, err := f.open(name)
	if err != nil {
		return f.Explain(ctx, name, err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		return berth.Errorf(berth.Invalid, "%s: %s is a folder", f.img.path, name).On("path").With("see `berth image ls`")
	}
	if err == nil {
		buf := make([]byte, max(1, min(pieceSize, info.Size())))
		_, err = copyPieces(ctx, w, file, buf)
	}
	err = errors.Join(err, file.Close())
	if u, ok := errors.AsType[*unwritten](err); ok {
		return berth.Errorf(berth.Unavailable, "%s cannot be written out: %w", name, u.error)
	}
	if err != nil {
		return f.Explain(ctx, name, err)
	}
	return nil
}

// Open opens the files of a volume, named by its index as Inspect shows it; below 0 it is the first that can be read.
func (l *Library) Open(ctx context.Context, imagePath string, volume int) (*Files, error) {
	img, err := l.open(ctx, imagePath)
	if err != nil {
		return nil, err
	}
	f, err := img.files(imagePath, volume)
	if err != nil {
		_ = img.file.Close()
	}
	return f, err
}

func (o *opened) files(imagePath string, volume int) (*Files, error) {
	err := error(berth.Errorf(berth.NotFound, "image %s has no volume %d", imagePath, volume).On("volume").
		With("see `berth image inspect` for the volumes in it"))
	if volume < 0 {
		err = berth.Errorf(berth.Invalid, "image %s has no volume", imagePath).On("imagePath")
	}
	for _, v := range o.Volumes {
		if volume >= 0 && v.Index != volume {
			continue
		}
		fsys, verr := v.Open()
		if verr == nil {
			return &Files{FS: fsys, Volume: v.Index, Volumes: len(o.Volumes), img: o}, nil
		}
		err = explain(fmt.Sprintf("%s, volume %d (%s)", imagePath, v.Index, v.FileSystem), verr)
	}
	return nil, err
}
