// Package pri reads package resource indexes, the resources.pri of an MSIX
// package: which texts and files stand behind a name, in which language, at
// which scale. There is no published specification; the layouts are those of
// the headers that Microsoft has put under the MIT licence in WindowsAppSDK,
// dev/MRTCore/mrt/mrm/include/mrm/common/file (FileBase.h, FileBaseSections.h,
// HNamesSection.h, MrmFiles.h), whose names of structures stand beside the
// fields here.
//
//   - Open: the file, its sections and the names in it.
//   - File.Resource: the candidates of one name with their qualifiers.
//   - Choose: the candidate that Windows would take in a Context.
//   - Reference, FileName: the two other places that name resources, texts
//     that begin with "ms-resource:" and qualified file names.
//
// Input is hostile: every offset is checked, nothing is allocated by what a
// count claims, and what is looked up is read when it is looked up.
package pri

import (
	"errors"
	"fmt"
)

// Sentinels for errors.Is. Every error about the content of a file wraps one of them.
var (
	// ErrCorrupt: the file contradicts its own format.
	ErrCorrupt = errors.New("corrupt")
	// ErrUnsupported: the file is of another format, or larger than is read.
	ErrUnsupported = errors.New("unsupported")
	// ErrNoNames: the index belongs to a resource package. It has no names of
	// its own, only numbers into the index of the main package.
	ErrNoNames = errors.New("the index has no names of its own: it belongs to a resource package")
)

// Error says in which structure of the file something is wrong.
type Error struct {
	Structure string
	Offset    int64 // bytes from the start of the file
	Err       error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("pri: %s at byte %d: %v", e.Structure, e.Offset, e.Err)
}

// Unwrap gives the cause, so that errors.Is finds the sentinel.
func (e *Error) Unwrap() error { return e.Err }

func corrupt(structure string, offset int64, reason string, args ...any) error {
	return &Error{structure, offset, fmt.Errorf("%w: "+reason, append([]any{ErrCorrupt}, args...)...)}
}

func unsupported(structure string, offset int64, reason string, args ...any) error {
	return &Error{structure, offset, fmt.Errorf("%w: "+reason, append([]any{ErrUnsupported}, args...)...)}
}
