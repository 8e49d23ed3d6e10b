package part

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrCorrupt says that the table contradicts the format or itself.
	ErrCorrupt = errors.New("corrupt")

	// ErrTruncated is the ErrCorrupt of a disk that ends before its partitions
	// do: an image cut short.
	ErrTruncated = fmt.Errorf("%w: the disk is truncated", ErrCorrupt)

	// ErrUnsupported says that the table is sound but not of a kind read here.
	ErrUnsupported = errors.New("unsupported")
)

// Error tells where in a partition table something is wrong. Err wraps
// ErrCorrupt, ErrTruncated or ErrUnsupported, or is the error of the reader.
type Error struct {
	Format    string // "gpt" or "mbr"
	Structure string // the structure or field, e.g. "header CRC"
	Offset    int64  // where it starts, in bytes from the start of the disk
	Err       error  // what is wrong with it
}

// Error names the format, the structure, its offset and what is wrong.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an Error of kind, one of the sentinels, with an explanation.
func fail(kind error, format, structure string, offset int64, text string, args ...any) error {
	why := fmt.Errorf("%w: %s", kind, fmt.Sprintf(text, args...))
	return &Error{Format: format, Structure: structure, Offset: offset, Err: why}
}

// readFull fills p from offset off. Running into the end is a truncation, any
// other failure is passed on as it came.
func readFull(r io.ReaderAt, p []byte, off int64, format, structure string) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fail(ErrTruncated, format, structure, off, "expected %d bytes, got %d", len(p), n)
	default:
		return &Error{Format: format, Structure: structure, Offset: off, Err: err}
	}
}
