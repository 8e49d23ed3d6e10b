package disk

import (
	"errors"
	"fmt"

	"berth/disk/fat"
	"berth/disk/ntfs"
	"berth/disk/part"
	"berth/disk/vhd"
	"berth/disk/vhdx"
)

var (
	// ErrCorrupt says that an image or a volume contradicts its format, or
	// ends too early. Classify returns it.
	ErrCorrupt = errors.New("corrupt")

	// ErrUnknownFormat says that a file is no disk image that Berth knows.
	ErrUnknownFormat = errors.New("unknown format")

	// ErrUnsupported says that a volume is recognised but cannot be read here.
	ErrUnsupported = errors.New("unsupported")
)

// Error tells where in an image something is wrong, as the errors of the
// packages of the formats do, which have the same shape. Err wraps
// ErrUnknownFormat or ErrUnsupported.
type Error struct {
	Format    string // the image's or the file system's, e.g. "raw" or "ReFS"
	Structure string // what was looked at, e.g. "boot sector"
	Offset    int64  // where it starts: in the file, or on the disk in it
	Err       error  // what is wrong with it
}

// Error names the format, the structure, its offset and what is wrong.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Classify returns which of ErrUnknownFormat, ErrUnsupported and ErrCorrupt an
// error of this package, of a volume's files or of any package of the formats
// is, or nil when it is none: then reading the file itself failed.
func Classify(err error) error {
	kinds := []struct{ is, kind error }{
		{ErrUnknownFormat, ErrUnknownFormat},
		{ErrUnsupported, ErrUnsupported},
		{vhd.ErrUnsupported, ErrUnsupported},
		{vhdx.ErrUnsupported, ErrUnsupported},
		{part.ErrUnsupported, ErrUnsupported},
		{ntfs.ErrUnsupported, ErrUnsupported},
		{fat.ErrUnsupported, ErrUnsupported},
		{ErrCorrupt, ErrCorrupt},
		{vhd.ErrCorrupt, ErrCorrupt},
		{vhdx.ErrCorrupt, ErrCorrupt},
		{part.ErrCorrupt, ErrCorrupt},
		{ntfs.ErrCorrupt, ErrCorrupt},
		{fat.ErrCorrupt, ErrCorrupt},
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.kind
		}
	}
	return nil
}

// Locate returns format, structure and offset of an error of this package or of
// any package of the formats, and false when err holds none.
func Locate(err error) (Error, bool) {
	if e := (*Error)(nil); errors.As(err, &e) {
		return *e, true
	}
	if e := (*vhd.Error)(nil); errors.As(err, &e) {
		return Error(*e), true
	}
	if e := (*vhdx.Error)(nil); errors.As(err, &e) {
		return Error(*e), true
	}
	if e := (*part.Error)(nil); errors.As(err, &e) {
		return Error(*e), true
	}
	if e := (*ntfs.Error)(nil); errors.As(err, &e) {
		return Error(*e), true
	}
	if e := (*fat.Error)(nil); errors.As(err, &e) {
		return Error(*e), true
	}
	return Error{}, false
}
