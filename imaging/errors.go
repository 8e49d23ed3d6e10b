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
	codeVHDCorrupt  = "0xC03A0002" // ERROR_VHD_DRIVE_FOOTER_CHECKSUM_MISMATCH
	codeVHDUnknown  = "0xC03A0004" // ERROR_VHD_FORMAT_UNKNOWN
	codeVHDVersion  = "0xC03A0005" // ERROR_VHD_FORMAT_UNSUPPORTED_VERSION
	codeVHDParent   = "0xC03A000D" // ERROR_VHD_PARENT_VHD_NOT_FOUND
	codeVHDOther    = "0xC03A000E" // ERROR_VHD_CHILD_PARENT_ID_MISMATCH
	codeFSCorrupt   = "0x80070570" // ERROR_FILE_CORRUPT
	codeFSUnknown   = "0x800703ED" // ERROR_UNRECOGNIZED_VOLUME
	codeNoFolder    = "0x80070003" // ERROR_PATH_NOT_FOUND
	codeManifest    = "0x80080204" // APPX_E_INVALID_MANIFEST
	codeBlockMap    = "0x80080205" // APPX_E_INVALID_BLOCKMAP
	codeContent     = "0x80080206" // APPX_E_CORRUPT_CONTENT
	codeBlockHash   = "0x80080207" // APPX_E_BLOCK_HASH_INVALID
	codeNoSignature = "0x800B0100" // TRUST_E_NOSIGNATURE
	codeUntrusted   = "0x800B0109" // CERT_E_UNTRUSTEDROOT
	codeBadDigest   = "0x80096010" // TRUST_E_BAD_DIGEST
	codePublisher   = "0x8007000B" // ERROR_BAD_FORMAT: publisher and subject differ
)

// again is what to do about most of what can be wrong with an expanded package.
const again = "make the image again from the signed package"

// explain turns an error of the format packages into one with kind, code and remedy. where names the image, and the
// folder in it. The text keeps what the formats say: structure, byte offset and why.
func explain(where string, err error) error {
	if e, ok := errors.AsType[*berth.Error](err); ok {
		return e // it says what and where
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: the operation was stopped: %w", where, err)
	}
	e := &berth.Error{Kind: berth.Invalid, Message: where + ": " + words(err), Field: "imagePath", Err: err}
	e.Code, e.Remedy = diagnose(err)
	if e.Code == "EIO" {
		e.Kind = berth.Unavailable
	}
	return e
}

// explain does so for an error that came while the image was read: when the file behind it could not be read, or the
// context ended, that is the cause, whatever the formats made of it. part is what in the image was read, or empty.
func (o *opened) explain(ctx context.Context, part string, err error) error {
	where := place(o.path, part)
	if ctx.Err() != nil {
		return explain(where, ctx.Err())
	}
	if failed := o.source.failure(); failed != nil {
		err = failed
	}
	return explain(where, err)
}

// place names a part of an image.
func place(imagePath, part string) string {
	if part == "" || part == "." {
		return imagePath
	}
	return imagePath + ": " + part
}

// explainPackage does so for a package in its container, of which no image can be made again.
func explainPackage(where string, err error) error {
	e, ok := errors.AsType[*berth.Error](explain(where, err))
	if !ok || errors.As(err, new(*berth.Error)) {
		return explain(where, err)
	}
	e.Field = "package"
	if errors.Is(disk.Classify(err), disk.ErrUnsupported) {
		e.Code, e.Remedy = "", "images made here have a FAT32 volume: make this one on Windows, with NTFS"
		return e
	}
	if errors.Is(err, errNotBeside) {
		e.Remedy = "lay all packages of the bundle beside it, in the folder where it was made"
		return e
	}
	switch e.Code {
	case "EIO":
		e.Remedy = "check the storage and the network, then try again"
	case codeNoSignature:
		e.Remedy = "sign the package first: berth msix sign"
	case codePublisher:
	case codeManifest:
		e.Remedy = "correct the manifest, then pack and sign again"
	default:
		e.Remedy = "get the package again from where it was made, or pack and sign it again"
	}
	return e
}

