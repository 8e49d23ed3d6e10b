// Package disk opens an image file as the volumes in it, and makes images.
//
//	file -> container (vhd, vhdx, raw; cim is both in one) -> partition table (part) -> volumes (ntfs, fat, exfat)
//
// [Open] tells all of these by content, reading a few structures only; a volume
// is read when [Volume.Open] is called. [Create] goes the other way, from an
// fs.FS to an image, needing neither other programs nor privileges.
package disk

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"berth/disk/cim"
	"berth/disk/part"
	"berth/disk/vhd"
	"berth/disk/vhdx"
)

// The formats of an [Image].
const (
	VHD  = "vhd"
	VHDX = "vhdx"
	CIM  = "cim"
	Raw  = "raw"
)

// Image is an opened image file.
type Image struct {
	Format         string      // VHD, VHDX, CIM or Raw
	Subformat      string      // "fixed", "dynamic" or "differencing"; "fixed" for raw images, the version of a CIM
	ID             string      // identity of the virtual disk, "" for raw images
	Size           int64       // of the virtual disk in bytes; of the file of a CIM, which has no disk
	SectorSize     int         // logical sectors, in bytes
	PartitionTable *part.Table // never nil; its scheme may be part.None
	Volumes        []*Volume   // one for each partition, or for the whole disk
	Parents        []string    // names of the files that a differencing image stands on, the nearest first

	Notes      []string // what somebody who trusts the image should know of how it was read
	Unverified bool     // the format is read as far as it is known, and nobody has confirmed that it is read right

	disk io.ReaderAt
}

// ReadAt reads the virtual disk.
func (i *Image) ReadAt(p []byte, off int64) (int, error) { return i.disk.ReadAt(p, off) }

// Open opens the image of size bytes in r. Its name serves to word errors and to
// find what lies beside it. A file that is no image is ErrUnknownFormat; a damaged
// or truncated one gives the *Error of its format's package.
func Open(r io.ReaderAt, size int64, name string, opt Options) (*Image, error) {
	img, err := openContainer(File{r, size, name}, opt)
	if err != nil {
		return nil, err
	}
	if img.Format == CIM {
		return img, nil
	}
	if err := img.readVolumes(); err != nil {
		return nil, err
	}
	if img.Format == Raw && !img.recognised() {
		return nil, unknown(name, size, "neither a VHD nor a VHDX nor a CIM, and as a raw disk it has no partition table and no known file system")
	}
	return img, nil
}

// openContainer tells a VHDX and a CIM by the file's start, a VHD by its end.
func openContainer(f File, opt Options) (*Image, error) {
	r, size, name := f.ReaderAt, f.Size, f.Name
	head := make([]byte, min(size, 8))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, &Error{Format: Raw, Structure: "file", Err: fmt.Errorf("cannot be read: %w", err)}
	}
	if vhdx.Detect(head) {
		d, err := vhdx.Open(r, size)
		if err != nil {
			return nil, err
		}
		return opt.wrap(VHDX, d, f)
	}
	if cim.Detect(head) {
		return opt.openCIM(f)
	}
	d, err := vhd.Open(r, size)
	if err == nil {
		return opt.wrap(VHD, d, f)
	}
	if !errors.Is(err, vhd.ErrNoFooter) {
		return nil, err
	}
	// A name that promises a container is held to it: a host would not attach
	// the file either, and a fixed VHD cut short looks like a raw disk.
	switch extension(name) {
	case CIM:
		return nil, unknown(name, size, "not a CIM: it does not start with \"cimfile0\"")
	case VHDX:
		return nil, unknown(name, size, "not a VHDX: it does not start with \"vhdxfile\"")
	case VHD:
		return nil, unknown(name, size, "not a VHD: it has no footer \"conectix\" at its end; if it was copied, the copy may be incomplete")
	}
	return &Image{Format: Raw, Subformat: "fixed", Size: size, SectorSize: 512, disk: r}, nil
}

// wrap makes an image of a container, with those that it stands on.
func (o Options) wrap(format string, c container, f File) (*Image, error) {
	parents, err := o.findParent(c, f, nil)
	if err != nil {
		return nil, err
	}
	img := &Image{Format: format, Subformat: c.Subformat(), ID: c.ID(), Size: c.Size(), SectorSize: c.SectorSize(), Parents: parents, disk: c}
	if d, ok := c.(*vhdx.Disk); ok && d.Replayed() {
		img.Notes = append(img.Notes, "the image was not closed properly; its log was replayed in memory")
	}
	return img, nil
}

// extension is that of name in lower case and without its dot. Names of shares
// come with backslashes wherever this runs.
func extension(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimPrefix(strings.ToLower(path.Ext(base)), ".")
}

func unknown(name string, size int64, why string) error {
	err := fmt.Errorf("%w: %q (%d bytes) is %s", ErrUnknownFormat, name, size, why)
	return &Error{Format: Raw, Structure: "file", Err: err}
}
