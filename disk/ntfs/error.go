package ntfs

import (
	"errors"
	"fmt"
	"io"
)

// ErrCorrupt marks volumes whose structures contradict themselves or the bytes that are there. Use with [errors.Is].
var ErrCorrupt = errors.New("corrupt")

// ErrUnsupported marks volumes and files that are sound but use something this package does not read. Use with
// [errors.Is].
var ErrUnsupported = errors.New("unsupported")

// Error says which structure of a volume could not be read, and where it lies.
type Error struct {
	Format    string // always "ntfs"
	Structure string // the structure or field, for instance "MFT record 5"
	Offset    int64  // in bytes from the start of the volume; -1 where no single place can be named
	Err       error  // wraps ErrCorrupt, ErrUnsupported, or the error of the reader below
}

// Error tells format, structure, byte offset and cause, in that order.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s: %v", e.Format, e.Structure, e.Err)
	}
	return fmt.Sprintf("%s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// place names a structure and its byte offset in the volume, for errors.
type place struct {
	structure string
	offset    int64
}

func (p place) corrupt(format string, args ...any) error {
	return p.wrap(fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...))
}

func (p place) unsupported(format string, args ...any) error {
	return p.wrap(fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...))
}

func (p place) wrap(err error) error {
	return &Error{Format: "ntfs", Structure: p.structure, Offset: p.offset, Err: err}
}

// readFull fills b from offset off. An end of file inside b is damage here, because every range was checked against
// the size of the volume before.
func readFull(r io.ReaderAt, b []byte, off int64, p place) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return p.corrupt("the image ends %d bytes early; it is truncated", len(b)-n)
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return p.wrap(err)
}
