package block

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrCorrupt says that the bytes contradict the format or themselves, or end too early.
	ErrCorrupt = errors.New("corrupt")

	// ErrTruncated is the ErrCorrupt of a file that ends before its content does: a copy that was interrupted or is
	// still running.
	ErrTruncated = fmt.Errorf("%w: the file is truncated", ErrCorrupt)

	// ErrUnsupported says that the bytes are sound, but use what is not read here.
	ErrUnsupported = errors.New("unsupported")
)

// Error tells where in an image something is wrong.
type Error struct {
	Format    string // in lower case, e.g. "vhdx"; of volumes that are not read, their name
	Structure string // the structure or field, e.g. "footer checksum"
	Offset    int64  // where it starts, in bytes from the start of the file or of the volume; -1 where no single place can be named
	Err       error  // wraps one of the sentinels, or is the error of the reader below
}

// Error names the format, the structure, its offset and what is wrong, in that order.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s: %v", e.Format, e.Structure, e.Err)
	}
	return fmt.Sprintf("%s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Fail makes an Error at a place of kind, one of the sentinels, with an explanation.
func Fail(kind error, at Error, format string, args ...any) *Error {
	at.Err = fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...))
	return &at
}

// ReadFull fills p from offset off of r. Running into the end is ErrTruncated, because every range was checked against
// the size before; an Error of a format below is passed on as it came, any other gets the place.
func ReadFull(r io.ReaderAt, p []byte, off int64, at Error) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	return Short(n, len(p), err, at)
}

// Short makes the error of a read of want bytes that gave n of them and err.
func Short(n, want int, err error, at Error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return Fail(ErrTruncated, at, "expected %d bytes, got %d", want, n)
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	at.Err = err
	return &at
}
