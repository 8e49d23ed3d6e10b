package cache

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"berth"
	"berth/agent"
	"berth/share"
)

// begin makes the folder of a new copy. What says that it is one is written last.
func (c *Cache) begin(ctx context.Context, im *image) error {
	parts, err := c.parts(ctx, im)
	if err != nil {
		return err
	}
	names, err := layout(parts)
	if err != nil {
		return berth.Errorf(berth.Invalid, "cannot copy the image: %w", err).With("it is read from the share; put its files into one folder")
	}
	var id [20]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	k := &copied{dir: filepath.Join(c.options.Folder, keyOf(im.path)+"-"+hex.EncodeToString(id[16:])),
		doc: document{ID: hex.EncodeToString(id[:16]), Image: im.path, Chunk: c.options.Chunk, Begun: c.options.Now()}}
	for i, p := range parts {
		k.doc.Files = append(k.doc.Files, file{Path: p.Path, Name: names[i], Size: p.Size, Stamp: p.Stamp})
	}
	if err := k.doc.check(); err != nil {
		return berth.Errorf(berth.Invalid, "cannot copy the image: %w", err)
	}
	if err := os.MkdirAll(c.options.Folder, 0o700); err != nil {
		return berth.Errorf(berth.Internal, "cannot make the folder of copies %s: %w", c.options.Folder, err)
	}
	if err := c.room(k.doc.size()); err != nil {
		return err
	}
	if err := k.make(); err != nil {
		return c.spoiled(im, k, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	im.copies, im.replaced, im.asked, im.size = append(im.copies, k), false, c.options.Now(), k.doc.size()
	c.options.Log.Info("copying an image ahead", "image", im.path, "bytes", k.doc.size(), "folder", k.dir)
	return nil
}

// room tells whether the volume has room for so many bytes more.
func (c *Cache) room(bytes int64) error {
	free, err := c.options.Free(c.options.Folder)
	if err != nil {
		return berth.Errorf(berth.Internal, "cannot see how much space is free: %w", err)
	}
	if free-c.options.Reserve >= bytes {
		return nil
	}
	e := berth.Errorf(berth.Unavailable, "no room for a copy: it needs %d bytes, and of the %d free on the volume of %s %d stay free; the image is read from the share",
		bytes, free, c.options.Folder, c.options.Reserve).With("free space on the host, or allow copies fewer bytes")
	e.Code = "ENOSPC"
	return e
}

// make makes the folder with empty files.
func (k *copied) make() error {
	if err := os.Mkdir(k.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(k.dir)
	if err != nil {
		return err
	}
	for _, f := range k.doc.Files {
		if err == nil {
			err = root.MkdirAll(path.Join(dataFolder, path.Dir(f.Name)), 0o700)
		}
		if err == nil {
			err = root.WriteFile(path.Join(dataFolder, f.Name), nil, 0o600)
		}
	}
	err = errors.Join(err, root.Close())
	if err == nil {
		err = agent.WriteJSON(filepath.Join(k.dir, documentFile), 0o600, k.doc)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(k.dir))
	}
	return err
}

// spoiled removes a copy that cannot be gone on with. A disk that is full must not stay so because of copies.
func (c *Cache) spoiled(im *image, k *copied, why error) error {
	if full(why) {
		e := berth.Errorf(berth.Unavailable, "the disk is full: %w; the image is read from the share", why).With("free space on the host, or allow copies fewer bytes")
		e.Code = "ENOSPC"
		why = e
	}
	return errors.Join(why, c.remove(&job{image: im, remove: k, why: words(why)}))
}

// fill copies what is missing, makes sure that the share still has the files of which the copy is made, and checks the
// packages. An error of the share leaves what is there for the next try.
func (c *Cache) fill(ctx context.Context, im *image, k *copied) error {
	f, err := c.openFiller(ctx, im, k)
	if err != nil {
		if full(err) {
			return c.spoiled(im, k, err)
		}
		return err
	}
	err = f.run(ctx)
	if err = errors.Join(err, f.close()); err != nil {
		switch {
		case full(err):
			return c.spoiled(im, k, err)
		case errors.Is(err, errChanged):
			return c.spoiled(im, k, berth.Errorf(berth.Unavailable, "%s was replaced while it was copied", im.path))
		}
		return err
	}
	c.set(func() { k.suspect = false })
	return c.examine(ctx, im, k)
}

func (c *Cache) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// examine checks the packages of a complete copy, all of them, and lets it be used. A copy that is as the share has it and
// still not as the plan says is copied once more, then given up until the share or the plan changes.
func (c *Cache) examine(ctx context.Context, im *image, k *copied) error {
	c.mu.Lock()
	packages := im.packages
	old := k.good
	c.mu.Unlock()
	good := verdict{At: c.options.Now()}
	if old != nil {
		good.Packages = append(good.Packages, old.Packages...)
	}
	for _, p := range packages {
		if old != nil && k.checkedAll([]berth.PlannedPackage{p}) {
			continue
		}
		err := c.options.Images.Check(ctx, k.path(k.doc.Files[0]), p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if berth.ErrorKind(err) == berth.Unavailable && err != nil {
			return err // the host's own disk could not be read
		}
		if err != nil {
			return c.refuse(ctx, im, k, fmt.Errorf("%s: %w", p.FullName, err))
		}
		good.Packages = append(good.Packages, checkedOf(p))
	}
	if err := agent.WriteJSON(filepath.Join(k.dir, goodFile), 0o600, good); err != nil {
		if full(err) {
			return c.spoiled(im, k, err)
		}
		return berth.Errorf(berth.Internal, "cannot finish the copy of %s: %w", im.path, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.good, k.have = &good, k.doc.size()
	c.options.Log.Info("the copy of an image is complete and good", "image", im.path, "bytes", k.have, "packages", len(good.Packages))
	return nil
}

// refuse deals with a copy that is not as the plan says. Damage on the host's own disk is mended first.
func (c *Cache) refuse(ctx context.Context, im *image, k *copied, why error) error {
	damaged, err := c.compare(ctx, im, k)
	if err != nil {
		return errors.Join(why, err)
	}
	if damaged > 0 {
		c.set(func() { k.good = nil })
		return fmt.Errorf("%d chunks of the copy were damaged and are fetched again: %w", damaged, why)
	}
	again := false
	c.set(func() {
		im.tries++
		again = im.tries == 1 && !k.held()
	})
	if again { // the share may have given wrong bytes: once more, from the beginning
		return errors.Join(fmt.Errorf("the copy is not what was added; it is made once more: %w", why), c.remove(&job{image: im, remove: k, why: "it is not as the plan says"}))
	}
	c.mu.Lock()
	im.bad = &bad{Files: k.stamps(), Packages: im.wantedAs(), Error: "what the share has is not what was added: " + words(why)}
	im.replaced, c.dirty = false, true
	im.size = 0
	attached := k.held()
	c.mu.Unlock()
	c.saveIndex()
	if attached { // for packages that are good in it; they stay until they are let go of
		return errors.New(im.bad.Error)
	}
	return errors.Join(errors.New(im.bad.Error), c.remove(&job{image: im, remove: k, why: "it is not as the plan says"}))
}

// compare reads what the journal has and drops what is not as it says. It returns how many chunks were dropped.
func (c *Cache) compare(ctx context.Context, im *image, k *copied) (int, error) {
	f, err := c.openFiller(ctx, im, k)
	if err != nil {
		return 0, err
	}
	return f.damaged, f.close()
}

// mend compares a copy with its digests and fetches what is damaged. Then it is used again.
func (c *Cache) mend(ctx context.Context, im *image, k *copied) error {
	c.options.Log.Warn("looking for damage in the copy of an image", "image", im.path, "folder", k.dir)
	c.set(func() { k.good = nil })
	if err := os.Remove(filepath.Join(k.dir, goodFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return berth.Errorf(berth.Internal, "cannot mend the copy of %s: %w", im.path, err)
	}
	return c.fill(ctx, im, k)
}

// source is a file of the share that is being read.
type source struct {
	cache *Cache
	file  *share.File
}

// errChanged tells that the share has another file than the copy is made of.
var errChanged = errors.New("the file on the share is another one now")

// openSource opens a file of the share and makes sure that it is the one that the copy is made of.
func (c *Cache) openSource(ctx context.Context, f file) (*source, error) {
	var opened *share.File
	err := c.within(ctx, c.options.Patience, func(ctx context.Context) (err error) {
		opened, err = c.options.Images.Open(ctx, f.Path)
		return err
	}, func() {
		if opened != nil {
			_ = opened.Close() // nobody waits for it any more
		}
	})
	if err != nil {
		return nil, err
	}
	if opened.Size != f.Size || opened.Stamp != f.Stamp {
		return nil, errors.Join(errChanged, opened.Close())
	}
	return &source{c, opened}, nil
}

// piece is how much is asked for at a time, so that the pace is even.
const piece = 256 << 10

// read fills p from the offset. After an error the source must be closed, and p not be used again: a read that was given
// up may still write to it.
func (s *source) read(ctx context.Context, p []byte, off int64) error {
	for done := 0; done < len(p); {
		part := p[done:min(done+piece, len(p))]
		if err := s.cache.pace.Wait(ctx, len(part)); err != nil {
			return err
		}
		err := s.cache.within(ctx, s.cache.options.Patience, func(context.Context) error {
			n, err := s.file.ReadAt(part, off+int64(done))
			if n == len(part) {
				return nil
			}
			if err == nil || errors.Is(err, io.EOF) { // it ends before the size it was opened with
				return errChanged
			}
			return err
		}, nil)
		if err != nil {
			return err
		}
		done += len(part)
	}
	return nil
}

func (s *source) close() {
	go func() { _ = s.file.Close() }() // it was only read, and closing may wait for the share too
}

func sum(b []byte) digest { return sha256.Sum256(b) }

// saveEvery is after how many chunks, or how long, what was copied is made to last.
const (
	saveEvery = 32
	saveAfter = 5 * time.Second
)
