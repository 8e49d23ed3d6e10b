package cim

import (
	"fmt"
	"io"

	"berth/disk/block"
)

// Kinds of errors, for [errors.Is].
var (
	// ErrCorrupt says that the files contradict the format or themselves.
	ErrCorrupt = block.ErrCorrupt

	// ErrTruncated is the ErrCorrupt of a file that ends before its content does.
	ErrTruncated = block.ErrTruncated

	// ErrUnsupported says that the image is of a version or uses a feature that is not read here.
	ErrUnsupported = block.ErrUnsupported
)

// Error tells where in an image something is wrong; offsets are in the file that the structure names. Its format is "cim".
type Error = block.Error

// place names a structure, the file it is in and its byte offset there, for errors.
type place struct {
	structure string
	file      string // "" is the .cim file
	offset    int64
}

func (p place) error() Error {
	e := Error{Format: "cim", Structure: p.structure, Offset: p.offset}
	if p.file != "" {
		e.Structure = fmt.Sprintf("%s, %s", p.file, p.structure)
	}
	return e
}

func (p place) corrupt(format string, args ...any) error {
	return block.Fail(ErrCorrupt, p.error(), format, args...)
}

func (p place) truncated(format string, args ...any) error {
	return block.Fail(ErrTruncated, p.error(), format, args...)
}

func (p place) unsupported(format string, args ...any) error {
	return block.Fail(ErrUnsupported, p.error(), format, args...)
}

func readFull(r io.ReaderAt, b []byte, off int64, p place) error {
	return block.ReadFull(r, b, off, p.error())
}
