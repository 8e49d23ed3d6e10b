package part

import (
	"fmt"
	"io"

	"berth/disk/block"
)

// Kinds of errors, for [errors.Is].
var (
	// ErrCorrupt says that the table contradicts the format or itself.
	ErrCorrupt = block.ErrCorrupt

	// ErrTruncated is the ErrCorrupt of a disk that ends before its partitions
	// do: an image cut short.
	ErrTruncated = fmt.Errorf("%w: the disk is truncated", ErrCorrupt)

	// ErrUnsupported says that the table is sound but not of a kind read here.
	ErrUnsupported = block.ErrUnsupported
)

// Error tells where in a partition table something is wrong. Its format is
// "gpt" or "mbr".
type Error = block.Error

// fail makes an Error of kind, one of the sentinels, with an explanation.
func fail(kind error, format, structure string, offset int64, text string, args ...any) error {
	return block.Fail(kind, Error{Format: format, Structure: structure, Offset: offset}, text, args...)
}

// readFull fills p from offset off. Running into the end is a truncation, any
// other failure is passed on as it came.
func readFull(r io.ReaderAt, p []byte, off int64, format, structure string) error {
	return block.ReadFull(r, p, off, Error{Format: format, Structure: structure, Offset: off})
}
