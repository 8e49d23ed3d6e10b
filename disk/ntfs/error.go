package ntfs

import (
	"fmt"
	"io"

	"berth/disk/block"
)

// ErrCorrupt marks volumes whose structures contradict themselves or the bytes that are there. Use with [errors.Is].
var ErrCorrupt = block.ErrCorrupt

// ErrUnsupported marks volumes and files that are sound but use something this package does not read. Use with
// [errors.Is].
var ErrUnsupported = block.ErrUnsupported

// Error says which structure of a volume could not be read, and where it lies. Its format is "ntfs".
type Error = block.Error

// place names a structure and its byte offset in the volume, for errors. It is put into words only when there is one: a
// place is made for every structure that is read.
type place struct {
	structure string // may be empty: the record itself
	record    int64  // number of the MFT record that the structure lies in; 0 for none, and for $MFT, which names itself
	index     int64  // number of the structure's index block, and 1
	offset    int64
}

func (p place) name() string {
	switch {
	case p.index != 0:
		root := p
		root.index = 0
		return fmt.Sprintf("index block %d of %s", p.index-1, root.name())
	case p.record == 0:
		return p.structure
	case p.structure == "":
		return fmt.Sprintf("MFT record %d", p.record)
	}
	return fmt.Sprintf("%s of MFT record %d", p.structure, p.record)
}

func (p place) error() Error {
	return Error{Format: "ntfs", Structure: p.name(), Offset: p.offset}
}

// at is another place in the same structure.
func (p place) at(offset int64) place {
	p.offset = offset
	return p
}

// part is a structure inside this one, so many bytes behind its start.
func (p place) part(structure string, within int64) place {
	if p.record == 0 {
		structure += " of " + p.structure
	}
	return place{structure: structure, record: p.record, offset: p.offset + within}
}

func (p place) corrupt(format string, args ...any) error {
	return block.Fail(ErrCorrupt, p.error(), format, args...)
}

func (p place) unsupported(format string, args ...any) error {
	return block.Fail(ErrUnsupported, p.error(), format, args...)
}

// readFull fills b from offset off. An end of file inside b is damage here, because every range was checked against
// the size of the volume before.
func readFull(r io.ReaderAt, b []byte, off int64, p place) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return block.Short(n, len(b), err, p.error())
	}
	return nil
}
