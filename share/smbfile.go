package share

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"
)

// smbFile reads a file over SMB. When the connection is lost the next read makes a new one, provided that the file is
// still the same: an attached package survives a restart of its file server.
type smbFile struct {
	opener *Opener
	unc    uncPath
	info   fs.FileInfo // when it was opened first
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	link     *link // nil: lost
	closed   bool
	failure  error // of the last attempt to connect again
	failedAt time.Time
}

// reconnectPause is how long a failed attempt to connect again answers for further reads: many may be waiting, and each
// attempt can take as long as the patience.
const reconnectPause = time.Second

// openSMB connects, signs in and opens the file.
func (o *Opener) openSMB(ctx context.Context, u uncPath) (*File, error) {
	l, err := o.connect(ctx, u)
	if err != nil {
		return nil, explain(u.String(), "opened", err)
	}
	f := &smbFile{opener: o, unc: u, info: l.info, link: l}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	file := remote(f, u.String(), l.info.Size(), f.Close)
	file.Stamp = stampOf(l.info)
	return file, nil
}

// ReadAt implements io.ReaderAt. A read that finds the connection lost is tried once more over a new one.
func (f *smbFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	left := f.info.Size() - off
	if left <= 0 {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), left)]
	n, err := f.read(want, off)
	if err != nil && gone(err) {
		n, err = f.read(want, off)
	}
	if err == nil && len(want) < len(p) {
		err = io.EOF
	}
	return n, err
}

// read reads exactly len(p) bytes over one connection.
func (f *smbFile) read(p []byte, off int64) (int, error) {
	l, err := f.acquire()
	if err != nil {
		return 0, err
	}
	done := 0
	for done < len(p) && err == nil {
		var n int
		n, err = l.file.ReadAt(p[done:], off+int64(done))
		done += n
		if n == 0 && (err == nil || errors.Is(err, io.EOF)) { // the file ends before the size it was opened with
			err = errReplaced
		}
	}
	f.release(l, err)
	return done, err
}

// acquire gives the connection to one read, making a new one if it was lost.
func (f *smbFile) acquire() (*link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fs.ErrClosed
	}
	if f.link == nil {
		if err := f.reconnect(); err != nil {
			return nil, err
		}
	}
	f.link.users++
	f.link.conn.ask()
	return f.link, nil
}

func (f *smbFile) reconnect() error {
	if time.Since(f.failedAt) < reconnectPause {
		return f.failure
	}
	l, err := f.opener.connect(f.ctx, f.unc)
	if err == nil && (l.info.Size() != f.info.Size() || !l.info.ModTime().Equal(f.info.ModTime())) {
		_ = l.goodbye()
		err = errReplaced
	}
	if err != nil {
		f.failure, f.failedAt = err, time.Now()
		return err
	}
	f.opener.log.Info("connected to the file server again", "image", f.unc.String())
	f.link, f.failure = l, nil
	return nil
}

// release gives the connection back, and gives it up when the read showed that it is lost.
func (f *smbFile) release(l *link, err error) {
	l.conn.answered()
	f.mu.Lock()
	defer f.mu.Unlock()
	l.users--
	if err == nil || !gone(err) {
		return
	}
	_ = l.conn.Close()
	if f.link == l {
		f.link = nil
		if !f.closed {
			f.opener.log.Warn("connection to the file server lost", "image", f.unc.String(), "error", err)
		}
	}
}

// Close ends reads that are under way and lets go of the connection.
func (f *smbFile) Close() error {
	f.cancel() // an attempt to connect holds the lock
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	l := f.link
	if l == nil {
		return nil
	}
	f.link = nil
	if l.users > 0 {
		return l.conn.Close() // the library may not sign off while it waits for answers
	}
	_ = l.goodbye() // the server forgets us anyway
	return nil
}