// unavailable tells whether trying again can help, so that it is not the image's fault.
func unavailable(err error) bool {
	return berth.ErrorKind(err) == berth.Unavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// plain is what programs need of the formats' texts, or what would be said twice, and what people read instead.
var plain = [][2]string{{"msix: ", ""}, {"package: ", ""}, {"corrupt: ", ""}, {"unsupported: ", ""}, {"unknown format: ", ""},
	{"raw: file at byte 0: ", ""}, {"unknown: ", ""}, {"parent missing: ", ""}, {"another parent: ", ""}, {"vhdx: ", "VHDX "}, {"vhd: ", "VHD "},
	{"cim: ", "CIM "}, {"ntfs: ", "NTFS "}, {"exfat: ", "exFAT "}, {"fat: ", "FAT "}, {"gpt: ", "GPT "}, {"mbr: ", "MBR "},
	{"file does not exist", "it is missing"}}

// words gives the text of an error as people read it.
func words(err error) string { return wordsOf(err.Error()) }

// wordsOf does so with a text. What stands in the midst of a word is the end of a file's name.
func wordsOf(text string) string {
	var out strings.Builder
	for start := true; text != ""; {
		from, to := text[:1], text[:1]
		for _, p := range plain {
			if start && strings.HasPrefix(text, p[0]) {
				from, to = p[0], p[1]
				break
			}
		}
		out.WriteString(to)
		start = strings.ContainsAny(from[len(from)-1:], " (\n")
		text = text[len(from):]
	}
	return out.String()
}

func diagnose(err error) (code, remedy string) {
	if e, ok := errors.AsType[*msix.Error](err); ok && disk.Classify(err) == nil {
		return diagnosePackage(e, err)
	}
	where, _ := disk.Locate(err)
	container := where.Format == disk.VHD || where.Format == disk.VHDX
	kind := func(k error) bool { return errors.Is(disk.Classify(err), k) }
	switch {
	case errors.Is(err, msix.ErrUnsigned):
		return codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
	case kind(disk.ErrUnknownFormat):
		return codeVHDUnknown, "use a VHD, VHDX or raw disk image; if it is one, copy it again"
	case kind(disk.ErrNoParent):
		return codeVHDParent, "put the parent beside the image, or merge the image into its parent and use that"
	case kind(disk.ErrOtherParent):
		return codeVHDOther, "put the parent that the image was made from beside it, unchanged, or make the image again"
	case kind(disk.ErrUnsupported) && container:
		return codeVHDVersion, "make the image again as a fixed or dynamic VHD or VHDX"
	case kind(disk.ErrUnsupported) && where.Format == disk.CIM:
		return codeFSUnknown, "make the image again as a VHDX with an NTFS volume, or let a Windows host expand it"
	case kind(disk.ErrCorrupt) && where.Format == disk.CIM:
		return codeFSCorrupt, "copy the .cim file again with all of its region_ and objectid_ files, or make the image again"
	case kind(disk.ErrUnsupported):
		return codeFSUnknown, "make the image again with an NTFS or FAT32 volume that is not encrypted"
	case kind(disk.ErrCorrupt) && container:
		return codeVHDCorrupt, "copy the image again, or make it again: it is damaged or cut short"
	case kind(disk.ErrCorrupt):
		return codeFSCorrupt, "make the image again: its partition table or file system is damaged"
	}
	return "EIO", "the image could be opened but not read: check the storage and the network, then try again"
}

func diagnosePackage(e *msix.Error, err error) (code, remedy string) {
	switch {
	case errors.Is(err, msix.ErrBlockHash):
		return codeBlockHash, again + ": a file was altered after signing"
	case errors.Is(err, msix.ErrUnsigned):
		return codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
	case errors.Is(err, fs.ErrNotExist):
		return codeContent, again + ": one of its own files is missing"
	case !errors.Is(err, msix.ErrCorrupt) && !errors.Is(err, msix.ErrUnsupported):
		return "EIO", "the image could be opened but not read: check the storage and the network, then try again"
	case e.Format == "manifest", e.Structure == msix.ManifestName:
		return codeManifest, again + ": its manifest cannot be used"
	case e.Format == "block map", e.Format == "package" && e.Structure == msix.BlockMapName:
		return codeBlockMap, again + ": its block map cannot be used"
	case e.Structure == "publisher":
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
	e := &berth.Error{Kind: berth.Invalid, Field: "imagePath", Code: codeBadDigest, Remedy: again}
	switch {
	case r.Result(msix.DigestBlockMap) == msix.Fail:
		e.Remedy += ": the signature does not fit the content"
	case len(r.Bad) > 0 && altered(r.Bad[0].Reason):
		e.Code, e.Remedy = codeBlockHash, again+": a file was altered after signing"
	case len(r.Bad) > 0:
		e.Code, e.Remedy = codeContent, again+": a file is missing or too much"
	case r.Result(msix.CheckSignature) == msix.Absent:
		e.Code, e.Remedy = codeNoSignature, "sign the package before expanding it, and keep its AppxSignature.p7x"
	case r.Result(msix.CheckBlockMap) == msix.Fail:
		e.Code, e.Remedy = codeBlockMap, again+": its block map cannot be used"
	case r.Result(msix.CheckPublisher) == msix.Fail:
		e.Code, e.Remedy = codePublisher, "sign the package with a certificate whose subject is its publisher"
	}
	var v Verification
	v.add(dir, r)
	e.Message = place(imagePath, dir) + ": " + v.Packages[0].Problem()
	return e
}

// altered tells a file whose content is another from one that is missing or too much.
func altered(reason string) bool {
	return strings.Contains(reason, "differs from the block map") || strings.Contains(reason, "bytes long, want")
}
