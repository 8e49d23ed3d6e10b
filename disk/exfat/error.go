package exfat

import (
	"io"

	"berth/disk/block"
)

// ErrCorrupt marks volumes whose structures contradict themselves or the bytes that are there. Use with [errors.Is].
var ErrCorrupt = block.ErrCorrupt

// ErrUnsupported marks volumes that are sound but use something this package does not read. Use with [errors.Is].
var ErrUnsupported = block.ErrUnsupported

// Error says which structure of a volume could not be read, and where it lies. Its format is "exfat".
type Error = block.Error

// place names a structure and its byte offset in the volume, for errors.
type place struct {
	structure string
	offset    int64
}

func (p place) error() Error {
	return Error{Format: "exfat", Structure: p.structure, Offset: p.offset}
}

func (p place) corrupt(format string, args ...any) error {
	return block.Fail(ErrCorrupt, p.error(), format, args...)
}

func (p place) unsupported(format string, args ...any) error {
	return block.Fail(ErrUnsupported, p.error(), format, args...)
}

// readFull fills b from offset off, which was checked against the size of the volume before.
func readFull(r io.ReaderAt, b []byte, off int64, p place) error {
	return block.ReadFull(r, b, off, p.error())
}
