package ntfs

import "encoding/binary"

// Numbers of the MFT records that every volume has (FILE_RECORD numbers, "System files").
const (
	recordMFT    = 0
	recordVolume = 3
	recordRoot   = 5
	recordUpCase = 10
	// firstUserRecord separates the volume's own files, which are hidden, from its users'.
	firstUserRecord = 16
)

// FILE_RECORD_SEGMENT_HEADER, Flags.
const (
	flagInUse     = 0x0001
	flagDirectory = 0x0002
)

// fixupStride is the distance of the protected words: 512 bytes whatever the sector size is.
const fixupStride = 512

// reference is MFT_SEGMENT_REFERENCE: record number in the low 48 bits, sequence number in the high 16.
type reference uint64

func (r reference) number() int64    { return int64(r & (1<<48 - 1)) }
func (r reference) sequence() uint16 { return uint16(r >> 48) }

// record is one MFT record with its fixups undone.
type record struct {
	place
	num      int64 // record number
	data     []byte
	sequence uint16
	links    uint16
	flags    uint16
	base     reference // zero in a base record
}

// applyFixups checks and undoes MULTI_SECTOR_HEADER's update sequence in place: the last word of every 512 bytes was
// replaced by a counter, so that a half-written structure shows.
func applyFixups(b []byte, magic string, p place) error {
	if string(b[:4]) != magic { // MULTI_SECTOR_HEADER, Signature
		return p.corrupt("signature %q instead of %q", b[:4], magic)
	}
	off := int(binary.LittleEndian.Uint16(b[4:]))   // UpdateSequenceArrayOffset
	count := int(binary.LittleEndian.Uint16(b[6:])) // UpdateSequenceArraySize, in words
	if count != len(b)/fixupStride+1 || off%2 != 0 || off < 8 || off+2*count > len(b) {
		return p.corrupt("update sequence of %d words at %d does not fit %d bytes", count, off, len(b))
	}
	for i := 1; i < count; i++ {
		end := i*fixupStride - 2
		if b[end] != b[off] || b[end+1] != b[off+1] {
			return p.corrupt("update sequence differs in block %d; a write was torn", i-1)
		}
		copy(b[end:end+2], b[off+2*i:])
	}
	return nil
}

// readRecord reads MFT record number n, whatever its state, into b or, when that is nil, into memory of its own.
func (f *FS) readRecord(n int64, b []byte) (*record, error) {
	off := n * int64(f.geo.record)
	p := place{record: n, offset: f.mft.locate(off)}
	if n < 0 || n >= f.mft.size/int64(f.geo.record) {
		return nil, p.corrupt("the MFT holds %d records", f.mft.size/int64(f.geo.record))
	}
	if b == nil {
		b = make([]byte, f.geo.record)
	}
	if err := readFull(f.mft, b, off, p); err != nil {
		return nil, err
	}
	return parseRecord(b, n, p)
}

// parseRecord reads FILE_RECORD_SEGMENT_HEADER.
func parseRecord(b []byte, n int64, p place) (*record, error) {
	r := &record{}
	if err := r.parse(b, n, p); err != nil {
		return nil, err
	}
	return r, nil
}

// parse reads a record as it lies on the volume, and undoes its fixups in place.
func (r *record) parse(b []byte, n int64, p place) error {
	r.place, r.num = p, n
	if err := applyFixups(b, "FILE", p); err != nil {
		return err
	}
	return r.header(b)
}

// header reads the fields of a record without fixups.
func (r *record) header(b []byte) error {
	r.sequence = binary.LittleEndian.Uint16(b[16:])        // SequenceNumber
	r.links = binary.LittleEndian.Uint16(b[18:])           // ReferenceCount
	r.flags = binary.LittleEndian.Uint16(b[22:])           // Flags
	r.base = reference(binary.LittleEndian.Uint64(b[32:])) // BaseFileRecordSegment
	used := binary.LittleEndian.Uint32(b[24:])             // FirstFreeByte
	if used < 48 || int64(used) > int64(len(b)) {
		return r.corrupt("FirstFreeByte is %d in a record of %d bytes", used, len(b))
	}
	r.data = b[:used]
	return nil
}

// expect reads the record behind a reference, as readRecord does, and checks that it still is what the reference meant.
func (f *FS) expect(ref reference, b []byte) (*record, error) {
	r, err := f.readRecord(ref.number(), b)
	if err != nil {
		return nil, err
	}
	if r.flags&flagInUse == 0 {
		return nil, r.corrupt("the record is referred to but not in use")
	}
	// Sequence 0 in a reference means that it is not checked.
	if s := ref.sequence(); s != 0 && s != r.sequence {
		return nil, r.corrupt("a reference names sequence %d, the record has %d", s, r.sequence)
	}
	return r, nil
}

// reference answers the reference that names this record as it is now.
func (r *record) reference() reference {
	return reference(uint64(r.sequence)<<48 | uint64(r.num))
}
