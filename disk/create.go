package disk

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"time"

	"berth/disk/fat"
	"berth/disk/part"
	"berth/disk/vhd"
	"berth/disk/vhdx"
)

// Spec describes an image to make. The zero values of all fields but Random are
// choices too.
type Spec struct {
	Format    string    // VHD or VHDX; "" is VHDX
	Subformat string    // "fixed" or "dynamic"; "" is "dynamic"
	Table     string    // part.GPT, part.MBR or part.None; "" is part.GPT
	Size      int64     // of the virtual disk in bytes, whole MiB; 0 is as small as the files allow
	BlockSize int64     // of dynamic images; 0 is 2 MiB
	Label     string    // of the volume
	Time      time.Time // of the image and its files
	Random    io.Reader // source of GUIDs and serial numbers
}

// target is what the packages of the containers write.
type target interface {
	io.WriterAt
	Size() int64
	Close() error
}

// Create makes an image with one FAT32 volume that holds the files of tree, and
// writes it to w, which must be empty. Equal trees, specs and random bytes give
// equal images. On an error what was written is no image.
func Create(w io.WriterAt, spec Spec, tree fs.FS) error {
	b, err := newBuilder(spec, tree)
	if err != nil {
		return err
	}
	t, err := b.container(w)
	if err != nil {
		return err
	}
	if err := b.writeTable(t); err != nil {
		return err
	}
	opt := fat.Options{
		Label:         spec.Label,
		Serial:        binary.LittleEndian.Uint32(b.serial[:]),
		Time:          spec.Time,
		HiddenSectors: uint32(b.start / 512),
	}
	if err := fat.Format(io.NewOffsetWriter(t, b.start), b.length, opt, tree); err != nil {
		return err
	}
	return t.Close()
}

// builder holds a Spec with its defaults and what is drawn and computed for it.
type builder struct {
	spec                   Spec
	start, length          int64 // of the volume
	diskID, partID, fileID [16]byte
	serial                 [4]byte
}

func newBuilder(spec Spec, tree fs.FS) (*builder, error) {
	if spec.Random == nil {
		return nil, fmt.Errorf("disk: an image cannot be made without a source of random bytes")
	}
	if spec.Format == "" {
		spec.Format = VHDX
	}
	if spec.Table == "" {
		spec.Table = part.GPT
	}
	b := &builder{spec: spec}
	for _, p := range [][]byte{b.diskID[:], b.partID[:], b.fileID[:], b.serial[:]} {
		if _, err := io.ReadFull(spec.Random, p); err != nil {
			return nil, fmt.Errorf("disk: random bytes: %w", err)
		}
	}
	// GUIDs as stored, and a UUID of VHD: RFC 9562, version 4.
	for id, version := range map[*[16]byte]int{&b.diskID: 7, &b.partID: 7, &b.fileID: 6} {
		id[version], id[8] = id[version]&0x0F|0x40, id[8]&0x3F|0x80
	}
	need, err := fat.SizeFor(tree)
	if err != nil {
		return nil, err
	}
	return b, b.place(need)
}

// place finds room for a volume that needs so many bytes.
func (b *builder) place(need int64) error {
	const mib = part.Alignment
	need = (need + mib - 1) / mib * mib
	around := int64(0)
	switch b.spec.Table {
	case part.None:
	case part.GPT, part.MBR:
		around = 2 * mib // before the volume, and behind it for a GPT's backup
	default:
		return fmt.Errorf("disk: partition table %q cannot be made: expected gpt, mbr or none", b.spec.Table)
	}
	if b.spec.Size == 0 {
		b.spec.Size = need + around
	}
	if b.spec.Size%mib != 0 || b.spec.Size < need+around {
		return fmt.Errorf("disk: a disk of %d bytes: the files need whole MiB, %d bytes at least", b.spec.Size, need+around)
	}
	b.start, b.length = 0, b.spec.Size
	if around != 0 {
		b.start, b.length = part.OnePartition(b.spec.Size)
	}
	return nil
}

// container starts the image file.
func (b *builder) container(w io.WriterAt) (target, error) {
	s := b.spec
	switch s.Format {
	case VHD:
		return vhd.Create(w, s.Size, vhd.Options{Subformat: s.Subformat, BlockSize: s.BlockSize, ID: b.fileID, Time: s.Time})
	case VHDX:
		return vhdx.Create(w, s.Size, vhdx.Options{Subformat: s.Subformat, BlockSize: s.BlockSize, Random: s.Random})
	}
	return nil, fmt.Errorf("disk: format %q cannot be made: expected vhd or vhdx", s.Format)
}

// writeTable writes the partition table.
func (b *builder) writeTable(w io.WriterAt) error {
	p := part.Partition{Start: b.start, Size: b.length}
	l := part.Layout{Size: b.spec.Size, DiskID: b.diskID}
	switch b.spec.Table {
	case part.GPT:
		p.Type, p.Name, p.ID = part.TypeBasicData, "Basic data partition", part.FormatGUID(b.partID)
		l.Partitions = []part.Partition{p}
		return part.WriteGPT(w, l)
	case part.MBR:
		p.Type = part.TypeFAT32
		l.Partitions = []part.Partition{p}
		return part.WriteMBR(w, l)
	}
	return nil
}
