package imaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"runtime"
	"sync"
)

// Sum is the SHA-256 of one file of a volume.
type Sum struct {
	Path   string `json:"path"` // in the volume, with slashes
	Size   int64  `json:"size"` // bytes that were read
	SHA256 string `json:"sha256,omitempty"`
	Error  string `json:"error,omitempty"` // why there is none
}

// pieceSize is how much of a file is read at once: large, since each read is a question to the file system below, and over
// a share to a server.
const pieceSize = 1024 << 10

// sumJob is a file on its way through the workers; sum is there once done is closed.
type sumJob struct {
	sum  Sum
	done chan struct{}
}

// sumsAhead bounds the files that are hashed before each was called for one that takes long.
const sumsAhead = 256

// Hash gives the SHA-256 of every file below a folder, or of one file, to each, in the order of their paths. Several files
// are read at once. A file or folder that cannot be read has its error in its Sum and does not end the others. The error of
// Hash is for an image that can be read no more, a context that ended, and what each returns.
func (f *Files) Hash(ctx context.Context, at string, each func(Sum) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	jobs, order := make(chan *sumJob), make(chan *sumJob, sumsAhead)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			buf := make([]byte, pieceSize)
			for j := range jobs {
				f.hash(ctx, &j.sum, buf)
				close(j.done)
			}
		})
	}
	var walked error
	workers.Go(func() {
		defer close(order)
		defer close(jobs)
		walked = f.queue(ctx, at, jobs, order)
	})
	err := f.inOrder(ctx, order, each)
	if err != nil {
		stop()
		for range order { // lets the walk end
		}
	}
	workers.Wait()
	if err == nil {
		err = walked
	}
	return err
}

// inOrder gives the sums to each, until the image can be read no more.
func (f *Files) inOrder(ctx context.Context, order <-chan *sumJob, each func(Sum) error) error {
	for j := range order {
		<-j.done
		if j.sum.Error != "" {
			if err := f.Broken(ctx, j.sum.Path); err != nil {
				return err
			}
		}
		if err := each(j.sum); err != nil {
			return err
		}
	}
	return nil
}

// queue walks the tree and hands each file to the workers.
func (f *Files) queue(ctx context.Context, at string, jobs, order chan<- *sumJob) error {
	return fs.WalkDir(f.FS, at, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return f.explain(ctx, name, ctx.Err())
		}
		if err != nil && name == at {
			return err
		}
		j := &sumJob{sum: Sum{Path: name}, done: make(chan struct{})}
		if err != nil { // a folder that cannot be listed
			j.sum.Error = words(err)
			close(j.done)
			order <- j
			return fs.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		order <- j
		jobs <- j
		return nil
	})
}

func (f *Files) hash(ctx context.Context, out *Sum, buf []byte) {
	h := sha256.New()
	file, err := f.FS.Open(out.Path)
	if err == nil {
		out.Size, err = copyPieces(ctx, h, file, buf)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		out.Error = words(cause(err))
		return
	}
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
}
