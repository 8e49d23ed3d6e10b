package winhost

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"berth"
	"berth/agent"
	"berth/imaging"
)

// checkContent checks an expanded package: all of it, or manifest and code. Its error names the first file that differs.
// A volume that cannot be read, because the share behind it is away, is Unavailable and no verdict.
func checkContent(ctx context.Context, fsys fs.FS, p berth.PlannedPackage, o imaging.CheckOptions) error {
	seen := &readable{FS: fsys}
	err := imaging.CheckContent(ctx, seen, p, o)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if failed := seen.failure(); failed != nil {
		e := berth.Errorf(berth.Unavailable, "cannot read the package in %s: %w", p.ImagePath, failed).
			With("check the way to the share and the disk of the host, then try again")
		e.Code = hresult(failed)
		return agent.InPhase(berth.PhaseVerify, e)
	}
	return inPhase(ctx, err, p)
}

// inPhase says at which phase a check of content failed.
func inPhase(ctx context.Context, err error, p berth.PlannedPackage) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	phase := berth.PhaseVerify
	if e, ok := errors.AsType[*berth.Error](err); ok && e.Code == codeUnsigned {
		phase = berth.PhaseTrust
	}
	return agent.InPhase(phase, coded(err, "cannot read the package in "+p.ImagePath))
}

// Errors of Windows that say that what is on a volume is damaged, not that it cannot be reached (winerror.h).
const (
	errorFileCorrupt = syscall.Errno(1392)
	errorDiskCorrupt = syscall.Errno(1393)
	errorCRC         = syscall.Errno(23)
)

// readable is a file system that remembers the first error of the system in reading a file.
type readable struct {
	fs.FS
	mu  sync.Mutex
	err error
}

// Open implements fs.FS.
func (r *readable) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		r.note(err)
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return f, nil
	}
	return &readFile{f, r}, nil
}

type readFile struct {
	fs.File
	from *readable
}

// Read implements fs.File.
func (f *readFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.from.note(err)
	return n, err
}

func (r *readable) note(err error) {
	n, ok := errors.AsType[syscall.Errno](err)
	if !ok || errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) || n == errorFileCorrupt || n == errorDiskCorrupt || n == errorCRC {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

func (r *readable) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}
