package vhdx

import (
	"io"

	"berth/disk/block"
)

// Kinds of errors, for [errors.Is].
var (
	// ErrCorrupt says that the file contradicts the format or itself.
	ErrCorrupt = block.ErrCorrupt

	// ErrTruncated is the ErrCorrupt of a file that ends before its content
	// does: a copy that was interrupted or is still running.
	ErrTruncated = block.ErrTruncated

	// ErrUnsupported says that the file is sound but not of a kind read here.
	ErrUnsupported = block.ErrUnsupported
)

// Error tells where in an image something is wrong. Its format is "vhdx".
type Error = block.Error

func place(structure string, offset int64) Error {
	return Error{Format: "vhdx", Structure: structure, Offset: offset}
}

// fail makes an Error of kind, one of the sentinels, with an explanation.
func fail(kind error, structure string, offset int64, format string, args ...any) error {
	return failure(kind, structure, offset, format, args...)
}

// failure is fail for callers that learn the offset later.
func failure(kind error, structure string, offset int64, format string, args ...any) *Error {
	return block.Fail(kind, place(structure, offset), format, args...)
}

// readFull fills p from offset off. Running into the end is a truncation, any
// other failure is passed on as it came.
func readFull(r io.ReaderAt, p []byte, off int64, structure string) error {
	return block.ReadFull(r, p, off, place(structure, off))
}

// all is how many bytes of p were read: all of them, or none when there was an
// error.
func all(p []byte, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
