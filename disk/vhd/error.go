package vhd

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrCorrupt says that the file contradicts the format or itself.
	ErrCorrupt = errors.New("corrupt")

	// ErrTruncated is the ErrCorrupt of a file that ends before its content
	// does: a copy that was interrupted or is still running.
	ErrTruncated = fmt.Errorf("%w: the file is truncated", ErrCorrupt)

	// ErrNoFooter is the ErrCorrupt of a file without a footer: not a VHD, or
	// a fixed one cut short.
	ErrNoFooter = fmt.Errorf("%w: no footer", ErrCorrupt)

	// ErrUnsupported says that the file is sound but not of a kind read here.
	ErrUnsupported = errors.New("unsupported")
)

// Error tells where in an image something is wrong. Err wraps one of
// the sentinels above, or is the error of the underlying reader.
type Error struct {
	Format    string // always "vhd"
	Structure string // the structure or field, e.g. "footer checksum"
	Offset    int64  // where it starts, in bytes from the start of the file
	Err       error  // what is wrong with it
}

// Error names the format, the structure, its offset and what is wrong.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an Error of kind, one of the sentinels, with an explanation.
func fail(kind error, structure string, offset int64, format string, args ...any) error {
	why := fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...))
	return &Error{Format: "vhd", Structure: structure, Offset: offset, Err: why}
}

// readFull fills p from offset off. Running into the end is a truncation, any
// other failure is passed on as it came.
func readFull(r io.ReaderAt, p []byte, off int64, structure string) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fail(ErrTruncated, structure, off, "expected %d bytes, got %d", len(p), n)
	default:
		return &Error{Format: "vhd", Structure: structure, Offset: off, Err: err}
	}
}
