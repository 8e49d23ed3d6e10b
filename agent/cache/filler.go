package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"time"
)

// filler fills a copy: chunks that the journal has not are read from the share and written; then they are made to last,
// and only then the journal tells of them.
type filler struct {
	cache   *Cache
	image   *image
	copy    *copied
	root    *os.Root
	journal *journal
	have    map[place]digest
	files   []*os.File
	damaged int // chunks that were not as the journal says

	pending []byte // records of chunks that are written but not made to last
	bytes   int64  // in those chunks
	saved   time.Time
	touched map[int]bool // files written since
}

// openFiller opens the files of a copy and compares what the journal has with its digests.
func (c *Cache) openFiller(ctx context.Context, im *image, k *copied) (*filler, error) {
	f := &filler{cache: c, image: im, copy: k, touched: map[int]bool{}, saved: time.Now()}
	err := f.open()
	if err == nil {
		err = f.audit(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the copy of %s in %s: %w", k.doc.Image, k.dir, err), f.close())
	}
	return f, nil
}

func (f *filler) open() (err error) {
	k := f.copy
	if f.root, err = os.OpenRoot(k.dir); err != nil {
		return err
	}
	var id [16]byte
	if _, err := hex.Decode(id[:], []byte(k.doc.ID)); err != nil {
		return err
	}
	if f.journal, f.have, err = openJournal(f.root, id, k.doc.valid, 4*k.doc.all()+16); err != nil {
		return err
	}
	for _, part := range k.doc.Files {
		file, err := f.root.OpenFile(path.Join(dataFolder, part.Name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		f.files = append(f.files, file)
		if info, err := file.Stat(); err != nil {
			return err
		} else if info.Size() == part.Size {
			continue
		}
		if err := file.Truncate(part.Size); err != nil {
			return err
		}
	}
	return nil
}

// audit reads what the journal has: a disk that lost power may have lost more than was promised.
func (f *filler) audit(ctx context.Context) error {
	doc, have := f.copy.doc, int64(0)
	buf := make([]byte, doc.Chunk)
	for i := range doc.Files {
		for n := range doc.chunks(i) { // in the order in which they lie on the disk
			at := place{i, n}
			want, there := f.have[at]
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !there {
				continue
			}
			p := buf[:doc.length(at)]
			if _, err := f.files[i].ReadAt(p, n*doc.Chunk); err != nil || sum(p) != want {
				delete(f.have, at)
				f.damaged++
				continue
			}
			have += int64(len(p))
		}
	}
	if f.damaged > 0 {
		f.cache.options.Log.Warn("chunks of a copy are damaged; they are fetched again", "image", doc.Image, "chunks", f.damaged)
	}
	f.progress(have)
	return nil
}

func (f *filler) progress(have int64) {
	f.cache.set(func() { f.copy.have = have })
}

// run copies every chunk that is missing. The share is not asked for anything when nothing is.
func (f *filler) run(ctx context.Context) error {
	doc := f.copy.doc
	if int64(len(f.have)) == doc.all() {
		return f.save()
	}
	var missing int64
	for i := range doc.Files {
		for n := range doc.chunks(i) {
			if at := (place{i, n}); !f.has(at) {
				missing += int64(doc.length(at))
			}
		}
	}
	if err := f.cache.room(missing); err != nil {
		return err
	}
	for i := range doc.Files {
		if err := f.fillFile(ctx, i); err != nil {
			return errors.Join(err, f.save())
		}
	}
	if err := f.save(); err != nil {
		return err
	}
	for _, part := range doc.Files { // it may have been written to while it was read
		s, err := f.cache.openSource(ctx, part)
		if err != nil {
			return err
		}
		s.close()
	}
	return nil
}

func (f *filler) has(at place) bool {
	_, ok := f.have[at]
	return ok
}

// fillFile copies what is missing of one file.
func (f *filler) fillFile(ctx context.Context, i int) error {
	doc := f.copy.doc
	var src *source
	defer func() {
		if src != nil {
			src.close()
		}
	}()
	buf := make([]byte, doc.Chunk)
	for n := range doc.chunks(i) {
		at := place{i, n}
		if f.has(at) {
			continue
		}
		if !f.wanted() {
			return errUnwanted
		}
		if src == nil {
			var err error
			if src, err = f.cache.openSource(ctx, doc.Files[i]); err != nil {
				return err
			}
		}
		p := buf[:doc.length(at)]
		if err := src.read(ctx, p, n*doc.Chunk); err != nil {
			return err
		}
		if err := f.put(at, p); err != nil {
			return err
		}
	}
	return nil
}

// wanted tells whether the plan still names the image.
func (f *filler) wanted() bool {
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	return len(f.image.packages) > 0 && !f.copy.doomed
}

// put writes a chunk.
func (f *filler) put(at place, p []byte) error {
	if _, err := f.files[at.file].WriteAt(p, at.chunk*f.copy.doc.Chunk); err != nil {
		return err
	}
	digest := sum(p)
	f.have[at], f.touched[at.file] = digest, true
	f.pending = appendRecord(f.pending, at, digest)
	f.bytes += int64(len(p))
	if len(f.pending) >= saveEvery*journalRecord || time.Since(f.saved) > saveAfter {
		return f.save()
	}
	return nil
}

// save makes what was written last, then tells the journal.
func (f *filler) save() error {
	f.saved = time.Now()
	if len(f.pending) == 0 {
		return nil
	}
	for i := range f.touched {
		if err := f.files[i].Sync(); err != nil {
			return err
		}
	}
	if err := f.journal.add(f.pending); err != nil {
		return err
	}
	bytes := f.bytes
	f.pending, f.bytes, f.touched = nil, 0, map[int]bool{}
	f.cache.set(func() { f.copy.have += bytes })
	return nil
}

func (f *filler) close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	if f.journal != nil {
		errs = append(errs, f.journal.file.Close())
	}
	if f.root != nil {
		errs = append(errs, f.root.Close())
	}
	return errors.Join(errs...)
}
