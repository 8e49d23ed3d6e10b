package cim

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"berth/disk/block"
)

const (
	commonSize = 32   // CommonHeader
	setSize    = 24   // RegionSet
	maxRegions = 1024 // the format allows 65536; images have three
	maxParents = 256  // images that one is forked from
	pageSize   = 64 << 10
	pageBudget = 8 << 20 // bytes of metadata kept
)

// CommonHeader.Type.
const (
	typeImage  = 0
	typeRegion = 1
)

// offset is RegionOffset: the index of a region in the upper 16 bits, the byte in its file in the lower 48. 0 is none.
type offset uint64

func (o offset) region() int { return int(o >> 48) }
func (o offset) byte() int64 { return int64(o & (1<<48 - 1)) }

// region is an open region file.
type region struct {
	name string
	r    io.ReaderAt
	size int64
}

// Opener opens a file of the image by its name; the folder is known to it. An error that wraps fs.ErrNotExist says that
// the file is not there.
type Opener func(name string) (r io.ReaderAt, size int64, err error)

// image is what the regions of an image are reached through.
type image struct {
	regions []region
	pages   *block.Cache[pageKey, []byte]
}

type pageKey struct {
	region int
	index  int64
}

// checkCommon reads CommonHeader.
func checkCommon(b []byte, kind byte, p place) error {
	le := binary.LittleEndian
	if !Detect(b) {
		return p.corrupt("it does not start with %q", magic)
	}
	if major := le.Uint32(b[16:]); major < 1 || major > 3 { // Version.Major
		return p.unsupported("version %d.%d, known are 1 to 3", major, le.Uint32(b[20:]))
	}
	if b[12] != kind { // Type
		return p.corrupt("the file is of type %d, expected %d (0 image, 1 region, 2 object ids)", b[12], kind)
	}
	return nil
}

// openSet opens the files of a RegionSet.
func (i *image) openSet(set []byte, open Opener) error {
	le := binary.LittleEndian
	id, count := setID(set), int(le.Uint16(set[16:])) // Count
	if len(i.regions)+count > maxRegions {
		return place{structure: "region set"}.unsupported("more than %d region files", maxRegions)
	}
	for n := range count {
		name := fmt.Sprintf("region_%s_%d", id, n)
		r, size, err := open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return place{structure: "region set"}.truncated("the file %s is not beside the image: copy all files of the image", name)
		}
		if err != nil {
			return err
		}
		p := place{"header", name, 0}
		b := make([]byte, commonSize+8)
		if err := readFull(r, b, 0, p); err != nil {
			return err
		}
		if err := checkCommon(b, typeRegion, p); err != nil {
			return err
		}
		i.regions = append(i.regions, region{name, r, size})
	}
	return nil
}

// setID prints RegionSet.Id as file names have it: a GUID in lower case without braces.
func setID(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%s-%s", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), hex.EncodeToString(b[8:10]), hex.EncodeToString(b[10:16]))
}

// at checks that length bytes are at o and returns their region, byte and place.
func (i *image) at(o offset, length int64, structure string) (*region, int64, error) {
	n, at := o.region(), o.byte()
	if n >= len(i.regions) || at == 0 {
		return nil, 0, place{structure: structure, offset: -1}.corrupt("it is said to be at byte %d of region %d; there are %d regions", at, n, len(i.regions))
	}
	r := &i.regions[n]
	if length < 0 || at > r.size || length > r.size-at {
		return nil, 0, place{structure, r.name, at}.truncated("expected %d bytes there, the file has %d bytes", length, r.size)
	}
	return r, at, nil
}

// read returns length bytes of metadata at o.
func (i *image) read(o offset, length int64, structure string) ([]byte, error) {
	r, at, err := i.at(o, length, structure)
	if err != nil {
		return nil, err
	}
	b := make([]byte, length)
	for n := 0; n < len(b); {
		page, err := i.page(r, o.region(), (at+int64(n))/pageSize)
		if err != nil {
			return nil, err
		}
		n += copy(b[n:], page[(at+int64(n))%pageSize:])
	}
	return b, nil
}

func (i *image) page(r *region, index int, page int64) ([]byte, error) {
	key := pageKey{index, page}
	if b, ok := i.pages.Get(key); ok {
		return b, nil
	}
	off := page * pageSize
	b := make([]byte, min(pageSize, r.size-off))
	if err := readFull(r.r, b, off, place{"metadata", r.name, off}); err != nil {
		return nil, err
	}
	i.pages.Put(key, b, len(b))
	return b, nil
}
