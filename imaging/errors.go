package imaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"berth"
	"berth/disk"
	"berth/msix"
)

// Codes of Windows for what can be wrong with an image, so that a failure reads alike whoever found it (winerror.h).
const (
	codeVHDCorrupt  = "0xC03A0002" // ERROR_VHD_DRIVE_FOOTER_CORRUPT
	codeVHDUnknown  = "0xC03A0004" // ERROR_VHD_FORMAT_UNKNOWN
	codeFSCorrupt   = "0x80070570" // ERROR_FILE_CORRUPT
	codeFSUnknown   = "0x800703ED" // ERROR_UNRECOGNIZED_VOLUME
	codeManifest    = "0x80080204" // APPX_E_INVALID_MANIFEST
	codeBlockMap    = "0x80080205" // APPX_E_INVALID_BLOCKMAP
	codeContent     = "0x80080206" // APPX_E_CORRUPT_CONTENT
	codeBlockHash   = "0x80080207" // APPX_E_BLOCK_HASH_INVALID
	codeNoSignature = "0x800B0100" // TRUST_E_NOSIGNATURE
	codeBadDigest   = "0x80096010" // TRUST_E_BAD_DIGEST
	codePublisher   = "0x8007000B" // ERROR_BAD_FORMAT: publisher and subject differ
)

// explain turns an error of the format packages into one with kind, code and remedy. where names the image, and the
// folder in it. The text keeps the format's own words: structure and byte offset.
func explain(where string, err error) error {
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &berth.Error{Kind: berth.Invalid, Message: fmt.Sprintf("%s: %v", where, err), Field: "imagePath", Err: err}
	e.Code, e.Remedy = diagnose(err)
	if e.Code == "EIO" {
		e.Kind = berth.Unavailable
	}
	return e
}

func diagnose(err error) (code, remedy string) {
	if e, ok := errors.AsType[*msix.Error](err); ok {
		return diagnosePackage(e, err)
	}
	where, _ := disk.Locate(err)
	switch kind := disk.Classify(err); {
	case errors.Is(err, msix.ErrUnsigned):
		return codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
	case errors.Is(err, fs.ErrNotExist):
		return codeContent, "expand the package again: one of its own files is missing"
	case kind == disk.ErrUnknownFormat:
		return codeVHDUnknown, "use a VHD, VHDX or raw disk image"
	case kind == disk.ErrUnsupported:
		return codeFSUnknown, "make the image again as a fixed or dynamic VHD or VHDX with an NTFS or FAT32 volume"
	case kind == disk.ErrCorrupt && (where.Format == disk.VHD || where.Format == disk.VHDX):
		return codeVHDCorrupt, "copy the image again, or make it again: it is damaged or cut short"
	case kind == disk.ErrCorrupt:
		return codeFSCorrupt, "make the image again: its partition table or file system is damaged"
	}
	return "EIO", "the image could be opened but not read: check the storage and the network, then try again"
}

func diagnosePackage(e *msix.Error, err error) (code, remedy string) {
	const again = "make the image again from the signed package"
	switch {
	case errors.Is(err, msix.ErrBlockHash):
		return codeBlockHash, again + ": a file was altered after signing"
	case errors.Is(err, msix.ErrUnsigned):
		return codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
	case e.Format == "manifest":
		return codeManifest, again
	case e.Format == "block map":
		return codeBlockMap, again
	case strings.Contains(e.Structure, "ublisher"):
		return codePublisher, "sign the package with a certificate whose subject is its publisher"
	case e.Format == "signature":
		return codeBadDigest, again + ": the signature does not fit the content"
	}
	return codeContent, again
}

// reportError returns nil for a package that is whole and signed, else an error that names what is wrong first.
func reportError(imagePath, dir string, r *msix.Report) error {
	if r.OK() {
		return nil
	}
	e := &berth.Error{Kind: berth.Invalid, Field: "imagePath", Code: codeContent,
		Remedy: "make the image again from the signed package"}
	switch {
	case len(r.Bad) > 0:
		b := r.Bad[0]
		e.Code = codeBlockHash
		e.Message = fmt.Sprintf("%s: %s: file %s is not as signed: %s", imagePath, dir, b.File, b.Reason)
		if n := len(r.Bad) - 1; n > 0 {
			e.Message += fmt.Sprintf(" (and %d more)", n)
		}
	case r.Result(msix.CheckSignature) == msix.Absent:
		e.Code, e.Remedy = codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
		e.Message = fmt.Sprintf("%s: %s: the package is not signed", imagePath, dir)
	default:
		e.Code = codeBadDigest
		e.Message = fmt.Sprintf("%s: %s: %s", imagePath, dir, firstFailure(r))
	}
	return e
}

func firstFailure(r *msix.Report) string {
	for _, c := range r.Checks {
		if c.Result == msix.Fail {
			return c.Name + ": " + c.Detail
		}
	}
	return "the package does not hold together"
}
