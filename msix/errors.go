package msix

import (
	"errors"
	"fmt"
)

// Sentinels for errors.Is. Every error of this package that is about the
// content of a package wraps one of them.
var (
	// ErrCorrupt: the input contradicts its own format.
	ErrCorrupt = errors.New("corrupt")
	// ErrUnsupported: the input is legal, or may be, but this package cannot handle it.
	ErrUnsupported = errors.New("unsupported")
	// ErrBlockHash: content differs from what the block map promises.
	ErrBlockHash = errors.New("content differs from the block map")
	// ErrUnsigned: the package has no AppxSignature.p7x.
	ErrUnsigned = errors.New("the package is not signed")
)

// Error says in which part of which format something is wrong.
type Error struct {
	Format    string // "manifest", "block map", "signature", "zip", ...
	Structure string // the field, record or file name
	Offset    int64  // byte offset in the file or structure; -1 when unknown
	Err       error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("msix: %s: %s: %v", e.Format, e.Structure, e.Err)
	}
	return fmt.Sprintf("msix: %s: %s at byte %d: %v", e.Format, e.Structure, e.Offset, e.Err)
}

// Unwrap gives the cause, so that errors.Is finds the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// corrupt builds an Error around ErrCorrupt with a reason in words.
func corrupt(format, structure string, offset int64, reason string, args ...any) error {
	why := fmt.Errorf("%w: "+reason, append([]any{ErrCorrupt}, args...)...)
	return &Error{Format: format, Structure: structure, Offset: offset, Err: why}
}

// unsupported builds an Error around ErrUnsupported with a reason in words.
func unsupported(format, structure string, offset int64, reason string, args ...any) error {
	why := fmt.Errorf("%w: "+reason, append([]any{ErrUnsupported}, args...)...)
	return &Error{Format: format, Structure: structure, Offset: offset, Err: why}
}
