package disk

import (
	"errors"

	"berth/disk/block"
)

// Kinds of errors, which [Classify] returns. The packages of the formats have the last two under their own names.
var (
	// ErrUnknownFormat says that a file is no disk image that Berth knows.
	ErrUnknownFormat = errors.New("unknown format")

	// ErrNoParent says that a differencing image cannot be read because an image that it stands on is not there.
	ErrNoParent = errors.New("parent missing")

	// ErrOtherParent says that a differencing image cannot be read because the image in the place of its parent is
	// another one, or was changed since.
	ErrOtherParent = errors.New("another parent")

	// ErrUnsupported says that an image or a volume is recognised but cannot be read here.
	ErrUnsupported = block.ErrUnsupported

	// ErrCorrupt says that an image or a volume contradicts its format, or ends too early.
	ErrCorrupt = block.ErrCorrupt
)

// Error tells where in an image something is wrong: format, structure and byte offset.
type Error = block.Error

// Classify returns which of the kinds an error of this package, of a volume's files or of any package of the formats is,
// or nil when it is none: then reading the file itself failed.
func Classify(err error) error {
	for _, kind := range []error{ErrUnknownFormat, ErrNoParent, ErrOtherParent, ErrUnsupported, ErrCorrupt} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}

// Locate returns format, structure and offset of an error of this package or of any package of the formats, and false
// when err holds none.
func Locate(err error) (Error, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return Error{}, false
	}
	return *e, true
}
